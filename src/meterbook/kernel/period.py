"""Stretches of time, half-open: the start belongs to it, the end does not."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


class PeriodInvalid(ValueError):
    """A period needs two aware instants, the end after the start."""


@dataclass(frozen=True, order=True)
class Period:
    """[start, end) between two instants, kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not (self.start.tzinfo is UTC is self.end.tzinfo):
            if self.start.tzinfo is None or self.end.tzinfo is None:
                raise PeriodInvalid(f"{self.start} to {self.end}: {PeriodInvalid.__doc__}")
            object.__setattr__(self, "start", self.start.astimezone(UTC))
            object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end <= self.start:
            raise PeriodInvalid(f"{self.start} to {self.end}: {PeriodInvalid.__doc__}")

    @property
    def duration(self) -> timedelta:
        """The length in real time: a day of the autumn clock change has 25 hours."""
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def covers(self, other: Period) -> bool:
        """This will tell whether the other period lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Period) -> bool:
        """This will tell whether the two share any time; periods that only touch do not."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Period) -> Period | None:
        """This will return the time the two share, or None."""
        if not self.overlaps(other):
            return None
        return Period(max(self.start, other.start), min(self.end, other.end))

    def split(self, instants: Iterable[datetime]) -> list[Period]:
        """This will cut the period at the instants inside it; the parts touch and together are the whole."""
        inside = sorted({each.astimezone(UTC) for each in instants if self.start < each < self.end})
        edges = [self.start, *inside, self.end]
        return [Period(start, end) for start, end in itertools.pairwise(edges)]

    def gaps(self, covered: Iterable[Period]) -> list[Period]:
        """This will return the parts of the period that none of the others covers, in order."""
        found, reached = [], self.start
        for each in sorted(covered):
            if each.start >= self.end:
                break
            if each.start > reached:
                found.append(Period(reached, each.start))
            reached = max(reached, each.end)
        if reached < self.end:
            found.append(Period(reached, self.end))
        return found

    def steps(self, step: timedelta) -> Iterator[Period]:
        """This will yield the period in pieces of one step; the final piece may be shorter."""
        start = self.start
        while start < self.end:
            end = min(start + step, self.end)
            yield Period(start, end)
            start = end
