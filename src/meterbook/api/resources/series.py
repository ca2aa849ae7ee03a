"""What a series holds: readings as they came, and the intervals that follow from them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Path, Query, Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import looking, reach
from meterbook.identity.values import Module
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values

router = Router(tags=["Readings"])
SeriesCode = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,40}$", description="A code of the meter point's `series`.")]
From = Annotated[values.InstantGiven, Query(alias="from", description="The first instant, with its zone.")]
Until = Annotated[values.InstantGiven, Query(description="The first instant that no longer belongs to it.")]
ManyLimit = Annotated[int, Field(ge=1, le=5_000)]
MOST_YEARS = timedelta(days=3_660)
MOST_SOURCES = len(metering_values.Source)  # readings of one instant


class Reading(values.Told):
    """A reading as it arrived: what the register showed, in the series' unit, with the multiplier of its time."""

    at: values.InstantTold
    value: values.DecimalTold | None
    quality: str
    source: str
    received_at: values.InstantTold


class Interval(values.Told):
    """What was used, or measured on average, in [at, at + step); `value` null where nothing is known."""

    at: values.InstantTold
    value: values.DecimalTold | None
    quality: str


class Readings(paging.Page[Reading]):
    """Readings, the newest first."""

    unit: str
    time_zone: str


class Intervals(paging.Page[Interval]):
    """Intervals, the oldest first."""

    unit: str
    time_zone: str
    step_minutes: int


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/series/{code}/readings",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=Readings,
    by_site=True,
    by_single=True,
)
def list_readings(
    request: entry.Request,
    point: uuid.UUID,
    code: SeriesCode,
    since: From,
    until: Until,
    cursor: values.Cursor | None = None,
    limit: ManyLimit = 500,
) -> Readings:
    """This will return the readings in [from, until), the newest first."""
    detail, series = _find(request, point, code)
    _require_order(since, until)
    looking.require_detail(request.caller, detail, Period(since, until))
    key = paging.after(request, cursor)
    begin = min(until, paging.moment(key)) if key else until
    # Readings of one instant never part: a page that would cut them ends before, or takes them all.
    rows = metering_queries.latest_readings(series=series, until=begin, since=since, limit=limit + MOST_SOURCES)
    shown = rows[:limit]
    if len(rows) > limit and rows[limit].at == shown[-1].at:
        whole = [each for each in shown if each.at != rows[limit].at]
        shown = whole or [each for each in rows if each.at == rows[limit].at]
    page = paging.page(
        request,
        [(paging.microseconds(each.at), each) for each in [*shown, *rows[len(shown) :][:1]]],
        len(shown),
        _reading,
    )
    return Readings(items=page.items, next=page.next, unit=series.unit.value, time_zone=detail.zone.key)


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/series/{code}/intervals",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=Intervals,
    by_site=True,
    by_single=True,
)
def list_intervals(
    request: entry.Request,
    point: uuid.UUID,
    code: SeriesCode,
    since: From,
    until: Until,
    cursor: values.Cursor | None = None,
    limit: ManyLimit = 500,
) -> Intervals:
    """This will return the intervals that start in [from, until); together they are the register difference."""
    detail, series = _find(request, point, code)
    _require_order(since, until)
    looking.require_detail(request.caller, detail, Period(since, until))
    key = paging.after(request, cursor)
    begin = max(since, paging.moment(key)) if key else since
    end = min(until, begin + (limit + 1) * timedelta(minutes=series.step))
    run = metering_queries.get_intervals(series=series, period=Period(begin, end)) if begin < end else None
    items = (
        []
        if run is None
        else [
            Interval(
                at=values.instant(run.start + place * run.step),
                value=None if quality == Quality.MISSING else values.scaled(int(value), series.decimals),
                quality=Quality(int(quality)).name,
            )
            for place, (value, quality) in enumerate(zip(run.values[:limit], run.quality[:limit], strict=True))
        ]
    )
    following = run.start + len(items) * run.step if run is not None and items else until
    more = paging.seal(request, paging.microseconds(following)) if following < until and items else None
    return Intervals(
        items=items, next=more, unit=series.unit.value, time_zone=detail.zone.key, step_minutes=series.step
    )


def _find(
    request: entry.Request, point: uuid.UUID, code: str
) -> tuple[metering_queries.MeterDetail, metering_queries.SeriesRow]:
    detail = reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True)
    series = detail.find_series(code)
    if series is None:
        raise problems.not_found()
    return detail, series


def _require_order(since: datetime, until: datetime) -> None:
    if not since < until:
        raise problems.invalid("/query/until", _("The end must lie after the start."))
    if until - since > MOST_YEARS:
        raise problems.invalid("/query/until", _("At most ten years can be asked for at once."))


def _reading(row: metering_queries.ReadingRow) -> Reading:
    return Reading(
        at=values.instant(row.at),
        value=values.maybe_decimal(row.value),
        quality=row.quality.name,
        source=row.source.name,
        received_at=values.instant(row.received_at),
    )
