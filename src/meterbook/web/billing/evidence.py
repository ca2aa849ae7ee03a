"""One reading behind a bill as it came in: the last step from a line down (I-01, M-088)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import assets as metering_assets
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import READING_KIND_CAPTIONS, SOURCE_CAPTIONS
from meterbook.reporting.queries import explaining, raw_readings
from meterbook.web import access
from meterbook.web.billing import bills, glass, kept_frames, words
from meterbook.web.meters import assets, captions, history
from meterbook.web.templatetags import meterbook as tags

Evidence = raw_readings.Evidence


@dataclass(frozen=True)
class RawLine:
    """A stored reading as the page lists it; `is_late`: it came after the bill was approved, which does not use it."""

    time: str
    raw: str
    value: str
    chip: captions.Chip
    source: str | Promise
    received: str
    delay: str
    is_late: bool
    is_shown: bool
    href: str


@dataclass(frozen=True)
class FactLine:
    """What a person said of the reading later."""

    caption: str | Promise
    value: str
    reason: str
    author: str
    approved_by: str
    recorded: str
    is_late: bool


@dataclass(frozen=True)
class MeterFacts:
    """The meter at that instant: plate, seals, and whether its calibration held."""

    serial: str
    model: str
    register: str
    resolution: str
    multiplier: str
    accuracy_class: str
    approval: str | Promise
    seals: str
    calibration: assets.Chip
    test: metering_queries.TestRow | None
    last_day: date | None
    certificate_href: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def reading(request: access.Request, bill: uuid.UUID, point: int, instant: str) -> HttpResponse:
    """This will show the reading of an instant behind a meter point of a bill; `?end=present` of what ended then.

    With `?register=energy_import_t1` it is that of a further register, also of one of maximum demand; `?photo=1` gives
    out the photo of the display.
    """
    opened = bills.opened(request, bill)
    if "photo" in request.GET:
        return photo_of(request, opened, point, instant)
    context = collect(request, opened, point, instant)
    return render(request, "billing/reading.html", {**context, "bills_href": bills.list_href(request)})


def photo_of(request: access.Request, opened: glass.Opened, place: int, stamp: str) -> HttpResponse:
    """This will answer with the photo of the display, a JPEG that was written anew when it came."""
    _point, found = _find(request, opened, place, stamp)
    person = found.origin.person
    if person is None or person.photo is None:
        raise Http404(_("There is no photo of this reading."))
    _site, content = metering_queries.get_photo(public_id=person.photo)
    headers = {"Content-Disposition": f'inline; filename="{stamp}.jpg"'}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)


def collect(request: access.Request, opened: glass.Opened, place: int, stamp: str) -> dict[str, Any]:
    """This will collect what the page of a reading shows, of a tenant's own bill or of any that may be seen."""
    point, found = _find(request, opened, place, stamp)
    own_href = f"{opened.base}points/{place}/readings/"
    query = glass.query_of(point)
    lines = [_line(opened, point, found, each, (own_href, query)) for each in (*found.around, *found.readings)]
    lines.sort(key=lambda each: (each[0], each[1].href))
    billed = _billed(point.plain, found.at, request.GET.get("end", ""))
    may_view_meter = not opened.is_own and metering_permissions.VIEW_METER in request.permissions
    meter = None
    if may_view_meter:
        meter = reverse("meter", args=[request.organization.public_id, point.detail.public_id])
    return {
        "opened": opened,
        "point": point.plain,
        "register_name": point.series.caption if point.register else "",
        "time": words.moment(found.at.astimezone(point.zone).isoformat()),
        "zone": point.zone,
        "found": found,
        "reading": next((line for _at, line in lines if line.is_shown), None),
        "lines": [line for _at, line in lines],
        "facts": [_fact(opened, point.zone, found, each) for each in found.facts],
        "contradictions": [
            (_shown(found, each.raw), SOURCE_CAPTIONS[each.source], _moment(each.received_at, point.zone))
            for each in found.contradictions
        ],
        "unit": _unit(found),
        "billed": billed,
        "is_beside": found.reading is not None and found.reading.at != found.at,
        "meter": _meter(request, opened, point, found),
        "person_kind": READING_KIND_CAPTIONS[found.origin.person.kind] if found.origin.person else "",
        "photo_href": _photo_href(found, f"{own_href}{stamp}{query}"),
        "frames": kept_frames.of(found),
        "device_place": kept_frames.place(found, is_own=opened.is_own),
        "meter_href": f"{meter}?view=day&day={found.at.astimezone(point.zone).date().isoformat()}" if meter else "",
        "bill_title": opened.bill.number or _("Draft"),
    }


def _find(
    request: access.Request, opened: glass.Opened, place: int, stamp: str
) -> tuple[explaining.MeteredPoint, Evidence]:
    """The reading, where it may be seen: in the time of the bill, and within a day only where intervals may be."""
    register = request.GET.get("register", "")
    point, at = glass.point_of(opened, place, register), glass.instant(stamp)
    maxima = explaining.maxima_of(point.plain).get(register, ())
    if not point.period.start <= at <= point.period.end and at not in maxima:
        raise Http404(_("This bill is about another time."))
    is_fine = at != civil.start_of_day(at.astimezone(point.zone).date(), point.zone)
    may_see_days = glass.opens_intervals(request, opened, point, is_note=is_fine)
    ends = ("previous", "present")
    edges = {words.instant(segment[end]["at"]) for segment in point.plain["segments"] for end in ends} | set(maxima)
    if is_fine and not may_see_days and at not in edges:
        raise Http404(_("Somebody lives here who has not agreed to use being seen in detail."))
    found = raw_readings.evidence_of(
        detail=point.detail,
        series=point.series,
        at=at,
        within=point.period,
        is_ending=request.GET.get("end") == "present",
    )
    return point, found if may_see_days else replace(found, around=())


