"""Days of series: which are to be derived, and what came out."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.metering import blocks
from meterbook.metering.validation.inputs import DAY, Window

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """UTC days [first, until) in a row, as days since 1970."""

    first: int
    until: int

    @property
    def start(self) -> int:
        """The first instant in microseconds since 1970."""
        return self.first * DAY

    @property
    def end(self) -> int:
        """The first instant that is not inside any more."""
        return self.until * DAY

    def window(self, step: int) -> Window:
        """This will make the window over all its days; `step` in minutes."""
        day = Window.of_day(self.start, step * blocks.MINUTE)
        return Window(day.start, (self.until - self.first) * day.slots, day.step, day.tolerance)


@dataclass(frozen=True)
class Days:
    """n derived days of one step: `series` and `day` (n,), `values` int64 and `quality` uint8 (n, slots)."""

    step: int
    series: Integers
    day: Integers
    values: Integers
    quality: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.series)

    def take(self, chosen: NDArray[np.bool_]) -> Days:
        """This will return the rows of a boolean array."""
        if chosen.all():
            return self
        return Days(self.step, self.series[chosen], self.day[chosen], self.values[chosen], self.quality[chosen])


def runs(days: Iterable[int]) -> Iterator[Run]:
    """This will join days that follow each other."""
    ordered = sorted(set(days))
    for _, group in itertools.groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0]):
        members = [day for _, day in group]
        yield Run(members[0], members[-1] + 1)


def by_run(wanted: dict[int, set[int]], steps: dict[int, int]) -> list[tuple[int, Run, Integers]]:
    """This will group series that need the same days at the same step: (step, run, series ids), earliest runs first."""
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for series_id, days in wanted.items():
        for run in runs(days):
            groups[run.first, run.until, steps[series_id]].append(series_id)
    return [
        (step, Run(first, until), np.array(sorted(members), np.int64))
        for (first, until, step), members in sorted(groups.items())
    ]
