"""What a series used in a stretch of local time: bars, totals, gaps, comparison, curve. All integers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal

import numpy as np

from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering import values
from meterbook.metering.queries import comparing, intervals, slots, spans
from meterbook.metering.queries import within as parts
from meterbook.metering.queries.comparing import Comparison
from meterbook.metering.queries.series import SeriesRow
from meterbook.metering.queries.slots import Installed, Slot, SlotState
from meterbook.metering.queries.spans import Span, View


@dataclass(frozen=True)
class Point:
    """One step of the curve: mean power an hour (or the highest in the slot), and the counter since the period's start.

    Both are None where they are not known.
    """

    start: datetime
    end: datetime
    rate: int | None
    ledger: int | None
    state: SlotState


@dataclass(frozen=True)
class Usage:
    """A period's usage; every figure of a screen comes from here, so that chart, table and figures agree.

    `total` = `measured` + `estimated` + `edited`; `known_apportioned` of the `known_estimated` intervals lie between
    two readings, so that their sum is measured and only its place in time is not. `peak` is the step of the curve with
    the highest rate, which began at `peak_at` and lasted one interval. `missing` counts intervals that should be there;
    `known` those that are.
    """

    span: Span
    step: int
    unit: str
    decimals: int
    intervals: UsageSeries
    slots: tuple[Slot, ...]
    curve: tuple[Point, ...]
    total: int
    measured: int
    estimated: int
    edited: int
    known: int
    known_estimated: int
    known_apportioned: int
    missing: int
    smallest: int | None
    largest: int | None
    peak: Point | None
    peak_at: datetime | None
    comparison: Comparison | None

    @property
    def view(self) -> View:
        """How long the period is."""
        return self.span.view

    @property
    def period(self) -> Period:
        """The whole stretch of time."""
        return self.span.period

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all in the period."""
        return self.known == 0

    @property
    def measured_share(self) -> Decimal | None:
        """Measured intervals of those that should be there, in percent with one decimal, rounded down."""
        expected = self.known + self.missing
        if not expected:
            return None
        tenths = (self.known - self.known_estimated) * 1000 // expected
        return Decimal(tenths).scaleb(-1, context=rounding.EXACT)

    def number(self, value: int) -> Decimal:
        """This will return an integer of the series' scale as the exact number of units."""
        return Decimal(value).scaleb(-self.decimals, context=rounding.EXACT)


@dataclass(frozen=True)
class Against:
    """What a usage is compared with: another period of the series, or another series."""

    span: Span
    series: SeriesRow
    installed: Installed


def usage(*, series: SeriesRow, view: View, day: date, zone: tzinfo, at: datetime, installed: Installed) -> Usage:
    """This will return the usage of the local day, week, month or year that holds a day, beside the period before.

    :param installed: when a meter hung at the point; nothing is missing outside
    """
    span = spans.span(view, day, zone, series.step)
    before = Against(spans.span_before(span, zone, series.step), series, installed)
    return usage_of(series=series, span=span, zone=zone, at=at, installed=installed, against=before)


def usage_of(
    *,
    series: SeriesRow,
    span: Span,
    zone: tzinfo,
    at: datetime,
    installed: Installed,
    against: Against | None = None,
    within: Sequence[Period] | None = None,
) -> Usage:
    """This will return the usage of a span from day blocks, in one query, or two with something to compare with.

    Bars are what the span says: 23 or 25 hours of a day where clocks change, months of a year. The sum of all intervals
    is the register difference; a year of 15 minutes is 35,040 intervals in 366 rows.

    :param installed: when a meter hung at the point; nothing is missing outside
    :param within: only what lies in these periods is read, of the own and of what is compared with
    """
    own, there = _runs(series, span, against)
    if within is not None:
        own, there = parts.masked(own, within), None if there is None else parts.masked(there, within)
        installed = parts.installed_within(installed, within)
    bars = slots.slots(own, series, span.edges, at, installed)
    estimated = np.isin(own.quality, slots.UNMEASURED_CODES)
    edited = own.quality == Quality.EDITED
    curve = tuple(_curve(own, series, span, bars, at, installed))
    is_counter = series.kind is values.SeriesKind.CUMULATIVE
    known = [each.value for each in bars if each.value is not None]
    # What was apportioned between two readings has an even share in every interval, which is no peak.
    rated = [
        each for each in curve if each.rate is not None and not (span.is_fine and each.state is SlotState.APPORTIONED)
    ]
    peak = max(rated, key=lambda each: each.rate or 0, default=None)
    return Usage(
        span=span,
        step=series.step,
        unit=series.unit.symbol,
        decimals=series.decimals,
        intervals=own,
        slots=bars,
        curve=curve,
        total=own.total if is_counter else 0,
        measured=int(own.values[~estimated & ~edited].sum()) if is_counter else 0,
        estimated=int(own.values[estimated].sum()) if is_counter else 0,
        edited=int(own.values[edited].sum()) if is_counter else 0,
        known=len(own) - own.missing,
        known_estimated=int(np.count_nonzero(estimated)),
        known_apportioned=int(np.count_nonzero(own.quality == Quality.INTERPOLATED)),
        missing=sum(each.missing for each in bars),
        smallest=min(known, default=None),
        largest=max(known, default=None),
        peak=peak,
        peak_at=_peak_at(peak, span, bars),
        comparison=_compare(own, bars, there, at, against, span, series, zone),
    )


