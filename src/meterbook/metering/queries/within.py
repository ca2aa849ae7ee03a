"""Show a part of what a series holds: only the time of somebody's own, or only whole days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, tzinfo

import numpy as np

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering.queries import spans
from meterbook.metering.queries.slots import Installed


def masked(run: UsageSeries, within: Sequence[Period]) -> UsageSeries:
    """This will return the run without the intervals that do not lie wholly inside one of the periods."""
    keep = np.zeros(len(run), np.bool_)
    for each in within:
        first = min(max(-((run.start - each.start) // run.step), 0), len(run))
        until = min(max((each.end - run.start) // run.step, 0), len(run))
        keep[first : max(first, until)] = True
    values = np.where(keep, run.values, 0).astype(run.values.dtype)
    quality = np.where(keep, run.quality, np.uint8(Quality.MISSING)).astype(run.quality.dtype)
    return UsageSeries(run.start, run.step, values, quality)


def installed_within(installed: Installed, within: Sequence[Period]) -> Installed:
    """This will return when a meter hung at the point inside the periods: nothing is missing outside."""
    found = []
    for start, end in installed:
        for each in within:
            first, last = max(start, each.start), each.end if end is None else min(end, each.end)
            if first < last:
                found.append((first, last))
    return found


def narrowed(span: spans.Span, period: Period) -> spans.Span:
    """This will return the bars of a span that lie in a period inside it; the first and the final may be shorter."""
    edges = (period.start, *(each for each in span.edges if period.start < each < period.end), period.end)
    return spans.Span(span.view, span.grain, period, edges)


def daily(span: spans.Span, zone: tzinfo) -> spans.Span:
    """This will return the span with bars of whole local days, or longer ones that begin and end with days.

    Ends inside a day would let two periods be subtracted from each other, which tells of hours again.
    """
    first = civil.local_date(span.period.start, zone)
    final = civil.local_date(span.period.end - timedelta.resolution, zone)
    dates = civil.dates(first, final + timedelta(days=2))
    days = list(dict.fromkeys(civil.start_of_day(each, zone) for each in dates))  # a skipped day begins with the next
    period = Period(days[0], days[-1])
    if span.grain is spans.Grain.MONTH:
        return spans.Span(span.view, span.grain, period, (period.start, *span.edges[1:-1], period.end))
    return spans.Span(span.view, spans.Grain.DAY, period, tuple(days))
