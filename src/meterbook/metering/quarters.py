"""Day blocks of many series as quarters of an hour, so that they add up whatever their steps. Pure.

A quarter holds the intervals that start in it: the sum over a period that begins and ends at quarters (every local day
does) is the sum of the intervals that start in the period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import UNMEASURED, Quality
from meterbook.metering import blocks

Integers = NDArray[np.int64]
Codes = NDArray[np.uint8]

QUARTER = 15  # minutes
A_DAY = blocks.MINUTES_A_DAY // QUARTER
_ESTIMATED = np.array(sorted(UNMEASURED), np.uint8)
_NOT_WHOLE = np.array([Quality.MISSING, Quality.MIXED], np.uint8)


@dataclass(frozen=True)
class Quarters:
    """n days of 96 quarters, int64 of shape (n, 96): what was used, how much of it is estimated, series that are known.

    Of one series `known` is 1 where the whole interval is known, not missing and not still going on.
    """

    use: Integers
    estimated: Integers
    known: Integers

    def __len__(self) -> int:
        return len(self.use)

    @classmethod
    def empty(cls, count: int) -> Quarters:
        """This will make `count` days without anything."""
        return cls(*(np.zeros((count, A_DAY), np.int64) for _ in range(3)))

    def take(self, rows: NDArray[np.bool_] | Integers) -> Quarters:
        """This will return some of the days."""
        return Quarters(self.use[rows], self.estimated[rows], self.known[rows])

    def summed(self, key: Integers, count: int) -> Quarters:
        """This will add days up by a key from 0 to `count` - 1: one day a key."""
        found = Quarters.empty(count)
        for target, source in zip(found.parts, self.parts, strict=True):
            np.add.at(target, key, source)
        return found

    @property
    def parts(self) -> tuple[Integers, Integers, Integers]:
        """The three arrays."""
        return self.use, self.estimated, self.known

    def __add__(self, other: Quarters) -> Quarters:
        return Quarters(*(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    def __sub__(self, other: Quarters) -> Quarters:
        return Quarters(*(a - b for a, b in zip(self.parts, other.parts, strict=True)))


def regroup(values: Integers, quality: Codes, step: int) -> Quarters:
    """This will regroup n days of intervals; an interval longer than a quarter counts where it starts.

    :param values: int64 of shape (n, slots)
    :param quality: uint8 of the same shape
    :param step: minutes of an interval
    """
    use: Integers = np.where(quality == Quality.MISSING, 0, values)
    estimated: Integers = np.where(np.isin(quality, _ESTIMATED), use, 0)
    is_known: NDArray[np.bool_] = ~np.isin(quality, _NOT_WHOLE)
    count = len(values)
    if step < QUARTER:
        shape = (count, A_DAY, QUARTER // step)
        return Quarters(
            use.reshape(shape).sum(axis=2),
            estimated.reshape(shape).sum(axis=2),
            np.asarray(is_known.reshape(shape).all(axis=2), np.int64),
        )
    size = step // QUARTER
    found = Quarters.empty(count)
    found.use[:, ::size], found.estimated[:, ::size] = use, estimated
    known: Integers = np.repeat(is_known.astype(np.int64), size, axis=1)
    return Quarters(found.use, found.estimated, known)


def decode(stored: Sequence[tuple[int, bytes, bytes | None]]) -> Quarters:
    """This will decode day blocks of any steps and widths: (step, values, quality) each.

    :raises BlockDamaged: when a length does not fit its step
    """
    found = Quarters.empty(len(stored))
    alike: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
    for place, (step, data, codes) in enumerate(stored):
        alike[step, len(data), codes is None].append(place)
    for (step, length, is_valid), places in alike.items():
        rows, slots = np.array(places), blocks.MINUTES_A_DAY // step
        width, rest = divmod(length, slots)
        if rest or width not in blocks.WIDTHS:
            raise blocks.BlockDamaged(blocks.BlockDamaged.__doc__)
        joined = b"".join(stored[place][1] for place in places)
        values = np.frombuffer(joined, f"<i{width}").reshape(-1, slots).astype(np.int64)
        quality = np.zeros(values.shape, np.uint8)
        if not is_valid:
            quality = np.frombuffer(b"".join(stored[place][2] or b"" for place in places), np.uint8)
            if quality.size != values.size:
                raise blocks.BlockDamaged(blocks.BlockDamaged.__doc__)
            quality = quality.reshape(values.shape)
        for target, source in zip(found.parts, regroup(values, quality, step).parts, strict=True):
            target[rows] = source
    return found


def encode_row(row: Quarters, place: int) -> tuple[bytes, bytes, bytes]:
    """This will encode one day for `SiteDay`: use, estimated (empty when there is none), known."""
    estimated = row.estimated[place]
    return (
        row.use[place].astype("<i8").tobytes(),
        estimated.astype("<i8").tobytes() if estimated.any() else b"",
        row.known[place].astype("<i4").tobytes(),
    )


def decode_rows(rows: Sequence[tuple[bytes, bytes, bytes]]) -> Quarters:
    """This will decode what `encode_row` made, shape (n, 96)."""
    nothing = bytes(8 * A_DAY)
    use = np.frombuffer(b"".join(row[0] for row in rows), "<i8")
    estimated = np.frombuffer(b"".join(row[1] or nothing for row in rows), "<i8")
    known = np.frombuffer(b"".join(row[2] for row in rows), "<i4")
    return Quarters(*(part.astype(np.int64).reshape(-1, A_DAY) for part in (use, estimated, known)))
