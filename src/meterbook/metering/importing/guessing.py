"""Fill the gaps of a mapping from what the file shows, and say what was assumed."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.metering import values
from meterbook.metering.importing import cells, finding, offsets, separators, time_forms, units
from meterbook.metering.importing.mapping import (
    DAY,
    KIND_CAPTIONS,
    LABEL_CAPTIONS,
    STEPS,
    Kind,
    Label,
    Mapping,
    Midnight,
)
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import Cell, Table

SAMPLE = 3_000  # rows that guesses look at
FIRST_ROWS = 50  # rows that tell what a column holds
MUCH = 5  # a counter shows this many times what it can count between two rows
ENOUGH = 48  # rows that tell a counter from what is used in each interval
MOST_FALLS = 4  # rows of a day, and how many times smaller what a counter shows that began again
_DAY, _CHANGE = timedelta(days=1), timedelta(hours=1)  # a day on which clocks change is that much shorter or longer
_MOMENT = timedelta(microseconds=1)  # a row at midnight may close its day
_UNIT_WORDS = re.compile(r"unit|uom|unidad|einheit", re.IGNORECASE)
_VALUE_WORDS = re.compile(
    r"k?m?wh|kvarh|usage|consum|energ|value|valor|reading|lectura|register|index|m3|m³", re.IGNORECASE
)
_REGISTER_WORDS = re.compile(r"regist|reading|lectura|counter|index|cumul|total", re.IGNORECASE)


def complete(mapping: Mapping, table: Table) -> tuple[Mapping, tuple[str, ...]]:
    """This will return the mapping without gaps, and a sentence about each thing that was assumed.

    :raises FileInvalid: when the file does not show what a gap should be
    :raises values.SeriesTypeUnknown: for a series that the catalogue does not have
    """
    notes = [
        _("Line %(line)s, “%(word)s”, sums up the others and is left out.") % {"line": line, "word": word}
        for line, word in table.sums
    ]
    found = replace(mapping, delimiter=table.delimiter, sheet=table.sheet)
    found = _time(found, table, notes)
    found = _value(found, table, notes)
    found = _unit_and_kind(found, table, notes)
    return _steps(found, table, notes), tuple(notes)


def time_places(table: Table, name: str) -> tuple[int, ...]:
    """This will return the places of the time column, or of the two that “+” joins.

    :raises FileInvalid: naming the columns that there are
    """
    whole = table.column(name)
    names = [name] if whole is not None or "+" not in name else name.split("+")
    return tuple(place_of(table, each) for each in names)


def place_of(table: Table, name: str) -> int:
    """This will return the place of a column.

    :raises FileInvalid: naming the columns that there are
    """
    place = table.column(name)
    if place is None:
        raise refuse(
            _("There is no column “%(name)s”.") % {"name": name},
            _("The columns are: %(names)s.") % {"names": ", ".join(each for each in table.header if each)},
        )
    return place


def is_newest_first(times: Sequence[datetime]) -> bool:
    """This will tell whether most rows lie before the row above them.

    The first and the final one alone do not tell: a day's file may end with a midnight of the day that just ended.
    """
    shown = [each.replace(tzinfo=None) if each.tzinfo else each for each in times]
    pairs = list(itertools.pairwise(shown))
    return sum(1 for before, after in pairs if after < before) > sum(1 for before, after in pairs if after > before)


def time_cell(row: tuple[Cell, ...], places: tuple[int, ...]) -> Cell:
    """This will return the cell with a row's time; of two columns, their texts with a blank between."""
    if len(places) == 1:
        return row[places[0]]
    day, clock = row[places[0]], row[places[1]]
    if isinstance(day, datetime):
        return f"{day:%Y-%m-%d} {str(clock).strip():0>5}"
    return f"{str(day).strip()} {str(clock).strip()}"


