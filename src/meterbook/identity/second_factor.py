"""Whose sign-in needs a second factor, who has one, and taking a lost one away."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from allauth.mfa import models as mfa_models

from meterbook.foundation import operation, scoping
from meterbook.identity import authority, models, permissions, queries, sessions, trail, values
from meterbook.kernel.actor import Actor

# How long somebody who must have a second factor may put off setting it up, from the first time of being asked.
GRACE = timedelta(days=7)
FACTORS = (mfa_models.Authenticator.Type.TOTP, mfa_models.Authenticator.Type.WEBAUTHN)


def has_one(*, user_id: int) -> bool:
    """This will tell whether the user has an authenticator app or a passkey. Runs inside or outside a scope."""
    return bool(holders([user_id]))


def holders(user_ids: Collection[int]) -> frozenset[int]:
    """This will return those of the users who have an authenticator app or a passkey."""
    found = mfa_models.Authenticator.objects.filter(user_id__in=user_ids, type__in=FACTORS)
    return frozenset(found.values_list("user_id", flat=True))


def is_required(access: values.Access, organization: queries.OrganizationRow) -> bool:
    """This will tell whether the organization asks somebody with that access for a second factor.

    Who may give roles counts as an administrator, whatever the role is called.
    """
    wanted = organization.second_factor_roles
    is_administrator = access.allows_somewhere(permissions.EDIT_USERS)
    return bool(access.roles & wanted) or (values.RoleCode.ORGANIZATION_ADMIN in wanted and is_administrator)


def ask(*, user_id: int, at: datetime) -> datetime:
    """This will note that the user is asked for a second factor and return when putting it off ends.

    Runs inside or outside a scope.
    """
    models.User.objects.filter(pk=user_id, second_factor_asked_at=None).update(second_factor_asked_at=at)
    asked_at = models.User.objects.values_list("second_factor_asked_at", flat=True).get(pk=user_id)
    return (asked_at or at) + GRACE


@operation.operation
def change_policy(*, actor: Actor, at: datetime, roles: Iterable[values.RoleCode]) -> None:
    """This will set for which built-in roles the scope's organization asks for a second factor."""
    found = models.Organization.objects.select_for_update().get(pk=scoping.current().organization_id)
    before, after = sorted(found.second_factor_roles), sorted(set(roles))
    if before == after:
        return
    found.second_factor_roles = [str(each) for each in after]
    found.save(update_fields=["second_factor_roles"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:change_second_factor_policy",
        subject=found,
        before={"roles": before},
        after={"roles": [str(each) for each in after]},
    )


@operation.operation
def remove(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will take away a user's authenticator app, passkeys and recovery codes, when the phone is lost.

    All browsers are signed out; the user sets up a new one after the next sign-in.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.HoldsMore: when the user may do more than the actor
    :raises authority.UserOfOthers: when the user works for another organization too
    """
    user = models.User.objects.select_for_update().get(pk=queries.get_user(public_id=public_id).id)
    authority.require_above(actor=actor, at=at, user=user)
    authority.require_only_here(at=at, user=user)
    mfa_models.Authenticator.objects.filter(user_id=user.pk).delete()
    sessions.forget_all(user_id=user.pk)
    trail.record(actor=actor, at=at, action="identity:remove_second_factor", subject=user, before=None, after=None)
