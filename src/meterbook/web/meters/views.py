"""The meter page."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.identity.values import Module
from meterbook.journeys import hung_registers
from meterbook.kernel import zones
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.sites import permissions as site_permissions
from meterbook.web import access, parameters
from meterbook.web.meters import (
    asking,
    assets,
    captions,
    chart,
    estimated,
    finding,
    frames,
    history,
    links,
    live,
    marks,
    pages,
    settling,
    shown,
)

READINGS_SHOWN = 12
READINGS_INSIDE = 60
STEP_BACK = timedelta(minutes=15)


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def meter(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will show one meter point: live values, usage of a period, readings, history."""
    subject = finding.find(request, meter)
    detail = subject.detail
    today = live.today_of(subject, request.at)
    organization = request.organization.public_id
    may_read = request.access.allows(acquisition_permissions.REQUEST_READING, detail.site_id)
    usage_context = _usage_context(request, detail, today)
    context = {
        **live.context(subject, today, request.at),
        **usage_context,
        "paying": links.paying(request, detail, usage_context["contracts"]),
        "service": metering_values.SERVICE_CAPTIONS[detail.service],
        "enter_href": _enter_href(request, subject),
        "is_virtual": _is_virtual(detail),
        "model": history.model_name(detail.current.model_code) if detail.current else "",
        "device": subject.device,
        "history": history.history(detail),
        "asset": None if _is_virtual(detail) else assets.collect(detail, request.at),
        "frame": frames.frame(subject.device),
        "may_read": may_read,
        **settling.collect(request, detail),
        "may_manage": finding.may(request, detail, permissions.MANAGE_METER),
        "may_add_register": bool(hung_registers.addable(detail) or hung_registers.missing(detail)),
        "may_correct": finding.may(request, detail, permissions.CORRECT_READING),
        "may_connect": finding.may(request, detail, acquisition_permissions.MANAGE_DEVICE),
        "may_place": finding.may(request, detail, site_permissions.EDIT_SITES),
        "zone_name": zones.key_at(detail.zone, request.at),
        "language_name": dict(settings.LANGUAGES).get(detail.language, ""),
        "island": {
            "series": [each.id for each in detail.series],
            "live": reverse("meter_live", args=[organization, detail.public_id]),
            "usage": reverse("meter_usage", args=[organization, detail.public_id]),
            "texts": _texts(),
        },
    }
    return TemplateResponse(request, "meters/meter.html", context)


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def usage(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will answer with the period bar, the chart and the readings of one period, as a fragment."""
    detail = finding.find_point(request, meter, is_assigned_enough=True)
    context = {"detail": detail, "now": request.at, **_usage_context(request, detail, None)}
    return TemplateResponse(request, "meters/_usage.html", context)


def _enter_href(request: access.Request, subject: finding.Subject) -> str:
    """Where a person types the meter's reading; "" where a device reads it, or it is not theirs to do."""
    may_enter = request.access.allows(permissions.ENTER_READING, subject.detail.site_id)
    is_read = subject.device is not None or _is_virtual(subject.detail)
    if is_read or subject.detail.current is None or not may_enter:
        return ""
    page = reverse("readings_enter", args=[request.organization.public_id])
    return f"{page}?{urlencode({'q': subject.detail.code})}"


def _is_virtual(detail: metering_queries.MeterDetail) -> bool:
    return detail.current is not None and detail.current.model_code == metering_values.VIRTUAL


def _usage_context(
    request: access.Request, detail: metering_queries.MeterDetail, today: metering_queries.Usage | None
) -> dict[str, Any]:
    found = shown.read(request, detail, today)
    series, usage = found.series, found.usage
    peers_href = reverse("meter_peers", args=[request.organization.public_id, detail.public_id])
    context = {
        "bar": found.bar,
        "zone": detail.zone,
        "peers_href": peers_href,
        "contracts": found.contracts,
        "stopped": settling.stopped(detail, found.usage),
        "is_by_hand": detail.current is not None and detail.current.model_code == metering_values.IMPORTED,
    }
    if series is None or usage is None:
        return {**context, "usage": None, "readings": ()}
    findings = metering_queries.list_findings(series=series, period=usage.period)
    corrections = metering_queries.list_corrections(series=series, period=usage.period)
    found_marks = marks.marks_of(detail=detail, findings=findings, corrections=corrections, usage=usage)
    # Of a few hours the readings that its intervals come from, with the one before the first; else the latest.
    since = usage.period.start - STEP_BACK if usage.span.grain is metering_queries.Grain.STEP else None
    limit = READINGS_SHOWN if since is None else READINGS_INSIDE
    # Readings a quarter of an hour apart tell of single intervals.
    readings = metering_queries.latest_readings(
        series=series, until=usage.period.end + timedelta(seconds=1 if since else 0), limit=limit, since=since
    )
    if found.is_days_only and (not context["is_by_hand"] or pages.are_fine(readings)):
        readings = []
    return {
        **context,
        "series": series,
        "is_days_only": found.is_days_only,
        "usage": chart.build(
            found=found, zone=detail.zone, at=request.at, marks=found_marks, service=detail.service.lower()
        ),
        "readings": pages.reading_lines(readings, detail.zone),
        "findings": [(each, captions.FINDINGS[each.kind]) for each in findings],
        **estimated.context(request, detail, series, usage),
    }


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def peers(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will answer with the meters that a meter can be compared with, as links: those that the words are in."""
    detail = finding.find_point(request, meter)
    asked = asking.read(request.GET, at=request.at, zone=detail.zone)
    found = metering_queries.list_peers(
        of=detail.public_id,
        service=detail.service,
        search=parameters.search(request),
        site_ids=request.access.sites(permissions.VIEW_METER),
    )
    page = reverse("meter", args=[request.organization.public_id, detail.public_id])
    found_links = [(each, page + asked.href(compare=asking.Compare.METER, other=each.public_id)) for each in found]
    return TemplateResponse(request, "meters/_peers.html", {"peers": found_links})


def _texts() -> dict[str, str]:
    return {
        "reading": _("Reading…"),
        "readNow": _("Read now"),
        "took": _("Read just now, {ms} ms"),
        "lost": _("The server did not answer. Check your connection and try again."),
        "slow": _("Nobody has taken the request. Check that the collector runs, then try again."),
    }
