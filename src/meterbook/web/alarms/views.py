"""The alarm list, the zone as a fragment, and acknowledging."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.alarms import durations
from meterbook.alarms import operations as alarm_operations
from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.alarms import values as alarm_values
from meterbook.identity.values import Module
from meterbook.web import access, parameters, redirects
from meterbook.web.alarms import zone
from meterbook.web.sites import choice

STATES = ("open", "all")
PAGES = {"gateway": "gateway", "bus": "bus_health"}  # of what an alarm is about


@dataclass(frozen=True)
class Line:
    """An alarm with how it is shown."""

    row: alarm_queries.AlarmRow
    icon: str
    tone: str
    zone: ZoneInfo
    href: str
    lasted: str = ""


@dataclass(frozen=True)
class Chip:
    """One filter chip; `count` is None where it is not counted."""

    caption: str
    href: str
    is_chosen: bool
    count: int | None


@require_GET
@access.page(permission=alarm_permissions.VIEW_ALARMS, module=Module.ALARMS, by_site=True)
def alarms(request: access.Request) -> HttpResponse:
    """This will show the alarms, open ones the most urgent first; `?site` follows the switch of the top bar."""
    severity = _severity(request)
    state = "all" if request.GET.get("state") == "all" else "open"
    page = parameters.page_number(request)
    rows, total = _find(request, severity, include_cleared=state == "all", page=page)
    pages = max(1, math.ceil(total / alarm_queries.PAGE))
    context = {
        "lines": [line_of(request, row) for row in rows],
        "total": total,
        "severity_chips": _severity_chips(request, severity, state),
        "state_chips": _state_chips(severity, state),
        "may_acknowledge": request.access.allows_somewhere(alarm_permissions.ACKNOWLEDGE_ALARM),
        "is_filtered": severity is not None,
        "is_everything": state == "all",
        "page": page,
        "pages": pages,
        "previous_href": _query(severity, state, page - 1) if page > 1 else "",
        "next_href": _query(severity, state, page + 1) if page < pages else "",
        "self_href": request.get_full_path(),
    }
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, "alarms/_list.html" if is_part else "alarms/list.html", context)


@require_GET
@access.page(permission=alarm_permissions.VIEW_ALARMS, module=Module.ALARMS, by_site=True)
def alarm_zone(request: access.Request) -> HttpResponse:
    """This will answer the inside of the alarm zone, which the page puts in place when an alarm changes."""
    return render(request, "alarms/_zone.html", {"zone": zone.find(request), "now": request.at})


@require_POST
@access.page(permission=alarm_permissions.ACKNOWLEDGE_ALARM, module=Module.ALARMS, by_site=True)
def acknowledge(request: access.Request, alarm: uuid.UUID) -> HttpResponse:
    """This will note that the user saw the alarm, and go back to the list."""
    allowed = request.access.sites(alarm_permissions.ACKNOWLEDGE_ALARM)
    try:
        found = alarm_operations.acknowledge_alarm(actor=request.actor, at=request.at, public_id=alarm)
    except alarm_queries.AlarmNotFound as error:
        raise Http404(_("There is no such alarm. It may belong to another organization.")) from error
    if allowed is not None and found.site_id not in allowed:
        # Raised inside the scope, so that nothing of it stays.
        raise PermissionDenied(
            _("Your role does not reach this site. Ask an administrator of the organization for it.")
        )
    return redirects.back(request)


def _severity(request: access.Request) -> alarm_values.Severity | None:
    code = request.GET.get("severity", "")
    return alarm_values.Severity(code) if code in set(alarm_values.Severity) else None


def _site_ids(request: access.Request) -> frozenset[int] | None:
    return choice.site_ids(request, alarm_permissions.VIEW_ALARMS)


def _find(
    request: access.Request, severity: alarm_values.Severity | None, *, include_cleared: bool, page: int
) -> tuple[list[alarm_queries.AlarmRow], int]:
    return alarm_queries.list_alarms(
        site_ids=_site_ids(request), severity=severity, include_cleared=include_cleared, page=page
    )


def line_of(request: access.Request, row: alarm_queries.AlarmRow) -> Line:
    """This will return an alarm as the list shows it."""
    known = zone.zones(request)
    href = reverse("home", args=[request.organization.public_id])
    return Line(
        row=row,
        icon=zone.icon(row.severity),
        tone=zone.tone(row.severity),
        zone=known.get(row.site_name, ZoneInfo("UTC")),
        href=_subject(request, row, href),
        lasted="" if row.lasted is None else durations.written(row.lasted),
    )


def _subject(request: access.Request, row: alarm_queries.AlarmRow, home: str) -> str:
    """Where the alarm's subject has a page that the reader may open."""
    if row.subject_kind in PAGES and request.access.allows_somewhere(acquisition_permissions.VIEW_DEVICE):
        return reverse(PAGES[row.subject_kind], args=[request.organization.public_id, row.subject_id])
    return f"{home}meters/{row.point_id}/" if row.point_id else ""


def _severity_chips(request: access.Request, chosen: alarm_values.Severity | None, state: str) -> list[Chip]:
    counted = alarm_queries.get_zone(site_ids=_site_ids(request), newest=0)
    counts = {
        alarm_values.Severity.CRITICAL: counted.critical,
        alarm_values.Severity.WARNING: counted.warning,
        alarm_values.Severity.INFO: counted.info,
    }
    # The counts are those of open alarms; a list that holds closed ones too shows none.
    is_open = state != "all"
    chips = [Chip(_("All"), _query(None, state), chosen is None, counted.total if is_open else None)]
    for severity, caption in alarm_values.SEVERITY_CAPTIONS.items():
        count = counts[severity] if is_open else None
        chips.append(Chip(str(caption), _query(severity, state), chosen == severity, count))
    return chips


def _state_chips(severity: alarm_values.Severity | None, state: str) -> list[Chip]:
    captions = {"open": _("Open"), "all": _("Open and closed")}
    return [Chip(captions[each], _query(severity, each), state == each, None) for each in STATES]


def _query(severity: alarm_values.Severity | None, state: str, page: int = 1) -> str:
    shown_state = "" if state == "open" else state
    named = {"severity": str(severity or ""), "state": shown_state, "page": "" if page == 1 else page}
    return "?" + urlencode({name: value for name, value in named.items() if value})
