"""Walk along a counter: what it says between two readings, and when it cannot be believed (B-03, B-04, B-05)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from meterbook.kernel.quality import Quality
from meterbook.metering.validation.inputs import HOUR, Finding, FindingKind, Installation
from meterbook.metering.validation.points import Point

JITTER = 2  # counts by which a counter may step back through its own rounding
CONSECUTIVE = 3  # readings that must agree before a step is no longer taken for a glitch (B-04)


@dataclass(frozen=True)
class Piece:
    """Between two trusted readings the register went from `start_value` to `end_value`, which is never smaller."""

    start: int
    start_value: int
    end: int
    end_value: int
    quality: Quality


@dataclass
class _Walk:
    points: list[Point]
    installation: Installation
    resets: Mapping[int, int]
    pieces: list[Piece] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    jitter: Finding | None = None  # open while the counter shows less than it did before

    def run(self) -> None:
        index = 1
        base = self.points[0]
        step: tuple[Point, int] | None
        while index < len(self.points):
            point = self.points[index]
            if point.at in self.resets:
                step = self._confirmed(base, index, index)
            elif point.value < base.value - JITTER:
                step = self._backwards(base, index)
            elif self._is_over_limit(base, point):
                step = self._jump(base, index)
            else:
                step = (self._book(base, point, max(point.value, base.value)), index + 1)
            if step is None:
                break
            base, index = step
        if self.jitter is not None:
            self.findings.append(self.jitter)

    def _backwards(self, base: Point, index: int) -> tuple[Point, int] | None:
        point = self.points[index]
        resume = index
        while resume < len(self.points) and self.points[resume].value < base.value - JITTER:
            resume += 1
        if self._is_rollover(base, point) and not self._was_filled(index, resume):
            wrap = self.installation.wrap or 0
            self._find(FindingKind.ROLLOVER, point, base, point.at)
            self._book(base, point, point.value + wrap)
            return point, index + 1
        for later in range(index, resume):
            if self.points[later].at in self.resets:
                return self._confirmed(base, index, later)
        length = resume - index
        if resume == len(self.points):
            kind = FindingKind.RESET_CANDIDATE if length >= CONSECUTIVE else FindingKind.GLITCH
            self._find(kind, point, base, None)
            return None
        if length >= CONSECUTIVE and not self._jumped_back(base, point, self.points[resume - 1], self.points[resume]):
            return self._reset_not_confirmed(base, index)
        self._find(FindingKind.GLITCH, point, base, self.points[resume].at)
        return base, resume

    def _confirmed(self, base: Point, index: int, at_index: int) -> tuple[Point, int]:
        if at_index > index:
            self._find(FindingKind.GLITCH, self.points[index], base, self.points[at_index].at)
        point = self.points[at_index]
        self._find(FindingKind.RESET_CONFIRMED, point, base, point.at)
        lost = base.value + self.resets[point.at]
        self.pieces.append(Piece(base.at, base.value, point.at, lost, Quality.ESTIMATED))
        self._end_jitter(point.at)
        return point, at_index + 1

    def _reset_not_confirmed(self, base: Point, index: int) -> tuple[Point, int] | None:
        """The counter grew past its old value from below: nobody can tell what was used until a person has looked."""
        for later in range(index, len(self.points)):
            if self.points[later].at in self.resets:
                return self._confirmed(base, index, later)
        self._find(FindingKind.RESET_CANDIDATE, self.points[index], base, None)
        return None

    def _jump(self, base: Point, index: int) -> tuple[Point, int]:
        point = self.points[index]
        for later in range(index + 1, min(index + 1 + CONSECUTIVE, len(self.points))):
            if base.value - JITTER <= self.points[later].value < point.value - JITTER:
                self._find(FindingKind.SPIKE, point, base, self.points[later].at)
                return base, later
        # The difference is the truth until somebody says otherwise; it is booked, and held from billing (B-05).
        self._find(FindingKind.OVER_LIMIT, point, base, point.at, start=base.at)
        return self._book(base, point, point.value, Quality.QUESTIONABLE), index + 1

    def _book(self, base: Point, point: Point, value: int, quality: Quality | None = None) -> Point:
        ended = Quality.EDITED if point.ends_edited else point.quality
        worst = quality if quality is not None else _worse(base.quality, ended)
        self.pieces.append(Piece(base.at, base.value, point.at, value, worst))
        if point.value >= base.value or value != base.value:
            self._end_jitter(point.at)
            return point
        if self.jitter is None:
            self.jitter = Finding(point.at, FindingKind.JITTER, point.value, base.value)
        return Point(point.at, value, point.quality)

    def _end_jitter(self, at: int) -> None:
        if self.jitter is not None:
            self.findings.append(dataclasses.replace(self.jitter, until=at))
            self.jitter = None

    def _find(
        self, kind: FindingKind, point: Point, base: Point, until: int | None, *, start: int | None = None
    ) -> None:
        at = point.at if start is None else start
        self.findings.append(Finding(at, kind, point.value, base.value, until))

    def _is_over_limit(self, base: Point, point: Point) -> bool:
        return exceeds(point.value - base.value, point.at - base.at, self.installation.limit_per_hour)

    def _is_rollover(self, base: Point, point: Point) -> bool:
        wrap, limit = self.installation.wrap, self.installation.limit_per_hour
        if wrap is None or limit is None or not 9 * wrap <= 10 * base.value < 10 * wrap or point.value < 0:
            # A counter that shows its wrap or more has another one, and none that wraps shows less than nothing.
            return False
        return not exceeds(wrap - base.value + point.value, point.at - base.at, limit)

    def _was_filled(self, index: int, resume: int) -> bool:
        """A counter near its end that drops, stands still and comes back at once has not rolled over.

        Once it has counted on from the low value, nothing that comes later can undo the roll-over.
        """
        if resume == len(self.points) or not self._is_over_limit(self.points[resume - 1], self.points[resume]):
            return False
        stood_still = all(point.value == self.points[index].value for point in self.points[index:resume])
        return stood_still or resume - index < CONSECUTIVE

    def _jumped_back(self, base: Point, first_low: Point, final_low: Point, resumed: Point) -> bool:
        rise = resumed.value - final_low.value
        if self.installation.limit_per_hour is not None:
            return exceeds(rise, resumed.at - final_low.at, self.installation.limit_per_hour)
        # Without a rating: a glitch comes back by about as much as it fell, a counter that starts anew creeps up.
        return 2 * rise >= base.value - first_low.value


def exceeds(difference: int, duration: int, limit_per_hour: int | None) -> bool:
    """This will tell whether a counter moved by more than 1.2 times what its rating allows in a time (B-05).

    A limit of 100 an hour allows 30 in a quarter of an hour.
    """
    return limit_per_hour is not None and 10 * difference * HOUR > 12 * limit_per_hour * duration


def walk(
    points: list[Point], installation: Installation, resets: Mapping[int, int]
) -> tuple[list[Piece], list[Finding]]:
    """This will return the pieces between the readings that are believed, and what was found on the way.

    Pieces follow each other without a hole; they end where the counter can no longer be believed.
    """
    if not points:
        return [], []
    state = _Walk(points, installation, resets)
    state.run()
    if installation.end is not None and installation.closing is None:
        _hold_until_removed(state.pieces, points, installation.end)
    return state.pieces, state.findings


def _hold_until_removed(pieces: list[Piece], points: list[Point], end: int) -> None:
    """A meter that left without a final reading used, as far as anybody knows, nothing after the one before (B-07)."""
    at, value = (pieces[-1].end, pieces[-1].end_value) if pieces else (points[0].at, points[0].value)
    if at < end:
        pieces.append(Piece(at, value, end, value, Quality.ESTIMATED))


def _worse(one: Quality, other: Quality) -> Quality:
    for quality in (Quality.ESTIMATED, Quality.EDITED):
        if quality in (one, other):
            return quality
    return Quality.VALID
