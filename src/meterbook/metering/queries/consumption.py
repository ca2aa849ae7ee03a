"""What a series used in a local day, week, month or year: slots, totals, gaps, comparison, curve. All integers."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

import numpy as np

from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, Quality
from meterbook.kernel.rounding import RoundingMode
from meterbook.kernel.series import UsageSeries
from meterbook.metering import values
from meterbook.metering.queries import intervals
from meterbook.metering.queries.series import SeriesRow
from meterbook.metering.queries.spans import View, bounds, edges, step_back

_ESTIMATED_CODES = np.array(sorted(ESTIMATED), np.uint8)
_HELD_CODES = np.array([Quality.QUESTIONABLE], np.uint8)


class SlotState(enum.StrEnum):
    """What is known about a stretch of time."""

    MEASURED = "MEASURED"
    ESTIMATED = "ESTIMATED"  # at least a part of it
    HELD = "HELD"  # at least a part waits for a person's release
    PARTLY = "PARTLY"  # intervals are missing in it
    MISSING = "MISSING"
    SO_FAR = "SO_FAR"  # it has not ended
    LATER = "LATER"  # it has not begun, or its readings cannot be here yet
    NO_METER = "NO_METER"


@dataclass(frozen=True)
class Slot:
    """One bar: [start, end), what was used in it, how much of that is estimated, how many intervals are not there.

    `value` is None where nothing is known: a gap, never a zero. Values are integers of the series' scale. A slot is
    whole when it has ended and all of its intervals are known.
    """

    start: datetime
    end: datetime
    value: int | None
    estimated: int
    missing: int
    state: SlotState
    is_whole: bool


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
class Comparison:
    """The period before, slot by slot; the sums hold only slots that both periods have whole."""

    period: Period
    values: tuple[int | None, ...]
    common: int
    here: int
    there: int

    @property
    def change(self) -> Decimal | None:
        """The change in percent with one decimal, or None without anything to compare to: 120 to 100 is 20.0."""
        if not self.common or self.there == 0:
            return None
        tenths = rounding.divide((self.here - self.there) * 1000, self.there, RoundingMode.HALF_UP)
        return Decimal(tenths).scaleb(-1, context=rounding.EXACT)


@dataclass(frozen=True)
class Usage:
    """A period's usage; every figure of a screen comes from here, so that chart, table and figures agree.

    `total` = `measured` + `estimated`. `missing` counts intervals that should be there; `known` those that are.
    """

    view: View
    period: Period
    step: int
    unit: str
    decimals: int
    slots: tuple[Slot, ...]
    curve: tuple[Point, ...]
    total: int
    measured: int
    estimated: int
    known: int
    known_estimated: int
    missing: int
    smallest: int | None
    largest: int | None
    peak: Point | None
    comparison: Comparison | None

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


def usage(
    *,
    series: SeriesRow,
    view: View,
    day: date,
    zone: tzinfo,
    at: datetime,
    installed: Sequence[tuple[datetime, datetime | None]],
) -> Usage:
    """This will return the usage of the period of that length that holds a local day, in one query.

    Bars are hours of the local day (23 or 25 where clocks change), days of a week or month, months of a year. The sum
    of all intervals is the register difference; a year of 15 minutes is 35,040 intervals in 366 rows.

    :param installed: when a meter hung at the point; nothing is missing outside
    """
    period = bounds(view, day, zone)
    before = bounds(view, step_back(view, day, zone), zone)
    run = intervals.get_intervals(series=series, period=Period(min(before.start, period.start), period.end))
    slots = _slots(run, series, edges(view, period, zone), at, installed)
    earlier = _slots(run, series, edges(view, before, zone), at, installed)
    own = _part(run, period)
    estimated = np.isin(own.quality, _ESTIMATED_CODES)
    known = [each.value for each in slots if each.value is not None]
    curve = tuple(_curve(own, series, view, slots, at, installed))
    rates = [each for each in curve if each.rate is not None]
    is_counter = series.kind is values.SeriesKind.CUMULATIVE
    return Usage(
        view=view,
        period=period,
        step=series.step,
        unit=series.unit.symbol,
        decimals=series.decimals,
        slots=slots,
        curve=curve,
        total=own.total if is_counter else 0,
        measured=int(own.values[~estimated].sum()) if is_counter else 0,
        estimated=int(own.values[estimated].sum()) if is_counter else 0,
        known=len(own) - own.missing,
        known_estimated=int(np.count_nonzero(estimated)),
        missing=sum(each.missing for each in slots),
        smallest=min(known, default=None),
        largest=max(known, default=None),
        peak=max(rates, key=lambda each: each.rate or 0, default=None),
        comparison=_compare(slots, earlier, before),
    )


def _part(run: UsageSeries, period: Period) -> UsageSeries:
    first, until = _index(run, period.start), _index(run, period.end)
    return UsageSeries(run.start + first * run.step, run.step, run.values[first:until], run.quality[first:until])


def _index(run: UsageSeries, instant: datetime) -> int:
    """The first interval that starts at or after an instant."""
    return min(max(-((run.start - instant) // run.step), 0), len(run))


def _slots(
    run: UsageSeries,
    series: SeriesRow,
    bars: Sequence[datetime],
    at: datetime,
    installed: Sequence[tuple[datetime, datetime | None]],
) -> tuple[Slot, ...]:
    return tuple(
        _slot(_part(run, Period(start, end)), series, Period(start, end), at, installed)
        for start, end in itertools.pairwise(bars)
    )


def _slot(
    part: UsageSeries,
    series: SeriesRow,
    period: Period,
    at: datetime,
    installed: Sequence[tuple[datetime, datetime | None]],
) -> Slot:
    known = part.quality != Quality.MISSING
    due = _expected(part, at, installed)
    missing = int(np.count_nonzero(due & ~known))
    estimated = np.isin(part.quality, _ESTIMATED_CODES)
    value: int | None = None
    if known.any():
        value = part.total if series.kind is values.SeriesKind.CUMULATIVE else _mean(part.total, int(known.sum()))
    state = _state(part, known, due, period, at)
    if value is None and not due.any():
        state = SlotState.LATER if period.end > at - part.step else SlotState.NO_METER
    is_whole = bool(known.all()) and period.end <= at and not (part.quality == Quality.MIXED).any()
    return Slot(period.start, period.end, value, int(part.values[estimated].sum()), missing, state, is_whole)


def _state(
    part: UsageSeries,
    known: np.ndarray[tuple[int], np.dtype[np.bool_]],
    due: np.ndarray[tuple[int], np.dtype[np.bool_]],
    period: Period,
    at: datetime,
) -> SlotState:
    if not known.any():
        return SlotState.MISSING
    if (due & ~known).any():
        return SlotState.PARTLY
    if (period.end > at - part.step and not known.all()) or (part.quality == Quality.MIXED).any():
        return SlotState.SO_FAR
    if np.isin(part.quality, _HELD_CODES).any():
        return SlotState.HELD
    return SlotState.ESTIMATED if np.isin(part.quality, _ESTIMATED_CODES).any() else SlotState.MEASURED


def _expected(
    part: UsageSeries, at: datetime, installed: Sequence[tuple[datetime, datetime | None]]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which intervals should be here: a meter hung there, and they ended at least a step ago."""
    due = np.zeros(len(part), np.bool_)
    for start, end in installed:
        until = at - part.step if end is None else min(end, at - part.step)
        first = min(max(-((part.start - start) // part.step), 0), len(part))
        stop = min(max((until - part.start) // part.step, 0), len(part))
        due[first : max(first, stop)] = True
    return due


def _mean(total: int, count: int) -> int:
    return rounding.divide(total, count, RoundingMode.HALF_UP)


def _curve(
    own: UsageSeries,
    series: SeriesRow,
    view: View,
    slots: Sequence[Slot],
    at: datetime,
    installed: Sequence[tuple[datetime, datetime | None]],
) -> Iterator[Point]:
    """Each interval of a day or week; each slot with its highest interval of a month or year."""
    an_hour = 60 // series.step if series.kind is values.SeriesKind.CUMULATIVE else 1
    if view in (View.DAY, View.WEEK):
        yield from _steps(own, an_hour, at, installed)
        return
    counted = 0
    for slot in slots:
        part = _part(own, Period(slot.start, slot.end))
        whole = part.values[(part.quality != Quality.MISSING) & (part.quality != Quality.MIXED)]
        counted += slot.value or 0
        highest = int(whole.max()) * an_hour if len(whole) else None
        yield Point(slot.start, slot.end, highest, None if slot.value is None else counted, slot.state)


def _steps(
    own: UsageSeries, an_hour: int, at: datetime, installed: Sequence[tuple[datetime, datetime | None]]
) -> Iterator[Point]:
    due = _expected(own, at, installed)
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
    int(Quality.QUESTIONABLE): SlotState.HELD,
    int(Quality.MIXED): SlotState.SO_FAR,
}


def _compare(slots: Sequence[Slot], earlier: Sequence[Slot], before: Period) -> Comparison | None:
    """Slots side by side by their place in the period; only those that both have whole are summed."""
    if all(each.value is None for each in earlier):
        return None
    pairs = [(a, b) for a, b in zip(slots, earlier, strict=False) if a.is_whole and b.is_whole]
    return Comparison(
        period=before,
        values=tuple(each.value for each in earlier),
        common=len(pairs),
        here=sum(a.value or 0 for a, _ in pairs),
        there=sum(b.value or 0 for _, b in pairs),
    )
