"""Rows at the end of a file that sum up the others: totals, means, largest and smallest values."""

from __future__ import annotations

import re
from dataclasses import replace

from meterbook.metering.importing import cells, finding, time_forms
from meterbook.metering.importing.tables import Cell, Table

MOST = 6  # rows: a total, a mean, the largest, the smallest, a count
_WORDS = re.compile(
    r"(?:grand |sub[ -]?|gran )?total(?:e?s|en)?(?: general| usage| consumption| consumo| kwh| m3| m³)?"
    r"|sum|sums|suma|summe|gesamt|gesamtsumme|somme|totaal"
    r"|average|avg|mean|promedio|media|mittelwert|durchschnitt"
    r"|min(?:imum|imo|\.)?|m[íi]nimo|max(?:imum|imo|\.)?|m[áa]ximo|count|peak",
    re.IGNORECASE,
)


def left_out(table: Table) -> Table:
    """This will return the table without the rows at its end that say that they sum up the others.

    Such a row has a word for it (Total, Suma, Summe, Average ...) in one cell, nothing else where times stand, and
    numbers besides. A row without the word, or one between others, stays: what it is cannot be told, and reading it
    names the fault.
    """
    if not table.rows or not _word(table.rows[-1]):
        return table
    name = finding.time_column(table)
    place = table.column(name.partition("+")[0]) if name else None
    if place is None:
        return table
    until = len(table.rows)
    while until > 1 and len(table.rows) - until < MOST and _sums_up(table.rows[until - 1], place):
        until -= 1
    gone = [(table.lines[number], _word(table.rows[number])) for number in range(until, len(table.rows))]
    return replace(table, rows=table.rows[:until], lines=table.lines[:until], sums=(*table.sums, *gone))


def _sums_up(row: tuple[Cell, ...], place: int) -> bool:
    """Whether a row says so, and has no time: the cell for it holds the word, or nothing."""
    word = _word(row)
    return bool(word) and (place >= len(row) or str(row[place]).strip() in ("", word))


def _word(row: tuple[Cell, ...]) -> str:
    """The word by which a row says that it sums up others; "" where it does not."""
    told = [str(cell).strip() for cell in row if not isinstance(cell, str) or cell.strip()]
    words = [text for text in told if _WORDS.fullmatch(text.rstrip(":").strip())]
    others = [cell for cell in row if str(cell).strip() and str(cell).strip() not in words]
    if len(words) != 1 or not others or any(time_forms.is_time(cell) for cell in row):
        return ""
    return words[0] if all(cells.is_number(cell) or cells.is_missing(cell) or _is_unit(cell) for cell in others) else ""


def _is_unit(cell: Cell) -> bool:
    return isinstance(cell, str) and not any(sign.isdecimal() for sign in cell.replace("m3", "")) and len(cell) <= 20
