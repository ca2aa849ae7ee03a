"""Load profiles: the buffer of a profile generic object, with what its rows leave out."""

from __future__ import annotations

import datetime
import re

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.drivers.dlms import axdr, cosem

Fields = dict[str, Plain]
COLUMN = re.compile(r"(\d+):(\d+-\d+:\d+\.\d+\.\d+)(?:\*\d+)?(?::(\d+)| attr(\d+))?(?: \(\w+\))?")
CLOCK, DATA, REGISTER = 8, 1, 3
STATUS = "0-0:96.10."
USUAL_STEP = 60
ASSUMED = "capture objects and period are not in the buffer and are assumed; give --capture and --step"


def rows_of(data: axdr.Data) -> list[list[axdr.Data]] | None:
    """This will return the rows of a buffer; None when the data is none: an array of equal structures, a time first."""
    value = data["value"]
    if data["type"] != "array" or not isinstance(value, list) or not value:
        return None
    rows = [row["value"] for row in value if isinstance(row, dict) and row["type"] == "structure"]
    if len(rows) != len(value) or any(not isinstance(row, list) or len(row) != len(rows[0]) for row in rows):
        return None
    return rows if rows[0] and _moment(rows[0][0]) else None


def told(rows: list[list[axdr.Data]], capture: tuple[str, ...], step_minutes: int | None) -> Fields:
    """This will name the columns and fill what is left out: a value as in the row before, a time one step later.

    :param capture: "class:OBIS" of each column, such as "3:1-0:1.8.0"; empty when unknown
    :raises DecodeError: when the columns are not as many as the values of a row
    """
    fields: Fields = {}
    if not capture:
        capture, step_minutes = _assumed(rows[0]), step_minutes or USUAL_STEP
        fields["assumed"] = ASSUMED
    if len(capture) != len(rows[0]):
        raise DecodeError(f"{len(capture)} columns are named, a row has {len(rows[0])}", place="--capture")
    columns = [_column(one) for one in capture]
    filled = _filled([name for _, name in columns], rows, step_minutes)
    return {
        "capture_objects": [caption for caption, _ in columns],
        "entries": len(rows),
        "first": filled[0],
        "rows": list(filled),
        "step_minutes": step_minutes,
        **fields,
    }


def _moment(data: axdr.Data) -> tuple[datetime.datetime, int | None] | None:
    is_time = data["type"] in ("octet-string", "date-time")
    return cosem.moment(bytes.fromhex(str(data["value"]))) if is_time else None


def _assumed(row: list[axdr.Data]) -> tuple[str, ...]:
    registers, named = ["3:1-0:1.8.0", "3:1-0:2.8.0"], [f"{CLOCK}:0-0:1.0.0"]
    for number, cell in enumerate(row[1:], 2):
        if number == 2 and cell["type"] == "unsigned":
            named.append(f"{DATA}:{STATUS}1")
        elif cell["type"] == "double-long-unsigned" and registers:
            named.append(registers.pop(0))
        else:
            named.append("")
    return tuple(named)


def _column(text: str) -> tuple[str, str]:
    if not text:
        return "unknown", ""
    match = COLUMN.fullmatch(text.strip())
    if not match:
        raise DecodeError(f"{text}: write class:OBIS, such as 3:1-0:1.8.0", place="--capture")
    kind, code, attribute = int(match[1]), match[2], match[3] or match[4]
    if kind == CLOCK:
        return f"{kind}:{code}*255 attr{attribute or 2} (clock)", "timestamp_local"
    if kind == DATA and code.startswith(STATUS):
        return f"{kind}:{code}*255 (status)", "status"
    suffix = f" attr{attribute}" if attribute not in (None, "2") else ""
    return f"{kind}:{code}*255{suffix}", code.partition(":")[2] + suffix


def _filled(names: list[str], rows: list[list[axdr.Data]], step: int | None) -> list[Fields]:
    found: list[Fields] = []
    at: tuple[datetime.datetime, int | None] | None = None
    for row in rows:
        fields: Fields = {}
        for number, (name, cell) in enumerate(zip(names, row, strict=True), 1):
            key = name or f"column {number}"
            if name == "timestamp_local":
                at = _moment(cell) or _later(at, step, cell)
                fields[key] = cosem.told(*at) if at else None
            elif cell["type"] == "null-data" and found:
                fields[key] = found[-1][key]
            else:
                fields[key] = cell["value"]
        found.append(fields)
    return found


def _later(
    at: tuple[datetime.datetime, int | None] | None, step: int | None, cell: axdr.Data
) -> tuple[datetime.datetime, int | None] | None:
    if at is None or step is None or cell["type"] != "null-data":
        return None
    try:
        return at[0] + datetime.timedelta(minutes=step), at[1]
    except OverflowError as error:
        raise DecodeError("the time runs beyond the last year", place="profile") from error
