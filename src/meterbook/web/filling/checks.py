"""Days of meters that can hardly be right: what was found, where to act, and settling it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from meterbook.fieldwork import permissions as fieldwork_permissions
from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.monitoring import operations as monitoring_operations
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, check_words, typed
from meterbook.web.sites import choice


class ReasonForm(typed.Form):
    """Why it is settled."""

    reason = forms.CharField(max_length=300)


@dataclass(frozen=True)
class Line:
    """A finding as the page shows it."""

    row: monitoring_queries.DayFindingRow
    title: str
    words: str
    advice: str
    href: str
    may_settle: bool
    job_href: str


@require_safe
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def checks(request: access.Request) -> HttpResponse:
    """This will list what was found about days of meters and is not settled, the latest first."""
    rows = monitoring_queries.list_day_findings(site_ids=choice.site_ids(request, permissions.VIEW_METER))
    context = {
        "lines": [_line(request, each) for each in rows],
        "may_set": request.access.allows_somewhere(permissions.MANAGE_METER),
        "quality_href": reverse("quality", args=[request.organization.public_id]),
    }
    return render(request, "filling/checks.html", context)


@require_POST
@access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True)
def settle(request: access.Request, day_finding: uuid.UUID) -> HttpResponse:
    """This will settle a finding: it is right, or dealt with."""
    site_id = monitoring_queries.site_of_day_finding(finding=day_finding)
    if site_id is None or not request.access.allows(permissions.CORRECT_READING, site_id):
        raise Http404(_("There is no such finding."))
    form = ReasonForm(request.POST)
    back = redirect("day_checks", request.organization.public_id)
    if not form.is_valid():
        messages.error(request, _("Say why; it stays on record."))
        return back
    try:
        monitoring_operations.settle_day_finding(
            actor=request.actor, at=request.at, finding=day_finding, reason=form.cleaned_data["reason"]
        )
    except (monitoring_operations.FindingSettled, monitoring_operations.ReasonMissing) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is settled; the same on another day is told anew."))
    return back


def _line(request: access.Request, row: monitoring_queries.DayFindingRow) -> Line:
    page = reverse("meter", args=[request.organization.public_id, row.meter_point])
    may_make = request.access.allows(fieldwork_permissions.MANAGE_JOBS, row.site_id)
    job = urlencode({"meter": row.meter_point, "words": str(check_words.TITLES[row.kind])})
    return Line(
        row=row,
        title=str(check_words.TITLES[row.kind]),
        words=check_words.found(row.kind, row.facts),
        advice=str(check_words.ADVICE[row.kind]),
        href=f"{page}?{urlencode({'view': 'day', 'day': row.last_day.isoformat()})}",
        may_settle=request.access.allows(permissions.CORRECT_READING, row.site_id),
        job_href=f"{reverse('job_new', args=[request.organization.public_id])}?{job}" if may_make else "",
    )
