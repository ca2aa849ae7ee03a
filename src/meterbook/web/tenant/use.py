"""What a tenant's meter used in a period, cut to the time of the tenant's own contracts."""

from __future__ import annotations

import dataclasses

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.customers import clipping, own
from meterbook.kernel.period import Period
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
) -> shown.Shown:
    """This will read what the address asks for; without a view in it, `view`.

    `usage` is None where nothing of the period is the tenant's own.
    """
    asked = dataclasses.replace(
        asking.read(request.GET, at=request.at, zone=detail.zone), compare=Compare.PREVIOUS, other=None, by_price=False
    )
    if view is not None and "view" not in request.GET:
        asked = dataclasses.replace(asked, view=view)
    series = detail.main_series
    step = series.step if series else 15
    span = asked.span(step)
    parts = clipping.clip(span.period, point.stays)
    problem = "" if parts else outside(point, detail)
    bar = periods.bar(asked, at=request.at, step=step, problem=problem)
    usage = None if series is None or not parts else usage_within(series, point, detail, span, request)
    return shown.Shown(asked, bar, series, usage, None, False, None)


def usage_within(
    series: metering_queries.SeriesRow,
    point: own.OwnPoint,
    detail: metering_queries.MeterDetail,
    span: metering_queries.Span,
    request: access.Request,
) -> metering_queries.Usage:
    """This will return the usage of a span without anything before, between or after the tenant's own contracts.

    It is compared with the period before where all of the span is the tenant's own: cut bars have no like.
    """
    parts = clipping.clip(span.period, point.stays)
    whole = Period(parts[0].start, parts[-1].end)
    within = list(parts)
    against = None
    if whole == span.period:
        before = metering_queries.span_before(span, detail.zone, series.step)
        own_before = clipping.clip(before.period, point.stays)
        if own_before:
            within += own_before
            against = metering_queries.Against(before, series, shown.installed(detail))
    return metering_queries.usage_of(
        series=series,
        span=span if whole == span.period else metering_queries.narrowed(span, whole),
        zone=detail.zone,
        at=request.at,
        installed=shown.installed(detail),
        against=against,
        within=within,
    )


def outside(point: own.OwnPoint, detail: metering_queries.MeterDetail) -> str:
    """This will say what time is the tenant's own."""
    first = point.stays[0].start.astimezone(detail.zone).date()
    return _("Your contract for this meter began on %(day)s; only the time of your own contracts is shown.") % {
        "day": formats.date_format(first, "SHORT_DATE_FORMAT")
    }
