"""How complete meters are by day, and what their registers showed at midnights."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from ninja import Query, Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring import values as monitoring_values

router = Router(tags=["Readings"])
MonthAsked = Annotated[values.DayGiven | None, Query(description="A day of the month; none: the present month.")]


class DayQuality(values.Told):
    """A local day of a meter point: intervals that are due, those without a value, and the worst of what is known."""

    day: date
    expected: int
    missing: int
    state: metering_queries.SlotState


class PointQuality(values.Told):
    """A meter point in a month. `percent` is rounded down; null where nothing is due.

    `is_end_open`: its intervals do not reach the end of the month, so that the register then is not known.
    """

    meter_point: uuid.UUID
    code: str
    name: str
    expected: int
    missing: int
    held: int
    estimated: int
    apportioned: int
    edited: int
    percent: values.DecimalTold | None
    is_end_open: bool
    days: list[DayQuality]


class MidnightRegister(values.Told):
    """What the display showed when `day` began. `value` null: nobody can know it.

    `source` null where it was worked out from the readings around it. `used` since the midnight before.
    """

    day: date
    at: values.InstantTold
    value: values.DecimalTold | None
    unit: Unit
    quality: str | None
    source: str | None
    serial_number: str
    used: values.DecimalTold | None


class MidnightRegisters(values.Told):
    """The midnights of a month, its two ends among them, as bills print them; none that is yet to come."""

    meter_point: uuid.UUID
    time_zone: str
    use_unit: Unit
    items: list[MidnightRegister]


@endpoint(
    router,
    "GET",
    "/completeness",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=paging.Page[PointQuality],
    by_site=True,
)
def list_completeness(
    request: entry.Request,
    month: MonthAsked = None,
    site: uuid.UUID | None = None,
    service: metering_values.Service | None = None,
    q: values.Search = "",
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[PointQuality]:
    """This will return how many intervals of each local day of a month have a value, by meter point."""
    allowed = request.caller.access.sites(permissions.VIEW_METER)
    if site is not None:
        allowed = frozenset({reach.site(request, site, permissions.VIEW_METER).id})
    at = request.caller.at
    wanted = monitoring_values.MeterFilter(search=q, service=service)
    found = monitoring_queries.choose_points(at=at, wanted=wanted, site_ids=allowed)
    begin = paging.after(request, cursor)
    ids = sorted(each for each in found.ids if each > begin)[: limit + 1]
    grid = metering_queries.Grid.month(month or at.date())
    rows = metering_queries.completeness(point_ids=ids, grid=grid, at=at)
    return paging.page(request, list(zip(ids, rows, strict=True)), limit, lambda row: _quality(row, grid))


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/midnight-registers",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=MidnightRegisters,
    by_site=True,
    by_single=True,
)
def list_midnight_registers(request: entry.Request, point: uuid.UUID, month: MonthAsked = None) -> MidnightRegisters:
    """This will return what the register of a meter point showed at the local midnights of a month."""
    detail = reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True)
    first = month or civil.local_date(request.caller.at, detail.zone)
    found = billing_queries.midnight_registers(detail=detail, month=first, at=request.caller.at)
    if found is None:
        raise problems.not_found()
    return MidnightRegisters(
        meter_point=detail.public_id,
        time_zone=detail.zone.key,
        use_unit=found.use_unit,
        items=[
            MidnightRegister(
                day=each.day,
                at=values.instant(each.at),
                value=values.maybe_decimal(each.value),
                unit=each.unit,
                quality=None if each.quality is None else each.quality.name,
                source=each.source,
                serial_number=each.serial_number,
                used=values.maybe_decimal(each.used),
            )
            for each in found.rows
        ],
    )


def _quality(row: metering_queries.CompletenessRow, grid: metering_queries.Grid) -> PointQuality:
    total = row.total
    return PointQuality(
        meter_point=row.public_id,
        code=row.code,
        name=row.name,
        expected=total.expected,
        missing=total.missing,
        held=total.held,
        estimated=total.estimated,
        apportioned=total.apportioned,
        edited=total.edited,
        percent=values.maybe_decimal(total.percent),
        is_end_open=row.is_end_open,
        days=[
            DayQuality(day=day, expected=each.tally.expected, missing=each.tally.missing, state=each.state)
            for day, each in zip(grid.starts, row.cells, strict=True)
        ],
    )
