"""Account numbers or meter codes out of a file: the first column of a table, or a word a line."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from meterbook.documents import uploads
from meterbook.metering.importing import tables

MOST = 5_000
_MOST_BYTES, _MOST_EXPANDED = 2 * 1024 * 1024, 40 * 1024 * 1024


def read(content: bytes) -> tuple[str, ...]:
    """This will return the first cell of each row, each once, in order; a first row without a figure is a heading.

    :raises uploads.UploadRefused: when it is no table, cannot be read, or holds too many rows
    """
    kind = uploads.require_table(content, most_bytes=_MOST_BYTES, most_expanded=_MOST_EXPANDED)
    cells = list(_workbook(content) if kind is uploads.TableKind.XLSX else _lines(tables.text_of(content)))
    if cells and not any(each.isdigit() for each in cells[0]):
        cells = cells[1:]
    found = tuple(dict.fromkeys(each for each in cells if each))
    if not found:
        raise uploads.UploadRefused(_("The first column of the file is empty; write a number a row into it."))
    if len(found) > MOST:
        words = _("The file has %(count)s rows; at most %(most)s are taken at once.")
        raise uploads.UploadRefused(words % {"count": len(found), "most": MOST})
    return found


def _lines(text: str) -> Iterable[str]:
    for line in text.splitlines():
        delimiter = max(tables.DELIMITERS, key=line.count)
        try:
            row = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
        except csv.Error as error:
            words = _("This line is not sound CSV (%(reason)s).")
            raise uploads.UploadRefused(words % {"reason": error}) from error
        yield row[0].strip() if row else ""


def _workbook(content: bytes) -> list[str]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            rows = book.worksheets[0].iter_rows(max_col=1, values_only=True)
            return ["" if row[0] is None else str(row[0]).strip() for row in rows]
        finally:
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, IndexError, ValueError, TypeError) as error:
        raise uploads.UploadRefused(_("The workbook cannot be read.")) from error
