"""What a tenant's meter used in a period, cut to the time of the tenant's own contracts."""

from __future__ import annotations

import dataclasses
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.customers import clipping, own, own_use
from meterbook.kernel import civil
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import asking, periods, shown
from meterbook.web.meters.asking import Compare


def read(
    request: access.Request,
    point: own.OwnPoint,
    detail: metering_queries.MeterDetail,
    *,
    view: metering_queries.View | None = None,
    day: date | None = None,
) -> shown.Shown:
    """This will read what the address asks for; without a view in it, `view`, and without a day, `day`.

    `usage` is None where nothing of the period is the tenant's own.
    """
    asked = dataclasses.replace(
        asking.read(request.GET, at=request.at, zone=detail.zone), compare=Compare.PREVIOUS, other=None, by_price=False
    )
    if view is not None and "view" not in request.GET:
        asked = dataclasses.replace(asked, view=view)
    if day is not None and "day" not in request.GET:
        asked = dataclasses.replace(asked, day=day)
    series = detail.main_series
    step = series.step if series else 15
    span = asked.span(step)
    parts = clipping.clip(span.period, point.stays)
    problem = "" if parts else outside(point, detail)
    bar = periods.bar(asked, at=request.at, step=step, problem=problem)
    usage = None
    if series is not None and parts:
        usage = own_use.usage_within(series=series, point=point, detail=detail, span=span, at=request.at)
    return shown.Shown(asked, bar, series, usage, None, False, None)


def newest_day(
    request: access.Request, point: own.OwnPoint, detail: metering_queries.MeterDetail, found: shown.Shown
) -> date | None:
    """This will return the day of the newest own use before a period that is empty; None where the period has some."""
    series = detail.main_series
    if series is None or (found.usage is not None and not found.usage.is_empty):
        return None
    newest = own_use.newest_use(series=series, point=point, at=request.at)
    return None if newest is None else civil.local_date(newest, detail.zone)


def outside(point: own.OwnPoint, detail: metering_queries.MeterDetail) -> str:
    """This will say what time is the tenant's own."""
    first = point.stays[0].start.astimezone(detail.zone).date()
    return _("Your contract for this meter began on %(day)s; only the time of your own contracts is shown.") % {
        "day": formats.date_format(first, "SHORT_DATE_FORMAT")
    }
