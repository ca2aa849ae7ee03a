"""A run of equal intervals with their usage: the form in which consumption is priced and drawn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality


class SeriesInvalid(ValueError):
    """A usage series needs an aware start, a positive step and as many integer values as quality codes."""


class SeriesMisaligned(ValueError):
    """The instants do not fall on the boundaries of the series' intervals."""


@dataclass(frozen=True, eq=False)
class UsageSeries:
    """Interval i is [start + i x step, start + (i + 1) x step) and holds values[i] units of the series' scale.

    `values` is int64, `quality` uint8 with the codes of `kernel.quality`; both have shape (n,) and are read-only. A
    missing interval has value 0 and quality MISSING: sums never need a special case, screens draw a gap.
    """

    start: datetime
    step: timedelta
    values: NDArray[np.int64]
    quality: NDArray[np.uint8]

    def __post_init__(self) -> None:
        fits = (
            self.start.tzinfo is not None
            and self.step > timedelta(0)
            and self.values.dtype == np.int64
            and self.quality.dtype == np.uint8
            and self.values.ndim == 1
            and self.values.shape == self.quality.shape
        )
        if not fits:
            raise SeriesInvalid(SeriesInvalid.__doc__)
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        for name in ("values", "quality"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UsageSeries):
            return NotImplemented
        return (
            (self.start, self.step) == (other.start, other.step)
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.quality, other.quality)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def end(self) -> datetime:
        """The end of the final interval."""
        return self.start + len(self) * self.step

    @property
    def total(self) -> int:
        """The sum of all values, as an exact Python integer."""
        return int(self.values.sum(dtype=np.int64))

    @property
    def missing(self) -> int:
        """How many intervals hold nothing."""
        return int(np.count_nonzero(self.quality == Quality.MISSING))

    def starts(self) -> NDArray[np.datetime64]:
        """This will return the start of each interval, UTC, in microseconds."""
        first = np.datetime64(self.start.replace(tzinfo=None), "us")
        return first + np.arange(len(self)) * np.timedelta64(self.step, "us")

    def within(self, period: Period) -> UsageSeries:
        """This will return the intervals of a period that both ends of it delimit.

        :raises SeriesMisaligned: when an end of the period cuts an interval or lies outside the series
        """
        first, until = self._index(period.start), self._index(period.end)
        if first < 0 or until > len(self):
            raise SeriesMisaligned(f"{period.start} to {period.end} lies outside {self.start} to {self.end}.")
        start = self.start + first * self.step
        return UsageSeries(start, self.step, self.values[first:until], self.quality[first:until])

    def _index(self, instant: datetime) -> int:
        steps, rest = divmod(instant - self.start, self.step)
        if rest:
            raise SeriesMisaligned(f"{instant}: {SeriesMisaligned.__doc__}")
        return steps


def join(parts: Sequence[UsageSeries]) -> UsageSeries:
    """This will put series one behind the other.

    :raises SeriesMisaligned: when one does not start where the one before ends, or has another step
    """
    if not parts:
        raise SeriesInvalid(SeriesInvalid.__doc__)
    for before, after in itertools.pairwise(parts):
        if before.end != after.start or before.step != after.step:
            raise SeriesMisaligned(f"{after.start} does not continue {before.end}.")
    values = np.concatenate([each.values for each in parts])
    quality = np.concatenate([each.quality for each in parts])
    return UsageSeries(parts[0].start, parts[0].step, values, quality)
