"""Files that number the intervals of a day: a day in one row with a column for each, or a column with the number.

Both become rows with a time "day #number", counted from 0. Whether a number counts what passed since midnight, or is
the hour that a clock shows, differs on the two days of a year on which clocks are changed: `by_number` tells by the
day's rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.metering.importing import cells, time_forms
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import MOST_ROWS, Cell, Table

FIRST_ROWS = 50  # rows that tell what a column holds
HOUR = 60
LEAST = 23  # columns of a day of hours, on the shortest day
_LONGEST_DAY = 25  # hours
_STEPS = (60, 30, 15, 10, 5)  # minutes; of a day by less there are more columns than a table has
_DAY_MINUTES = 1_440
_HOUR_WORDS = re.compile(
    r"hour|hr|hora|stunde|heure|he|hour[ _-]?ending|interval|period|periodo|intervalo", re.IGNORECASE
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?(?:\s*(?:-|–|to|a)\s*\d{1,2}:\d{2}(?::00)?)?", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<word>[a-z]{0,10})[ _-]?0*(?P<number>\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class _Run:
    """Columns [first, until) of a day's intervals of `step` minutes."""

    first: int
    until: int
    step: int


def unfolded(table: Table) -> Table:
    """This will return the table with a row and a time for each interval, or as it is where nothing numbers them.

    :raises FileInvalid: when there would be more rows than a file may have
    """
    run = _columns(table.header)
    if run is not None:
        return _long(table, run)
    return _joined(table)