def _time(mapping: Mapping, table: Table, notes: list[str]) -> Mapping:
    if not mapping.time_column:
        column = finding.time_column(table)
        if column is None:
            raise refuse(
                _("No column holds times in a form that is known."),
                _("Name the time column and the form of its times."),
            )
        mapping = replace(mapping, time_column=column)
        notes.append(_("Times are in column “%(name)s”.") % {"name": column})
    places = time_places(table, mapping.time_column)
    if not mapping.time_format and table.time_format:
        mapping = replace(mapping, time_format=table.time_format)
        notes.append(_written(table.time_format))
    if not mapping.time_format:
        sample = [time_cell(row, places) for row in table.rows[:SAMPLE] if len(row) > max(places)]
        pattern, is_unsure = time_forms.find(sample, mapping.time_column)
        mapping = replace(mapping, time_format=pattern)
        notes.append(_("Times are written as %(form)s.") % {"form": pattern})
        if is_unsure:
            notes.append(_("Day and month could be the other way round; name the form when they are."))
    return offsets.named(mapping, _times_as_written(mapping, table), notes)


def _written(pattern: str) -> str:
    form, _mark, step = pattern.partition(cells.NUMBERED)
    if not step:
        return _("Times are written as %(form)s.") % {"form": form}
    return _("Days are written as %(form)s, and their intervals of %(minutes)s minutes are numbered.") % {
        "form": form,
        "minutes": step,
    }


def _value(mapping: Mapping, table: Table, notes: list[str]) -> Mapping:
    if not mapping.value_column:
        taken = {*time_places(table, mapping.time_column)}
        if mapping.point_column:
            taken.add(place_of(table, mapping.point_column))
        numeric = [
            name
            for place, name in enumerate(table.header)
            if name and place not in taken and _holds_numbers(table, place)
        ]
        if not numeric:
            raise finding.no_numbers(table, taken)
        named = [name for name in numeric if _VALUE_WORDS.search(name)]
        titled = [name for name in numeric if not name.startswith("#")]  # a column without a name counts rows
        if not named and not titled and len(numeric) > 1:
            raise refuse(
                _("Several columns hold numbers, and none has a name: %(names)s.") % {"names": ", ".join(numeric)},
                _("Name the value column."),
            )
        mapping = replace(mapping, value_column=(named or titled or numeric)[0])
        notes.append(_("Values are in column “%(name)s”.") % {"name": mapping.value_column})
    return separators.named(mapping, table, place_of(table, mapping.value_column), notes)


def _holds_numbers(table: Table, place: int) -> bool:
    """Whether what a column says first is a number, or most of it: the first row may name units, or say nothing."""
    told = [row[place] for row in table.rows[:FIRST_ROWS] if place < len(row) and not cells.is_missing(row[place])]
    are_numbers = [cells.is_number(each) for each in told]
    return bool(told) and (are_numbers[0] or 2 * sum(are_numbers) > len(told))


def _number(cell: Cell, mapping: Mapping) -> Decimal | None:
    """The number of a cell; None where it holds none."""
    try:
        return cells.number_of(cell, mapping.decimal_separator, mapping.grouping)
    except cells.CellUnreadable:
        return None


def _unit_and_kind(mapping: Mapping, table: Table, notes: list[str]) -> Mapping:
    name = table.header[place_of(table, mapping.value_column)]
    kind = values.series_type(mapping.series)
    if not mapping.unit:
        mapping = replace(mapping, unit=_told_unit(mapping, table) or kind.unit)
        notes.append(_("The unit is %(unit)s.") % {"unit": Unit(mapping.unit).symbol})
    if not mapping.kind:
        is_register = not kind.is_energy_like or _REGISTER_WORDS.search(name) or _never_falls(mapping, table)
        chosen = Kind.REGISTERS if is_register else Kind.INTERVALS
        if kind.is_energy_like and cells.NUMBERED not in mapping.time_format and _begins_daily(mapping, table):
            chosen = Kind.DAILY
        mapping = replace(mapping, kind=chosen)
        notes.append(_("The values are: %(kind)s.") % {"kind": str(KIND_CAPTIONS[chosen]).lower()})
    return mapping


