"""From pieces of a register to intervals: cumulative rounding, so that no slot error adds up."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering.validation import shapes as validation_shapes
from meterbook.metering.validation.inputs import Factor, Installation, Window
from meterbook.metering.validation.shapes import Course, Shape
from meterbook.metering.validation.walk import Piece

# Which of two qualities an interval shows: the first of these that any part of it has.
_WORST = (Quality.QUESTIONABLE, Quality.ESTIMATED, Quality.EDITED, Quality.VALIDATED, Quality.VALID)
_RANK = {quality: rank for rank, quality in enumerate(_WORST)}


def scaled(value: int, factor: Factor) -> int:
    """This will convert a register value to the series' scale, halves up. 347 with factor 4000/1 is 1388000."""
    return (2 * value * factor.numerator + factor.denominator) // (2 * factor.denominator)


def scaled_between(piece: Piece, at: int, factor: Factor) -> int:
    """This will return the register at an instant inside a piece, on the straight line, in the series' scale.

    Half-way between 100 and 103 with factor 1/1 it is 101.5, so 102: the interval before takes 2, the one after 1.
    """
    length = piece.end - piece.start
    numerator = piece.start_value * length + (piece.end_value - piece.start_value) * (at - piece.start)
    denominator = factor.denominator * length
    return (2 * factor.numerator * numerator + denominator) // (2 * denominator)


def scaled_along(piece: Piece, at: int, factor: Factor, course: Course) -> int:
    """This will return the register at an instant inside a piece, on the given course, in the series' scale.

    Three quarters of the way from 100 to 104 by the course it is 103, wherever in time that is.
    """
    register = piece.start_value + (piece.end_value - piece.start_value) * course.share(at)
    divisor = factor.denominator * register.denominator
    return (2 * factor.numerator * register.numerator + divisor) // (2 * divisor)


@dataclass
class SlotBook:
    """Takes the pieces of all meters of a series, one by one, and gives out the intervals of a window.

    `shapes` tell how the register ran where it did not run straight.
    """

    window: Window
    shapes: Sequence[Shape] = ()
    values: list[int] = field(init=False)
    covered: list[int] = field(init=False)
    ranks: list[int] = field(init=False)
    anchors: list[int] = field(default_factory=list)
    corrected: set[int] = field(default_factory=set)  # slots that hold what a person corrected by a test

    def __post_init__(self) -> None:
        self.values = [0] * self.window.slots
        self.covered = [0] * self.window.slots
        self.ranks = [len(_WORST) - 1] * self.window.slots

    def add(self, pieces: Iterable[Piece], installation: Installation, releases: list[tuple[int, int]]) -> None:
        """This will book the pieces of one meter, each part with the factor that held."""
        for piece in pieces:
            if piece.end <= self.window.start - self.window.step or piece.start >= self.window.end + self.window.step:
                continue
            quality = _released(piece, releases)
            self._anchor(piece)
            course = validation_shapes.course(piece.start, piece.end, self.shapes) if self.shapes else None
            for start, end, factor in _by_factor(piece, installation.factors):
                self._add_stretch(piece, start, end, factor, course, _RANK[quality])

    def skip(self, start: int, end: int) -> None:
        """This will mark time in which no meter was there, before the first and after the final one, as in order."""
        for slot, first, until in _cut(start, end, self.window):
            if self.covered[slot]:
                self.covered[slot] += until - first

    def intervals(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """This will return values and quality of the window's slots."""
        quality = [self._quality(slot) for slot in range(self.window.slots)]
        return np.array(self.values, np.int64), np.array(quality, np.uint8)

    def _anchor(self, piece: Piece) -> None:
        for at in (piece.start, piece.end):
            if not self.anchors or at > self.anchors[-1]:
                self.anchors.append(at)

    def _add_stretch(
        self, piece: Piece, start: int, end: int, factor: Factor, course: Course | None, rank: int
    ) -> None:
        before = None
        for slot, first, until in _cut(start, end, self.window):
            if before is None:
                before = _register(piece, first, factor, course)
            after = _register(piece, until, factor, course)
            self.values[slot] += after - before
            self.covered[slot] += until - first
            self.ranks[slot] = min(self.ranks[slot], rank)
            if factor.is_corrected:
                self.corrected.add(slot)
            before = after

    def _quality(self, slot: int) -> int:
        if not self.covered[slot]:
            return Quality.MISSING
        if self.covered[slot] < self.window.step:
            return Quality.MIXED
        worst = _WORST[self.ranks[slot]]
        if worst in (Quality.QUESTIONABLE, Quality.ESTIMATED):
            return worst
        if slot in self.corrected:
            return Quality.EDITED
        start = self.window.start + slot * self.window.step
        if not (self._is_measured(start, 1) and self._is_measured(start + self.window.step, -1)):
            return Quality.INTERPOLATED
        return worst

    def _is_measured(self, boundary: int, inward: int) -> bool:
        """Whether a reading lies near the boundary, or on its inner side where meters came and went."""
        index = bisect.bisect_left(self.anchors, boundary - self.window.tolerance)
        near = index < len(self.anchors) and self.anchors[index] <= boundary + self.window.tolerance
        return near or self._is_edge_of_supply(boundary, inward)

    def _is_edge_of_supply(self, boundary: int, inward: int) -> bool:
        if not self.anchors:
            return False
        edge = self.anchors[0] if inward > 0 else self.anchors[-1]
        return (
            boundary < edge < boundary + self.window.step
            if inward > 0
            else boundary - self.window.step < edge < boundary
        )


def _register(piece: Piece, at: int, factor: Factor, course: Course | None) -> int:
    return scaled_between(piece, at, factor) if course is None else scaled_along(piece, at, factor, course)


def _cut(start: int, end: int, window: Window) -> Iterator[tuple[int, int, int]]:
    """Cut [start, end) at the slot boundaries of the window: (slot, start, end) of each part."""
    start, end = max(start, window.start), min(end, window.end)
    while start < end:
        slot = (start - window.start) // window.step
        until = min(end, window.start + (slot + 1) * window.step)
        yield slot, start, until
        start = until


def _by_factor(piece: Piece, factors: tuple[Factor, ...]) -> Iterator[tuple[int, int, Factor]]:
    """Cut a piece where the multiplier changed: (start, end, factor) of each part (B-01)."""
    starts = [factor.at for factor in factors]
    first = max(0, bisect.bisect_right(starts, piece.start) - 1)
    inside = [factor for factor in factors[first + 1 :] if factor.at < piece.end]
    edges = [piece.start, *(factor.at for factor in inside), piece.end]
    for (start, end), factor in zip(itertools.pairwise(edges), [factors[first], *inside], strict=True):
        yield start, end, factor


def _released(piece: Piece, releases: list[tuple[int, int]]) -> Quality:
    if piece.quality is Quality.QUESTIONABLE and any(a <= piece.start and piece.end <= b for a, b in releases):
        return Quality.VALIDATED
    return piece.quality
