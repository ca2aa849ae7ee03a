"""Counts of intervals by what is known about them: how many are due in a cell of a grid, lack, are estimated. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import rounding
from meterbook.kernel.quality import ESTIMATED as ESTIMATED_CODES
from meterbook.kernel.quality import Quality

Integers = NDArray[np.int64]
Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

# Columns of a tally. PARTLY: a value that covers only a part of its interval; it counts as known.
EXPECTED, MISSING, PARTLY, HELD, ESTIMATED, APPORTIONED, EDITED = range(7)
COLUMNS = 7
_MEASURED = 0
_KINDS = np.full(256, _MEASURED, np.uint8)
_KINDS[Quality.MISSING] = MISSING
_KINDS[Quality.MIXED] = PARTLY
_KINDS[Quality.QUESTIONABLE] = HELD
_KINDS[[int(each) for each in ESTIMATED_CODES]] = ESTIMATED
_KINDS[Quality.INTERPOLATED] = APPORTIONED
_KINDS[Quality.EDITED] = EDITED


@dataclass(frozen=True)
class Tally:
    """Intervals of a stretch of time in which a meter hung: `expected` of them, of which `missing` have no value."""

    expected: int
    missing: int
    partly: int
    held: int
    estimated: int
    apportioned: int
    edited: int

    @classmethod
    def of(cls, counts: Integers) -> Tally:
        """This will make a tally of one row of `count`."""
        return cls(*(int(each) for each in counts))

    @property
    def known(self) -> int:
        """How many have a value."""
        return self.expected - self.missing

    @property
    def percent(self) -> Decimal | None:
        """Intervals with a value of those that should be there, with one decimal, rounded down; None: none should.

        One of 2,976 missing is 99.9 %: only what is complete is 100 %.
        """
        if not self.expected:
            return None
        return Decimal(self.known * 1_000 // self.expected).scaleb(-1, context=rounding.EXACT)


def count(codes: Codes, due: Flags, edges: Integers) -> Integers:
    """This will count the due intervals of n series in the cells between the edges, int64 of shape (n, cells, 7).

    :param codes: quality codes, shape (n, slots)
    :param due: whether an interval should be there, of the same shape
    :param edges: places in the slots, from the first cell's start to the last one's end; equal ones make an empty cell
    """
    starts = edges[:-1]
    is_empty = starts == edges[1:]
    inside = slice(int(edges[0]), int(edges[-1]))
    places = (starts - edges[0])[~is_empty]
    found = np.zeros((len(codes), len(starts), COLUMNS), np.int64)
    if not len(places):
        return found
    wanted = due[:, inside]
    kinds = np.where(wanted, _KINDS[codes[:, inside]], _MEASURED)
    filled = np.flatnonzero(~is_empty)
    for column in range(COLUMNS):
        flags = wanted if column == EXPECTED else kinds == column
        found[:, filled, column] = np.add.reduceat(flags, places, axis=1, dtype=np.int64)
    return found


def regroup(codes: Codes, step: int, wanted_step: int) -> Codes:
    """This will turn codes of days of one step, shape (days, slots), into those of another, as intervals are regrouped.

    The worst code of finer intervals holds; the shape of a coarser one is not known.
    """
    if step == wanted_step:
        return codes
    if step < wanted_step:
        return np.asarray(codes.reshape(len(codes), -1, wanted_step // step).max(axis=2), np.uint8)
    spread = np.where(codes == Quality.MISSING, codes, np.uint8(Quality.INTERPOLATED))
    return np.asarray(np.repeat(spread, step // wanted_step, axis=1), np.uint8)
