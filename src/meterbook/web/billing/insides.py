"""The inside of a line that is fetched when it is opened: the tariff in words, its hours, each day, each interval."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.billing.queries import issued_intervals
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.reporting.queries import explaining, raw_readings
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.terms import Channel
from meterbook.web import access, tables
from meterbook.web.billing import bills, days, glass, lines, words
from meterbook.web.meters import finding, frames
from meterbook.web.tariffs import picture
from meterbook.web.tariffs import views as tariff_views
from meterbook.web.templatetags import meterbook as tags

Plain = Mapping[str, Any]
FRAME_AGE = timedelta(minutes=1)  # a frame so near to a reading is the reading's


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def line(request: access.Request, bill: uuid.UUID, point: int, charge: int, line: int) -> HttpResponse:
    """This will show what a line was made from; with `?day=2026-10-14` the intervals of that day, with `?kind=csv` all.

    Without the tenant's consent a dwelling's line is shown by whole days only; the bill itself is complete.
    """
    return show_line(request, bills.opened(request, bill), (point, charge, line))


def show_line(request: access.Request, opened: glass.Opened, place: tuple[int, int, int]) -> HttpResponse:
    """This will answer with the inside of a line, a day of it, or its file."""
    charge = glass.at_place(glass.at_place(opened.content["meter_points"], place[0])["charges"], place[1])
    row = glass.at_place(charge["lines"], place[2])
    document = explaining.document_of(charge)
    context: dict[str, Any] = {
        "self_href": request.path,
        "anchor": "-".join(map(str, place)),
        "tariff_row": _tariff_row(document, row),
    }
    read = explaining.maximum_of(row)
    if read is not None:
        context["maxima"] = _maxima(opened, read, place[0])
        return render(request, "billing/_inside.html", context)
    if not lines.is_metered(row):
        return render(request, "billing/_inside.html", context)
    if _is_untold(document, opened.content["meter_points"][place[0]], row):
        return render(request, "billing/_inside.html", {**context, "is_untold": True})
    found = glass.point_of(opened, place[0], _register(opened.content["meter_points"][place[0]], row))
    used = days.load(
        issued=issued_intervals.intervals_of(
            point=found.plain, series=found.series, approved_at=opened.bill.approved_at
        ),
        charge=charge,
        line=row,
        document=document,
        zone=found.zone,
    )
    day, kind = _day(request.GET.get("day", "")), request.GET.get("kind", "")
    is_fine = day is not None or kind in (tables.CSV, tables.XLSX)
    may_open = glass.opens_intervals(request, opened, found, is_note=is_fine)
    if kind in (tables.CSV, tables.XLSX):
        return _file(opened, found, used, row, kind=kind, is_fine=may_open)
    context |= {"unit": used.unit, "is_days_only": not may_open, "meter_href": _meter_href(request, opened, found)}
    if day is not None:
        raws = _raws(opened, found, day) if may_open else {}
        readings_href, query = f"{opened.base}points/{place[0]}/readings/", glass.query_of(found)
        rows = days.intervals(used, day, raws, readings_href, query) if may_open else ()
        context |= {"rows": rows, "day": day}
        return render(request, "billing/_intervals.html", context)
    context |= {
        "register_name": found.series.caption if found.register else "",
        "frame": None if opened.is_own else _frame(found),
        "inside": days.inside(used),
        "peaks": _peaks(opened, found, row, used, place[0]),
        "seasons": _seasons(document, charge) if document is not None and row["trace"].get("period") else (),
        "legend": picture.legend(document, language=_language()) if document is not None else (),
        "hours": [(f"{hour:02}", 72 + hour * 40) for hour in range(0, 25, 6)],
    }
    return render(request, "billing/_inside.html", context)


def _maxima(opened: glass.Opened, read: explaining.LineRegister, place: int) -> list[tuple[str, str]]:
    """The reading of a register of maximum demand that a line goes by, with the way to it."""
    zone = ZoneInfo(glass.at_place(opened.content["meter_points"], place).get("zone") or opened.content["site"]["zone"])
    return [
        (
            words.moment(at.astimezone(zone).isoformat()),
            f"{opened.base}points/{place}/readings/{words.stamp(at)}?register={read.code}",
        )
        for at in read.readings
    ]


def _register(point: Plain, line: Plain) -> str:
    """The register whose intervals a line counts: its own one, or that which is measured in its unit."""
    codes = explaining.taken(point, line)
    if "" not in codes:
        return codes[0]
    dimension = Unit(line["unit"]).dimension
    if Unit(point["unit"]).dimension is dimension:
        return ""
    own = (each for each in explaining.registers_of(point) if each["code"] in codes)
    return next((each["code"] for each in own if Unit(each["unit"]).dimension is dimension), "")


def _is_untold(document: TariffDocument | None, point: Plain, line: Plain) -> bool:
    """Whether a line goes by a register of which its bill says nothing: it is from before bills did."""
    component = _component(document, line)
    if component is None or component.channel in (Channel.IMPORT, Channel.NET):
        return False
    return not any(line["component"] in each["components"] for each in explaining.registers_of(point))


def _meter_href(request: access.Request, opened: glass.Opened, found: explaining.MeteredPoint) -> str:
    if opened.is_own or metering_permissions.VIEW_METER not in request.permissions:
        return ""
    return reverse("meter", args=[request.organization.public_id, found.detail.public_id])


def _tariff_row(document: TariffDocument | None, line: Plain) -> tariff_views.ChargeRow | None:
    """What the tariff says of the component, in words."""
    component = _component(document, line)
    if document is None or component is None:
        return None
    return tariff_views.charge_row(component, document, _language())


def _component(document: TariffDocument | None, line: Plain) -> Component | None:
    listed = () if document is None else document.components
    return next((each for each in listed if each.code == line["component"]), None)


def _raws(opened: glass.Opened, found: explaining.MeteredPoint, day: date) -> dict[datetime, days.Raw]:
    """What the register showed at each instant of a local day, as far as it was known when the bill was approved."""
    period, known_at = civil.day_bounds(day, found.zone), opened.bill.approved_at
    raws = {}
    for at, each in raw_readings.raw_values(series_id=found.series.id, period=period).items():
        register = raw_readings.register_of(detail=found.detail, series=found.series, at=at)
        is_known = found.period.start <= at <= found.period.end and (known_at is None or each.received_at <= known_at)
        if register is not None and is_known:
            raws[at] = days.Raw(tags.number(register.shown(each.raw), register.decimals), words.stamp(at))
    return raws


def _peaks(
    opened: glass.Opened, found: explaining.MeteredPoint, line: Plain, used: days.Usage, place: int
) -> list[tuple[str, str]]:
    """The readings around the highest demands that a line names, each with the way to it."""
    starts = [words.instant(each) for each in line["trace"].get("at", ())]
    edges = {*starts, *(each + used.step for each in starts)}
    return [
        (
            words.moment(at.astimezone(found.zone).isoformat()),
            f"{opened.base}points/{place}/readings/{words.stamp(at)}{glass.query_of(found)}",
        )
        for at in sorted(edges)
        if found.period.start <= at <= found.period.end
    ]


def _file(
    opened: glass.Opened, found: explaining.MeteredPoint, used: days.Usage, line: Plain, *, kind: str, is_fine: bool
) -> HttpResponse:
    if not used.is_kept and opened.bill.is_issued:
        raise Http404(days.not_kept())
    name = f"{opened.bill.number or 'draft'}-{found.plain['code']}-{line['code']}"
    captions, rows = days.sheet(used, is_fine=is_fine)
    return tables.file(kind, tables.file_safe(name), captions, rows)


def _frame(found: explaining.MeteredPoint) -> frames.FrameView | None:
    """The raw frame of the final reading, while the device still keeps it: later ones replace it."""
    try:
        device = finding.find_device(metering_queries.get_meter(public_id=found.detail.public_id))
    except metering_queries.MeterNotFound:
        return None
    frame = frames.frame(device)
    ends = [words.instant(each["present"]["at"]) for each in found.plain["segments"]]
    return frame if frame is not None and any(abs(frame.at - each) < FRAME_AGE for each in ends) else None


def _seasons(document: TariffDocument, charge: Plain) -> tuple[picture.SeasonPicture, ...]:
    """Those that days of the charge fall into."""
    drawn = picture.seasons(document, language=_language())
    first, until = date.fromisoformat(charge["from"][:10]), date.fromisoformat(charge["until"][:10])
    count = len(document.day_types)
    touched = {
        document.row_of(date.fromordinal(each)) // count
        for each in range(first.toordinal(), max(until.toordinal(), first.toordinal() + 1))
    }
    return tuple(each for place, each in enumerate(drawn) if place in touched)


def _language() -> str:
    return (translation.get_language() or "en")[:2]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
