"""The list of field gateways, and one of them: how it is doing, its meters, its keys, its security events."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from meterbook.acquisition import brokers, carriers, gateway_plans, permissions
from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition.gateway_plans import LineRow
from meterbook.acquisition.gateway_values import PROFILE_CAPTIONS, GatewayProfile, GatewayState
from meterbook.acquisition.gateways import GatewayRow, MeterRow
from meterbook.acquisition.values import BUS_PROTOCOL_CAPTIONS
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, line_words, tables
from meterbook.web.brokers import shown as broker_shown
from meterbook.web.gateways import shown
from meterbook.web.sites import choice

guarded = access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)


@dataclass(frozen=True)
class MeterLine:
    """A meter behind a gateway, with where it leads."""

    row: MeterRow
    href: str


@require_GET
@guarded
def gateways(request: access.Request) -> HttpResponse:
    """This will show the gateways of the chosen site, those with security events or silent first."""
    rows = acquisition_gateways.list_gateways(at=request.at, site_ids=choice.site_ids(request, permissions.VIEW_DEVICE))
    context = {
        "lines": [shown.line(request, each) for each in rows],
        "may_manage": request.access.allows_somewhere(permissions.MANAGE_DEVICE),
        "now": request.at,
    }
    return render(request, "gateways/list.html", context)


@require_GET
@guarded
def gateway(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will show one gateway."""
    return render(request, "gateways/gateway.html", details(request, shown.find(request, gateway)))


def details(request: access.Request, row: GatewayRow) -> dict[str, Any]:
    """This will return what the page of a gateway shows."""
    incidents = acquisition_gateways.list_incidents(gateway_id=row.id)
    carrier = carriers.find(gateway_id=row.id)
    broker = brokers.get_broker(bus=carrier.bus) if carrier is not None else None
    return {
        "carrier": carrier,
        "carrier_mark": broker_shown.mark(broker, request.at) if broker is not None else None,
        "line": shown.line(request, row),
        "row": row,
        "profile": PROFILE_CAPTIONS[row.profile],
        "has_limit": row.profile is GatewayProfile.CARD,
        "meters": [_meter(request, each) for each in acquisition_gateways.list_meters(gateway_id=row.id)],
        "buses": [_bus(request, row, each) for each in gateway_plans.list_lines(gateway_id=row.id)],
        "keys": acquisition_gateways.list_keys(gateway_id=row.id),
        "incidents": incidents,
        "is_open": any(each.settled_at is None for each in incidents),
        "is_working": row.state is not GatewayState.REVOKED,
        "is_waiting": row.state is GatewayState.WAITING,
        "may_manage": request.access.allows(permissions.MANAGE_DEVICE, row.site_id),
        "zone": choice.clock_zone(request),
        "now": request.at,
    }


@dataclass(frozen=True)
class BusLine:
    """A bus that a gateway reads."""

    row: LineRow
    protocol: str
    setting: str
    health_href: str
    change_href: str  # empty of a broker, which has a page of its own
    meters_href: str  # where meters get their addresses


def _bus(request: access.Request, gateway: GatewayRow, row: LineRow) -> BusLine:
    organization = request.organization.public_id
    is_asked = row.protocol.is_asked
    many = reverse("gateway_bus_meters", args=[organization, gateway.public_id])
    return BusLine(
        row=row,
        protocol=str(BUS_PROTOCOL_CAPTIONS[row.protocol]),
        setting=line_words.words(row.protocol, row.line),
        health_href=reverse("bus_health", args=[organization, row.public_id]),
        change_href=reverse("bus_change", args=[organization, row.public_id]) if is_asked else "",
        meters_href=many + tables.link({"bus": row.public_id}) if is_asked else "",
    )


def _meter(request: access.Request, row: MeterRow) -> MeterLine:
    may_open = row.point_id is not None and request.access.allows(metering_permissions.VIEW_METER, row.point_site_id)
    href = reverse("meter", args=[request.organization.public_id, row.point_id]) if may_open else ""
    return MeterLine(row, href)
