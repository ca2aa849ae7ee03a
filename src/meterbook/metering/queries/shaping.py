"""By which hours a time is spread: the usual course of the meter itself. Needs a running scope."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, UNBILLABLE, Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering.estimating import spreading
from meterbook.metering.queries import intervals
from meterbook.metering.queries.gaps import Gap
from meterbook.metering.validation import shapes
from meterbook.metering.validation.shapes import Shape

_FINER = 1_000
PAST = timedelta(weeks=4)
_NOT_MEASURED = np.array(sorted({*UNBILLABLE, *ESTIMATED, Quality.INTERPOLATED}), np.uint8)
_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Weights:
    """How a time is usually used: weights of its parts, which end at `first`, each `step` later, and at its end.

    `weights` None: nothing is usual; it is spread evenly then.
    """

    first: datetime
    step: timedelta
    weights: list[int] | None


def weights_of(*, gap: Gap, zone: ZoneInfo) -> Weights:
    """This will weigh each hour of a time by the same hours of the same weekdays in the four weeks before it.

    Hours count that were measured throughout; what is only known as a sum over a longer time has no hours.
    """
    period, step = gap.period, timedelta(minutes=gap.series.step)
    day = period.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = day + -((day - period.start) // _HOUR) * _HOUR
    first = first + _HOUR if first <= period.start else first
    edges = [period.start, *_every_hour(first, period.end), period.end]
    if len(edges) > shapes.MOST_PARTS:
        return Weights(first, _HOUR, None)
    past = intervals.get_intervals(series=gap.series, period=Period(period.start - PAST, period.start))
    means = _usual_hours(past, zone, step)
    parts = [(_hour(begin, zone), _ratio(end - begin, _HOUR)) for begin, end in itertools.pairwise(edges)]
    return Weights(first, _HOUR, spreading.weigh(means, parts))


def _every_hour(first: datetime, end: datetime) -> Iterator[datetime]:
    while first < end:
        yield first
        first += _HOUR


def _usual_hours(past: UsageSeries, zone: ZoneInfo, step: timedelta) -> dict[spreading.Hour, spreading.Mean]:
    width = _HOUR // step
    begun = past.start - past.start.replace(minute=0, second=0, microsecond=0)
    lead = (-begun % _HOUR) // step
    count = (len(past) - lead) // width
    if count <= 0:
        return {}
    cut = slice(lead, lead + count * width)
    sums = past.values[cut].reshape(count, width).sum(axis=1, dtype=np.int64).tolist()
    missing: NDArray[np.bool_] = np.asarray(np.isin(past.quality[cut], _NOT_MEASURED))
    is_measured = (missing.reshape(count, width).sum(axis=1) == 0).tolist()
    totals: dict[spreading.Hour, list[int]] = defaultdict(list)
    for place, used in enumerate(sums):
        if is_measured[place] and used >= 0:
            totals[_hour(past.start + lead * step + place * _HOUR, zone)].append(used)
    return {hour: spreading.Mean(sum(used), len(used)) for hour, used in totals.items()}


def _hour(instant: datetime, zone: ZoneInfo) -> spreading.Hour:
    local = instant.astimezone(zone)
    return local.weekday(), local.hour


def shape_of(*, gap: Gap, zone: ZoneInfo, used: int) -> dict[str, Any]:
    """This will spread a quantity (series' scale) over a gap by its usual hours, as it is stored; empty for evenly."""
    weights = weights_of(gap=gap, zone=zone)
    if weights.weights is None or used <= 0:
        return {}
    start, end, first = (_microseconds(each) for each in (gap.period.start, gap.period.end, weights.first))
    # In thousandths, so that what is left over, which goes to the first of equal hours, does not add up over weeks.
    parts = tuple(spreading.spread(used * _FINER, weights.weights))
    return Shape(start, end, min(first, end), weights.step // _MICROSECOND, parts).document()


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _ratio(part: timedelta, whole: timedelta) -> Fraction:
    return Fraction(part // timedelta.resolution, whole // timedelta.resolution)
