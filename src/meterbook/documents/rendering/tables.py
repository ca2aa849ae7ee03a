"""Columns and rows of a bill's tables, reckoned from the widths of their texts: hundredths of a point.

Where the template has to find a column or a row by itself it sets each cell three times. What is known beforehand is
given to it; where a text may break, or the columns would take too much of the line, it finds them as it always did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meterbook.documents.rendering import compiler, drawing

TEXT, SUM, SMALL, TINY, UNIT = 900, 950, 750, 700, 792  # sizes of type
INSET = 600  # of a cell, to each side
INDENT, SQUARE, SWATCH, BEFORE_UNIT, EN, DOT = 1100, 1000, 1100, 150, 450, 440  # what stands before or behind texts
SLACK = 150  # for kerning, and for what is rounded
MOST = 70  # percent of the line that reckoned columns may take
# Heights of rows: found by the template; a line; a line of larger type; a head; what a register showed; a note.
FOUND, ONE, LARGE, NAMED, SHOWED, NOTE = range(6)
USE_COLUMNS, TAX_COLUMNS = 25_000, 25_000  # all but the first, as the template has them

Plain = dict[str, Any]


def fitted(bill: Mapping[str, Any]) -> Plain:
    """This will return columns and heights of rows by table; no columns where the template has to find them.

    :param bill: what `page.of_bill` returns
    """
    wide = drawing.WIDTHS[bill["paper"]]
    return {
        "lines": _lines(bill, wide),
        "meters": _meters(bill, wide),
        "history": [_head(row, "unit", wide) for row in bill["history"]["rows"]] if bill["history"] else [],
        "use": [_rows((row["name"] for row in use["rows"]), wide - USE_COLUMNS - SQUARE) for use in bill["use"]],
        "taxes": _rows((tax[0] for tax in bill["taxes"]), wide - TAX_COLUMNS),
    }


def width(text: str, size: int) -> int:
    """This will return how wide a text is at most, in any weight and with any figures, without its kerning."""
    known = compiler.advances()
    return sum(known.get(each, 1000) for each in text) * size // 1000


def _lines(bill: Mapping[str, Any], wide: int) -> Plain:
    groups, t = bill["groups"], bill["t"]
    rows = [row for group in groups for row in group["rows"]]
    sums = [*bill["sums"], *(group["sum"] for group in groups if group["sum"])]
    amounts = [*(row["amount"] for row in rows), *(each[1] for each in sums)]
    columns = [
        _column([row["quantity"] for row in rows], t["quantity"]),
        _column([row["unit"] for row in rows], ""),
        _column([row["price"] for row in rows], bill["heads"]["price"]),
        max(_column(amounts, bill["heads"]["amount"]), _column([bill["total"]], "", SUM)) - INSET,
    ]
    if not _are_few(columns, wide):
        return {"columns": [], "rows": []}
    room = wide - sum(columns) - INSET
    heights = [FOUND]
    for group in groups:
        heights.append(_head(group, "sub", wide))
        heights += [_height(_named(row, t), room - INDENT, "detail" in row) for row in group["rows"]] or [FOUND]
        heights += [_height(width(group["sum"][0], TEXT), room)] if group["sum"] else []
    heights += [_height(width(each[0], TEXT), room) for each in bill["sums"]]
    return {"columns": columns, "rows": [*heights, LARGE if width(t["total"], SUM) <= room else FOUND]}


def _named(row: Mapping[str, Any], t: Mapping[str, str]) -> int:
    """The name of a line, with the marks behind it."""
    marks = EN + SWATCH + width(t["estimated"], SMALL) if row["is_estimated"] else 0
    marks += EN + width(t["apportioned"], SMALL) if row["is_apportioned"] else 0
    return width(row["name"], TEXT) + marks


def _head(named: Mapping[str, Any], more: str, wide: int) -> int:
    """Of a head inside a table: a dot, a name, and smaller what belongs to it."""
    return _height(DOT + 2 * EN + width(named["name"], TEXT) + width(named[more], SMALL), wide, of=NAMED)


def _meters(bill: Mapping[str, Any], wide: int) -> Plain:
    meters = bill["meters"]
    columns = _readings(meters, bill["t"])
    if not _are_few(columns, wide):
        return {"columns": [], "rows": []}
    room = wide - sum(columns) - INDENT - INSET
    heights = [FOUND]
    for meter in meters:
        heights += [_head(meter, "code", wide), *_showed(meter, room)]
        for register in meter["registers"]:
            heights += [FOUND, *_showed(register, room)]
        note = f"{meter['note']} · {meter['average']}"
        heights += [FOUND] * len(meter["workings"]) + [_height(width(note, SMALL), wide - INDENT, of=NOTE)]
    return {"columns": columns, "rows": heights}


def _showed(counted: Mapping[str, Any], room: int) -> list[int]:
    """Rows of what registers showed, as many as the template makes."""
    names = (max(width(each["serial"], TEXT), width(each["model"], TINY)) for each in counted["segments"])
    more = (not counted["segments"]) + bool(counted["adjustment"]) + bool(counted["has_sum"])
    return [_height(name, room, of=SHOWED) for name in names] + [FOUND] * more


def _readings(meters: Sequence[Mapping[str, Any]], t: Mapping[str, str]) -> list[int]:
    counted = [each for meter in meters for each in (meter, *meter["registers"])]
    parts = [part for each in counted for part in each["segments"]]
    summed = [(each["adjustment"], each["unit"]) for each in counted]
    summed += [(each["quantity"], each["unit"]) for each in (*counted, *parts)]
    return [
        *(_widest((_reading(part[end]) for part in parts), t[end]) for end in ("previous", "present")),
        _widest((_measured(part["difference"], part["difference_unit"]) for part in parts), t["difference"]),
        _widest(
            (max(width(part["multiplier"], TEXT), width(part["corrected"], TINY)) for part in parts), t["multiplier"]
        ),
        _widest((_measured(quantity, unit) for quantity, unit in summed), t["quantity"]) - INSET,
    ]


def _reading(reading: Mapping[str, Any]) -> int:
    return max(width(reading["value"], TEXT), width(reading["at"], TINY), width(reading["quality"], TINY))


def _measured(quantity: str, unit: str) -> int:
    return width(quantity, TEXT) + BEFORE_UNIT + width(unit, UNIT)


def _column(texts: Iterable[str], head: str, size: int = TEXT) -> int:
    return _widest((width(each, size) for each in texts), head)


def _widest(widths: Iterable[int], head: str) -> int:
    return max(width(head, SMALL), *widths, 0) + 2 * INSET + SLACK


def _are_few(columns: Sequence[int], wide: int) -> bool:
    return 100 * sum(columns) <= MOST * wide


def _rows(names: Iterable[str], room: int) -> list[int]:
    return [_height(width(name, TEXT), room - INSET) for name in names]


def _height(text: int, room: int, is_more: bool = False, *, of: int = ONE) -> int:
    return FOUND if is_more or text + SLACK > room else of
