"""What is known about a stretch of time: sums of its intervals by quality, what is missing, its state."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import rounding
from meterbook.kernel.quality import ESTIMATED, UNMEASURED, Quality
from meterbook.kernel.rounding import RoundingMode
from meterbook.kernel.series import UsageSeries
from meterbook.metering import values
from meterbook.metering.queries.series import SeriesRow

Installed = Sequence[tuple[datetime, datetime | None]]
Flags = NDArray[np.bool_]

UNMEASURED_CODES = np.array(sorted(UNMEASURED), np.uint8)
_ESTIMATED_CODES = np.array(sorted(ESTIMATED), np.uint8)
_HELD_CODES = np.array([Quality.QUESTIONABLE], np.uint8)


class SlotState(enum.StrEnum):
    """What is known about a stretch of time."""

    MEASURED = "MEASURED"
    EDITED = "EDITED"  # a person entered at least a part of it
    ESTIMATED = "ESTIMATED"  # at least a part of it
    APPORTIONED = "APPORTIONED"  # measured between two readings, at least a part of it spread over time
    HELD = "HELD"  # at least a part waits for a person's release
    PARTLY = "PARTLY"  # intervals are missing in it
    MISSING = "MISSING"
    SO_FAR = "SO_FAR"  # it has not ended
    LATER = "LATER"  # it has not begun, or its readings cannot be here yet
    NO_METER = "NO_METER"


@dataclass(frozen=True)
class Slot:
    """One bar: [start, end), what was used in it, how much of that nobody measured then, how many are not there.

    `value` is None where nothing is known: a gap, never a zero. Values are integers of the series' scale. A slot is
    whole when it has ended and all of its intervals are known. `highest` is its largest whole interval of those that
    were not apportioned between two readings: an even share is no peak.
    """

    start: datetime
    end: datetime
    value: int | None
    estimated: int
    edited: int
    missing: int
    state: SlotState
    is_whole: bool
    highest: int | None
    highest_at: datetime | None


def part(run: UsageSeries, start: datetime, end: datetime) -> UsageSeries:
    """This will return the intervals of a run that start in [start, end)."""
    first = index(run, start)
    until = max(first, index(run, end))
    return UsageSeries(run.start + first * run.step, run.step, run.values[first:until], run.quality[first:until])


def index(run: UsageSeries, instant: datetime) -> int:
    """This will return the first interval that starts at or after an instant, kept inside the run."""
    return min(max(-((run.start - instant) // run.step), 0), len(run))


def slots(
    run: UsageSeries, series: SeriesRow, edges: Sequence[datetime], at: datetime, installed: Installed
) -> tuple[Slot, ...]:
    """This will sum the intervals between the edges; edges that fall together give a slot without anything."""
    return tuple(_slot(run, series, start, end, at, installed) for start, end in itertools.pairwise(edges))


def is_settled(quality: NDArray[np.uint8]) -> Flags:
    """This will tell which intervals are known as a whole: neither missing nor covered only in part."""
    settled: Flags = (quality != Quality.MISSING) & (quality != Quality.MIXED)
    return settled


def expected(run: UsageSeries, at: datetime, installed: Installed) -> Flags:
    """This will tell which intervals should be here: a meter hung there, and they ended at least a step ago."""
    due = np.zeros(len(run), np.bool_)
    for start, end in installed:
        until = at - run.step if end is None else min(end, at - run.step)
        first = min(max(-((run.start - start) // run.step), 0), len(run))
        stop = min(max((until - run.start) // run.step, 0), len(run))
        due[first : max(first, stop)] = True
    return due


def _slot(
    run: UsageSeries, series: SeriesRow, start: datetime, end: datetime, at: datetime, installed: Installed
) -> Slot:
    own = part(run, start, end)
    known = own.quality != Quality.MISSING
    due = expected(own, at, installed)
    value: int | None = None
    if known.any():
        value = own.total if series.kind is values.SeriesKind.CUMULATIVE else _mean(own.total, int(known.sum()))
    state = _state(own, known, due, end, at)
    if value is None and not due.any():
        state = SlotState.LATER if end > at - own.step else SlotState.NO_METER
    settled = np.flatnonzero(is_settled(own.quality))
    seen = settled[own.quality[settled] != Quality.INTERPOLATED]
    place = int(seen[own.values[seen].argmax()]) if len(seen) else None
    return Slot(
        start=start,
        end=end,
        value=value,
        estimated=int(own.values[np.isin(own.quality, UNMEASURED_CODES)].sum()),
        edited=int(own.values[own.quality == Quality.EDITED].sum()),
        missing=int(np.count_nonzero(due & ~known)),
        state=state,
        is_whole=len(own) > 0 and len(settled) == len(own) and end <= at,
        highest=None if place is None else int(own.values[place]),
        highest_at=None if place is None else own.start + place * own.step,
    )


def _state(own: UsageSeries, known: Flags, due: Flags, end: datetime, at: datetime) -> SlotState:
    if not known.any():
        return SlotState.MISSING
    if (due & ~known).any():
        return SlotState.PARTLY
    if (end > at - own.step and not known.all()) or (own.quality == Quality.MIXED).any():
        return SlotState.SO_FAR
    if np.isin(own.quality, _HELD_CODES).any():
        return SlotState.HELD
    if np.isin(own.quality, _ESTIMATED_CODES).any():
        return SlotState.ESTIMATED
    if (own.quality == Quality.INTERPOLATED).any():
        return SlotState.APPORTIONED
    return SlotState.EDITED if (own.quality == Quality.EDITED).any() else SlotState.MEASURED


def _mean(total: int, count: int) -> int:
    return rounding.divide(total, count, RoundingMode.HALF_UP)