def by_number(times: Sequence[datetime], step: int, zone: ZoneInfo) -> list[datetime]:
    """This will place what `cells.time_of` made of numbered intervals: those of a day that number all of its hours
    without a break, from the first to the final one, count what passed since midnight; others are what clocks showed.

    :param step: minutes of an interval
    """
    made: list[datetime] = []
    for day, group in itertools.groupby(times, key=_day_of):
        shown = list(group)
        length = civil.start_of_day(day + timedelta(days=1), zone) - civil.start_of_day(day, zone)
        first = datetime.combine(day, datetime.min.time())
        passed = [each - first for each in shown]
        whole = [timedelta(minutes=step) * number for number in range(length // timedelta(minutes=step))]
        if passed == whole and length != timedelta(days=1):
            start = civil.start_of_day(day, zone).astimezone(UTC)
            made += [start + each for each in passed]
        else:
            made += shown
    return made


def _day_of(time: datetime) -> date:
    """A 25th hour belongs to its day, though it reads as the first of the next: `fold` marks it."""
    return time.date() - timedelta(days=1) if time.fold else time.date()


def _columns(header: tuple[str, ...]) -> _Run | None:
    """The longest row of columns that are a day's intervals."""
    best: _Run | None = None
    for first in range(len(header)):
        if best is not None and first < best.until:
            continue
        found = _clocks(header, first) or _numbers(header, first)
        if found is not None and (best is None or found.until - found.first > best.until - best.first):
            best = found
    return best


def _clocks(header: tuple[str, ...], first: int) -> _Run | None:
    """00:00, 00:15 … 23:45, or 00:15 … 24:00."""
    minutes = [_minutes(name) for name in header[first : first + 2]]
    if len(minutes) < 2 or minutes[0] is None or minutes[1] is None:
        return None
    step = minutes[1] - minutes[0]
    if step not in _STEPS or minutes[0] not in (0, step):
        return None
    count = _DAY_MINUTES // step
    wanted = [(minutes[0] + step * place) % _DAY_MINUTES for place in range(count)]
    shown = [_minutes(name) for name in header[first : first + count]]
    is_day = [each if each is None else each % _DAY_MINUTES for each in shown] == wanted
    return _Run(first, first + count, step) if is_day else None


def _minutes(name: str) -> int | None:
    found = _CLOCK.fullmatch(name.strip())
    return int(found[1]) * HOUR + int(found[2]) if found else None


def _numbers(header: tuple[str, ...], first: int) -> _Run | None:
    """H1, H2 … H24 or H25; 1 … 96 or 100; from 0 as well."""
    begin = _NUMBERED.fullmatch(header[first].strip())
    if begin is None or int(begin["number"]) > 1:
        return None
    place = first
    while place < len(header):
        found = _NUMBERED.fullmatch(header[place].strip())
        is_next = found is not None and int(found["number"]) - int(begin["number"]) == place - first
        if found is None or not is_next or found["word"].casefold() != begin["word"].casefold():
            break
        place += 1
    step = _step_of(place - first)
    return _Run(first, place, step) if step else None


def _step_of(count: int) -> int:
    """Minutes of an interval of which a day has so many: 24, or 23 and 25 where clocks are changed; 0: it is no day."""
    for step in _STEPS:
        in_hour = HOUR // step
        if count in {hours * in_hour for hours in (LEAST, LEAST + 1, _LONGEST_DAY)}:
            return step
    return 0


def _long(table: Table, run: _Run) -> Table:
    others = [place for place in range(len(table.header)) if not run.first <= place < run.until]
    day = next((place for place in others if _holds_days(table, place)), None)
    if day is None:
        return table
    if len(table.rows) * (run.until - run.first) > MOST_ROWS:
        raise refuse(_("The file has more than %(most)s rows.") % {"most": MOST_ROWS}, _("Split it by time."))
    form, _is_unsure = time_forms.find([row[day] for row in table.rows if len(row) > day], table.header[day])
    kept = [place for place in others if place != day]
    rows: list[tuple[Cell, ...]] = []
    lines: list[int] = []
    for row, line in zip(table.rows, table.lines, strict=True):
        told = [row[place] if place < len(row) else "" for place in range(len(table.header))]
        for number, place in enumerate(range(run.first, run.until)):
            if not cells.is_missing(told[place]):
                rows.append(
                    (*(told[each] for each in kept), f"{_shown(told[day])}{cells.NUMBERED}{number}", told[place])
                )
                lines.append(line)
    header = (*(table.header[place] for place in kept), table.header[day], _value_name(table, kept))
    form = f"{form}{cells.NUMBERED}{run.step}"
    return Table(header, rows, lines, table.delimiter, table.sheet, table.sheets, form, sums=table.sums)


def _value_name(table: Table, kept: list[int]) -> str:
    """The unit, where a column of the file names one for all rows; the importer knows a value column by it."""
    for place in kept:
        named = {str(row[place]).strip() for row in table.rows if place < len(row)}
        if re.search(r"unit|uom|unidad|einheit", table.header[place], re.IGNORECASE) and len(named) == 1:
            return f"value {named.pop()}"
    return "value"


def _joined(table: Table) -> Table:
    """A column of days and one of numbers become one column of times."""
    day = next((place for place in range(len(table.header)) if _holds_days(table, place)), None)
    if day is None:
        return table
    number = next((place for place in range(len(table.header)) if place != day and _numbers_hours(table, place)), None)
    if number is None:
        return table
    shown = [_number(row[number]) for row in table.rows if number < len(row)]
    told = [each for each in shown if each is not None]
    first, step = min(*told, 1), _step_of_numbers(max(told) + 1 - min(*told, 1))
    if not step:
        return table
    form, _is_unsure = time_forms.find([row[day] for row in table.rows if len(row) > day], table.header[day])
    rows = [_with_number(row, day, number, first) for row in table.rows]
    header = tuple(name for place, name in enumerate(table.header) if place != number)
    form = f"{form}{cells.NUMBERED}{step}"
    return Table(header, rows, table.lines, table.delimiter, table.sheet, table.sheets, form, sums=table.sums)


def _with_number(row: tuple[Cell, ...], day: int, number: int, first: int) -> tuple[Cell, ...]:
    if len(row) <= max(day, number):
        return row
    told = _number(row[number])
    text = f"{_shown(row[day])}{cells.NUMBERED}{row[number] if told is None else told - first}"
    return tuple(text if place == day else cell for place, cell in enumerate(row) if place != number)


def _step_of_numbers(count: int) -> int:
    """A short file may not show all numbers of a day: the longest interval whose day has room for them."""
    return next((step for step in _STEPS if count <= _LONGEST_DAY * HOUR // step), 0)


def _numbers_hours(table: Table, place: int) -> bool:
    """Whether a column that is named so holds whole numbers that go on by one within a day."""
    if not _HOUR_WORDS.fullmatch(table.header[place].strip()):
        return False
    shown = [_number(row[place]) for row in table.rows[: 2 * FIRST_ROWS] if place < len(row)]
    told = [each for each in shown if each is not None]
    follows = sum(1 for before, after in itertools.pairwise(told) if after - before == 1)
    return len(told) * 2 > len(shown) and len(told) > 2 and follows * 2 > len(told)


def _number(cell: Cell) -> int | None:
    if isinstance(cell, Decimal):
        return int(cell) if cell == int(cell) and 0 <= cell < 1_000 else None
    found = _NUMBERED.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return int(found["number"]) if found else None


def _holds_days(table: Table, place: int) -> bool:
    """Whether what a column says first is a day without a time of day."""
    shown = [row[place] for row in table.rows[:FIRST_ROWS] if place < len(row) and row[place] != ""]
    return bool(shown) and all(_is_day(each) for each in shown)


def _is_day(cell: Cell) -> bool:
    if isinstance(cell, datetime):
        return (cell.hour, cell.minute) == (0, 0)
    if isinstance(cell, Decimal) or ":" in cell:
        return False
    return time_forms.is_time(cell)


def _shown(cell: Cell) -> str:
    return f"{cell:%Y-%m-%d}" if isinstance(cell, datetime) else str(cell).strip()
