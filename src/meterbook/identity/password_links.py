"""Links by which a person chooses a new password: made by an administrator, good for a day and for one use."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from meterbook.foundation import operation
from meterbook.identity import authority, models, queries, sessions, sign_in, tokens, trail
from meterbook.kernel.actor import Actor

LIFETIME = timedelta(days=1)


class LinkUnusable(LookupError):
    """The link was used, replaced, or is too old; ask for another."""


class OnlyPeopleMakeLinks(PermissionError):
    """A link carries the name of the person who made it; sign in to make one."""


@operation.operation
def make_link(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> str:
    """This will return the token of a link by which the user may choose a password; earlier links die.

    The password that stands keeps working until another one is chosen.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.HoldsMore: when the user may do more than the actor
    :raises authority.UserOfOthers: when the user works for another organization too
    """
    if actor.kind != "USER" or actor.id is None:
        raise OnlyPeopleMakeLinks(OnlyPeopleMakeLinks.__doc__)
    user = models.User.objects.select_for_update().get(pk=queries.get_user(public_id=public_id).id)
    authority.require_above(actor=actor, at=at, user=user)
    authority.require_only_here(at=at, user=user)
    models.PasswordLink.objects.filter(user=user, used_at=None, expires_at__gt=at).update(expires_at=at)
    token = tokens.make()
    models.PasswordLink.objects.create(
        token_hash=tokens.digest(token), user=user, made_by_id=actor.id, made_at=at, expires_at=at + LIFETIME
    )
    trail.record(actor=actor, at=at, action="identity:make_password_link", subject=user, before=None, after=None)
    return token


def find(*, token: str, at: datetime) -> queries.UserRow:
    """This will return whose password the token lets choose. Runs inside or outside a scope.

    :raises LinkUnusable: when it can no longer be used, or never could
    """
    found = _waiting(token, at)
    if found is None:
        raise LinkUnusable(LinkUnusable.__doc__)
    return queries.row_of_user(found.user)


def use(*, token: str, at: datetime, password: str, source: str) -> queries.UserRow:
    """This will set the password that the person chose, spend the link and sign all browsers out.

    Runs outside a scope. The password was checked before.

    :raises LinkUnusable: when it can no longer be used
    """
    found = _waiting(token, at)
    spent = models.PasswordLink.objects.filter(pk=found.pk, used_at=None).update(used_at=at) if found else 0
    if found is None or not spent:
        raise LinkUnusable(LinkUnusable.__doc__)
    actor = Actor.user(found.user.pk, str(found.user), source=source)
    sign_in.set_password(actor=actor, at=at, user_id=found.user.pk, password=password)
    sessions.forget_all(user_id=found.user.pk)
    return queries.row_of_user(found.user)


def _waiting(token: str, at: datetime) -> models.PasswordLink | None:
    links = models.PasswordLink.objects.filter(used_at=None, expires_at__gt=at, user__is_active=True)
    return links.filter(token_hash=tokens.digest(token)).select_related("user").first()
