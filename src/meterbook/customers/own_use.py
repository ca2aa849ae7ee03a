"""What a meter point used, cut to the time of somebody's own contracts. Needs a running scope."""

from __future__ import annotations

from datetime import datetime

from meterbook.customers import clipping, own
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries


def usage_within(
    *,
    series: metering_queries.SeriesRow,
    point: own.OwnPoint,
    detail: metering_queries.MeterDetail,
    span: metering_queries.Span,
    at: datetime,
) -> metering_queries.Usage | None:
    """This will return the usage of a span without anything before, between or after the tenant's own contracts.

    None where nothing of the span is the tenant's own. It is compared with the period before where all of the span is:
    cut bars have no like.
    """
    parts = clipping.clip(span.period, point.stays)
    if not parts:
        return None
    installed = [(each.starts_at, each.ends_at) for each in detail.installations]
    whole = Period(parts[0].start, parts[-1].end)
    within = list(parts)
    against = None
    if whole == span.period:
        before = metering_queries.span_before(span, detail.zone, series.step)
        own_before = clipping.clip(before.period, point.stays)
        if own_before:
            within += own_before
            against = metering_queries.Against(before, series, installed)
    return metering_queries.usage_of(
        series=series,
        span=span if whole == span.period else metering_queries.narrowed(span, whole),
        zone=detail.zone,
        at=at,
        installed=installed,
        against=against,
        within=within,
    )


def newest_use(*, series: metering_queries.SeriesRow, point: own.OwnPoint, at: datetime) -> datetime | None:
    """This will return when the newest known use of the tenant's own time began; None where none is found."""
    for stay in sorted(point.stays, reverse=True, key=lambda each: each.start):
        end = at if stay.end is None else min(stay.end, at)
        if stay.start < end:
            found = metering_queries.newest_known(series=series, period=Period(stay.start, end))
            if found is not None:
                return found
    return None