def _told_unit(mapping: Mapping, table: Table) -> Unit | None:
    """The unit by the column's name, by the row of units below it, or by a column that tells one for all rows.

    :raises FileInvalid: when that column tells several, or one that is not known
    """
    place = place_of(table, mapping.value_column)
    found = units.of_name(table.header[place])
    if found is None and place < len(table.units):
        found = units.of_name(table.units[place])
    beside = next((each for each, name in enumerate(table.header) if _UNIT_WORDS.fullmatch(name)), None)
    if found is not None or beside is None or beside == place:
        return found
    told = {str(row[beside]).strip() for row in table.rows if beside < len(row)} - {""}
    known = {units.of_name(text) for text in told}
    if told and (len(known) > 1 or None in known):
        raise refuse(
            _("The column “%(name)s” tells units that are several, or not known: %(units)s.")
            % {"name": table.header[beside], "units": ", ".join(sorted(told)[:5])},
            _("Name the unit, and import the rows of each unit by themselves."),
            column=table.header[beside],
        )
    return next(iter(known), None)


def _never_falls(mapping: Mapping, table: Table) -> bool:
    """Whether the values of the first meter point only grow, each time by little of what is shown, as a counter's do.

    What is used in an hour falls again; and where it happens to grow for long, it does so by much of itself.
    """
    place = place_of(table, mapping.value_column)
    by = place_of(table, mapping.point_column) if mapping.point_column else None
    rows = [row for row in table.rows[:SAMPLE] if len(row) > max(place, by or 0)]
    shown = [row[place] for row in rows if by is None or row[by] == rows[0][by]]
    numbers = [number for each in shown if (number := _number(each, mapping)) is not None]
    pairs = list(itertools.pairwise(numbers))
    is_rising = all(after >= before for before, after in pairs) or all(after <= before for before, after in pairs)
    largest = max((abs(after - before) for before, after in pairs), default=Decimal(0))
    return len(pairs) >= ENOUGH and is_rising and 0 < largest * MUCH <= min(numbers)


