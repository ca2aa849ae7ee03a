"""Which columns of a table hold times, and what to say where none holds numbers."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.metering.importing import cells, time_forms
from meterbook.metering.importing.problems import FileInvalid, refuse
from meterbook.metering.importing.tables import Cell, Table

FIRST_ROWS = 50  # rows that tell what a column holds
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?(\s?[ap]\.?\s?m\.?)?(\s\(?[a-z]{3,5}\)?)?", re.IGNORECASE)
_TIME_WORDS = re.compile(r"time|date|stamp|fecha|hora|datum|zeit|serial|epoch|unix", re.IGNORECASE)


def time_column(table: Table) -> str | None:
    """This will return the name of the first column with times, or of two that are a day and a time of day.

    One of digits only, which may be numbers of meters, is taken where there is no other; one that counts days or
    seconds where its name speaks of time.
    """
    for holds in (_holds_written_time, _holds_time, _holds_counted_time):
        for place, name in enumerate(table.header):
            row = next((each for each in table.rows[:FIRST_ROWS] if holds(each, place, table)), None)
            if row is None or not name:
                continue
            after, cell = place + 1, row[place]
            is_day = f"{cell:%H%M}" == "0000" if isinstance(cell, datetime) else ":" not in str(cell)
            follows = row[after] if after < len(row) else ""
            if is_day and isinstance(follows, str) and _CLOCK.fullmatch(follows.strip()):
                return f"{name}+{table.header[after]}"
            return name
    return None


def _holds_written_time(row: tuple[Cell, ...], place: int, table: Table) -> bool:
    return place < len(row) and not str(row[place]).strip().isdecimal() and _holds_time(row, place, table)


def _holds_time(row: tuple[Cell, ...], place: int, table: Table) -> bool:
    if place >= len(row):
        return False
    if cells.NUMBERED in table.time_format:
        return time_forms.fits(row[place], table.time_format)
    return time_forms.is_time(row[place])


def _holds_counted_time(row: tuple[Cell, ...], place: int, table: Table) -> bool:
    is_named = _TIME_WORDS.search(table.header[place]) is not None
    return is_named and place < len(row) and any(time_forms.fits(row[place], each) for each in time_forms.COUNTED)


def no_numbers(table: Table, taken: set[int]) -> FileInvalid:
    """This will make the refusal of a file without numbers; it shows what stands where they could.

    :param taken: places of the columns that hold something else
    """
    told = [
        (table.lines[number], table.header[place], str(row[place]).strip())
        for number, row in enumerate(table.rows[:FIRST_ROWS])
        for place in range(min(len(row), len(table.header)))
        if place not in taken and any(sign.isdecimal() for sign in str(row[place]))
    ]
    if not told:
        return refuse(_("No column holds numbers."), _("Name the value column."))
    line, name, text = told[0]
    return refuse(
        _("“%(text)s” is no number, and no column holds numbers.") % {"text": text[:40]},
        _("Write digits with “%(mark)s” before the decimals, and nothing between thousands.") % {"mark": "."},
        column=name,
        line=line,
    )
