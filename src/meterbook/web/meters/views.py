"""The meter list and the meter page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access, parameters
from meterbook.web.meters import captions, chart, finding, frames, history, live, marks, pages, periods
from meterbook.web.sites import choice

READINGS_SHOWN = 12


@dataclass(frozen=True)
class FilterChip:
    """One chip above the list."""

    caption: str
    count: int
    href: str
    is_chosen: bool


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def meters(request: access.Request) -> HttpResponseBase:
    """This will show the meter points of the user's sites; a fetch gets the table alone."""
    search = parameters.search(request)
    state = _state(request.GET.get("state", ""))
    found = metering_queries.list_meters(
        at=request.at,
        site_ids=_site_ids(request),
        search=search,
        state=state,
        silent_meters=finding.silent_meters(),
        page=parameters.page_number(request),
    )
    context = {
        "page": found,
        "now": request.at,
        "search": search,
        "state": state.lower() if state else "",
        "chips": _chips(found, state, search),
        "rows": [(row, captions.METER_STATES[row.state], pages.SERVICE_ICONS[row.service]) for row in found.rows],
        "services": metering_values.SERVICE_CAPTIONS,
        "is_empty": not any(found.counts.values()) and not search,
        "previous_href": _href(search, state, found.number - 1) if found.number > 1 else "",
        "next_href": _href(search, state, found.number + 1) if found.number < found.pages else "",
        "may_manage": request.access.allows_somewhere(permissions.MANAGE_METER),
        "watched": [value.series_id for row in found.rows for value in (row.main, row.power) if value],
    }
    is_part = not access.wants_page(request)
    return TemplateResponse(request, "meters/_list.html" if is_part else "meters/list.html", context)


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def meter(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will show one meter point: live values, usage of a period, readings, history."""
    subject = finding.find(request, meter)
    detail = subject.detail
    today = live.today_of(subject, request.at)
    organization = request.organization.public_id
    may_read = request.access.allows(acquisition_permissions.REQUEST_READING, detail.site_id)
    context = {
        **live.context(subject, today, request.at),
        **_usage_context(request, detail, today),
        "service": metering_values.SERVICE_CAPTIONS[detail.service],
        "model": history.model_name(detail.current.model_code) if detail.current else "",
        "device": subject.device,
        "history": history.history(detail),
        "frame": frames.frame(subject.device),
        "may_read": may_read,
        "island": {
            "series": [each.id for each in detail.series],
            "live": reverse("meter_live", args=[organization, detail.public_id]),
            "usage": reverse("meter_usage", args=[organization, detail.public_id]),
            "texts": _texts(),
        },
    }
    return TemplateResponse(request, "meters/meter.html", context)


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def usage(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will answer with the period bar, the chart and the readings of one period, as a fragment."""
    detail = finding.find_point(request, meter)
    context = {"detail": detail, "now": request.at, **_usage_context(request, detail, None)}
    return TemplateResponse(request, "meters/_usage.html", context)


def _usage_context(
    request: access.Request, detail: metering_queries.MeterDetail, today: metering_queries.Usage | None
) -> dict[str, Any]:
    bar = periods.read(request.GET, at=request.at, zone=detail.zone)
    series = detail.main_series
    if series is None:
        return {"bar": bar, "usage": None, "readings": (), "zone": detail.zone}
    found = today if today and bar.is_present and bar.view is metering_queries.View.DAY else None
    found = found or metering_queries.usage(
        series=series,
        view=bar.view,
        day=bar.day,
        zone=detail.zone,
        at=request.at,
        installed=[(each.starts_at, each.ends_at) for each in detail.installations],
    )
    findings = metering_queries.list_findings(series=series, period=found.period)
    corrections = metering_queries.list_corrections(series=series, period=found.period)
    found_marks = marks.marks_of(detail=detail, findings=findings, corrections=corrections, usage=found)
    readings = metering_queries.latest_readings(series=series, until=found.period.end, limit=READINGS_SHOWN)
    return {
        "bar": bar,
        "series": series,
        "usage": chart.build(
            series=series,
            usage=found,
            bar=bar,
            zone=detail.zone,
            at=request.at,
            marks=found_marks,
            service=detail.service.lower(),
        ),
        "readings": pages.reading_lines(readings, detail.zone),
        "findings": [(each, captions.FINDINGS[each.kind]) for each in findings],
        "zone": detail.zone,
        "query": bar.query,
    }


def _texts() -> dict[str, str]:
    return {
        "reading": _("Reading…"),
        "readNow": _("Read now"),
        "took": _("Read just now, {ms} ms"),
        "lost": _("The server did not answer. Check your connection and try again."),
        "slow": _("Nobody has taken the request. Check that the collector runs, then try again."),
    }


def _state(text: str) -> metering_queries.MeterState | None:
    try:
        return metering_queries.MeterState(text.upper())
    except ValueError:
        return None


def _site_ids(request: access.Request) -> frozenset[int] | None:
    """The site chosen in the top bar, else all where the user may see meters; None means the whole organization."""
    allowed = request.access.sites(permissions.VIEW_METER)
    chosen = choice.chosen_site(request)
    if chosen is None:
        return allowed
    return frozenset({chosen.id}) if allowed is None else allowed & {chosen.id}


def _chips(
    found: metering_queries.MeterPage, state: metering_queries.MeterState | None, search: str
) -> tuple[FilterChip, ...]:
    everything = FilterChip(pgettext("meters", "All"), sum(found.counts.values()), _href(search, None), state is None)
    return (
        everything,
        *(
            FilterChip(str(caption), found.counts[each], _href(search, each), each is state)
            for each, caption in captions.FILTERS.items()
        ),
    )


def _href(search: str, state: metering_queries.MeterState | None, page: int = 1) -> str:
    asked = {"q": search, "state": state.lower() if state else "", "page": str(page) if page > 1 else ""}
    return f"?{urlencode({key: value for key, value in asked.items() if value})}"
