"""What `meterbook organization` does and prints; apart from the command itself, which starts without Django."""

from __future__ import annotations

from typing import TextIO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from meterbook.foundation import scoping
from meterbook.identity import operations as identity_operations
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock, signs
from meterbook.kernel.actor import Actor

ACTOR = Actor.system("organization")
DONE, MISUSED = 0, 2
LONGEST = 120  # letters of a name


def found(*, name: str, administrator: str, language: str, out: TextIO, errors: TextIO) -> int:
    """This will make an organization whose administrator signs in with a one-time password, or with the own one where
    the address is known already.

    :return: the exit status: 2 for a name or an address that is none
    """
    called, address, at = signs.composed(" ".join(name.split())), administrator.strip().lower(), clock.now()
    if not called or len(called) > LONGEST or signs.find(called):
        errors.write(f"meterbook: a name has 1 to {LONGEST} signs that can be seen.\n")
        return MISUSED
    try:
        validate_email(address)
    except ValidationError:
        errors.write(f"meterbook: “{administrator}” is no e-mail address.\n")
        return MISUSED
    with scoping.scope([identity_queries.next_organization_id()], actor=ACTOR):
        made = identity_operations.create_organization(actor=ACTOR, at=at, name=called, language=language)
        user, password = identity_operations.create_user(
            actor=ACTOR, at=at, email=address, name=address.partition("@")[0], language=language
        )
        identity_operations.grant_role(actor=ACTOR, at=at, user_id=user.id, role=RoleCode.ORGANIZATION_ADMIN)
    out.write(f"{made.name} is there ({made.public_id}).\n")
    if password is None:
        out.write(f"{address} finds it after signing in as usual.\n")
    else:
        out.write(f"{address} signs in once with {password.password} and then chooses a password.\n")
    return DONE
