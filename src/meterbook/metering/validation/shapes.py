"""How what was used between two readings lies in that time, where a person had it spread other than evenly.

A shape says nothing about how much: whatever the register difference of a stretch is, it is spread by the shape's
parts, and where no shape tells of a part of the stretch, that part takes the mean of what the shapes do tell.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

FIRST, STEP, PARTS = "first", "step", "parts"
MOST_PARTS = 20_000  # of one shape: more than two years of hours


@dataclass(frozen=True)
class Shape:
    """Parts of [start, end): the first of them ends at `first`, each other `step` later, the final one at `end`.

    Instants are microseconds. Parts are amounts of at least zero, of all shapes of a series in one unit; inside a part
    the register runs straight.
    """

    start: int
    end: int
    first: int
    step: int
    parts: tuple[int, ...]

    def pieces(self) -> Iterator[tuple[int, int, int]]:
        """This will yield (start, end, amount) of each part."""
        begin = self.start
        for number, amount in enumerate(self.parts):
            until = min(self.end, self.first + number * self.step)
            yield begin, until, amount
            begin = until

    def after(self, instant: int) -> Fraction:
        """This will return which share of the whole lies after an instant; before the start the mean goes on."""
        if instant < self.start:
            return 1 + Fraction(self.start - instant, self.end - self.start)
        left = sum((Fraction(amount) * _share(begin, until, instant) for begin, until, amount in self.pieces()), _ZERO)
        return left / sum(self.parts)

    def document(self) -> dict[str, Any]:
        """This will return it as it is stored beside its start and end."""
        return {FIRST: self.first - self.start, STEP: self.step, PARTS: list(self.parts)}


_ZERO = Fraction(0)


def _share(begin: int, until: int, instant: int) -> Fraction:
    return Fraction(until - min(until, max(begin, instant)), until - begin)


def read(start: int, end: int, document: Mapping[str, Any]) -> Shape | None:
    """This will read what `Shape.document` gave; None for an empty one, or one that spreads nothing."""
    if not document or not sum(document[PARTS]):
        return None
    return Shape(start, end, start + document[FIRST], document[STEP], tuple(document[PARTS]))


@dataclass(frozen=True)
class Course:
    """The way of a register between two readings: at `at[n]` the share `passed[n]` of `passed[-1]` is reached."""

    at: Sequence[int]
    passed: Sequence[Fraction]

    def share(self, instant: int) -> Fraction:
        """This will return the part of the difference that is reached at an instant inside."""
        place = bisect.bisect_right(self.at, instant) - 1
        if place >= len(self.at) - 1:
            return Fraction(1)
        begin, until = self.at[place], self.at[place + 1]
        rise = self.passed[place + 1] - self.passed[place]
        return (self.passed[place] + rise * Fraction(instant - begin, until - begin)) / self.passed[-1]


def course(start: int, end: int, shapes: Sequence[Shape]) -> Course | None:
    """This will lay the shapes over [start, end); None where none of them tells anything: the register runs straight.

    Hours of 1 and 3 followed by two hours of which nothing is told: those take 2 each.
    """
    told: list[tuple[int, int, Fraction]] = []
    reached = start
    for shape in shapes:
        if shape.end <= reached or shape.start >= end:
            continue
        for begin, until, amount in shape.pieces():
            first, final = max(begin, reached), min(until, end)
            if first < final:
                told.append((first, final, amount * Fraction(final - first, until - begin)))
        reached = max(reached, min(shape.end, end))
    whole = sum((amount for *_times, amount in told), _ZERO)
    if whole <= 0:
        return None
    mean = whole / sum(until - begin for begin, until, _amount in told)
    at, passed = [start], [_ZERO]
    for begin, until, part in told:
        if begin > at[-1]:
            passed.append(passed[-1] + mean * (begin - at[-1]))
            at.append(begin)
        at.append(until)
        passed.append(passed[-1] + part)
    if at[-1] < end:
        passed.append(passed[-1] + mean * (end - at[-1]))
        at.append(end)
    return Course(at, passed)
