"""From the rows of a table to the columns of each meter point: instants and exact values, or every fault by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.metering.importing import cells, guessing, instants, spread, zone_words
from meterbook.metering.importing.instants import Misfit
from meterbook.metering.importing.mapping import Gaps, Kind, Mapping
from meterbook.metering.importing.problems import Problems
from meterbook.metering.importing.tables import Cell, Table

FIRST, UNTIL = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
ZoneOf = Callable[[str], ZoneInfo | None]
_Row = tuple[int, datetime, Decimal | None]  # line, time as it stands, value; None: it was refused


@dataclass
class Column:
    """The rows of one meter point in order of time: intervals [start, end), or registers with start = end.

    Instants are microseconds since 1970 in UTC, values exact numbers of the mapping's unit. `gaps` counts intervals
    that are not there, `missing` rows that say to have no value, `repeated` rows that say the same once more, `paired`
    rows of the hour that clocks show twice which stood side by side.
    """

    point: str
    zone: ZoneInfo
    lines: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    values: list[Decimal] = field(default_factory=list)
    gaps: int = 0
    missing: int = 0
    repeated: int = 0
    paired: int = 0


@dataclass(frozen=True)
class _Places:
    time: tuple[int, ...]
    value: int
    point: int | None

    @property
    def widest(self) -> int:
        return max(*self.time, self.value, self.point or 0)


def parse(table: Table, mapping: Mapping, *, zone_of: ZoneOf, problems: Problems) -> list[Column]:
    """This will read all rows by a complete mapping; faults are added to `problems`.

    :param zone_of: the zone of a meter point's code; None for one that is not known, which is noted as a fault
    :raises FileInvalid: when a column of the mapping is not there
    """
    places = _Places(
        guessing.time_places(table, mapping.time_column),
        guessing.place_of(table, mapping.value_column),
        guessing.place_of(table, mapping.point_column) if mapping.point_column else None,
    )
    columns: list[Column] = []
    for code, numbers in _by_point(table, mapping, places, problems).items():
        zone = zone_of(code)
        if zone is None:
            problems.add(
                table.lines[numbers[0]],
                mapping.point_column,
                _("There is no meter point “%(code)s” where you may import.") % {"code": code},
                _("Correct the code, or have the meter point made."),
            )
            continue
        columns.append(_column(table, mapping, places, Column(code, zone), numbers, problems))
    return columns


def _by_point(table: Table, mapping: Mapping, places: _Places, problems: Problems) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, row in enumerate(table.rows):
        if len(row) <= places.widest:
            problems.add(
                table.lines[number],
                "",
                _("The row has %(count)s cells; the mapping needs %(needed)s.")
                % {"count": len(row), "needed": places.widest + 1},
                _("Fill the row or take it away."),
            )
            continue
        if any(each != "" for each in row[len(table.header) :]):
            problems.add(
                table.lines[number],
                "",
                _("The row has more cells than the header has names."),
                _("Choose the delimiter of the file, or put cells that hold it into quotation marks."),
            )
            continue
        code = mapping.point if places.point is None else str(row[places.point]).strip()
        if not code:
            problems.add(
                table.lines[number],
                mapping.point_column,
                _("The meter point is missing."),
                _("Write the code of the meter point."),
            )
            continue
        found.setdefault(code, []).append(number)
    return found


def _column(
    table: Table, mapping: Mapping, places: _Places, column: Column, numbers: list[int], problems: Problems
) -> Column:
    read: list[_Row] = []
    for number in numbers:
        row, line = table.rows[number], table.lines[number]
        time = _time(row, line, mapping, places, column.zone, problems)
        if cells.is_missing(row[places.value]) and _may_be_missing(mapping):
            column.missing += 1
            continue
        value = _value(row[places.value], line, mapping, problems)
        if time is not None:
            read.append((line, time, value))
    if guessing.is_newest_first([time for _line, time, _value in read]):
        read.reverse()
    if cells.NUMBERED in mapping.time_format:
        times = spread.by_number([time for _line, time, _value in read], mapping.step, column.zone)
        read = [(line, time, value) for (line, _shown, value), time in zip(read, times, strict=True)]
    read, column.paired = _in_order(read, column.zone)
    clock = instants.Clock(mapping, column.zone)
    for line, time, value in read:
        _add(column, mapping, clock, (line, time, value), problems)
    return column


def _in_order(read: list[_Row], zone: ZoneInfo) -> tuple[list[_Row], int]:
    """Sorted by what the clock showed, the hour that it shows twice stands in pairs: 2:00, 2:00, 2:15, 2:15. The first
    of each pair is of the first hour, so that values of a counter rise; returns how many rows were moved."""
    if not any(before[1] == after[1] for before, after in itertools.pairwise(read)):
        return read, 0
    kept: list[_Row] = []
    moved = 0
    for is_double, group in itertools.groupby(read, key=lambda row: _comes_twice(row[1], zone)):
        rows = list(group)
        firsts, seconds = rows[::2], rows[1::2]
        shown = [row[1] for row in firsts]
        if is_double and len(rows) > 2 and shown == [row[1] for row in seconds] and len(set(shown)) == len(shown):
            rows, moved = firsts + seconds, moved + len(rows)
        kept += rows
    return kept, moved


def _comes_twice(time: datetime, zone: ZoneInfo) -> bool:
    if time.tzinfo is not None:
        return False
    first, second = (time.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def _may_be_missing(mapping: Mapping) -> bool:
    """A register that was not read at an instant loses nothing; of an interval it is what was used that is lost."""
    return mapping.kind != Kind.INTERVALS or mapping.gaps == Gaps.ZERO


def _time(
    row: tuple[Cell, ...], line: int, mapping: Mapping, places: _Places, zone: ZoneInfo, problems: Problems
) -> datetime | None:
    cell = guessing.time_cell(row, places.time)
    try:
        time = cells.time_of(cell, mapping.time_format)
    except cells.CellUnreadable:
        problems.add(
            line,
            mapping.time_column,
            _("“%(text)s” is no time of the form %(form)s.") % {"text": _shown(cell), "form": mapping.time_format},
            _("Correct the cell, or name another form."),
        )
        return None
    if isinstance(time.tzinfo, zone_words.Abbreviation):
        instant = zone_words.placed(time, zone)
        if instant is None:
            problems.add(line, mapping.time_column, *zone_words.misfit(time, zone))
            return None
        time = instant
    if not FIRST <= (time if time.tzinfo else time.replace(tzinfo=UTC)) < UNTIL:
        problems.add(
            line,
            mapping.time_column,
            _("The year %(year)s lies outside 1900 to 2099.") % {"year": time.year},
            _("Correct the cell, or name another form."),
        )
        return None
    return time


def _value(cell: Cell, line: int, mapping: Mapping, problems: Problems) -> Decimal | None:
    """None: there is a fault, which was noted; the row still counts as there."""
    try:
        value = cells.number_of(cell, mapping.decimal_separator, mapping.grouping)
    except cells.CellUnreadable:
        if cells.is_formula(cell):
            problem, remedy = _("The cell holds a formula."), _("Copy the column and paste it as values.")
        elif cells.is_missing(cell):
            said = {"text": _shown(cell)}
            problem = (
                _("“%(text)s” says that there is no value.") % said if said["text"] else _("The value is missing.")
            )
            remedy = _("Write the value, or choose to take missing intervals as nothing used.")
        else:
            problem = _("“%(text)s” is no number.") % {"text": _shown(cell)}
            remedy = _way_of_writing(mapping)
        problems.add(line, mapping.value_column, problem, remedy)
        return None
    if value < 0 and mapping.adds_up:
        problems.add(
            line,
            mapping.value_column,
            _("The usage %(value)s is negative.") % {"value": value},
            _("Energy that is given back belongs into its own series."),
        )
        return None
    return value


def _way_of_writing(mapping: Mapping) -> str:
    if not mapping.grouping:
        return _("Write digits with “%(mark)s” before the decimals, and nothing between thousands.") % {
            "mark": mapping.decimal_separator
        }
    words = _(
        "The column groups thousands with “%(sign)s” and writes “%(mark)s” before the decimals; so write this one."
    )
    return words % {"sign": mapping.grouping, "mark": mapping.decimal_separator}


def _add(
    column: Column,
    mapping: Mapping,
    clock: instants.Clock,
    row: _Row,
    problems: Problems,
) -> None:
    line, time, value = row
    before = clock.latest
    placed = clock.place(time)
    if placed is Misfit.REPEATED and column.values and value == column.values[-1]:
        column.repeated += 1
        return
    if placed is Misfit.SKIPPED and value == 0 and mapping.kind == Kind.INTERVALS:
        column.missing += 1  # a column for each hour has one on the day that lacks it, too
        return
    if isinstance(placed, Misfit):
        problem, remedy = _misfit(placed, time, column.zone)
        problems.add(line, mapping.time_column, problem, remedy)
        return
    if before is not None and mapping.kind == Kind.INTERVALS and placed.start > before.end:
        column.gaps += 1
        if mapping.gaps != Gaps.ZERO:
            problems.add(
                line,
                mapping.time_column,
                _("Intervals are missing before this row: from %(start)s to %(end)s.")
                % {"start": local(before.end, column.zone), "end": local(placed.start, column.zone)},
                _("Add them, or choose to take missing intervals as nothing used."),
            )
    column.lines.append(line)
    column.starts.append(instants.microseconds(placed.start))
    column.ends.append(instants.microseconds(placed.end))
    column.values.append(Decimal(0) if value is None else value)


def _misfit(misfit: Misfit, time: datetime, zone: ZoneInfo) -> tuple[str, str]:
    shown = {"time": f"{time:%Y-%m-%d %H:%M}", "zone": zone.key}
    if misfit is Misfit.SKIPPED:
        return (
            _("%(time)s does not exist in %(zone)s: clocks jumped over it.") % shown,
            _("If the file keeps one offset all year, name such a zone: Etc/GMT-1 is UTC+1."),
        )
    if misfit is Misfit.REPEATED:
        problem = _("There is a row for %(time)s already.") % shown
        if _comes_twice(time, zone):
            return problem, _("Clocks show this hour twice: put the rows in the order in which they were measured.")
        return problem, _("Take one of the two away.")
    if misfit is Misfit.OVERLAPS:
        return (
            _("The interval of %(time)s begins before the one above has ended.") % shown,
            _("Check the length of an interval and which end of it a time names."),
        )
    return (
        _("%(time)s lies before the row above.") % shown,
        _("Sort the rows by time. If midnight rows carry the date of the day that just ended, say so."),
    )


def local(instant: datetime, zone: ZoneInfo) -> str:
    """This will write an instant for a person, as clocks of the zone show it, to the minute.

    In the hour that clocks show twice it carries its offset: 2025-10-26 02:15 (UTC+01:00).
    """
    shown = instant.astimezone(zone)
    if shown.utcoffset() == shown.replace(fold=1 - shown.fold).utcoffset():
        return f"{shown:%Y-%m-%d %H:%M}"
    return f"{shown:%Y-%m-%d %H:%M} (UTC{shown.isoformat()[-6:]})"


def _shown(cell: Cell) -> str:
    text = str(cell).strip()
    return text if len(text) <= 40 else f"{text[:39]}…"
