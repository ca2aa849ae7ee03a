"""Tables out of CSV and XLSX files, as they stand: no formula is evaluated, no number becomes a float of ours."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from meterbook.documents import uploads
from meterbook.metering.importing.problems import refuse

Cell = str | Decimal | datetime
DELIMITERS = (";", "\t", ",", "|")
MOST_ROWS, MOST_COLUMNS = 1_000_000, 320  # a day in one row has 300 intervals of 5 minutes at most
_HEAD = 200_000  # characters that tell the delimiter
_DECLARED = re.compile(r'"?sep=([;,|\t])"?', re.IGNORECASE)  # what spreadsheet programs write in front


@dataclass(frozen=True)
class Table:
    """The rows below the header, each with its line in the file. `sheets` is empty for text.

    `time_format` is how its kind of file writes times, where it has a way of its own. `units` are those of the
    columns, where a row tells them. `sums` are lines at the end with the word by which they sum up the others; they are
    left out of the rows.
    """

    header: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    lines: list[int]
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    time_format: str = ""
    units: tuple[str, ...] = ()
    header_line: int = 1
    sums: tuple[tuple[int, str], ...] = ()

    def column(self, name: str) -> int | None:
        """This will return the place of a column, by its name in any case."""
        wanted = name.strip().casefold()
        return next((place for place, each in enumerate(self.header) if each.casefold() == wanted), None)


def read(content: bytes, *, delimiter: str = "", sheet: str = "") -> Table:
    """This will read a file into a table; the header is the first row with two filled cells or more.

    :param delimiter: empty: the one that the header uses
    :param sheet: name of a workbook's sheet; empty: the first one
    :raises uploads.UploadRefused: when the file is no table at all
    :raises FileInvalid: when it cannot be read as one
    """
    if uploads.require_table(content) is uploads.TableKind.XLSX:
        return _workbook(content, sheet)
    text = text_of(content)
    used = delimiter or _delimiter(text)
    rows = _csv_rows(text, used)
    return _table(rows, delimiter=used)


def text_of(content: bytes) -> str:
    """This will decode the text of a file: UTF-8, UTF-16 with its mark or without, else that of Western Europe and
    America."""
    if wide := uploads.wide_encoding(content):
        return content.decode(wide, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheet programs of Western Europe and America write; figures and times are the same in all.
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """The sign that most lines have, and as often as the others; a title above the table may hold another."""
    lines = text[:_HEAD].splitlines()[:50]
    declared = _DECLARED.fullmatch(lines[0].strip()) if lines else None
    if declared:
        return declared[1]
    counts = {each: Counter(line.count(each) for line in lines if each in line) for each in DELIMITERS}
    best = max(DELIMITERS, key=lambda each: max(counts[each].values(), default=0))
    return best if counts[best] else ","


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield reader.line_num, tuple(row)
    except csv.Error as error:
        raise refuse(
            _("This line is not sound CSV (%(reason)s).") % {"reason": error},
            _("Look for a quotation mark that is not closed."),
            line=reader.line_num,
        ) from error


def _workbook(content: bytes, sheet: str) -> Table:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError) as error:
        raise refuse(_("The workbook cannot be read."), _("Save it again as XLSX, or as CSV.")) from error
    try:
        names = tuple(each.title for each in book.worksheets)
        if not names or (sheet and sheet not in names):
            raise refuse(
                _("The workbook has no sheet “%(name)s”.") % {"name": sheet},
                _("Its sheets: %(names)s.") % {"names": ", ".join(names)},
            )
        chosen = book[sheet or names[0]]
        cells = ((line, tuple(map(_cell, row))) for line, row in enumerate(chosen.iter_rows(values_only=True), 1))
        return _table(cells, sheet=chosen.title, sheets=names)
    except (ParseError, zipfile.BadZipFile, KeyError, IndexError) as error:
        raise refuse(_("The workbook cannot be read."), _("Save it again as XLSX, or as CSV.")) from error
    finally:
        book.close()


def _cell(value: object) -> Cell:
    """A number of a workbook is a binary one; a spreadsheet shows 15 digits of it, and so do we: 0.30000000000000004 is
    what adding 0.1 and 0.2 left there, not what somebody entered."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(0))
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return Decimal(value)
    if type(value).__name__ == "float":
        return Decimal(format(value, ".15g"))
    return str(value)


def named(header: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> tuple[str, ...]:
    """This will name a column that has cells but no name by its number, "#1" for the first: such often hold times."""
    filled = rows[0] if rows else ()
    return tuple(
        name or (f"#{place}" if place <= len(filled) and filled[place - 1] != "" else "")
        for place, name in enumerate(header, 1)
    )


def _table(
    rows: Iterable[tuple[int, tuple[Cell, ...]]], *, delimiter: str = "", sheet: str = "", sheets: tuple[str, ...] = ()
) -> Table:
    header: tuple[str, ...] = ()
    header_line = 1
    kept: list[tuple[Cell, ...]] = []
    lines: list[int] = []
    for line, row in rows:
        if len(row) > MOST_COLUMNS and any(each != "" for each in row[MOST_COLUMNS:]):
            raise refuse(
                _("The row has more than %(most)s columns.") % {"most": MOST_COLUMNS},
                _("Choose the delimiter that the file uses."),
                line=line,
            )
        if not any(each != "" and (not isinstance(each, str) or each.strip()) for each in row):
            continue
        if not header:
            names = tuple(str(each).strip() for each in row[:MOST_COLUMNS])
            header, header_line = (names, line) if sum(1 for each in names if each) > 1 else ((), line)
            continue
        if len(kept) == MOST_ROWS:
            raise refuse(
                _("The file has more than %(most)s rows.") % {"most": MOST_ROWS}, _("Split it by time."), line=line
            )
        kept.append(row)
        lines.append(line)
    header = named(header, kept[:1])
    if not kept:
        raise refuse(
            _("There are no rows below a header."),
            _("The first row must name the columns, such as “time” and “kWh”. Choose the delimiter of the file."),
        )
    return Table(header, kept, lines, delimiter, sheet, sheets, header_line=header_line)
