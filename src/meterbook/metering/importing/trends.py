"""Trend reports of building management systems: one block of rows for each point, made into one table.

A block begins with "Point Name:,NZA12:CONSUMPTN HI"; below follow day, time, value and a remark. What stands before the
colon is the meter. A register that is kept in two points, HI and LO, is their sum.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.kernel import rounding
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import MOST_ROWS, Cell, Table

POINT = "point name:"
_BEGINS = re.compile(r'\s*"?point name:"?\s*,', re.IGNORECASE)
_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")
HIGH, LOW = " HI", " LO"
MONTHS = 12


@dataclass
class _Point:
    meter: str
    quantity: str
    # (day, time) -> value and line; a repeated key is kept again under its count, as clocks show an hour twice.
    rows: dict[tuple[str, str, int], tuple[str, int]] = field(default_factory=dict)


def is_trend_report(text: str) -> bool:
    """This will tell whether a text begins as a trend report does."""
    return _BEGINS.match(text.lstrip("\ufeff\r\n")) is not None


def read(text: str) -> Table:
    """This will read a report into a table with the columns "meter", "date", "time" and one for each quantity.

    A value that is no number ("Data Loss") leaves its cell empty. HI and LO of one quantity become "… register".

    :raises FileInvalid: when no point has a row
    """
    points = _points(text)
    quantities: dict[str, dict[tuple[str, str, str, int], tuple[Cell, int]]] = {}
    for (meter, name), point in _joined(points).items():
        found = quantities.setdefault(name, {})
        for (day, time, again), cell in point.items():
            found[(meter, day, time, again)] = cell
    keys: dict[tuple[str, str, str, int], int] = {}
    for column in quantities.values():
        for key, (_cell, line) in column.items():
            keys[key] = min(line, keys.get(key, line))
    if not keys:
        raise refuse(_("No point of the report has a row."), _("Export the report with its values."))
    if len(keys) > MOST_ROWS:
        raise refuse(_("The file has more than %(most)s rows.") % {"most": MOST_ROWS}, _("Split it by time."))
    ordered = sorted(keys, key=lambda key: (key[0].lower(), keys[key]))
    rows = [
        (meter, day, time, *(column.get((meter, day, time, again), ("", 0))[0] for column in quantities.values()))
        for meter, day, time, again in ordered
    ]
    lines = [keys[key] for key in ordered]
    return Table(("meter", "date", "time", *quantities), rows, lines, time_format=_time_format(ordered))


def _time_format(keys: list[tuple[str, str, str, int]]) -> str:
    """Such reports write the month first, unless a first part says otherwise."""
    days = {day for _meter, day, _time, _again in keys}
    if not all(re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", day) for day in days):
        return ""
    order = "%d/%m/%Y" if any(int(day.split("/")[0]) > MONTHS for day in days) else "%m/%d/%Y"
    has_seconds = all(time.count(":") == len("hm") for _meter, _day, time, _again in keys)
    return f"{order} %H:%M:%S" if has_seconds else f"{order} %H:%M"


def _points(text: str) -> list[_Point]:
    points: list[_Point] = []
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    for row in reader:
        cells = [each.strip() for each in row]
        if len(cells) > 1 and cells[0].lower() == POINT:
            meter, _colon, quantity = cells[1].partition(":")
            points.append(_Point(meter.strip(), quantity.strip() or meter.strip()))
        elif points and len(cells) > 2 and _DAY.fullmatch(cells[0]):
            rows = points[-1].rows
            again = 0
            while (cells[0], cells[1], again) in rows:
                again += 1
            rows[(cells[0], cells[1], again)] = (cells[2], reader.line_num)
    return points


def _joined(points: list[_Point]) -> dict[tuple[str, str], dict[tuple[str, str, int], tuple[Cell, int]]]:
    by_name = {(each.meter, each.quantity): each for each in points}
    made: dict[tuple[str, str], dict[tuple[str, str, int], tuple[Cell, int]]] = {}
    for (meter, quantity), point in by_name.items():
        base = quantity.removesuffix(HIGH)
        low = by_name.get((meter, base + LOW)) if quantity.endswith(HIGH) else None
        if low is not None:
            made[(meter, f"{base} register")] = {
                key: (_sum(text, low.rows.get(key, ("", 0))[0]), line) for key, (text, line) in point.rows.items()
            }
        elif not (quantity.endswith(LOW) and (meter, quantity.removesuffix(LOW) + HIGH) in by_name):
            made[(meter, quantity)] = {key: (_number(text), line) for key, (text, line) in point.rows.items()}
    return made


def _number(text: str) -> Cell:
    return Decimal(text) if _NUMBER.fullmatch(text) else ""


def _sum(high: str, low: str) -> Cell:
    """Both parts, or nothing: half a register would be a fall."""
    first, second = _number(high), _number(low)
    if isinstance(first, Decimal) and isinstance(second, Decimal):
        return rounding.EXACT.add(first, second)
    return ""
