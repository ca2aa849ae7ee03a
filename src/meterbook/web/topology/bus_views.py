"""How a bus answers: one page for each."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.acquisition import permissions
from meterbook.acquisition import topology as acquisition_topology
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.values import BUS_PROTOCOL_CAPTIONS
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.monitoring import bus_health
from meterbook.monitoring.bus_health import MeterHealth
from meterbook.web import access, line_words, tables
from meterbook.web.topology import bus_shown

guarded = access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
PERIODS = {"day": 24, "week": 7 * 24, "month": 35 * 24}
USUAL = "day"


@require_GET
@guarded
def health(request: access.Request, bus: uuid.UUID) -> HttpResponse:
    """This will show how a bus answered: `?period=` day, week or month (35 days); anything else is the day."""
    period = request.GET.get("period", USUAL)
    period = period if period in PERIODS else USUAL
    try:
        found = bus_health.get_health(
            bus=bus, at=request.at, hours=PERIODS[period], site_ids=request.access.sites(permissions.VIEW_DEVICE)
        )
    except acquisition_topology.BusNotFound as error:
        raise Http404(_("There is no such bus.")) from error
    captions = {"day": _("24 hours"), "week": _("7 days"), "month": _("35 days")}
    shown = list(bus_shown.over_time(found))
    topology_href = reverse("topology", args=[request.organization.public_id])
    context = {
        "health": found,
        "protocol": str(BUS_PROTOCOL_CAPTIONS[found.protocol]),
        "address": acquisition_values.place(found.host, found.port),
        "line": line_words.words(found.protocol, found.line),
        "is_asked": found.protocol.is_asked,
        "is_counted": found.protocol.is_asked or found.protocol is acquisition_values.BusProtocol.MQTT,
        "answered": bus_shown.percent(found.sums.answered_percent),
        "budget": bus_shown.percent(found.sums.budget_percent),
        "is_full": found.sums.budget_percent is not None and found.sums.budget_percent >= bus_shown.FULL,
        "usual": bus_shown.within(found.sums.usual_ms, found.sums),
        "most": bus_shown.within(found.sums.most_ms, found.sums),
        "failures": bus_shown.failures(found.sums),
        "histogram": bus_shown.histogram(found.sums),
        "histogram_chart": bus_shown.histogram_chart(found.sums),
        "over_time": [(whole, sums, bus_shown.percent(sums.budget_percent)) for _short, whole, sums in shown],
        "failures_chart": bus_shown.failures_chart(shown),
        "budget_chart": bus_shown.budget_chart(shown),
        "is_by_day": period == "month",
        "meters": [bus_shown.line_of(each, found, _meter_href(request, each)) for each in found.meters],
        "has_meters_counted": any(each.sums.asked for each in found.meters),
        "period": period,
        "periods": [(tables.link({}, period="" if key == USUAL else key), captions[key], key) for key in PERIODS],
        "steps": [(topology_href, _("Topology"))],
        "back_href": topology_href + tables.link({"bus": str(found.public_id)}),
        "change_href": _change_href(request, found),
    }
    return render(request, "topology/bus.html", context)


def _change_href(request: access.Request, bus: bus_health.BusHealth) -> str:
    """Who may; devices at a broker, and those that send by HTTP, have pages of their own."""
    may_change = bus.protocol.is_asked and request.access.allows(permissions.MANAGE_DEVICE, bus.site_id)
    return reverse("bus_change", args=[request.organization.public_id, bus.public_id]) if may_change else ""


def _meter_href(request: access.Request, meter: MeterHealth) -> str:
    may_open = meter.point_id is not None and request.access.allows(
        metering_permissions.VIEW_METER, meter.point_site_id
    )
    return reverse("meter", args=[request.organization.public_id, meter.point_id]) if may_open else ""
