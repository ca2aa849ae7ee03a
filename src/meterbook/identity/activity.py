"""Shutting a person out of the product altogether, and letting the person in again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.foundation import operation, scoping
from meterbook.identity import models, operations, queries, trail
from meterbook.kernel.actor import Actor


class UserOfOthers(PermissionError):
    """The user also works for another organization; revoke the grants here instead."""


@operation.operation
def deactivate_user(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str = "") -> queries.UserRow:
    """This will end all grants of the user in the scope's organization and the right to sign in.

    Open sessions end with their next request. The grants do not come back with `reactivate_user`: otherwise another
    organization could give the user back what this one took.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises UserOfOthers: when the user holds a grant in another organization too
    :raises operations.LastAdministrator: when nobody would be left who administers the organization
    """
    user = _locked_user(public_id)
    if not user.is_active:
        return queries.row_of_user(user)
    own = scoping.current().organization_id
    if set(queries.organization_ids_of(user_id=user.pk, at=at)) - {own}:
        raise UserOfOthers(_("This person also works for another organization. Revoke the grants here instead."))
    grants = models.Grant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), organization_id=own, user=user)
    for grant in grants.order_by("id"):
        operations.revoke_grant(actor=actor, at=at, public_id=grant.public_id, reason=reason)
    return _set_activity(user, actor=actor, at=at, is_active=False, reason=reason)


@operation.operation
def reactivate_user(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> queries.UserRow:
    """This will let the user sign in again, without any grant: give new ones.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    """
    user = _locked_user(public_id)
    if user.is_active:
        return queries.row_of_user(user)
    return _set_activity(user, actor=actor, at=at, is_active=True, reason="")


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
