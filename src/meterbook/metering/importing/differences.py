"""Where a file says otherwise than is stored: a corrected file, and what the register then shows (B-19).

What is stored stays as it is; the readings of the file come to stand beside it. Where amounts used were corrected, all
that was built on them later moves by as much, so that what was used later stays the same. Instants are microseconds,
values counts of the register.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from meterbook.metering.importing import instants, registers
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.parsing import Column, local
from meterbook.metering.importing.problems import Problems
from meterbook.metering.importing.registers import Integers, Known, Readings


@dataclass(frozen=True)
class Differences:
    """What a file says otherwise. The intervals `start` to `at`, shape (m,), used `now` and not `was`; of a file of
    registers these are what was shown at `at`.

    The stored readings of `set_at`, shape (k,), come to show `set_value`; `is_end` tells which of them end such an
    interval. Readings after the file move by `shift`. `new` are the file's readings that are not stored yet, `apart`
    those of them that do not hang on the correction, `unchanged` how many are known as they are.
    """

    start: Integers
    at: Integers
    line: Integers
    was: Integers
    now: Integers
    set_at: Integers
    set_value: Integers
    is_end: NDArray[np.bool_]
    shift: int
    new: Readings
    apart: Readings
    unchanged: int

    @property
    def digest(self) -> str:
        """A mark of what is said otherwise, whatever the register shows at its start."""
        table = np.stack([self.start, self.at, self.was, self.now])
        return hashlib.sha256(table.astype("<i8").tobytes()).hexdigest()


@dataclass(frozen=True)
class _Common:
    """The instants that the file and the store share, shape (n,): their places in the file, what is stored and what the
    file says there, and what will count."""

    own: Integers
    at: Integers
    stored: Integers
    said: Integers
    counts: Integers
    is_changed: NDArray[np.bool_]

    @property
    def shifts(self) -> Integers:
        """By how much each moves."""
        return self.counts - self.stored


def find(
    known: Known, readings: Readings, column: Column, mapping: Mapping, counts: Fraction, problems: Problems
) -> Differences | None:
    """This will return what a file says otherwise than is stored; None where it says nothing otherwise.

    Stored quarters of 1, 2, 1 counts on a register that shows 10, 11, 13, 14, and 15 later on; the file says 1, 5, 1:
    13 and 14 come to show 16 and 17, 15 moves to 18, and only the quarter of 2 counts was changed.

    Faults are what no file may correct: what a meter or a person told, and time that is stored in other intervals.
    """
    common = _common(known, readings, column, mapping, counts)
    if common is None or not common.is_changed.any():
        return None
    if mapping.adds_up:
        registers.base(known, readings, column, mapping, problems)
    moved = _moved(known, readings, common, column, mapping, problems)
    _require_own(known, readings, common, column, mapping, problems)
    based = replace(readings, value=_based(readings, common, mapping))
    if mapping.adds_up and not problems.total:
        later = None if moved.after is None else (moved.after[0], moved.after[1] + int(common.shifts[-1]))
        registers.require_fit(replace(moved, after=later), based, column, mapping, problems)
    is_new = np.ones(len(readings), np.bool_)
    is_new[common.own] = False
    is_apart = is_new & _is_apart(known, readings, common) if mapping.adds_up else is_new
    was, now = _amounts(known, common, mapping)
    changed = np.flatnonzero(common.is_changed)
    starts = np.concatenate([[_begin(known, readings, common)], common.at[:-1]]) if mapping.adds_up else common.at
    is_set = moved.value != known.value
    ends = np.isin(moved.at[is_set], common.at[changed])
    return Differences(
        start=starts[changed],
        at=common.at[changed],
        line=readings.line[common.own[changed]],
        was=was[changed],
        now=now[changed],
        set_at=moved.at[is_set],
        set_value=moved.value[is_set],
        is_end=ends,
        shift=int(common.shifts[-1]) if mapping.adds_up else 0,
        new=_part(based, is_new),
        apart=_part(replace(based, value=_unmoved(based, common)), is_apart),
        unchanged=len(common.at) - len(changed),
    )


def _common(known: Known, readings: Readings, column: Column, mapping: Mapping, counts: Fraction) -> _Common | None:
    if not len(readings) or not len(known.at):
        return None
    is_interval = mapping.adds_up
    said = readings.value + (known.before[1] if is_interval and known.before is not None else 0)
    common, own, theirs = np.intersect1d(readings.at, known.at, assume_unique=True, return_indices=True)
    if not len(common):
        return None
    stored, told = known.value[theirs], said[own]
    if not is_interval:
        return _Common(own, common, stored, told, told, told != stored)
    tolerance = 0 if registers.is_whole(column, counts) else 1
    if known.before is None and abs(int(told[0] - stored[0])) > tolerance:
        return None  # the file begins before everything that is stored: nothing ties the two
    is_changed, result = _follow(stored.tolist(), told.tolist(), tolerance)
    return _Common(own, common, stored, told, np.array(result, np.int64), np.array(is_changed, np.bool_))


def _follow(stored: list[int], told: list[int], tolerance: int) -> tuple[list[bool], list[int]]:
    """Which intervals differ by more than rounding, and what counts at each instant: the file's register, but what is
    stored where that is the same."""
    is_changed: list[bool] = []
    result: list[int] = []
    accepted = offset = 0
    for was, said in zip(stored, told, strict=True):
        differs = abs(said - was - accepted) > tolerance
        if differs:
            accepted = said - was
        is_changed.append(differs)
        is_same = abs(said - was) <= tolerance and (not result or was >= result[-1])
        if is_same:
            offset = was - said
        result.append(was if is_same else said + offset)
    return is_changed, result


def _amounts(known: Known, common: _Common, mapping: Mapping) -> tuple[Integers, Integers]:
    if not mapping.adds_up:
        return common.stored, common.counts
    first = known.before[1] if known.before is not None else int(common.stored[0])
    return np.diff(common.stored, prepend=first), np.diff(common.counts, prepend=first)


def _begin(known: Known, readings: Readings, common: _Common) -> int:
    """Where the interval begins that ends at the first shared instant."""
    return min(known.before[0] if known.before is not None else int(readings.at[0]), int(common.at[0]))


def _based(readings: Readings, common: _Common, mapping: Mapping) -> Integers:
    """The file's register as it will count: on from the latest instant before each that both know."""
    if not mapping.adds_up:
        return readings.value
    value = readings.value + int(common.said[0] - readings.value[common.own[0]])
    latest = np.searchsorted(common.own, np.arange(len(value)), side="right") - 1
    offset = common.counts - common.said
    value = value + np.where(latest >= 0, offset[np.maximum(latest, 0)], 0)
    value[common.own] = common.counts
    return value


