"""What a derivation is made of. Instants are microseconds since 1970 in UTC, registers are integers of their
resolution.
"""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from meterbook.metering.validation.shapes import Shape

MICROSECONDS = 1_000_000
HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR


class CorrectionKind(enum.StrEnum):
    """What a later fact says about readings; of several about one instant the one recorded last holds."""

    SET = "SET"  # the register showed `value` at `at`
    EXCLUDE = "EXCLUDE"  # the reading at `at` does not count
    RESTORE = "RESTORE"  # the earlier corrections of `at` do not count
    RELEASE = "RELEASE"  # what was held between `at` and `until` may be billed
    CONFIRM_RESET = "CONFIRM_RESET"  # the counter started anew at `at`; `value` was used before it was seen again
    ESTIMATE = "ESTIMATE"  # `value` counts were used between `at` and `until`, as far as no reading tells of them
    APPORTION = "APPORTION"  # what the register says was used between `at` and `until` lies there as its shape tells
    RATIO = "RATIO"  # what was counted between `at` and `until` counts `ratio` times: a test found the meter wrong
    WITHDRAW_RATIO = "WITHDRAW_RATIO"  # the ratio of `at` and `until` does not count
    MULTIPLIER = "MULTIPLIER"  # from `at` on the multiplier was changed or corrected; the segments hold what counts
    WITHDRAW = "WITHDRAW"  # the estimate or apportioning of `at` and `until` does not count
    INTERVALS = "INTERVALS"  # a later file says otherwise of `at` to `until`; SETs with it hold what counts


class Told(enum.StrEnum):
    """What a SET says that was made with INTERVALS: why the register is taken to show another number at its instant."""

    READING = "READING"  # the file says that the register showed it
    INTERVAL = "INTERVAL"  # what was used in the interval that ends there was corrected
    SHIFT = "SHIFT"  # something before it was corrected; what was used since the reading before stays as it is


class FindingKind(enum.StrEnum):
    """What the derivation noticed."""

    GLITCH = "GLITCH"
    SPIKE = "SPIKE"
    ROLLOVER = "ROLLOVER"
    RESET_CANDIDATE = "RESET_CANDIDATE"
    RESET_CONFIRMED = "RESET_CONFIRMED"
    OVER_LIMIT = "OVER_LIMIT"
    TRUE_UP = "TRUE_UP"
    HELD_READING = "HELD_READING"
    JITTER = "JITTER"  # stepped back by a count or two through its own rounding


class InstallationsOverlap(ValueError):
    """Two meters cannot serve one meter point at the same time; end the earlier installation first."""


class FactorInvalid(ValueError):
    """A multiplier is a positive fraction that holds from the start of its installation or later."""


@dataclass(frozen=True)
class Readings:
    """Raw readings of one series, in any order, repeats allowed. Arrays of shape (n,).

    `at` int64 microseconds, `value` int64 in the register's resolution, `quality` and `source` uint8. Of several
    sources for one instant the one with the smallest code counts.
    """

    at: NDArray[np.int64]
    value: NDArray[np.int64]
    quality: NDArray[np.uint8]
    source: NDArray[np.uint8]

    @classmethod
    def of(cls, pairs: list[tuple[int, int]], *, quality: int = 0, source: int = 1) -> Readings:
        """This will make readings of one quality and source from (instant, value) pairs."""
        return cls(
            at=np.array([at for at, _ in pairs], np.int64),
            value=np.array([value for _, value in pairs], np.int64),
            quality=np.full(len(pairs), quality, np.uint8),
            source=np.full(len(pairs), source, np.uint8),
        )


@dataclass(frozen=True)
class Factor:
    """From `at` on, one unit of the register is numerator/denominator units of the series.

    It holds transformer ratios, pulse weight, unit conversion and both scales in one exact fraction: a register in 0.1
    kWh behind 200/5 A, into a series in Wh, is 40 x 100 / 1. `register` is what the counter showed at `at`, where it
    was read. With `is_corrected` a person has corrected it by a test of the meter.
    """

    at: int
    numerator: int
    denominator: int = 1
    register: int | None = None
    is_corrected: bool = False

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0:
            raise FactorInvalid(f"{self.numerator}/{self.denominator}: {FactorInvalid.__doc__}")


@dataclass(frozen=True)
class Installation:
    """One meter at the meter point during [start, end).

    `opening` and `closing` are what its register showed at both ends; `wrap` is the value at which it starts from zero
    again (10^digits or 2^n in units of the resolution); `limit_per_hour` the most it can count in an hour by its
    rating.
    """

    start: int
    factors: tuple[Factor, ...]
    end: int | None = None
    opening: int | None = None
    closing: int | None = None
    is_closing_estimated: bool = False
    wrap: int | None = None
    limit_per_hour: int | None = None

    def __post_init__(self) -> None:
        ordered = all(a.at < b.at for a, b in itertools.pairwise(self.factors))
        if not self.factors or self.factors[0].at > self.start or not ordered:
            raise FactorInvalid(FactorInvalid.__doc__)


@dataclass(frozen=True)
class Correction:
    """A later fact about readings; `value` in the register's resolution, `until` only for those of a time.

    `shape` tells how what was used lies in the time of an estimate or an apportioning; None: evenly.
    `ratio` is by how much a RATIO corrects. `told` tells of a SET that is a part of INTERVALS why it was made.
    """

    kind: CorrectionKind
    at: int
    value: int | None = None
    until: int | None = None
    shape: Shape | None = None
    ratio: Fraction | None = None
    told: Told | None = None


@dataclass(frozen=True, order=True)
class Finding:
    """Something to tell a person: from `at` to `until` (None: still so), the counter's value and the one it was held
    against.
    """

    at: int
    kind: FindingKind
    value: int
    baseline: int
    until: int | None = field(default=None, compare=True)


@dataclass(frozen=True)
class Window:
    """`slots` intervals of `step` from `start`, all in microseconds; a reading within `tolerance` of a boundary
    measures it.
    """

    start: int
    slots: int
    step: int
    tolerance: int

    @property
    def end(self) -> int:
        """The end of the final interval."""
        return self.start + self.slots * self.step

    @classmethod
    def of_day(cls, start: int, step: int) -> Window:
        """This will make the window of one UTC day with the usual tolerance."""
        return cls(start=start, slots=DAY // step, step=step, tolerance=tolerance(step))


def tolerance(step: int) -> int:
    """This will return how far from a boundary a reading still measures it: a tenth of the step, up to five minutes."""
    return min(step // 10, 300 * MICROSECONDS)


def require_apart(installations: tuple[Installation, ...]) -> tuple[Installation, ...]:
    """This will sort installations by their start.

    :raises InstallationsOverlap: when one starts before the one before it has ended
    """
    ordered = tuple(sorted(installations, key=lambda each: each.start))
    for before, after in itertools.pairwise(ordered):
        if before.end is None or before.end > after.start:
            raise InstallationsOverlap(InstallationsOverlap.__doc__)
    return ordered
