"""A building's workbook, read into rows; every fault is noted with its cell, and reading goes on."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from meterbook.documents import uploads
from meterbook.journeys.building.cells import CellWrong, Value, value_of
from meterbook.journeys.building.problems import Problems
from meterbook.journeys.building.sheets import Column, Kind, spellings

log = structlog.get_logger(__name__)

MOST_BYTES, MOST_EXPANDED = 10 * 1024 * 1024, 60 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 20_000, 60
HEADER = 1
Kinds = TypeVar("Kinds", bound=Kind)


@dataclass(frozen=True)
class Row:
    """A row as it was given: its line, and what its cells mean by column key; columns that are not there have none."""

    line: int
    values: Mapping[str, Value]


@dataclass
class Book:
    """The rows of each sheet, and what is wrong."""

    rows: dict[Kind, list[Row]] = field(default_factory=lambda: defaultdict(list))
    problems: Problems = field(default_factory=Problems)


class WorkbookRefused(ValueError):
    """The file is no workbook that can be read; the message says why."""


def require_workbook(content: bytes) -> None:
    """This will pass for a workbook (XLSX) of a bearable size; nothing in it has been looked at yet.

    :raises WorkbookRefused: for anything else
    """
    try:
        kind = uploads.require_table(content, most_bytes=MOST_BYTES, most_expanded=MOST_EXPANDED)
    except uploads.UploadTooLarge as error:
        raise WorkbookRefused(
            _("The file has %(size)s MB; a workbook of a building has at most %(most)s MB.")
            % {"size": len(content) // 1024 // 1024 + 1, "most": MOST_BYTES // 1024 // 1024}
        ) from error
    except uploads.UploadExpands as error:
        raise WorkbookRefused(
            _("This workbook expands to more than %(most)s MB. Copy its rows into a new template.")
            % {"most": MOST_EXPANDED // 1024 // 1024}
        ) from error
    except uploads.UploadRefused as error:
        raise WorkbookRefused(str(error)) from error
    if kind is not uploads.TableKind.XLSX:
        raise WorkbookRefused(_("This is no workbook. Download the template, fill it in and save it as XLSX."))


def read(content: bytes, columns: Mapping[Kinds, Sequence[Column]], language: str) -> Book:
    """This will read a workbook; faults are in the answer's `problems`.

    :param columns: of each sheet that the workbook may have
    :param language: whose decimal mark numbers have that are written as text
    :raises WorkbookRefused: when it is no workbook
    """
    require_workbook(content)
    found = Book()
    try:
        opened = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            named = spellings({each: each.caption for each in columns})
            sheets = [(named.get(each.title.strip().casefold()), each) for each in opened.worksheets]
            for kind, sheet in sheets:
                if kind is not None:
                    _read_sheet(found, kind, sheet, columns[kind], language)
        finally:
            opened.close()
    except Exception as error:  # whatever the library stumbles over, the file is at fault
        log.warning("building.workbook_unreadable", exc_info=True)
        raise WorkbookRefused(_("The workbook cannot be read. Save it again as XLSX.")) from error
    if not any(kind for kind, _sheet in sheets):
        captions = ", ".join(str(each.caption) for each in columns)
        found.problems.add(
            None,
            0,
            "",
            _("There is no sheet that is known."),
            _("Name the sheets as in the template: %(names)s.") % {"names": captions},
        )
    return found


def _read_sheet(found: Book, kind: Kind, sheet: object, columns: Sequence[Column], language: str) -> None:
    rows: Iterable[Sequence[object]] = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS)  # type: ignore[attr-defined]
    placed: dict[int, Column] = {}
    for line, cells in enumerate(rows, HEADER):
        if line == HEADER:
            placed = _header(found, kind, cells, columns)
            continue
        if all(_is_blank(cell.value) for cell in cells):  # type: ignore[attr-defined]
            continue
        if line > MOST_ROWS + 1:
            found.problems.add(
                kind, line, "", _("The sheet has more than %(most)s rows.") % {"most": MOST_ROWS}, _("Split it.")
            )
            return
        found.rows[kind].append(_row(found, kind, line, cells, placed, language))


def _header(found: Book, kind: Kind, cells: Sequence[object], columns: Sequence[Column]) -> dict[int, Column]:
    by_key = {each.key: each for each in columns}
    named = spellings({each.key: each.caption for each in columns})
    placed: dict[int, Column] = {}
    for place, cell in enumerate(cells):
        text = "" if cell.value is None else str(cell.value).strip()  # type: ignore[attr-defined]
        if not text:
            continue
        key = named.get(text.removesuffix("*").strip().casefold())
        if key is None or by_key[key] in placed.values():
            found.problems.add(
                kind,
                HEADER,
                text[:40],
                _("This column is not known.") if key is None else _("This column is there twice."),
                _("Take the columns of the template, or remove it."),
            )
        else:
            placed[place] = by_key[key]
    for each in columns:
        if each.is_key and each not in placed.values():
            found.problems.add(kind, HEADER, each.caption, _("The column is missing."), _("Rows are found by it."))
    return placed


def _row(
    found: Book, kind: Kind, line: int, cells: Sequence[object], placed: Mapping[int, Column], language: str
) -> Row:
    values: dict[str, Value] = {}
    for place, column in placed.items():
        cell = cells[place] if place < len(cells) else None
        raw = getattr(cell, "value", None)
        try:
            values[column.key] = value_of(column, raw, getattr(cell, "data_type", "n"), language)
        except CellWrong as error:
            found.problems.add(kind, line, column.caption, error.problem, error.remedy)
            continue
        if column.is_required and values[column.key] is None:
            found.problems.add(kind, line, column.caption, _("The cell is empty."), _("It is needed."))
    return Row(line, values)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
