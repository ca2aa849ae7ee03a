"""What the register of a meter showed at the midnights of a month, with the numbers that bills print."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SOURCE_CAPTIONS, Source
from meterbook.web import access, parameters, tables
from meterbook.web.meters import downloads, finding
from meterbook.web.quality import asking

_OTHER_SOURCES = {"CORRECTION": gettext_lazy("Entered by a person"), "EXCHANGE": gettext_lazy("Exchange of the meter")}


@dataclass(frozen=True)
class Line:
    """One midnight as its table shows it."""

    row: billing_queries.Midnight
    words: str
    tone: str
    icon: str


guard = access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)


@guard
def midnights(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will show a month: `?month=2026-11`."""
    detail, month, found = _read(request, meter)
    today = civil.local_date(request.at, detail.zone)
    following, before = civil.next_month(month), month - timedelta(days=1)
    page = reverse("meter_midnights", args=[request.organization.public_id, detail.public_id])
    files = reverse("meter_midnights_file", args=[request.organization.public_id, detail.public_id])
    context: dict[str, Any] = {
        "detail": detail,
        "title": formats.date_format(month, "YEAR_MONTH_FORMAT"),
        "found": found,
        "lines": [_line(each) for each in found.rows] if found else [],
        "is_known": found is not None and any(each.value is not None for each in found.rows),
        "earlier": _address(page, before) if before.year >= parameters.EARLIEST_YEAR else "",
        "later": _address(page, following) if following <= today else "",
        "csv_href": f"{_address(files, month)}&kind={tables.CSV}",
        "xlsx_href": f"{_address(files, month)}&kind={tables.XLSX}",
        "day_href": reverse("meter", args=[request.organization.public_id, detail.public_id]) + "?view=day&day=",
        "quality_href": asking.address(request, month)
        if request.access.allows_somewhere(permissions.VIEW_METER)
        else "",
    }
    return TemplateResponse(request, "quality/midnights.html", context)


@guard
def file(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will give out the same as CSV or XLSX, in the language that is set at the meter."""
    detail, month, found = _read(request, meter)
    with downloads.in_language_of(detail):
        unit, used, registers = found.use_unit.symbol if found else "", _("Used"), _("registers")
        captions = [_("Day"), _("Midnight"), _("Serial"), _("Register"), _("Unit"), _("Source"), f"{used} ({unit})"]
        rows = [
            [
                each.day.isoformat(),
                each.at.astimezone(detail.zone).isoformat(timespec="minutes"),
                each.serial_number,
                each.value,
                each.unit.symbol,
                _line(each).words,
                each.used,
            ]
            for each in (found.rows if found else ())
        ]
        kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
        name = tables.file_safe(f"{detail.code}_{registers}_{month:%Y-%m}")
        return tables.file(kind, name, captions, rows)


def _read(
    request: access.Request, meter: uuid.UUID
) -> tuple[metering_queries.MeterDetail, date, billing_queries.Midnights | None]:
    detail = finding.find_point(request, meter, is_assigned_enough=True)
    today = civil.local_date(request.at, detail.zone)
    month, _is_year = asking.period(request.GET.get("month", ""), "", today)
    return detail, month, billing_queries.midnight_registers(detail=detail, month=month, at=request.at)


def _line(row: billing_queries.Midnight) -> Line:
    if row.value is None:
        return Line(row, _("not known"), "stale", "clock")
    if row.quality is Quality.ESTIMATED:
        return Line(row, _("estimated"), "estimated", "edit")
    if row.source is None:
        return Line(row, _("worked out between readings"), "plain", "chart")
    if row.source in _OTHER_SOURCES:
        return Line(row, str(_OTHER_SOURCES[row.source]), "about", "edit")
    return Line(row, str(SOURCE_CAPTIONS[Source[row.source]]), "ok", "check")


def _address(page: str, month: date) -> str:
    return f"{page}?month={month:%Y-%m}"
