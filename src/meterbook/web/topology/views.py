"""The topology page, its live states, and the meters of a bus that somebody opens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.acquisition import brokers as acquisition_brokers
from meterbook.acquisition import permissions
from meterbook.acquisition import topology as acquisition_topology
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.topology import DeviceNode, Gateway
from meterbook.acquisition.values import BUS_PROTOCOL_CAPTIONS
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, line_words, parameters, tables
from meterbook.web.brokers import shown as broker_shown
from meterbook.web.sites import choice
from meterbook.web.topology import marks

FEW = 4  # gateways that are shown with their buses at once
MOST_GATEWAYS = 200  # on one page; others are found by name
guarded = access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)


@dataclass(frozen=True)
class BusLine:
    """A bus as the page shows it."""

    key: str
    name: str
    protocol: str
    line: str
    address: str
    site: str
    mark: marks.Mark
    href: str
    is_open: bool
    broker: broker_shown.BrokerMark | None = None


@dataclass(frozen=True)
class GatewayLine:
    """A gateway as the page shows it."""

    key: str
    host: str
    sites: str
    mark: marks.Mark
    buses: tuple[BusLine, ...]
    is_open: bool


@dataclass(frozen=True)
class DeviceLine:
    """A meter as the page shows it."""

    node: DeviceNode
    mark: marks.Mark
    href: str
    connection_href: str  # empty for who may not change it


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    words: str
    only_troubled: bool
    bus: str

    @property
    def query(self) -> dict[str, str]:
        """The address that asks the same."""
        return {"q": self.words, "state": "trouble" if self.only_troubled else ""}


@require_GET
@guarded
def topology(request: access.Request) -> HttpResponse:
    """This will show the gateways and their buses: `?q=`, `?state=trouble`; `?bus=` (a public id) is open at first."""
    asked = _read(request)
    every = _gateways(request)
    found = _narrowed(every, asked)
    whole = acquisition_topology.add_up([each.health for each in every])
    entered = _entered(found)
    context = {
        "gateways": [
            _gateway(request, each, asked, entered, is_open=len(found) <= FEW) for each in found[:MOST_GATEWAYS]
        ],
        "found": len(found),
        "all": len(every),
        "troubled": sum(each.health.is_troubled for each in every),
        "shown": MOST_GATEWAYS,
        "whole": marks.of_health(whole),
        "asked": asked,
        "all_href": tables.link(asked.query, state=""),
        "trouble_href": tables.link(asked.query, state="trouble"),
        "states_href": reverse("topology_states", args=[request.organization.public_id]) + tables.link(asked.query),
        "now": request.at,
    }
    return render(request, "topology/page.html", context)


@require_GET
@guarded
def states(request: access.Request) -> HttpResponse:
    """This will return the states of all that the page shows, each in place of the former one."""
    asked, every = _read(request), _gateways(request)
    whole = acquisition_topology.add_up([each.health for each in every])
    entered = _entered(every)
    context = {
        "gateways": [_gateway(request, each, asked, entered) for each in _narrowed(every, asked)[:MOST_GATEWAYS]],
        "whole": marks.of_health(whole),
        "now": request.at,
    }
    return render(request, "topology/_states.html", context)


@require_GET
@guarded
def devices(request: access.Request, bus: uuid.UUID) -> HttpResponse:
    """This will return the meters of a bus: `?state=trouble` only those with trouble."""
    asked = _read(request)
    try:
        found = acquisition_topology.list_devices(
            at=request.at,
            bus=bus,
            site_ids=request.access.sites(permissions.VIEW_DEVICE),
            only_troubled=asked.only_troubled,
        )
    except acquisition_topology.BusNotFound as error:
        raise Http404(_("There is no such bus.")) from error
    context = {
        "devices": [_device(request, each) for each in found],
        "self_href": request.get_full_path(),
        "health_href": reverse("bus_health", args=[request.organization.public_id, bus]),
        "only_troubled": asked.only_troubled,
        "now": request.at,
    }
    return render(request, "topology/_devices.html", context)


def _read(request: access.Request) -> Asked:
    return Asked(
        words=parameters.search(request),
        only_troubled=request.GET.get("state") == "trouble",
        bus=request.GET.get("bus", ""),
    )


def _gateways(request: access.Request) -> list[Gateway]:
    site_ids = choice.site_ids(request, permissions.VIEW_DEVICE)
    return acquisition_topology.list_gateways(at=request.at, site_ids=site_ids)


def _narrowed(gateways: list[Gateway], asked: Asked) -> list[Gateway]:
    words = asked.words.casefold().split()
    wanted = asked.bus if _is_public_id(asked.bus) else ""
    return [
        each
        for each in gateways
        if (not asked.only_troubled or each.health.is_troubled)
        and all(word in _text(each) for word in words)
        and (not wanted or any(str(bus.public_id) == wanted for bus in each.buses))
    ]


def _is_public_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _text(gateway: Gateway) -> str:
    names = [f"{bus.name} {bus.site_name} {bus.host} {bus.port}" for bus in gateway.buses]
    return " ".join([gateway.host, *names]).casefold()


def _entered(gateways: list[Gateway]) -> dict[uuid.UUID, acquisition_brokers.BrokerRow]:
    """The brokers among them; most organizations have none."""
    has_some = any(not bus.protocol.is_asked for each in gateways for bus in each.buses)
    return acquisition_brokers.states_of_buses() if has_some else {}


def _gateway(
    request: access.Request,
    gateway: Gateway,
    asked: Asked,
    entered: dict[uuid.UUID, acquisition_brokers.BrokerRow],
    *,
    is_open: bool = False,
) -> GatewayLine:
    open_bus = any(str(bus.public_id) == asked.bus for bus in gateway.buses)
    return GatewayLine(
        key=f"gateway-{gateway.buses[0].public_id}",
        host=gateway.host,
        sites=", ".join(dict.fromkeys(bus.site_name for bus in gateway.buses)),
        mark=marks.of_health(gateway.health, is_enabled=any(bus.is_enabled for bus in gateway.buses)),
        is_open=is_open or open_bus or gateway.health.is_troubled or asked.only_troubled or bool(asked.words),
        buses=tuple(
            BusLine(
                key=f"bus-{bus.public_id}",
                name=bus.name,
                protocol=str(BUS_PROTOCOL_CAPTIONS[bus.protocol]),
                address=acquisition_values.place(bus.host, bus.port),
                line=line_words.words(bus.protocol, bus.line),
                site=bus.site_name,
                mark=marks.of_health(bus.health, is_enabled=bus.is_enabled),
                href=reverse("topology_bus", args=[request.organization.public_id, bus.public_id])
                + tables.link({"state": asked.query["state"]}),
                is_open=str(bus.public_id) == asked.bus,
                broker=broker_shown.mark(entered[bus.public_id], request.at) if bus.public_id in entered else None,
            )
            for bus in gateway.buses
            if not asked.only_troubled or bus.health.is_troubled
        ),
    )


def _device(request: access.Request, node: DeviceNode) -> DeviceLine:
    may_open = request.access.allows_somewhere(metering_permissions.VIEW_METER) and node.point_id is not None
    # As that page asks: at the site of the meter point, which need not be that of the bus.
    asked = (metering_permissions.VIEW_METER, permissions.MANAGE_DEVICE)
    may_change = may_open and all(request.access.allows(each, node.point_site_id) for each in asked)
    place = [request.organization.public_id, node.point_id]
    return DeviceLine(
        node=node,
        mark=marks.of_device(node),
        href=reverse("meter", args=place) if may_open else "",
        connection_href=reverse("meter_connection", args=place) if may_change else "",
    )