def _begins_daily(mapping: Mapping, table: Table) -> bool:
    """Whether the first meter point's values grow all day and fall, to little, where a day ends or a day apart."""
    shown = _shown_first(mapping, table)
    pairs = list(itertools.pairwise(shown))
    falls = [(before, after) for before, after in pairs if after[1] < before[1]]
    days = len({time.date() for time, _value in shown})
    return (
        len(falls) >= max(2, days // 2)
        and len(pairs) >= MOST_FALLS * len(falls)
        and all(0 <= after[1] * MOST_FALLS <= before[1] for before, after in falls)
        and (
            _fall_a_day_apart([after[0] for _before, after in falls])
            or all((before[0] - _MOMENT).date() != after[0].date() for before, after in falls)
        )
    )


def _fall_a_day_apart(times: list[datetime]) -> bool:
    return all((after - before + _CHANGE) % _DAY <= 2 * _CHANGE for before, after in itertools.pairwise(times))


def _daily_label(mapping: Mapping, table: Table) -> Label:
    """A row at midnight that shows a little, less than the ones around it, tells of the interval that begins there: a
    counter that is read at that instant shows the whole day, or nothing. The midnight of UTC is none of the place."""
    shown = _shown_first(mapping, table)
    around = zip(shown, shown[1:], shown[2:], strict=False)
    midnights = [(a[1], here, z[1]) for a, (time, here), z in around if (time.hour, time.minute) == (0, 0)]
    starting = sum(1 for before, here, after in midnights if 0 < here < min(before, after))
    return Label.START if mapping.step and 2 * starting > len(midnights) else Label.END


def _shown_first(mapping: Mapping, table: Table) -> list[tuple[datetime, Decimal]]:
    """What can be read of the first meter point in the file, oldest first."""
    place = place_of(table, mapping.value_column)
    times = time_places(table, mapping.time_column)
    by = place_of(table, mapping.point_column) if mapping.point_column else None
    rows = [row for row in table.rows[:SAMPLE] if len(row) > max(place, *times, by or 0)]
    shown = [
        (cells.time_of(time_cell(row, times), mapping.time_format), number)
        for row in rows
        if (by is None or row[by] == rows[0][by])
        and (number := _number(row[place], mapping)) is not None
        and time_forms.fits(time_cell(row, times), mapping.time_format)
    ]
    return shown[::-1] if is_newest_first([time for time, _value in shown]) else shown


def _times(mapping: Mapping, table: Table) -> list[datetime]:
    """The times of the first meter point in the file, as far as they can be read, oldest first."""
    naive = [each.replace(tzinfo=None) for each in _times_as_written(mapping, table)]
    return naive[::-1] if is_newest_first(naive) else naive


def _times_as_written(mapping: Mapping, table: Table) -> list[datetime]:
    places = time_places(table, mapping.time_column)
    by = place_of(table, mapping.point_column) if mapping.point_column else None
    widest = max(*places, by or 0)
    rows = [row for row in table.rows[:SAMPLE] if len(row) > widest]
    if by is not None and rows:
        rows = [row for row in rows if row[by] == rows[0][by]]
    sample = [time_cell(row, places) for row in rows]
    return [cells.time_of(each, mapping.time_format) for each in sample if time_forms.fits(each, mapping.time_format)]


def _steps(given: Mapping, table: Table, notes: list[str]) -> Mapping:
    mapping, times = given, _times(given, table)
    if not mapping.adds_up:
        return replace(mapping, label=mapping.label or Label.END, midnight=mapping.midnight or Midnight.NEXT)
    if not mapping.step:
        is_daily = mapping.kind == Kind.DAILY
        mapping = replace(mapping, step=_usual_step(times) if is_daily else _find_step(times, mapping.time_column))
    if mapping.step and not given.step:
        notes.append(_("An interval has %(minutes)s minutes.") % {"minutes": mapping.step})
    step = timedelta(minutes=mapping.step)
    if not mapping.midnight:
        late = sum(1 for before, after in itertools.pairwise(times) if _is_late_midnight(before, after, step))
        mapping = replace(mapping, midnight=Midnight.SAME if late else Midnight.NEXT)
        if late:
            notes.append(_("Rows at 0:00 carry the date of the day that just ended."))
    if mapping.kind == Kind.DAILY and not mapping.label:
        mapping = replace(mapping, label=_daily_label(mapping, table))
    if not mapping.label:
        mapping = replace(mapping, label=_find_label(mapping, times, step))
        notes.append(_("A time names: %(end)s.") % {"end": str(LABEL_CAPTIONS[Label(mapping.label)]).lower()})
    return mapping


def _find_step(times: list[datetime], column: str) -> int:
    found = _usual_step(times)
    if not found:
        raise refuse(
            _("The rows are not a usual interval apart, but %(seconds)s s.") % {"seconds": _most_apart(times)},
            _("Name the length of an interval in minutes: one of %(steps)s.") % {"steps": ", ".join(map(str, STEPS))},
            column=column,
        )
    return found


def _usual_step(times: list[datetime]) -> int:
    """How many minutes most rows are apart; 0 where that is no step."""
    seconds = _most_apart(times)
    return 0 if seconds % 60 or seconds // 60 not in STEPS else seconds // 60


def _most_apart(times: list[datetime]) -> int:
    gaps: Iterable[timedelta] = (abs(after - before) for before, after in itertools.pairwise(times))
    counted = Counter(int(each.total_seconds()) for each in gaps if each)
    return counted.most_common(1)[0][0] if counted else 0


def _is_late_midnight(before: datetime, after: datetime, step: timedelta) -> bool:
    is_midnight = (after.hour, after.minute) == (0, 0)
    return is_midnight and step < timedelta(minutes=DAY) and after + timedelta(days=1) == before + step


def _find_label(mapping: Mapping, times: list[datetime], step: timedelta) -> Label:
    words = mapping.time_column.casefold()
    if cells.NUMBERED in mapping.time_format:
        return Label.START
    if re.search(r"\b(end|ending|to|until|hasta|bis|fin)\b|_end|end_", words):
        return Label.END
    if re.search(r"\b(start|from|begin|desde|von|inicio)\b|_start|start_", words) or mapping.step == DAY or not times:
        return Label.START
    first = times[0]
    since_midnight = first - first.replace(hour=0, minute=0, second=0)
    return Label.END if mapping.midnight == Midnight.SAME or since_midnight == step else Label.START
