"""The exact derivation: whatever happened to the meter, from raw readings to intervals.

Pure: the same readings, corrections and installations give the same intervals, in whatever order they arrived and
however the time is cut. `batch` does the same for many well-behaved series at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering.validation import counted
from meterbook.metering.validation import points as validation_points
from meterbook.metering.validation import walk as validation_walk
from meterbook.metering.validation.inputs import (
    Correction,
    Factor,
    Finding,
    Installation,
    Readings,
    Window,
    require_apart,
)
from meterbook.metering.validation.points import Point
from meterbook.metering.validation.shapes import Shape
from meterbook.metering.validation.slots import SlotBook
from meterbook.metering.validation.walk import Piece


@dataclass(frozen=True)
class Derived:
    """Intervals of a window: `values` int64 in the series' scale and `quality` uint8, shape (slots,), and what was
    found.

    Findings cover all readings that were given, not only the window.
    """

    values: NDArray[np.int64]
    quality: NDArray[np.uint8]
    findings: tuple[Finding, ...]

    @property
    def total(self) -> int:
        """The sum of all intervals as an exact Python integer."""
        return int(self.values.sum(dtype=np.int64))


@dataclass(frozen=True)
class Trace:
    """What a counter is taken to have done: `pieces` of each meter, the `points` that were looked at, and findings."""

    meters: tuple[Installation, ...]
    pieces: tuple[tuple[Piece, ...], ...]
    points: tuple[Point, ...]
    findings: tuple[Finding, ...]
    releases: tuple[tuple[int, int], ...]
    shapes: tuple[Shape, ...] = ()

    def intervals(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """This will return values (int64, series' scale) and quality (uint8) of a window, shape (slots,) each."""
        book = SlotBook(window, self.shapes)
        for meter, pieces in zip(self.meters, self.pieces, strict=True):
            book.add(pieces, meter, list(self.releases))
        _skip_outside(book, self.meters, window)
        return book.intervals()


def trace(readings: Readings, installations: Iterable[Installation], corrections: Iterable[Correction]) -> Trace:
    """This will follow a cumulative register through its readings, whatever happened to the meter.

    :param readings: all of the series, or all from an instant on at which it is known to have been believed
    :raises InstallationsOverlap: when two meters serve the point at once
    """
    corrections = tuple(corrections)
    meters = tuple(counted.corrected(each, corrections) for each in require_apart(tuple(installations)))
    collected, findings = validation_points.collect(readings, corrections)
    resets = validation_points.confirmed_resets(corrections)
    estimates = validation_points.estimates(corrections)
    pieces: list[tuple[Piece, ...]] = []
    points: list[Point] = []
    for meter in meters:
        own, found = validation_points.of_installation(collected, meter, estimates)
        walked, noticed = validation_walk.walk(own, meter, resets)
        pieces.append(tuple(walked))
        points += own
        findings += found + noticed
    return Trace(
        meters=meters,
        pieces=tuple(pieces),
        points=tuple(points),
        findings=tuple(sorted(findings, key=_in_order)),
        releases=tuple(validation_points.releases(corrections)),
        shapes=tuple(validation_points.shapes(corrections)),
    )


def derive(
    readings: Readings, installations: Iterable[Installation], corrections: Iterable[Correction], window: Window
) -> Derived:
    """This will derive the intervals of a window from the readings of a cumulative register.

    The intervals always sum to the register difference between the trusted readings (times the factor), each boundary
    rounded once: 999980.5 to 15.2 on six digits behind 40/1 is 1388.0 kWh. Between readings that are far apart the
    difference is spread evenly and marked INTERPOLATED; time that no two readings enclose is MISSING.

    :param readings: all of the series, or enough of them around the window (see `metering.deriving.exact`)
    :raises InstallationsOverlap: when two meters serve the point at once
    """
    followed = trace(readings, installations, corrections)
    values, quality = followed.intervals(window)
    return Derived(values, quality, followed.findings)


def _skip_outside(book: SlotBook, meters: tuple[Installation, ...], window: Window) -> None:
    if not meters:
        return
    if meters[0].opening is not None:
        book.skip(window.start, meters[0].start)
    if meters[-1].end is not None:
        book.skip(meters[-1].end, window.end)


def _in_order(finding: Finding) -> tuple[int, str, int, int, int]:
    return finding.at, finding.kind, finding.value, finding.baseline, -1 if finding.until is None else finding.until


def derive_instant(
    readings: Readings, installations: Iterable[Installation], corrections: Iterable[Correction], window: Window
) -> Derived:
    """This will derive the mean of an instant quantity (power, voltage) in each slot, rounded once, halves up.

    Readings of 230 and 231 V in a slot give 231 at a scale of one volt. A slot without a reading is MISSING.
    """
    meters = require_apart(tuple(installations))
    collected, findings = validation_points.collect(readings, corrections)
    factors = [factor for meter in meters for factor in meter.factors]
    credible, held = validation_points.that_fit(collected, factors, validation_points.LARGEST_MEAN)
    sums, counts = [0] * window.slots, [0] * window.slots
    for point in credible:
        slot = (point.at - window.start) // window.step
        if 0 <= slot < window.slots:
            sums[slot] += point.value
            counts[slot] += 1
    values = np.zeros(window.slots, np.int64)
    for slot, (total, count) in enumerate(zip(sums, counts, strict=True)):
        if count:
            factor = _factor_at(meters, window.start + slot * window.step)
            divisor = factor.denominator * count
            values[slot] = (2 * total * factor.numerator + divisor) // (2 * divisor)
    quality = np.where(np.array(counts) > 0, Quality.VALID, Quality.MISSING).astype(np.uint8)
    return Derived(values, quality, tuple(sorted(findings + held, key=_in_order)))


def _factor_at(meters: tuple[Installation, ...], at: int) -> Factor:
    """The factor that holds at an instant, or the nearest before or after it."""
    known = [factor for meter in meters for factor in meter.factors] or [Factor(at, 1)]
    return max((factor for factor in known if factor.at <= at), key=lambda each: each.at, default=known[0])
