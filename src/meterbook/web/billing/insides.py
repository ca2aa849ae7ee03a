"""The inside of a line that is fetched when it is opened: hours of the tariff, each day, each interval."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.foundation import scoping
from meterbook.identity.values import Module
from meterbook.kernel import zones
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.billing import bills, days, words
from meterbook.web.meters import finding, frames, looking
from meterbook.web.tariffs import picture

Plain = Mapping[str, Any]
FRAME_AGE = timedelta(minutes=1)  # a frame so near to a reading is the reading's


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def line(request: access.Request, bill: uuid.UUID, point: int, charge: int, line: int) -> HttpResponse:
    """This will show what a line was summed from; with `?day=2026-10-14` the intervals of that day.

    Without the tenant's consent a dwelling's line is shown by whole days only; the bill itself is complete.
    """
    found = bills.find(bill)
    parts = _parts(found.content, point, charge, line)
    used = _load(found.content, *parts)
    meter_href = ""
    if metering_permissions.VIEW_METER in request.permissions:
        meter_href = reverse("meter", args=[request.organization.public_id, parts[0]["public_id"]])
    context: dict[str, Any] = {
        "self_href": request.path,
        "anchor": f"{point}-{charge}-{line}",
        "meter_href": meter_href,
        "unit": used.unit,
    }
    day = _day(request.GET.get("day", ""))
    may_open = looking.opens_intervals(
        request,
        meter_point=uuid.UUID(parts[0]["public_id"]),
        period=days.period_of(parts[1]),
        zone=used.zone,
        is_note=day is not None,
    )
    context["is_days_only"] = not may_open
    if day is not None:
        context |= {"rows": days.intervals(used, day) if may_open else (), "day": day}
        return render(request, "billing/_intervals.html", context)
    document = _version(parts[1])
    context |= {
        "frame": _frame(parts[0]),
        "inside": days.inside(used),
        "seasons": _seasons(document, parts[1]) if document is not None and parts[2]["trace"].get("period") else (),
        "legend": picture.legend(document.document, language=_language()) if document is not None else (),
        "hours": [(f"{hour:02}", 72 + hour * 40) for hour in range(0, 25, 6)],
    }
    return render(request, "billing/_inside.html", context)


def _parts(content: Plain, point: int, charge: int, line: int) -> tuple[Plain, Plain, Plain]:
    try:
        found = content["meter_points"][point]
        return found, found["charges"][charge], found["charges"][charge]["lines"][line]
    except IndexError as error:
        raise Http404(_("The bill has no such line.")) from error


def _load(content: Plain, point: Plain, charge: Plain, line: Plain) -> days.Usage:
    try:
        meter = metering_queries.get_meter(public_id=uuid.UUID(point["public_id"]))
    except metering_queries.MeterNotFound as error:
        raise Http404(_("The meter point is not there any more.")) from error
    series = next((each for each in meter.series if str(each.public_id) == point["reference"]["series"]), None)
    if series is None:
        raise Http404(_("The intervals are not there any more."))
    version = _version(charge)
    return days.load(
        organization_id=scoping.current().organization_id,
        series=series,
        point=point,
        charge=charge,
        line=line,
        document=version.document if version is not None else None,
        zone=_zone(content, point, charge, meter),
    )


def _zone(content: Plain, point: Plain, charge: Plain, meter: metering_queries.MeterDetail) -> ZoneInfo:
    """The zone that the bill names: as the meter had it then, or by itself where that is not known any more."""
    named: str = point.get("zone") or content["site"]["zone"]
    end = days.period_of(charge).end - timedelta.resolution
    return meter.zone if zones.key_at(meter.zone, end) == named else ZoneInfo(named)


def _frame(point: Plain) -> frames.FrameView | None:
    """The raw frame of the final reading, while the device still keeps it: later ones replace it."""
    try:
        device = finding.find_device(metering_queries.get_meter(public_id=uuid.UUID(point["public_id"])))
    except metering_queries.MeterNotFound:
        return None
    frame = frames.frame(device)
    ends = [words.instant(each["present"]["at"]) for each in point["segments"]]
    return frame if frame is not None and any(abs(frame.at - each) < FRAME_AGE for each in ends) else None


def _version(charge: Plain) -> tariff_queries.VersionRow | None:
    """The version that the charge names, if it is still the same document."""
    wanted = charge["tariff"]
    on = date.fromisoformat(charge["from"][:10])
    tariff = next((each for each in tariff_queries.list_tariffs(on=on) if each.code == wanted["code"]), None)
    versions = tariff_queries.list_versions(tariff_id=tariff.id) if tariff is not None else []
    return next((each for each in versions if each.digest == wanted["digest"]), None)


def _seasons(version: tariff_queries.VersionRow, charge: Plain) -> tuple[picture.SeasonPicture, ...]:
    """Those that days of the charge fall into."""
    document = version.document
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
