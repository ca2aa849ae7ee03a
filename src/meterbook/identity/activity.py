"""Shutting a person out of the product altogether, and letting the person in again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q

from meterbook.foundation import operation, scoping
from meterbook.identity import authority, models, operations, queries, trail
from meterbook.kernel.actor import Actor


@operation.operation
def deactivate_user(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str = "") -> queries.UserRow:
    """This will end all grants of the user in the scope's organization and the right to sign in.

    Open sessions end with their next request. The grants do not come back with `reactivate_user`: otherwise another
    organization could give the user back what this one took.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.UserOfOthers: when the user holds a grant in another organization too
    :raises authority.HoldsMore: when the user may do more than the actor
    :raises operations.LastAdministrator: when nobody would be left who administers the organization
    """
    user = _locked_user(public_id)
    if not user.is_active:
        return queries.row_of_user(user)
    authority.require_above(actor=actor, at=at, user=user)
    authority.require_only_here(at=at, user=user)
    _end_grants(user, actor=actor, at=at, reason=reason)
    return _set_activity(user, actor=actor, at=at, is_active=False, reason=reason)


@operation.operation
def end_all_grants(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str = "") -> None:
    """This will end all grants of the user in the scope's organization; the user still works for the others.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.HoldsMore: when the user may do more than the actor
    :raises operations.LastAdministrator: when nobody would be left who administers the organization
    """
    user = _locked_user(public_id)
    authority.require_above(actor=actor, at=at, user=user)
    _end_grants(user, actor=actor, at=at, reason=reason)


@operation.operation
def reactivate_user(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> queries.UserRow:
    """This will let the user sign in again, without any grant: give new ones.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    """
    user = _locked_user(public_id)
    if user.is_active:
        return queries.row_of_user(user)
    return _set_activity(user, actor=actor, at=at, is_active=True, reason="")


def _end_grants(user: models.User, *, actor: Actor, at: datetime, reason: str) -> None:
    own = scoping.current().organization_id
    grants = models.Grant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), organization_id=own, user=user)
    for grant in grants.order_by("id"):
        operations.revoke_grant(actor=actor, at=at, public_id=grant.public_id, reason=reason)


def _locked_user(public_id: uuid.UUID) -> models.User:
    return models.User.objects.select_for_update().get(pk=queries.get_user(public_id=public_id).id)


def _set_activity(user: models.User, *, actor: Actor, at: datetime, is_active: bool, reason: str) -> queries.UserRow:
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:reactivate_user" if is_active else "identity:deactivate_user",
        subject=user,
        before={"is_active": not is_active},
        after={"is_active": is_active, "reason": reason},
    )
    return queries.row_of_user(user)
