"""Alarms: what is wrong, and that somebody saw it."""

from __future__ import annotations

import uuid
from datetime import date

from ninja import Router

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms import permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.alarms import values as alarm_values
from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import permissions as billing_permissions
from meterbook.billing.queries import unsettled
from meterbook.identity.values import Module
from meterbook.kernel.period import Period
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries

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
    cause: alarm_values.Cause | None
    since: values.InstantTold | None
    affected: int


class AlarmedMeter(values.Told):
    """A meter point that an alarm touches."""

    id: uuid.UUID
    code: str
    name: str


class OpenPeriod(values.Told):
    """Local days [first_day, until_day) of an account at a meter point that are not billed; `run` is under way."""

    meter_point: uuid.UUID
    account: uuid.UUID
    account_number: str
    first_day: date
    until_day: date | None
    run: uuid.UUID | None


class AlarmDetail(Alarm):
    """An alarm with the meters and open billing periods that it touches, of those that the caller may see."""

    meter_points: list[AlarmedMeter]
    open_periods: list[OpenPeriod]


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
    "GET",
    "/alarms/{uuid:alarm}",
    permission=permissions.VIEW_ALARMS,
    module=Module.ALARMS,
    answers=AlarmDetail,
    by_site=True,
)
def get_alarm(request: entry.Request, alarm: uuid.UUID) -> AlarmDetail:
    """This will return an alarm with why, which meters it touches, and which billing periods are open there."""
    access = request.caller.access
    found = alarm_queries.get_alarm(public_id=alarm)
    if not access.allows(permissions.VIEW_ALARMS, found.site_id):
        raise problems.not_found()
    row = found.row
    points = metering_queries.points_by_public_id(public_ids=row.points)
    billed = [each.public_id for each in points if access.allows(billing_permissions.VIEW_BILL, each.site_id)]
    start, end = row.since or row.raised_at, row.cleared_at or request.caller.at
    has_bills = billed and start < end and request.caller.organization.has_module(Module.BILLING)
    periods = unsettled.open_periods(meter_points=billed, within=Period(start, end)) if has_bills else []
    return AlarmDetail(
        **_alarm(row).model_dump(),
        meter_points=[
            AlarmedMeter(id=each.public_id, code=each.code, name=each.name)
            for each in points
            if access.allows(metering_permissions.VIEW_METER, each.site_id)
        ],
        open_periods=[
            OpenPeriod(
                meter_point=each.meter_point,
                account=each.account,
                account_number=each.account_number,
                first_day=each.first_day,
                until_day=each.until_day,
                run=each.run,
            )
            for each in periods
        ],
    )


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
        cause=row.cause,
        since=values.maybe_instant(row.since),
        affected=len(row.points),
    )
