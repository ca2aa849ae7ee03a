"""The switch "may change the configuration" of a monitor (M-003): off takes the rights to change, on gives them.

It stands with the monitor's grants, so that it is read where rights are read, and nowhere else (`holdings`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.foundation import bus, operation, scoping
from meterbook.identity import models, operations, queries, registry, trail, values
from meterbook.kernel.actor import Actor


class NotAMonitor(ValueError):
    """The switch is for monitors; the person holds no such role here. Other roles say themselves what they may."""


@operation.operation
def change_configuring(*, actor: Actor, at: datetime, public_id: uuid.UUID, may_configure: bool) -> None:
    """This will let a monitor change the configuration of what was assigned, or no longer; what is so stays unrecorded.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises NotAMonitor: when the user holds no monitor's role that has not ended
    :raises operations.GrantExceedsOwn: when the actor may not do there what would be given
    """
    user = models.User.objects.get(pk=queries.get_user(public_id=public_id).id)
    held = list(_monitoring(user.pk, at).select_for_update())
    if not held:
        raise NotAMonitor(_("This person is no monitor here; other roles say themselves what they may change."))
    differing = [each for each in held if each.may_configure != may_configure]
    if not differing:
        return
    if may_configure:
        for each in differing:
            site_id = each.scope_id if each.scope_kind == values.ScopeKind.SITE else None
            given = registry.matching(registry.MONITOR_CONFIGURES)
            operations.require_own(actor=actor, at=at, permissions=given, site_id=site_id)
    for each in differing:
        each.may_configure = may_configure
        each.save(update_fields=["may_configure"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:change_configuring",
        subject=user,
        before={"may_configure": not may_configure},
        after={"may_configure": may_configure},
    )
    if not may_configure:
        bus.notify(values.RIGHTS, scoping.current().organization_id, [user.pk])


@operation.operation
def assign(
    *, actor: Actor, at: datetime, public_id: uuid.UUID, singles: Iterable[tuple[values.ScopeKind, int]]
) -> tuple[uuid.UUID, ...]:
    """This will let a person see single meters and accounts as a monitor, and return the public ids of the grants.

    Where the person's switch is on, it is on for these, too: it stands for the monitor, not for single meters.

    :param singles: METER or ACCOUNT, and its id
    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises operations.GrantExceedsOwn: when the actor may not do what would be given
    """
    user = queries.get_user(public_id=public_id)
    is_on = list(_monitoring(user.id, at).values_list("may_configure", flat=True))
    made = tuple(
        operations.grant_role(actor=actor, at=at, user_id=user.id, role=values.RoleCode.MONITOR, single=each)
        for each in singles
    )
    if made and is_on and all(is_on):
        change_configuring(actor=actor, at=at, public_id=public_id, may_configure=True)
    return made


def _monitoring(user_id: int, at: datetime) -> QuerySet[models.Grant]:
    return models.Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        organization_id=scoping.current().organization_id,
        user_id=user_id,
        role_code=values.RoleCode.MONITOR,
    ).order_by("id")
