"""One alarm: why, which meters it touches, and which billing periods are open there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.alarms import permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.billing import permissions as billing_permissions
from meterbook.billing.queries import unsettled
from meterbook.fieldwork import permissions as fieldwork_permissions
from meterbook.identity.values import Module
from meterbook.kernel.period import Period
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.alarms import views

MOST = 500  # meters and periods that the page lists


@dataclass(frozen=True)
class Affected:
    """What an alarm touches; `periods` is None for whoever may not see bills there."""

    meters: tuple[metering_queries.AssignedPoint, ...]
    periods: tuple[unsettled.OpenPeriod, ...] | None


@require_GET
@access.page(permission=permissions.VIEW_ALARMS, module=Module.ALARMS, by_site=True)
def alarm(request: access.Request, alarm: uuid.UUID) -> HttpResponse:
    """This will show one alarm with the meters that it touches and their open billing periods."""
    try:
        found = alarm_queries.get_alarm(public_id=alarm)
    except alarm_queries.AlarmNotFound as error:
        raise Http404(_("There is no such alarm. It may belong to another organization.")) from error
    if not request.access.allows(permissions.VIEW_ALARMS, found.site_id):
        raise Http404(_("There is no such alarm. It may belong to another organization."))
    touched = affected(request, found.row)
    context = {
        "line": views.line_of(request, found.row),
        "meters": touched.meters[:MOST],
        "periods": None if touched.periods is None else touched.periods[:MOST],
        "count": len(touched.meters),
        "may_acknowledge": request.access.allows(permissions.ACKNOWLEDGE_ALARM, found.site_id),
        "self_href": request.get_full_path(),
        "job_href": _job_href(request, found),
    }
    return render(request, "alarms/alarm.html", context)


def _job_href(request: access.Request, found: alarm_queries.PlacedAlarm) -> str:
    """Where a manager makes a job of an alarm that is open."""
    may_manage = request.access.allows(fieldwork_permissions.MANAGE_JOBS, found.site_id)
    if found.row.cleared_at is not None or not may_manage or not request.organization.has_module(Module.METERING):
        return ""
    query = urlencode({"alarm": found.row.public_id})
    return f"{reverse('job_new', args=[request.organization.public_id])}?{query}"


def affected(request: access.Request, row: alarm_queries.AlarmRow) -> Affected:
    """This will return what an alarm touches of what the reader may see."""
    may = request.access.allows
    points = metering_queries.points_by_public_id(public_ids=row.points)
    meters = tuple(each for each in points if may(metering_permissions.VIEW_METER, each.site_id))
    billed = [each.public_id for each in points if may(billing_permissions.VIEW_BILL, each.site_id)]
    if not request.organization.has_module(Module.BILLING) or (points and not billed):
        return Affected(meters, None)
    start, end = row.since or row.raised_at, row.cleared_at or request.at
    if start >= end:
        return Affected(meters, ())
    return Affected(meters, tuple(unsettled.open_periods(meter_points=billed, within=Period(start, end))))
