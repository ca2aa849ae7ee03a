"""Meters by the end of their calibration: what expired, what expires within some months, and the list as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.metering.assets import STATE_CAPTIONS
from meterbook.metering.queries import Expiry
from meterbook.web import access, parameters, services, tables
from meterbook.web.meters import assets, history
from meterbook.web.sites import choice

CAPTIONS = {
    Expiry.ALL: gettext_lazy("All meters"),
    Expiry.EXPIRED: gettext_lazy("Expired"),
    Expiry.THREE: gettext_lazy("Within 3 months"),
    Expiry.SIX: gettext_lazy("Within 6 months"),
    Expiry.TWELVE: gettext_lazy("Within 12 months"),
    Expiry.UNKNOWN: gettext_lazy("No test on record"),
}
USUAL = Expiry.TWELVE


@dataclass(frozen=True)
class Asked:
    """What the list is narrowed to."""

    show: Expiry
    search: str

    @property
    def query(self) -> dict[str, str]:
        """The address that asks for it; what is usual is left out."""
        return {"show": "" if self.show is USUAL else self.show.value, "q": self.search}


@dataclass(frozen=True)
class FilterChip:
    """A way to narrow the list."""

    caption: str
    href: str
    is_chosen: bool
    count: int | None = None


@dataclass(frozen=True)
class Line:
    """One meter; `days` in words says how far away the end is."""

    row: metering_queries.CalibrationRow
    icon: str
    model: str
    chip: assets.Chip
    days: str


def read(request: access.Request) -> Asked:
    """This will read what the list is asked for; what is unknown is the usual."""
    show = request.GET.get("show", "")
    return Asked(Expiry(show) if show in set(Expiry) else USUAL, parameters.search(request, "q"))


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def calibrations(request: access.Request) -> TemplateResponse:
    """This will list the meters by the end of their calibration: `?show=expired`, 3, 6, 12, unknown or all."""
    asked = read(request)
    found = _found(request, asked)
    number = parameters.page_number(request)
    pages = tables.pages(asked.query, number, len(found))
    shown = found[(pages.number - 1) * tables.PAGE : pages.number * tables.PAGE]
    context: dict[str, Any] = {
        "lines": [_line(request, each) for each in shown],
        "total": len(found),
        "search": asked.search,
        "kept": [(key, value) for key, value in asked.query.items() if value and key != "q"],
        "chips": [_chip(asked, show) for show in CAPTIONS],
        "pages": pages,
        "csv_href": tables.link({**asked.query, "kind": tables.CSV}),
        "xlsx_href": tables.link({**asked.query, "kind": tables.XLSX}),
        "all_href": tables.link({"show": Expiry.ALL.value}),
        "is_usual": asked.show is not Expiry.ALL and not asked.search,
    }
    return TemplateResponse(request, "meters/calibrations.html", context)


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def file(request: access.Request) -> HttpResponse:
    """This will give out what the list shows, all pages of it: `?kind=csv` or `xlsx`."""
    asked = read(request)
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    captions = (
        _("Serial number"),
        _("Model"),
        _("Code of the meter point"),
        _("Name"),
        _("Site"),
        _("Unit or place"),
        _("Service"),
        _("Calibration"),
        _("Tested on"),
        _("Holds through"),
        _("Number of the certificate"),
    )
    rows = (
        (
            each.serial_number,
            history.model_name(each.model_code),
            each.point_code,
            each.point_name,
            each.site_name,
            each.place,
            str(metering_values.SERVICE_CAPTIONS[each.service]),
            str(STATE_CAPTIONS[each.state]),
            each.tested_on,
            each.last_day,
            each.certificate_number,
        )
        for each in _found(request, asked)
    )
    day = civil.local_date(request.at, choice.clock_zone(request))
    name = _("calibrations")
    return tables.file(kind, tables.file_safe(f"{name}_{day.isoformat()}"), captions, rows)


def _found(request: access.Request, asked: Asked) -> list[metering_queries.CalibrationRow]:
    return metering_queries.list_calibrations(
        at=request.at,
        show=asked.show,
        search=asked.search,
        site_ids=choice.site_ids(request, permissions.VIEW_METER),
    )


def _chip(asked: Asked, show: Expiry) -> FilterChip:
    href = tables.link(Asked(show, asked.search).query)
    return FilterChip(str(CAPTIONS[show]), href, show is asked.show)


def _line(request: access.Request, row: metering_queries.CalibrationRow) -> Line:
    is_soon = not row.is_past and row.until_day is not None and row.until_day <= request.at.date() + assets.SOON
    return Line(
        row,
        services.ICONS[row.service],
        history.model_name(row.model_code),
        assets.chip(row.state, is_soon=is_soon),
        _days(row.until_day, request.at),
    )


def _days(until_day: date | None, at: datetime) -> str:
    if until_day is None:
        return ""
    left = (until_day - at.date()).days
    if left > 0:
        return ngettext("%(count)s day left", "%(count)s days left", left) % {"count": left}
    return ngettext("since %(count)s day", "since %(count)s days", 1 - left) % {"count": 1 - left}
