"""What is used at a meter of the mall: whole watt-hours or liters a quarter of an hour, the same whenever asked.

The loads fit `modbus_load.Load`, so that history and live registers are one. Each is made of whole steps of its meter's
display: then registers lose nothing, and meters behind a main meter add up to it, to the last digit.
"""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook_lab.harbor import shapes
from meterbook_lab.harbor.shapes import QUARTERS_A_DAY, Integers

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOT = timedelta(minutes=15)
STANDBY = 40  # thousandths of its use that an empty unit goes on using
DAY_SPREAD, QUARTER_SPREAD = 90, 140  # thousandths up and down from day to day, from quarter to quarter
ALWAYS = (1_000,) * 12
STRETCH = 32  # days
QUARTERS_A_STRETCH = STRETCH * QUARTERS_A_DAY
KEPT = 512  # stretches, of 24 kB each
_ODD, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Span:
    """Quarters of an hour [start, end) since 1970 in UTC."""

    start: int
    end: int


@dataclass(frozen=True)
class Leak:
    """`each` watt-hours or liters more in every quarter of a span."""

    span: Span
    each: int


@dataclass(frozen=True, eq=False)
class Weekly:
    """A week's rhythm around a mean, with seasons and a spread that follows from `name`.

    `mean` is watts or liters an hour; `step` what the meter's display counts in, in watt-hours or liters; `season`
    holds thousandths for January to December; in `empty` spans nearly nothing is used.
    """

    name: str
    profile: str
    mean: int
    step: int
    season: tuple[int, ...] = ALWAYS
    empty: tuple[Span, ...] = ()
    leak: Leak | None = None

    def days(self, first_day: int, count: int) -> Integers:
        """This will return what is used in each quarter of some UTC days, shape (count, 96).

        :param first_day: days since 1970
        """
        table = shapes.quarters(self.profile)[shapes.week_quarters(first_day, count)]
        season = np.array(self.season, np.int64)[shapes.months(first_day, count)]
        numbers = np.arange(first_day, first_day + count, dtype=np.int64)
        slots = numbers[:, None] * QUARTERS_A_DAY + np.arange(QUARTERS_A_DAY)
        seed = zlib.crc32(self.name.encode())
        thousandths = table * season[:, None] // 1_000
        thousandths = thousandths * spread(seed, numbers, DAY_SPREAD)[:, None] // 1_000
        thousandths = thousandths * spread(seed + 1, slots, QUARTER_SPREAD) // 1_000
        # A quarter of the hour's mean, in thousandths of a watt-hour.
        used = self.mean * thousandths // 4
        for span in self.empty:
            used = np.where((slots >= span.start) & (slots < span.end), used * STANDBY // 1_000, used)
        # Nothing gets lost within a day: what one quarter leaves over, a later one takes.
        counted = np.cumsum(used, axis=1) // (1_000 * self.step) * self.step
        found: Integers = np.diff(counted, axis=1, prepend=0)
        if self.leak is not None:
            found = found + np.where((slots >= self.leak.span.start) & (slots < self.leak.span.end), self.leak.each, 0)
        return found

    def used(self, slot: int) -> int:
        """This will return what is used in a quarter of an hour counted from 1970 in UTC."""
        stretch, place = divmod(slot, QUARTERS_A_STRETCH)
        return int(_stretch(self, stretch)[place])


@dataclass(frozen=True, eq=False)
class Total:
    """What a main meter sees: the sum of what is behind it."""

    parts: tuple[Weekly, ...]

    def days(self, first_day: int, count: int) -> Integers:
        """This will return what is used in each quarter of some UTC days, shape (count, 96)."""
        found = np.zeros((count, QUARTERS_A_DAY), np.int64)
        for part in self.parts:
            found += part.days(first_day, count)
        return found

    def used(self, slot: int) -> int:
        """This will return what is used in a quarter of an hour counted from 1970 in UTC."""
        stretch, place = divmod(slot, QUARTERS_A_STRETCH)
        return int(_stretch(self, stretch)[place])


Load = Weekly | Total


def spread(seed: int, numbers: Integers, width: int) -> Integers:
    """This will return 1000 give or take up to `width`, for each number another one, always the same."""
    values = numbers.astype(np.uint64) * _ODD + np.uint64(seed)
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    values ^= values >> np.uint64(31)
    found: NDArray[np.int64] = (values % np.uint64(2 * width + 1)).astype(np.int64) + (1_000 - width)
    return found


def slot_of(at: datetime) -> int:
    """This will return the quarter of an hour that holds an instant, counted from 1970 in UTC."""
    return (at - EPOCH) // SLOT


def instant_of(slot: int) -> datetime:
    """This will return when a quarter of an hour begins."""
    return EPOCH + slot * SLOT


@functools.lru_cache(maxsize=KEPT)
def _stretch(load: Load, number: int) -> Integers:
    """What is used in some days at once: to work out one alone would take as long."""
    return load.days(number * STRETCH, STRETCH).reshape(-1)
