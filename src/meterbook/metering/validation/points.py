"""From raw readings and corrections to what the counter is taken to have shown."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from meterbook.kernel.quality import Quality
from meterbook.metering.validation.inputs import (
    Correction,
    CorrectionKind,
    Factor,
    Finding,
    FindingKind,
    Installation,
    Readings,
    Told,
)
from meterbook.metering.validation.shapes import Shape

HELD = frozenset({Quality.QUESTIONABLE})
LARGEST = 2**61  # of a register in the series' scale
LARGEST_MEAN = 2**52  # of an instant quantity, so that sums over a day fit into 64 bits
ESTIMATES = frozenset({Quality.ESTIMATED, Quality.PROJECTED, Quality.INTERPOLATED})


@dataclass(frozen=True)
class Point:
    """The register at one instant; quality VALID, EDITED or ESTIMATED.

    With `ends_edited` what was used up to it is EDITED, although what is used from it on is not.
    """

    at: int
    value: int
    quality: Quality = Quality.VALID
    ends_edited: bool = False


def collect(readings: Readings, corrections: Iterable[Correction]) -> tuple[list[Point], list[Finding]]:
    """This will return one point for each instant, in order, whatever the order in which readings arrived.

    Readings that were flagged by their source are held back and reported.
    """
    order = np.lexsort((readings.value, readings.source, readings.at))
    points: dict[int, Point] = {}
    findings: dict[int, Finding] = {}
    columns = (readings.at[order].tolist(), readings.value[order].tolist(), readings.quality[order].tolist())
    for at, value, quality in zip(*columns, strict=True):
        if at in points or quality == Quality.MISSING:
            continue
        if quality in HELD:
            findings.setdefault(at, Finding(at, FindingKind.HELD_READING, value, value, at))
            continue
        points[at] = Point(at, value, _point_quality(quality))
    for at, corrected in _corrected(corrections).items():
        findings.pop(at, None)
        if corrected is None:
            points.pop(at, None)
        else:
            points[at] = _as_corrected(at, corrected, points.get(at))
    left = [finding for at, finding in findings.items() if at not in points]
    return [points[at] for at in sorted(points)], left


@dataclass(frozen=True)
class Estimate:
    """`used` counts between two instants, which a person had estimated because no reading ends that time."""

    start: int
    end: int
    used: int
    shape: Shape | None = None

    def left(self, instant: int) -> int:
        """This will return what lies after an instant inside, rounded once, halves up."""
        if self.shape is not None:
            share = self.shape.after(instant)
        else:
            share = Fraction(self.end - instant, self.end - self.start)
        used = self.used * share
        return (2 * used.numerator + used.denominator) // (2 * used.denominator)


def of_installation(
    points: list[Point], installation: Installation, estimates: Sequence[Estimate] = ()
) -> tuple[list[Point], list[Finding]]:
    """This will return the points of one meter, with its opening and closing values, and estimates that facts
    replaced.

    An estimate counts only while no later fact is known (B-06, B-22): then the register difference between the facts
    holds, so that a reading below an estimate is a true-up and never a roll-over.
    """
    end = installation.end
    own = {p.at: p for p in points if p.at >= installation.start and (end is None or p.at < end)}
    if installation.opening is not None:
        own[installation.start] = Point(installation.start, installation.opening)
    if end is not None and installation.closing is not None:
        quality = Quality.ESTIMATED if installation.is_closing_estimated else Quality.VALID
        own[end] = Point(end, installation.closing, quality)
    # What the counter showed when its multiplier changed is a reading like any other.
    for factor in installation.factors[1:]:
        if factor.register is not None:
            own[factor.at] = Point(factor.at, factor.register)
    ended = _add_estimates(own, installation, estimates) if estimates else []
    credible, held = that_fit([own[at] for at in sorted(own)], installation.factors, LARGEST)
    kept, replaced = _replace_estimates(credible)
    return kept, held + ended + replaced


def _add_estimates(own: dict[int, Point], installation: Installation, estimates: Sequence[Estimate]) -> list[Finding]:
    """What the register is taken to show where estimates end: on from the reading before, as it was estimated.

    A reading inside an estimate's time leaves of it what lies after that; one at its end or later leaves nothing.
    """
    facts = sorted(at for at, point in own.items() if point.quality is not Quality.ESTIMATED)
    known_at = sorted(own)
    found = []
    for each in estimates:
        if each.end <= installation.start or (installation.end is not None and each.end > installation.end):
            continue
        place = bisect.bisect_left(known_at, each.end)
        first_inside = bisect.bisect_right(facts, each.start)
        first_later = bisect.bisect_left(facts, each.end)
        is_read_later, is_read_inside = first_later < len(facts), first_inside < first_later
        if not place or (is_read_later and is_read_inside):
            continue
        before = known_at[place - 1]
        estimated = Point(each.end, own[before].value + each.left(before), Quality.ESTIMATED)
        known = own.get(each.end)
        if known is None:
            own[each.end] = estimated
            known_at.insert(place, each.end)
        elif known.quality is not Quality.ESTIMATED:
            found.append(Finding(each.end, FindingKind.TRUE_UP, known.value, estimated.value, each.end))
    return found


def that_fit(points: list[Point], factors: Iterable[Factor], largest: int) -> tuple[list[Point], list[Finding]]:
    """This will hold back points that the series' scale cannot hold: no meter shows that, and nothing may overflow."""
    bound = min((largest * factor.denominator // factor.numerator for factor in factors), default=largest)
    kept = [point for point in points if abs(point.value) <= bound]
    if len(kept) == len(points):
        return kept, []
    held = [point for point in points if abs(point.value) > bound]
    return kept, [Finding(p.at, FindingKind.HELD_READING, p.value, p.value, p.at) for p in held]


def _replace_estimates(points: list[Point]) -> tuple[list[Point], list[Finding]]:
    facts = [index for index, point in enumerate(points) if point.quality is not Quality.ESTIMATED]
    final_fact = facts[-1] if facts else -1
    kept, findings, pending = [], [], None
    for index, point in enumerate(points):
        if point.quality is Quality.ESTIMATED and index < final_fact:
            pending = point
            continue
        if pending is not None and point.quality is not Quality.ESTIMATED:
            findings.append(Finding(point.at, FindingKind.TRUE_UP, point.value, pending.value, point.at))
            pending = None
        kept.append(point)
    return kept, findings


def _point_quality(code: int) -> Quality:
    if code in ESTIMATES:
        return Quality.ESTIMATED
    return Quality.EDITED if code == Quality.EDITED else Quality.VALID


def _as_corrected(at: int, fact: Correction, known: Point | None) -> Point:
    """A reading that was set is EDITED. One that a corrected file moved keeps its own quality: only what was used in
    the intervals that the file says otherwise is."""
    value = fact.value or 0
    if known is None or fact.told in (None, Told.READING):
        return Point(at, value, Quality.EDITED)
    return Point(at, value, known.quality, ends_edited=fact.told is Told.INTERVAL)


def _corrected(corrections: Iterable[Correction]) -> dict[int, Correction | None]:
    standing: dict[int, Correction | None] = {}
    for each in corrections:
        if each.kind is CorrectionKind.SET:
            before = standing.get(each.at)
            is_moved = each.told is Told.SHIFT and before is not None
            standing[each.at] = dataclasses.replace(each, told=before.told) if is_moved and before else each
        elif each.kind is CorrectionKind.EXCLUDE:
            standing[each.at] = None
        elif each.kind is CorrectionKind.RESTORE:
            standing.pop(each.at, None)
    return standing


def confirmed_resets(corrections: Iterable[Correction]) -> dict[int, int]:
    """This will return the instants at which a person confirmed that a counter started anew, with what was lost
    before.
    """
    standing: dict[int, int] = {}
    for each in corrections:
        if each.kind is CorrectionKind.CONFIRM_RESET:
            standing[each.at] = each.value or 0
        elif each.kind is CorrectionKind.RESTORE:
            standing.pop(each.at, None)
    return standing


def estimates(corrections: Iterable[Correction]) -> list[Estimate]:
    """This will return the estimates that were not withdrawn, in order of their ends; the one recorded last holds."""
    standing: dict[tuple[int, int], Estimate] = {}
    for each in corrections:
        if each.until is None:
            continue
        if each.kind is CorrectionKind.ESTIMATE and each.value is not None and each.until > each.at:
            standing[each.at, each.until] = Estimate(each.at, each.until, each.value, each.shape)
        elif each.kind is CorrectionKind.WITHDRAW:
            standing.pop((each.at, each.until), None)
    return sorted(standing.values(), key=lambda each: (each.end, each.start))


def releases(corrections: Iterable[Correction]) -> list[tuple[int, int]]:
    """This will return the stretches of time in which a person let held values count."""
    return [(c.at, c.until) for c in corrections if c.kind is CorrectionKind.RELEASE and c.until is not None]


def shapes(corrections: Iterable[Correction]) -> list[Shape]:
    """This will return the shapes that were not withdrawn, in order of time; of two about one time the later holds."""
    found: dict[tuple[int, int], Shape] = {}
    for each in corrections:
        if each.until is None:
            continue
        key = (each.at, each.until)
        if each.kind in (CorrectionKind.ESTIMATE, CorrectionKind.APPORTION, CorrectionKind.WITHDRAW):
            found.pop(key, None)
        if each.shape is not None and each.kind in (CorrectionKind.ESTIMATE, CorrectionKind.APPORTION):
            found[key] = each.shape
    return sorted(found.values(), key=lambda each: (each.start, each.end))