def _unmoved(based: Readings, common: _Common) -> Integers:
    """The same as long as the correction does not count."""
    latest = np.searchsorted(common.own, np.arange(len(based)), side="right") - 1
    return based.value - np.where(latest >= 0, common.shifts[np.maximum(latest, 0)], 0)


def _is_apart(known: Known, readings: Readings, common: _Common) -> NDArray[np.bool_]:
    """Before all that differs, or after all that is stored."""
    first = int(np.argmax(common.is_changed))
    begin = common.at[first - 1] if first else readings.at[0]
    is_later = (readings.at > common.at[-1]) & (known.after is None)
    return np.asarray((readings.at < begin) | is_later, np.bool_)


def _moved(
    known: Known, readings: Readings, common: _Common, column: Column, mapping: Mapping, problems: Problems
) -> Known:
    """What is stored inside, as it will count. What lies between two instants of the file moves with the one before it,
    which only is right where the amount between both is not changed."""
    value = known.value.copy()
    value[np.isin(known.at, common.at)] = common.counts
    if not mapping.adds_up:
        return replace(known, value=value)
    between = np.isin(known.at, common.at, invert=True)
    place = np.searchsorted(common.at, known.at[between], side="right")
    shifts = np.concatenate([[0], common.shifts])
    value[between] += shifts[place]
    following = np.concatenate([common.shifts, common.shifts[-1:]])[place]
    for at in known.at[between][shifts[place] != following].tolist():
        after = min(int(np.searchsorted(readings.at, at)), len(readings) - 1)
        problems.add(
            int(readings.line[after]),
            mapping.value_column,
            _("Inside of this interval readings are stored, as of %(time)s, so that it is not known where it changed.")
            % {"time": _at(at, column)},
            _("Send a file with the same intervals as are stored."),
        )
    return replace(known, value=value)


def _require_own(
    known: Known, readings: Readings, common: _Common, column: Column, mapping: Mapping, problems: Problems
) -> None:
    """Only what files told is corrected by a file."""
    shifts = np.concatenate([[0], common.shifts])
    moved = shifts[np.searchsorted(common.at, known.measured, side="right")] != 0
    if not mapping.adds_up:
        moved = np.isin(known.measured, common.at[common.is_changed])
    for at in known.measured[moved].tolist():
        after = min(int(np.searchsorted(readings.at, at)), len(readings) - 1)
        problems.add(
            int(readings.line[after]),
            mapping.value_column,
            _("What it showed at %(time)s was read at the meter, and this file says otherwise.")
            % {"time": _at(at, column)},
            _("Correct that reading by itself, or have a file sent that agrees with it."),
        )
    if mapping.adds_up and int(common.shifts[-1]) and known.measured_after is not None:
        problems.add(
            int(readings.line[-1]),
            mapping.value_column,
            _("At %(time)s the meter was read, and by this file it would have counted another sum until then.")
            % {"time": _at(known.measured_after, column)},
            _("Have a file sent that reaches to that reading and agrees with it, or correct the reading by itself."),
        )


def _part(readings: Readings, chosen: NDArray[np.bool_]) -> Readings:
    return Readings(readings.at[chosen], readings.value[chosen], readings.line[chosen])


def _at(at: int, column: Column) -> str:
    return local(instants.instant_of(at), column.zone)
