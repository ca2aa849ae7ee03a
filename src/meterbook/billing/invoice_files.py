"""Suppliers' invoices out of files: tables with a row a line of an invoice, or documents in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from meterbook.billing.pools import invoices
from meterbook.documents import uploads
from meterbook.metering.importing import tables
from meterbook.metering.importing.problems import FileInvalid

MOST_BYTES, MOST_INVOICES = 5 * 1024 * 1024, 100
HEAD = ("supplier", "number", "code", "service", "first_day", "last_day", "currency", "consumption")
COLUMNS = (*HEAD, "consumption_unit", "total", "kind", "text", "quantity", "unit", "price", "amount", "pool")
NEEDED = ("supplier", "number", "service", "first_day", "last_day", "currency", "total", "kind", "text", "amount")
_NUMBERS = frozenset(["consumption", "total", "quantity", "price", "amount"])

Plain = dict[str, Any]


class FileUnreadable(ValueError):
    """The file holds no invoices that can be read; the message says what lacks and where."""


def read(content: bytes, *, mark: str = ".") -> list[Plain]:
    """This will return the documents of a file, not checked yet: CSV and XLSX by the names of their columns, or JSON.

    Rows of one supplier and number are the lines of one invoice, in their order; what is told of the whole invoice
    stands in the first of them, and may be repeated. `last_day` is included.

    :param mark: before the decimals of numbers that are written as text
    :raises FileUnreadable: see there
    :raises uploads.UploadRefused: when it is no such file at all
    """
    if content.lstrip()[:1] in (b"{", b"["):
        found = _documents(uploads.require_text(content, most_bytes=MOST_BYTES))
    else:
        uploads.require_table(content, most_bytes=MOST_BYTES)
        try:
            table = tables.read(content)
        except FileInvalid as error:
            raise FileUnreadable(str(error)) from error
        found = _grouped(table, mark)
    if not found:
        raise FileUnreadable(_("There is no invoice in the file."))
    if len(found) > MOST_INVOICES:
        raise FileUnreadable(_("A file has at most %(most)s invoices; split it.") % {"most": MOST_INVOICES})
    return found


def _documents(text: str) -> list[Plain]:
    try:
        plain = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(_("This is no sound JSON: %(reason)s.") % {"reason": str(error)[:120]}) from error
    listed = plain.get("invoices", [plain]) if isinstance(plain, dict) else plain
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise FileUnreadable(_("JSON holds one invoice, or a list of them."))
    return listed


def _grouped(table: tables.Table, mark: str) -> list[Plain]:
    places = {name: table.column(name) for name in COLUMNS}
    missing = [name for name in NEEDED if places[name] is None]
    if missing:
        raise FileUnreadable(
            _("The columns %(names)s lack. The file needs: %(all)s.")
            % {"names": ", ".join(missing), "all": ", ".join(COLUMNS)}
        )
    found: dict[tuple[str, str], Plain] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        given = {
            name: _cell(row[place], name, line, mark)
            for name, place in places.items()
            if place is not None and place < len(row)
        }
        if not any(given.values()):
            continue
        key = given["supplier"], given["number"]
        if key not in found:
            found[key] = _head(given, line)
        found[key]["lines"].append(
            {
                name: given[name]
                for name in ("kind", "text", "quantity", "unit", "price", "amount", "pool")
                if given.get(name)
            }
        )
    return list(found.values())


def _head(given: Mapping[str, str], line: int) -> Plain:
    try:
        until = (date.fromisoformat(given["last_day"]) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError) as error:
        raise FileUnreadable(
            _("Line %(line)s, last_day: write the day as year-month-day, such as 2026-07-31.") % {"line": line}
        ) from error
    plain: Plain = {"format": invoices.FORMAT, "until_day": until, "lines": []}
    plain |= {name: given[name] for name in ("supplier", "number", "service", "first_day", "currency", "total")}
    more = {"code": given.get("code"), "quantity": given.get("consumption"), "unit": given.get("consumption_unit")}
    return plain | {key: value for key, value in more.items() if value}


def _cell(cell: tables.Cell, name: str, line: int, mark: str) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    text = str(cell).strip()
    if text.startswith("="):
        raise FileUnreadable(
            _("Line %(line)s, %(column)s: a formula stands there; put its value.") % {"line": line, "column": name}
        )
    if name in _NUMBERS and mark != ".":
        return text.replace(".", "").replace(mark, ".")
    return text


def example() -> Sequence[Sequence[str]]:
    """This will return a table with an invoice of three lines, to be filled in anew."""
    whole = ("Harbor Power", "2026-0513", "utility", "ELECTRICITY", "2026-05-01", "2026-05-31", "EUR", "1000", "kWh")
    lines = (
        ("ENERGY", "Energy", "1000", "kWh", "0.15", "150.00", ""),
        ("FIXED", "Standing charge", "31", "", "0.50", "15.50", ""),
        ("TAX", "VAT 21 %", "", "", "", "34.76", ""),
    )
    return [COLUMNS, *((*whole, "200.26", *each) for each in lines)]
