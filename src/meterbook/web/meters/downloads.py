"""The data of a shown period as a file: the cells of the table that the page shows, and the ends of each bar.

A language that is set at the meter is that of its files, whoever takes them (M-012). Without one a file is in the
language of the page.
"""

from __future__ import annotations

import csv
import io
import uuid
from contextlib import AbstractContextManager
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font

from meterbook.identity.values import Module
from meterbook.kernel import civil, zones
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access, tables
from meterbook.web.meters import finding, sheet, shown

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def data(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will give out the bars of a period as CSV: local start and end with offset, then the table's cells.

    Numbers have a point as their decimal sign, so that programs read them alike; a gap is an empty cell.
    """
    with in_language_of(finding.find_point(request, meter, is_assigned_enough=True)):
        return csv_of(*_read(request, meter))


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def workbook(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will give out the same as a workbook: one sheet with the bars, one that says what they are of."""
    with in_language_of(finding.find_point(request, meter, is_assigned_enough=True)):
        return workbook_of(*_read(request, meter))


def in_language_of(detail: metering_queries.MeterDetail) -> AbstractContextManager[object]:
    """This will read and write in the language that is set at a meter, else in that of the page."""
    return translation.override(detail.language or translation.get_language())


def csv_of(detail: metering_queries.MeterDetail, found: shown.Shown, laid: sheet.Sheet) -> HttpResponse:
    """This will write what is shown as CSV."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_head(laid))
    for row in laid.rows:
        numbers = [
            "" if number is None else f"{number:.{column.decimals}f}"
            for number, column in zip(row.numbers, laid.columns, strict=True)
        ]
        rows.writerow([*_times(row, detail.zone), *numbers, row.state])
    return _answer(("\ufeff" + text.getvalue()).encode(), "text/csv; charset=utf-8", _name(detail, found, "csv"))


def workbook_of(detail: metering_queries.MeterDetail, found: shown.Shown, laid: sheet.Sheet) -> HttpResponse:
    """This will write what is shown as a workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    bars = book.create_sheet(_("Usage"))
    bars.append(_head(laid))
    for row in laid.rows:
        bars.append([*_times(row, detail.zone), *row.numbers, row.state])
    for cell in bars[1]:
        cell.font = Font(bold=True)
    for place, column in enumerate(laid.columns, start=4):
        pattern = f"0.{'0' * column.decimals}" if column.decimals else "0"
        for (cell,) in bars.iter_rows(min_row=2, min_col=place, max_col=place):
            cell.number_format = pattern
    bars.freeze_panes = "A2"
    for letter in "ABC":
        bars.column_dimensions[letter].width = 24
    about = book.create_sheet(_("About"))
    for line in _about(detail, found):
        about.append(line)
        for cell in about[about.max_row]:
            tables.as_text(cell)
    content = io.BytesIO()
    book.save(content)
    return _answer(content.getvalue(), XLSX, _name(detail, found, "xlsx"))


def _read(request: access.Request, meter: uuid.UUID) -> tuple[metering_queries.MeterDetail, shown.Shown, sheet.Sheet]:
    detail = finding.find_point(request, meter, is_assigned_enough=True)
    found = shown.read(request, detail)
    if found.usage is None:
        raise Http404(_("This meter has no series yet."))
    return detail, found, sheet.build(found, zone=detail.zone)


def _head(laid: sheet.Sheet) -> list[str]:
    columns = [f"{column.caption} ({column.unit})" for column in laid.columns]
    return [_("Time"), _("Start"), _("End"), *columns, _("State")]


def _times(row: sheet.Row, zone: ZoneInfo) -> list[str]:
    ends = [each.astimezone(zone).isoformat(timespec="minutes") for each in (row.start, row.end)]
    return [row.label, *ends]


def _about(detail: metering_queries.MeterDetail, found: shown.Shown) -> list[tuple[str, str]]:
    bar, usage = found.bar, found.usage
    lines: list[tuple[str, str]] = [
        (_("Meter point"), f"{detail.code} {detail.name}"),
        (_("Site"), detail.site_name),
        (_("Period"), f"{bar.title} {bar.detail}".strip()),
        (_("Time zone"), zones.key_at(detail.zone, civil.start_of_day(bar.final, detail.zone))),
    ]
    if found.series and usage:
        lines += [(_("Quantity"), found.series.caption), (_("Interval"), f"{usage.step} min")]
    if bar.before:
        lines.append((_("Compared with"), bar.before))
    return lines


def _name(detail: metering_queries.MeterDetail, found: shown.Shown, ending: str) -> str:
    days = f"{found.bar.first.isoformat()}_{found.bar.final.isoformat()}"
    day = found.asked.day.isoformat() if found.asked.free is None else days
    return f"{_file_safe(detail.code)}_{found.bar.view.lower()}_{day}.{ending}"


def _answer(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _file_safe(code: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in code)
