"""Which kind of file it is, and its table: CSV, workbook, Green Button, or a trend report of a building."""

from __future__ import annotations

from meterbook.documents import uploads
from meterbook.metering.importing import greenbutton, headings, spread, tables, totals, trends
from meterbook.metering.importing.tables import Table


def read(content: bytes, *, delimiter: str = "", sheet: str = "") -> Table:
    """This will read a file into a table.

    :param delimiter: of CSV; empty: the one that the header uses
    :param sheet: name of a workbook's sheet; empty: the first one
    :raises uploads.UploadRefused: when the file is no table at all
    :raises FileInvalid: when it cannot be read as one
    """
    kind = uploads.require_table(content)
    if kind is uploads.TableKind.CSV:
        if greenbutton.is_green_button(content):
            return greenbutton.read(content)
        text = tables.text_of(content)
        if trends.is_trend_report(text):
            return trends.read(text)
    settled = headings.settled(tables.read(content, delimiter=delimiter, sheet=sheet))
    return spread.unfolded(totals.left_out(settled))
