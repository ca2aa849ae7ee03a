"""The means of many instant series at once, on arrays; the same as `derivation.derive_instant`, one by one.

A property test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering.validation.batch import Matrix
from meterbook.metering.validation.inputs import Window

Integers = NDArray[np.int64]
_ROOM = 2**52  # of a slot's sum times the factor; means beyond are no measurement (`points.LARGEST_MEAN`)


@dataclass(frozen=True)
class InstantBatch:
    """Readings of S instant series, one behind the other, each in order of time, one an instant.

    `at` and `value` have shape (N,): microseconds and register units; `offsets` (S + 1,) tells where each series
    begins; `numerator` and `denominator` (S,) are the factors of the window.
    """

    at: Integers
    value: Integers
    offsets: Integers
    numerator: Integers
    denominator: Integers


def derive(batch: InstantBatch, window: Window) -> Matrix:
    """This will derive the mean of each slot, rounded once, halves up; a slot without a reading is MISSING.

    Rows whose arithmetic would not fit into 64 bits are not clean; derive those one by one.
    """
    series = len(batch.offsets) - 1
    shape = (series, window.slots)
    owner = np.repeat(np.arange(series), np.diff(batch.offsets))
    slot = (batch.at - window.start) // window.step
    is_inside = (slot >= 0) & (slot < window.slots)
    owner, slot, value = owner[is_inside], slot[is_inside], batch.value[is_inside]
    values, counts = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    is_clean = _fits(batch, owner, value, series)
    if len(value):
        cell = owner * window.slots + slot
        starts = np.concatenate([[0], np.flatnonzero(np.diff(cell)) + 1])
        cells = cell[starts]
        counts.ravel()[cells] = np.diff(np.append(starts, len(cell)))
        values.ravel()[cells] = np.add.reduceat(value, starts)
        divisor = batch.denominator[:, None] * np.maximum(counts, 1)
        values = (2 * values * batch.numerator[:, None] + divisor) // (2 * divisor)
        values[counts == 0] = 0
    quality = np.where(counts > 0, Quality.VALID, Quality.MISSING).astype(np.uint8)
    return Matrix(values, quality, is_clean)


def _fits(batch: InstantBatch, owner: Integers, value: Integers, series: int) -> NDArray[np.bool_]:
    """A generous estimate: only ever sends a series the long way."""
    highest = np.zeros(series, np.longdouble)
    np.maximum.at(highest, owner, np.abs(value.astype(np.longdouble)))
    most = np.diff(batch.offsets).astype(np.longdouble)
    result: NDArray[np.bool_] = (highest * most * batch.numerator < _ROOM) & (most * batch.denominator < _ROOM)
    return result
