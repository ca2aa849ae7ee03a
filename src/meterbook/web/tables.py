"""What long lists share: addresses that keep the filter, heads that sort, pages, and the list as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import openpyxl
from django.http import HttpResponse
from django.utils.functional import Promise
from openpyxl.cell import WriteOnlyCell

PAGE = 50
CSV, XLSX = "csv", "xlsx"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate instead of show

Query = Mapping[str, str]
Cell = str | int | Decimal | date | None


@dataclass(frozen=True)
class Column:
    """A column of a list; `code` names it in the address, empty where it does not sort."""

    caption: str | Promise
    code: str = ""
    kind: str = ""  # classes, such as "num"
    is_descending_first: bool = False


@dataclass(frozen=True)
class Head:
    """The head of a column; `direction` is ascending or descending where the list is sorted by it."""

    caption: str | Promise
    kind: str
    href: str
    direction: str


@dataclass(frozen=True)
class Pages:
    """Which page is shown of how many; an empty address: there is none."""

    number: int
    of: int
    previous_href: str
    next_href: str


def link(query: Query, **changes: str) -> str:
    """This will return an address of the same page with its query changed: what is empty is left out."""
    asked = {key: value for key, value in {**query, **changes}.items() if value}
    return f"?{urlencode(asked)}"


def sorting(asked: str) -> tuple[str, bool]:
    """This will read what a list is sorted by: "-total" is ("total", True), downwards."""
    return asked.removeprefix("-"), asked.startswith("-")


def heads(columns: Iterable[Column], query: Query, code: str, *, is_descending: bool) -> tuple[Head, ...]:
    """This will make the heads of a list that is sorted by `code`; each leads to the list sorted by it, or back."""
    return tuple(_head(each, query, code, is_descending=is_descending) for each in columns)


def pages(query: Query, number: int, count: int, *, size: int = PAGE) -> Pages:
    """This will tell which page of `count` rows is shown, and where those beside it are."""
    of = max(1, -(-count // size))
    return Pages(
        number=number,
        of=of,
        previous_href=link(query, page=str(min(number - 1, of))) if number > 1 else "",
        next_href=link(query, page=str(number + 1)) if number < of else "",
    )


def file(kind: str, name: str, captions: Sequence[str | Promise], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """This will give out rows as CSV or XLSX, in which nothing is calculated that looks like a formula.

    In CSV such a text gets an apostrophe before it, in XLSX its cell is one of text. Numbers have a point as their
    decimal sign in CSV, so that programs read them alike.
    """
    headed: list[Sequence[Cell]] = [[str(each) for each in captions], *rows]
    content, media_type = (_xlsx(headed), XLSX_TYPE) if kind == XLSX else (_csv(headed), "text/csv; charset=utf-8")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)


def file_safe(name: str) -> str:
    """This will return a name that any file system takes."""
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in name)


def as_text(cell: openpyxl.cell.Cell | openpyxl.cell.MergedCell) -> None:
    """This will have a spreadsheet show the text of a cell whatever it looks like, now and after saving it again."""
    if isinstance(cell.value, str):
        cell.data_type = "s"
        if cell.value.startswith(FORMULA):
            cell.quotePrefix = True


def _head(column: Column, query: Query, code: str, *, is_descending: bool) -> Head:
    if not column.code:
        return Head(column.caption, column.kind, "", "")
    is_sorted = column.code == code
    downwards = not is_descending if is_sorted else column.is_descending_first
    direction = ("descending" if is_descending else "ascending") if is_sorted else ""
    href = link(query, sort=f"-{column.code}" if downwards else column.code, page="")
    return Head(column.caption, column.kind, href, direction)


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[_safe(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _xlsx(rows: Iterable[Sequence[Cell]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([_written(sheet, cell) for cell in row])
    text = io.BytesIO()
    book.save(text)
    return text.getvalue()


def _written(sheet: Any, cell: Cell) -> Any:  # noqa: ANN401 - openpyxl's own
    if not isinstance(cell, str) or not cell.startswith(FORMULA):
        return cell
    made = WriteOnlyCell(sheet, cell)
    as_text(made)
    return made
