"""Quarters of an hour of a place's local days, and which of two periods may fairly be compared. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering.quarters import A_DAY, QUARTER

Integers = NDArray[np.int64]

_STEP = timedelta(minutes=QUARTER)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TWICE = -1
# Quarters may differ by so much of the series that are known in them, and still be compared: of 10,000 meters some are
# always new or out of order.
TOLERANCE_PERCENT = 1


@dataclass(frozen=True)
class Stretch:
    """Quarters [first, until) since 1970, and the place of each in its period: 96 a local day, counted by the clock.

    `place` is TWICE where the clock shows an hour for the second time: it has no partner in another day.
    """

    first: int
    until: int
    place: Integers


@lru_cache(maxsize=256)
def stretch(period: Period, zone: tzinfo) -> Stretch:
    """This will lay out a period of whole local days: the 29 March 2026 of Madrid has 92 quarters, none at place 8."""
    places = []
    for number, (_day, part) in enumerate(civil.local_days(period, zone)):
        count = (part.end - part.start) // _STEP
        clock = np.arange(count, dtype=np.int64)
        if count != A_DAY or part.start.astimezone(zone).utcoffset() != (part.end - _STEP).astimezone(zone).utcoffset():
            clock = np.array([_clock(part.start + each * _STEP, zone) for each in range(count)], np.int64)
        places.append(np.where(clock == TWICE, TWICE, number * A_DAY + clock))
    return Stretch(index(period.start), index(period.end), np.concatenate(places))


def index(instant: datetime) -> int:
    """This will count the quarters from 1970 to an instant, rounded down."""
    return (instant - _EPOCH) // _STEP


def start(place: int) -> datetime:
    """This will return the instant at which a quarter since 1970 begins."""
    return _EPOCH + place * _STEP


def day_index(day: date) -> int:
    """This will count the days from 1970."""
    return (day - date(1970, 1, 1)).days


def day(place: int) -> date:
    """This will return the UTC day that many days after 1970 began."""
    return date(1970, 1, 1) + timedelta(days=place)


def pair(here: Stretch, there: Stretch, known_here: Integers, known_there: Integers) -> tuple[Integers, Integers]:
    """This will return the indexes of the quarters that may be compared: those known in both, of as many series.

    A period that still runs is therefore compared with the same part of the one before, an outage is left out of both.

    :param known_here: how many series are known in each quarter of `here`, shape (n,)
    """
    usable_here = np.flatnonzero((here.place != TWICE) & (known_here > 0))
    usable_there = np.flatnonzero((there.place != TWICE) & (known_there > 0))
    _places, a, b = np.intersect1d(
        here.place[usable_here], there.place[usable_there], assume_unique=True, return_indices=True
    )
    a, b = usable_here[a], usable_there[b]
    low, high = np.minimum(known_here[a], known_there[b]), np.maximum(known_here[a], known_there[b])
    is_alike = low * 100 >= high * (100 - TOLERANCE_PERCENT)
    return a[is_alike], b[is_alike]


def _clock(instant: datetime, zone: tzinfo) -> int:
    local = instant.astimezone(zone)
    return TWICE if local.fold else (local.hour * 60 + local.minute) // QUARTER
