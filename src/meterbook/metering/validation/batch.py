"""The same derivation for many well-behaved series at once, on arrays.

A series is *clean* in a window when one meter with one factor served it, its readings rise strictly in time and never
fall in value, stay within the rating, and enclose the window. For clean series `derive` gives exactly what
`derivation.derive` gives (a property test holds the two together); all others are named, and go the exact way one by
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering.validation.inputs import HOUR, Window

Integers = NDArray[np.int64]
_ROOM = 2**61  # products must stay below, so that twice of them plus a little still fits into 64 bits
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Batch:
    """Readings of S series, one behind the other, each in order of time.

    `at` and `value` have shape (N,): microseconds and register units. `offsets` (S + 1,) tells where each series
    begins. `numerator`, `denominator` (S,) are the factors; `limit_per_hour` (S,) in register units, -1 where no
    rating is known; `is_final` (S,) whether the last reading given is the latest that the series has.
    """

    at: Integers
    value: Integers
    offsets: Integers
    numerator: Integers
    denominator: Integers
    limit_per_hour: Integers
    is_final: NDArray[np.bool_]


@dataclass(frozen=True)
class Matrix:
    """`values` int64 and `quality` uint8 of shape (S, slots); rows where `is_clean` (S,) is False mean nothing."""

    values: Integers
    quality: NDArray[np.uint8]
    is_clean: NDArray[np.bool_]


def derive(batch: Batch, window: Window) -> Matrix:
    """This will derive the intervals of a window for all clean series of a batch of cumulative registers."""
    series = len(batch.offsets) - 1
    if not len(batch.at):
        shape = (series, window.slots)
        return Matrix(np.zeros(shape, np.int64), np.zeros(shape, np.uint8), np.zeros(series, np.bool_))
    owner = np.repeat(np.arange(series), np.diff(batch.offsets))
    is_clean = _well_behaved(batch, owner, series)
    left, right, is_enclosed = _neighbors(batch, window, owner)
    is_clean &= is_enclosed & _fits(batch, window, owner, series)
    register = _register_at(batch, window, left, right)
    values = np.diff(register, axis=1)
    quality = _quality(batch, window, left, right)
    values[quality == Quality.MISSING] = 0
    return Matrix(values, quality, is_clean)


def boundaries(window: Window) -> Integers:
    """This will return the slots + 1 boundaries of a window in microseconds."""
    return window.start + window.step * np.arange(window.slots + 1, dtype=np.int64)


def _well_behaved(batch: Batch, owner: Integers, series: int) -> NDArray[np.bool_]:
    same = owner[1:] == owner[:-1]
    duration, rise = np.diff(batch.at), np.diff(batch.value)
    limit = batch.limit_per_hour[owner[1:]]
    # In whole seconds, rounded up, so that nothing overflows; what comes near the limit is looked at exactly
    # elsewhere.
    most = limit * 12 // 10 * (duration // 1_000_000) // (HOUR // 1_000_000)
    is_bad = same & ((duration <= 0) | (rise < 0) | ((limit >= 0) & (rise > most)))
    result = np.diff(batch.offsets) > 0
    result[owner[1:][is_bad]] = False
    return result


def _neighbors(batch: Batch, window: Window, owner: Integers) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """For each series and boundary the reading at or before it and the one at or after it, as indexes, shape (S, slots
    + 1).
    """
    series = len(batch.offsets) - 1
    edges = boundaries(window)
    origin = min(int(batch.at.min()), window.start)
    span = max(int(batch.at.max()), window.end) - origin + 1
    keys = owner * span + (batch.at - origin)
    wanted = (np.arange(series)[:, None] * span + (edges - origin)[None, :]).ravel()
    left = np.searchsorted(keys, wanted, side="right").reshape(series, -1) - 1
    first, final = batch.offsets[:-1, None], batch.offsets[1:, None] - 1
    is_enclosed = left[:, 0] >= first[:, 0]
    left = np.clip(left, np.minimum(first, len(keys) - 1), np.maximum(final, 0))
    is_exact = batch.at[left] == edges
    right = np.where(is_exact, left, np.minimum(left + 1, np.maximum(final, 0)))
    is_enclosed &= (batch.at[right[:, -1]] >= window.end) | batch.is_final
    return left, right, is_enclosed


def _fits(batch: Batch, window: Window, owner: Integers, series: int) -> NDArray[np.bool_]:
    """Whether the whole arithmetic stays inside 64 bits; the estimate is generous, and only ever sends a series the
    long way.
    """
    longest, highest, steepest = (np.zeros(series, np.int64) for _ in range(3))
    same = owner[1:] == owner[:-1]
    np.maximum.at(highest, owner, np.abs(np.maximum(batch.value, -_LARGEST)))  # -2^63 has no opposite
    np.maximum.at(longest, owner[1:][same], np.diff(batch.at)[same])
    np.maximum.at(steepest, owner[1:][same], np.abs(np.diff(batch.value)[same]))
    top, bottom = batch.numerator.astype(np.longdouble), batch.denominator.astype(np.longdouble)
    shape = bottom * longest + steepest.astype(np.longdouble) * longest * top
    result: NDArray[np.bool_] = (highest.astype(np.longdouble) * top < _ROOM) & (shape < _ROOM)
    return result


def _register_at(batch: Batch, window: Window, left: Integers, right: Integers) -> Integers:
    """The register at each boundary in the series' scale, on the straight line between the neighbors, halves up."""
    top, bottom = batch.numerator[:, None], batch.denominator[:, None]
    whole, rest = np.divmod(batch.value[left] * top, bottom)
    length = batch.at[right] - batch.at[left]
    is_between = length > 0
    if not is_between.any():
        measured: Integers = whole + (2 * rest + bottom) // (2 * bottom)
        return measured
    length = np.where(is_between, length, 1)
    offset = np.where(is_between, boundaries(window)[None, :] - batch.at[left], 0)
    numerator = rest * length + (batch.value[right] - batch.value[left]) * offset * top
    divisor = bottom * length
    result: Integers = whole + (2 * numerator + divisor) // (2 * divisor)
    return result


def _quality(batch: Batch, window: Window, left: Integers, right: Integers) -> NDArray[np.uint8]:
    edges = boundaries(window)
    near = np.abs(batch.at[left] - edges) <= window.tolerance
    near |= np.abs(batch.at[right] - edges) <= window.tolerance
    latest = batch.at[np.maximum(batch.offsets[1:] - 1, 0)][:, None]
    near &= (edges <= latest) | (np.abs(latest - edges) <= window.tolerance)
    quality = np.where(near[:, 1:] & near[:, :-1], Quality.VALID, Quality.INTERPOLATED).astype(np.uint8)
    quality[edges[None, 1:] > latest] = Quality.MIXED
    quality[edges[None, :-1] >= latest] = Quality.MISSING
    return quality