def _line(
    opened: glass.Opened,
    point: explaining.MeteredPoint,
    found: Evidence,
    row: raw_readings.RawReading,
    around: tuple[str, str],
) -> tuple[datetime, RawLine]:
    """`around` is what stands before and after the instant in the address of a reading."""
    known_at = opened.bill.approved_at
    return row.at, RawLine(
        time=_moment(row.at, point.zone),
        raw=str(row.raw),
        value=_shown(found, row.raw),
        chip=captions.QUALITIES[row.quality],
        source=SOURCE_CAPTIONS[row.source],
        received=_moment(row.received_at, point.zone, seconds=True),
        delay=_delay(row.received_at - row.at),
        is_late=known_at is not None and row.received_at > known_at,
        is_shown=row is found.reading,
        href=words.stamp(row.at).join(around),
    )


def _photo_href(found: Evidence, href: str) -> str:
    if found.origin.person is None or not found.origin.person.photo:
        return ""
    return f"{href}{'&' if '?' in href else '?'}photo=1"


def _fact(opened: glass.Opened, zone: ZoneInfo, found: Evidence, fact: raw_readings.LaterFact) -> FactLine:
    known_at = opened.bill.approved_at
    return FactLine(
        caption=captions.CORRECTIONS[fact.kind],
        value="" if fact.raw is None else _shown(found, fact.raw),
        reason=fact.reason,
        author=fact.author,
        approved_by=fact.approved_by,
        recorded=_moment(fact.recorded_at, zone),
        is_late=known_at is not None and fact.recorded_at > known_at,
    )


def _billed(point: glass.Plain, at: datetime, end: str) -> tuple[str, str, captions.Chip] | None:
    """What the bill itself says of the register at the instant: value, unit, quality."""
    for key in ("present", "previous") if end == "present" else ("previous", "present"):
        for segment in point["segments"]:
            if words.instant(segment[key]["at"]) == at:
                decimals = segment["decimals"]
                value = tags.number(words.scaled(segment[key]["value"], decimals), decimals)
                return value, Unit(segment["unit"]).symbol, captions.QUALITIES[Quality[segment[key]["quality"]]]
    return None


def _meter(
    request: access.Request, opened: glass.Opened, point: explaining.MeteredPoint, found: Evidence
) -> MeterFacts | None:
    register = found.register
    if register is None or found.asset is None:
        return None
    day = found.at.astimezone(point.zone).date()
    plate = next((each.plate for each in found.asset.plates if each.starts_at <= found.at), metering_assets.Plate())
    state = found.asset.state_on(day)
    test = next((each for each in found.asset.tests if not each.withdrawn_at and each.test.tested_on <= day), None)
    step = f"{tags.number(register.shown(1), register.decimals)}\u00a0{_unit(found)}"
    return MeterFacts(
        serial=register.meter.serial_number,
        model=history.model_name(register.meter.model_code),
        register=register.code,
        resolution=step,
        multiplier=str(register.multiplier).replace("/", words.FRACTION),
        accuracy_class=plate.accuracy_class,
        approval=metering_assets.APPROVAL_CAPTIONS[plate.approval] if plate.approval else "",
        seals=", ".join(plate.seals),
        calibration=assets.Chip(str(metering_assets.STATE_CAPTIONS[state]), *assets.TONES[state]),
        test=test,
        last_day=test.test.until_day - timedelta(days=1) if test and test.test.until_day else None,
        certificate_href=_certificate(request, opened, point, test),
    )


def _certificate(
    request: access.Request, opened: glass.Opened, point: explaining.MeteredPoint, test: metering_queries.TestRow | None
) -> str:
    if test is None or test.file is None:
        return ""
    organization, meter = request.organization.public_id, point.detail.public_id
    if opened.is_own:
        return reverse("tenant_certificate", args=[organization, meter, test.public_id])
    if metering_permissions.VIEW_METER not in request.permissions:
        return ""
    return reverse("meter_asset_file", args=[organization, meter, test.file.public_id])


def _shown(found: Evidence, raw: int) -> str:
    if found.register is None:
        return tags.number(words.scaled(raw, found.series.decimals), found.series.decimals)
    return tags.number(found.register.shown(raw), found.register.decimals)


def _unit(found: Evidence) -> str:
    return found.series.unit.symbol if found.register is None else Unit(found.register.unit).symbol


def _moment(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    local = at.astimezone(zone)
    return (
        f"{formats.date_format(local.date(), 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"
        if seconds
        else (f"{formats.date_format(local.date(), 'SHORT_DATE_FORMAT')} {local:%H:%M}")
    )


def _delay(delay: timedelta) -> str:
    """How long after its instant a reading came, in words."""
    minutes = int(delay.total_seconds()) // 60
    if minutes < 1:
        return _("%(seconds)s s later") % {"seconds": max(0, int(delay.total_seconds()))}
    if minutes < 120:
        return _("%(minutes)s min later") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)s h later") % {"hours": minutes // 60}
    return _("%(days)s days later") % {"days": tags.number(minutes // (24 * 60))}
