"""Looking at the organization with somebody else's rights, to see what that person sees. Nothing can be changed."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from meterbook.foundation import operation
from meterbook.identity import authority, models, permissions, queries, tenants, trail, values
from meterbook.kernel.actor import Actor

LONGEST = timedelta(hours=1)


class NotViewable(PermissionError):
    """This person cannot be looked through: switched off, without a role here, or yourself."""


@operation.operation
def begin(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> queries.UserRow:
    """This will record that the actor begins to see the organization as the user does.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.HoldsMore: when the user may do more than the actor
    :raises NotViewable: when the user is the actor, is switched off, or may do nothing here
    """
    user = models.User.objects.get(pk=queries.get_user(public_id=public_id).id)
    _access(actor=actor, at=at, user=user)
    trail.record(actor=actor, at=at, action="identity:begin_see_as", subject=user, before=None, after=None)
    return queries.row_of_user(user)


@operation.operation
def end(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will record that the actor sees as themself again.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    """
    user = models.User.objects.get(pk=queries.get_user(public_id=public_id).id)
    trail.record(actor=actor, at=at, action="identity:end_see_as", subject=user, before=None, after=None)


def access_as(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> tuple[queries.UserRow, values.Access]:
    """This will return the user and what the user may do, as long as the actor may look so.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.HoldsMore: when by now the user may do more than the actor
    :raises NotViewable: when by now there is nothing to see, or the actor may not look any more
    """
    user = models.User.objects.get(pk=queries.get_user(public_id=public_id).id)
    return queries.row_of_user(user), _access(actor=actor, at=at, user=user)


def _access(*, actor: Actor, at: datetime, user: models.User) -> values.Access:
    authority.require_above(actor=actor, at=at, user=user)
    own = queries.access_of(user_id=actor.id or 0, at=at)
    seen = queries.access_of(user_id=user.pk, at=at)
    if not user.is_active or user.pk == actor.id or not (seen.everywhere or seen.at_site):
        raise NotViewable(_("You cannot see as this person: switched off, without a role here, or yourself."))
    if tenants.is_tenant(seen):
        raise NotViewable(_("What belongs to a tenant is shown to the tenant only."))
    if not own.allows(permissions.EDIT_USERS):
        raise NotViewable(_("You may no longer see as others; ask an administrator."))
    return seen
