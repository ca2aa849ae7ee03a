"""Which row of a table names its columns: not a title above it, not the units below it, and not the first values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from meterbook.metering.importing import cells, tables, time_forms, units
from meterbook.metering.importing.tables import Cell, Table

LOOKED = 50  # rows within which the values begin
_TIME_WORDS = re.compile(
    r"time|date|stamp|period|interval|start|begin|from|\bto\b|until|\bend|\bday|hour"
    r"|fecha|hora|d[ií]a|desde|hasta|inicio|fin\b|periodo|datum|zeit|\bvon\b|\bbis\b|\btag\b",
    re.IGNORECASE,
)
_VALUE_WORDS = re.compile(
    r"usage|consum|energ|value|valor|reading|lectura|regist|index|verbrauch|z[äa]hler", re.IGNORECASE
)
_Row = tuple[Cell, ...]


def settled(table: Table) -> Table:
    """This will return the table below the row that names its columns, with the units that a row below it tells.

    A table that begins with values gets its columns numbered: #1, #2.
    """
    rows: list[_Row] = [table.header, *table.rows[:LOOKED]]
    begins = next((place for place in range(len(rows)) if _begins(rows, place)), None)
    if begins is None:
        return table
    if begins == 0:
        names = tuple(f"#{place}" for place in range(1, len(table.header) + 1))
        return replace(table, header=names, rows=[table.header, *table.rows], lines=[table.header_line, *table.lines])
    where = _time_place(rows[begins])
    named = max(range(begins), key=lambda place: (_score(rows[place], rows[begins], where), place))
    found = replace(table, units=_units(rows[named + 1 : begins], where))
    if found.units:
        begins_after = named + 1 + next(n for n, row in enumerate(rows[named + 1 : begins]) if _is_units(row, where))
        found = _without(found, begins_after - 1)
    if named == 0:
        return found
    header = tuple(str(cell).strip() for cell in rows[named])
    kept = found.rows[named:]
    return replace(
        found,
        header=tables.named(header, kept[:1]),
        header_line=found.lines[named - 1],
        rows=kept,
        lines=found.lines[named:],
    )


def _begins(rows: Sequence[_Row], place: int) -> bool:
    """Whether values begin at a row: it and the next one have a time and a number in the same places."""
    row = rows[place]
    following = rows[place + 1] if place + 1 < len(rows) else row
    where = _time_place(row)
    if where is None or where >= len(following) or not time_forms.is_time(following[where]):
        return False
    return any(
        cells.is_number(row[other]) and (cells.is_number(following[other]) or cells.is_missing(following[other]))
        for other in range(min(len(row), len(following)))
        if other != where
    )


def _time_place(row: _Row) -> int | None:
    return next((place for place, cell in enumerate(row) if time_forms.is_time(cell)), None)


def _score(row: _Row, values: _Row, where: int | None) -> int:
    """How much a row looks as if it named the columns of the values; a row with a time does not."""
    texts = [str(cell).strip() for cell in row]
    filled = sum(1 for text in texts if text)
    if filled < 2 or any(time_forms.is_time(cell) for cell in row) or _is_units(row, where):
        return 0
    is_wide = filled >= sum(1 for cell in values if str(cell).strip())
    others = [text for place, text in enumerate(texts) if place != where]
    return (
        1
        + 2 * (where is not None and where < len(texts) and _TIME_WORDS.search(texts[where]) is not None)
        + is_wide
        + any(_VALUE_WORDS.search(text) or units.of_name(text) for text in others)
    )


def _is_units(row: _Row, where: int | None) -> bool:
    texts = [str(cell) for cell in row]
    shown = texts[where] if where is not None and where < len(texts) else ""
    return not _TIME_WORDS.search(shown) and units.is_row([text for place, text in enumerate(texts) if place != where])


def _units(rows: Sequence[_Row], where: int | None) -> tuple[str, ...]:
    return next((tuple(str(cell).strip() for cell in row) for row in rows if _is_units(row, where)), ())


def _without(table: Table, place: int) -> Table:
    """The table without one of its rows."""
    kept = [each for number, each in enumerate(table.rows) if number != place]
    lines = [each for number, each in enumerate(table.lines) if number != place]
    return replace(table, rows=kept, lines=lines)
