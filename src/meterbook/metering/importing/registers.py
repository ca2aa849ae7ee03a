"""From columns to register readings, and how they go on from what the register is known to have shown.

Registers are integers of their resolution ("counts"), instants microseconds since 1970 in UTC.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from meterbook.kernel import rounding
from meterbook.metering.importing import instants
from meterbook.metering.importing.mapping import Gaps, Mapping
from meterbook.metering.importing.parsing import Column, local
from meterbook.metering.importing.problems import Problems

Integers = NDArray[np.int64]
LARGEST = 2**62
LEAST_DECIMALS, MOST_DECIMALS = 3, 6


@dataclass(frozen=True)
class Readings:
    """Register readings in order of time, shape (n,); `line` is the row that a reading comes from."""

    at: Integers
    value: Integers
    line: Integers

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True)
class Known:
    """What the register is known to have shown: at the latest instant before or at the file's start, at instants
    inside, and at the first one after its end. One value an instant.

    `measured` are the instants inside of which something else than a file told, a person or the meter itself;
    `measured_after` is the first such instant after its end.
    """

    before: tuple[int, int] | None
    at: Integers
    value: Integers
    after: tuple[int, int] | None
    measured: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    measured_after: int | None = None


NOTHING_KNOWN = Known(None, np.zeros(0, np.int64), np.zeros(0, np.int64), None)


def decimals_of(columns: list[Column], factor: Fraction) -> int:
    """This will return how many decimals a new register needs so that every value is exact: three to six.

    :param factor: how many of the register's units one of the file's units is
    """
    distinct = [Fraction(value) * factor for value in {value for column in columns for value in column.values}]
    for decimals in range(LEAST_DECIMALS, MOST_DECIMALS):
        if all((each * 10**decimals).denominator == 1 for each in distinct):
            return decimals
    return MOST_DECIMALS


def readings_of(column: Column, mapping: Mapping, counts: Fraction, problems: Problems) -> Readings:
    """This will return the register of a column, from 0 on for amounts used, as it stands for registers.

    The exact sum of all intervals so far is rounded, not each interval, so that no error adds up: 0.4, 0.4 and 0.4
    counts read 0, 1, 1 and not 0, 0, 0.

    :param counts: how many counts of the register one unit of the file is
    """
    if not mapping.adds_up:
        found = [(at, _round(Fraction(value) * counts)) for at, value in zip(column.ends, column.values, strict=True)]
        rows = [(at, value, line) for (at, value), line in zip(found, column.lines, strict=True)]
    else:
        rows = _cumulative(column, counts)
    if rows and max(abs(value) for _at, value, _line in rows) > LARGEST:
        problems.add(
            column.lines[-1],
            mapping.value_column,
            _("The register becomes too large."),
            _("Check the unit of the values."),
        )
        return Readings(*(np.zeros(0, np.int64) for _each in range(3)))
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Readings(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())


def _cumulative(column: Column, counts: Fraction) -> list[tuple[int, int, int]]:
    places = max((_places(value) for value in column.values), default=0)
    scaled = [int(value.scaleb(places, context=rounding.EXACT)) for value in column.values]
    numerator, denominator = counts.numerator, counts.denominator * 10**places
    rows: list[tuple[int, int, int]] = []
    shown, end_before = 0, None
    sums = itertools.accumulate(scaled)
    for start, end, total, line in zip(column.starts, column.ends, sums, column.lines, strict=True):
        if start != end_before:
            rows.append((start, shown, line))
        shown = rounding.divide(total * numerator, denominator)
        rows.append((end, shown, line))
        end_before = end
    return rows


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _round(value: Fraction) -> int:
    return rounding.divide(value.numerator, value.denominator)


def is_whole(column: Column, counts: Fraction) -> bool:
    """This will tell whether all values are whole counts of the register, so that nothing was rounded."""
    return all((Fraction(each) * counts).denominator == 1 for each in set(column.values))


def continue_from(
    known: Known, readings: Readings, column: Column, mapping: Mapping, problems: Problems
) -> tuple[Readings, int]:
    """This will base readings on what is known and return those that are new, with the number that are known already.

    Values that contradict what is stored are faults. A difference of one count, which rounding leaves where files meet,
    is none: the stored value holds, and what follows goes on from it.
    """
    if not len(readings):
        return readings, 0
    is_interval = mapping.adds_up
    value = readings.value + (base(known, readings, column, mapping, problems) if is_interval else 0)
    common, own, theirs = np.intersect1d(readings.at, known.at, assume_unique=True, return_indices=True)
    if len(common):
        difference = known.value[theirs] - value[own]
        shifts = _compare(difference, own, readings, column, mapping, problems)
        if is_interval:
            value = _shifted(value, own, shifts)
            value[own] = known.value[theirs]
    based = Readings(readings.at, value, readings.line)
    if is_interval:
        require_fit(known, based, column, mapping, problems)
    is_new = np.ones(len(readings), np.bool_)
    is_new[own] = False
    return Readings(based.at[is_new], based.value[is_new], based.line[is_new]), len(common)


def base(known: Known, readings: Readings, column: Column, mapping: Mapping, problems: Problems) -> int:
    """This will return what the register is known to have shown when the file begins."""
    if known.before is None:
        return 0
    at, value = known.before
    start = int(readings.at[0])
    if at < start and mapping.gaps != Gaps.ZERO:
        problems.add(
            int(readings.line[0]),
            mapping.time_column,
            _("Nothing is known between %(start)s, the latest stored reading, and %(end)s, where this file begins.")
            % {"start": _at(at, column), "end": _at(start, column)},
            _("Import that time first, or choose to take missing intervals as nothing used."),
        )
    return value


def _compare(
    difference: Integers, own: Integers, readings: Readings, column: Column, mapping: Mapping, problems: Problems
) -> Integers:
    """The differences to go on with. One wrong interval shifts all that follow it, but only its own row is at fault."""
    tolerance = 1 if mapping.adds_up else 0
    accepted = 0
    for place, each in zip(own.tolist(), difference.tolist(), strict=True):
        if abs(each - accepted) <= tolerance:
            continue
        accepted = each if tolerance else 0
        problems.add(
            int(readings.line[place]),
            mapping.value_column,
            _("Up to %(time)s other readings are stored already, which contradict this value.")
            % {"time": _at(int(readings.at[place]), column)},
            _("Import files in order of time. If the file corrects what is stored, take it as a correction."),
        )
    return difference


def _shifted(value: Integers, own: Integers, shifts: Integers) -> Integers:
    """Each reading moved by the difference at the latest instant before it that both know."""
    latest = np.searchsorted(own, np.arange(len(value)), side="right") - 1
    return value + np.where(latest >= 0, shifts[np.maximum(latest, 0)], 0)


def require_fit(known: Known, based: Readings, column: Column, mapping: Mapping, problems: Problems) -> None:
    """This will note where readings contradict those that are known between their instants, or after the final one."""
    _require_between(known, based, column, mapping, problems)
    _require_below_later(known, based, column, mapping, problems)


def _require_between(known: Known, based: Readings, column: Column, mapping: Mapping, problems: Problems) -> None:
    """Stored readings between two instants of the file must lie between their values, but for a count of rounding."""
    inside = np.isin(known.at, based.at, invert=True)
    place = np.searchsorted(based.at, known.at[inside])
    for at, value, after in zip(known.at[inside].tolist(), known.value[inside].tolist(), place.tolist(), strict=True):
        if 0 < after < len(based) and not based.value[after - 1] - 1 <= value <= based.value[after] + 1:
            problems.add(
                int(based.line[after]),
                mapping.value_column,
                _("A reading of %(time)s is stored already, which contradicts this value.") % {"time": _at(at, column)},
                _("Import files in order of time. If the stored readings are wrong, correct them first."),
            )


def _require_below_later(known: Known, based: Readings, column: Column, mapping: Mapping, problems: Problems) -> None:
    if known.after is None or known.after[1] >= based.value[-1] - 1:
        return
    problems.add(
        int(based.line[-1]),
        mapping.value_column,
        _("By this file the register ends above the reading of %(time)s, which is stored already.")
        % {"time": _at(known.after[0], column)},
        _("Import files in order of time."),
    )


def _at(at: int, column: Column) -> str:
    return local(instants.instant_of(at), column.zone)
