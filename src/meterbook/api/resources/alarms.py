"""Alarms: what is wrong, and that somebody saw it."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms import permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.alarms import values as alarm_values
from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity.values import Module

router = Router(tags=["Alarms"])


class Alarm(values.Told):
    """An alarm; it is cleared by the facts, never by acknowledging it."""

    id: uuid.UUID
    kind: alarm_values.AlarmKind
    severity: alarm_values.Severity
    title: str
    reason: str
    site_name: str
    meter_point: uuid.UUID | None
    raised_at: values.InstantTold
    cleared_at: values.InstantTold | None
    acknowledged_at: values.InstantTold | None
    acknowledged_by: str


class Acknowledged(values.Told):
    """That somebody saw the alarm."""

    id: uuid.UUID
    acknowledged_at: values.InstantTold | None


@endpoint(
    router,
    "GET",
    "/alarms",
    permission=permissions.VIEW_ALARMS,
    module=Module.ALARMS,
    answers=paging.Page[Alarm],
    by_site=True,
)
def list_alarms(
    request: entry.Request,
    severity: alarm_values.Severity | None = None,
    include_cleared: bool = False,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[Alarm]:
    """This will return alarms in the order in which they were raised: the open ones, or with the cleared ones."""
    allowed = request.caller.access.sites(permissions.VIEW_ALARMS)
    if site is not None:
        allowed = frozenset({reach.site(request, site, permissions.VIEW_ALARMS).id})
    rows = alarm_queries.alarms_after(
        after_id=paging.after(request, cursor),
        limit=limit + 1,
        site_ids=allowed,
        severity=severity,
        include_cleared=include_cleared,
    )
    return paging.page(request, rows, limit, _alarm)


@endpoint(
    router,
    "POST",
    "/alarms/{uuid:alarm}/acknowledgment",
    permission=permissions.ACKNOWLEDGE_ALARM,
    module=Module.ALARMS,
    answers=Acknowledged,
    by_site=True,
)
def acknowledge_alarm(request: entry.Request, alarm: uuid.UUID) -> Acknowledged:
    """This will note that the owner of the key saw the alarm; a second time changes nothing."""
    caller = request.caller
    found = alarm_operations.acknowledge_alarm(actor=caller.actor, at=caller.at, public_id=alarm)
    if not caller.access.allows(permissions.ACKNOWLEDGE_ALARM, found.site_id):
        # Raised inside the scope, so that nothing of it stays.
        raise problems.not_found()
    return Acknowledged(id=found.public_id, acknowledged_at=values.maybe_instant(found.acknowledged_at))


def _alarm(row: alarm_queries.AlarmRow) -> Alarm:
    return Alarm(
        id=row.public_id,
        kind=row.kind,
        severity=row.severity,
        title=row.title,
        reason=row.reason,
        site_name=row.site_name,
        meter_point=row.point_id,
        raised_at=values.instant(row.raised_at),
        cleared_at=values.maybe_instant(row.cleared_at),
        acknowledged_at=values.maybe_instant(row.acknowledged_at),
        acknowledged_by=row.acknowledged_by,
    )