def without_detail(usage: Usage) -> Usage:
    """This will return a usage without what tells of single intervals: bars and the counter at their ends remain."""
    bars = tuple(replace(each, highest=None, highest_at=None) for each in usage.slots)
    counted = itertools.accumulate(each.value or 0 for each in bars)
    return replace(
        usage,
        slots=bars,
        curve=tuple(
            Point(each.start, each.end, None, None if each.value is None else ledger, each.state)
            for each, ledger in zip(bars, counted, strict=True)
        ),
        peak=None,
        peak_at=None,
    )


def _runs(series: SeriesRow, span: Span, against: Against | None) -> tuple[UsageSeries, UsageSeries | None]:
    """The intervals of both; one query where the periods touch, as those of a year and the year before do."""
    if against is None:
        return intervals.get_intervals(series=series, period=span.period), None
    if against.series == series and against.span.period.end == span.period.start:
        both = intervals.get_intervals(series=series, period=Period(against.span.period.start, span.period.end))
        there = slots.part(both, against.span.period.start, against.span.period.end)
        return slots.part(both, span.period.start, span.period.end), there
    own = intervals.get_intervals(series=series, period=span.period)
    return own, intervals.get_intervals(series=against.series, period=against.span.period)


def _compare(
    own: UsageSeries,
    bars: Sequence[Slot],
    there: UsageSeries | None,
    at: datetime,
    against: Against | None,
    span: Span,
    series: SeriesRow,
    zone: tzinfo,
) -> Comparison | None:
    if there is None or against is None:
        return None
    other = against.series
    others = slots.slots(there, other, against.span.edges, at, against.installed)
    counters = [each.kind is values.SeriesKind.CUMULATIVE for each in (series, other)]
    return comparing.compare(
        comparing.Side(span, bars, own, series.decimals, counters[0]),
        comparing.Side(against.span, others, there, other.decimals, counters[1]),
        zone,
    )


def _peak_at(peak: Point | None, span: Span, bars: Sequence[Slot]) -> datetime | None:
    if peak is None or span.is_fine:
        return peak.start if peak else None
    return next((each.highest_at for each in bars if each.start == peak.start), None)


def _curve(
    own: UsageSeries, series: SeriesRow, span: Span, bars: Sequence[Slot], at: datetime, installed: Installed
) -> Iterator[Point]:
    """Each interval of a short period; each bar with its highest interval of a longer one."""
    an_hour = 60 // series.step if series.kind is values.SeriesKind.CUMULATIVE else 1
    if span.is_fine:
        yield from _steps(own, an_hour, at, installed)
        return
    counted = 0
    for slot in bars:
        counted += slot.value or 0
        highest = None if slot.highest is None else slot.highest * an_hour
        yield Point(slot.start, slot.end, highest, None if slot.value is None else counted, slot.state)


def _steps(own: UsageSeries, an_hour: int, at: datetime, installed: Installed) -> Iterator[Point]:
    due = slots.expected(own, at, installed)
    ledger = np.cumsum(own.values)
    for place in range(len(own)):
        start = own.start + place * own.step
        code = int(own.quality[place])
        if code == Quality.MISSING:
            state = (
                SlotState.MISSING
                if due[place]
                else SlotState.LATER
                if start > at - 2 * own.step
                else SlotState.NO_METER
            )
            yield Point(start, start + own.step, None, None, state)
            continue
        state = _INTERVAL_STATES.get(code, SlotState.MEASURED)
        rate = None if state is SlotState.SO_FAR else int(own.values[place]) * an_hour
        yield Point(start, start + own.step, rate, int(ledger[place]), state)


_INTERVAL_STATES = {
    **dict.fromkeys(map(int, ESTIMATED), SlotState.ESTIMATED),
    int(Quality.INTERPOLATED): SlotState.APPORTIONED,
    int(Quality.EDITED): SlotState.EDITED,
    int(Quality.QUESTIONABLE): SlotState.HELD,
    int(Quality.MIXED): SlotState.SO_FAR,
}
