"""What a gateway should read, as its configuration tells it. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from meterbook.acquisition import carriers, catalogue, models, plans, values
from meterbook.acquisition.drivers.mqtt import shapes
from meterbook.foundation import scoping, vault
from meterbook.kernel import order


@dataclass(frozen=True)
class LineRow:
    """A bus of a gateway with the serial numbers of the meters that are read on it and their addresses there.

    An address is the number on the line, such as 7, the secondary one of M-Bus, such as 14588517FFFFFFFF, or a topic.
    """

    public_id: str
    name: str
    protocol: values.BusProtocol
    address: str
    line: values.LineSettings
    devices: tuple[tuple[str, str], ...]


def content(*, gateway_id: int) -> dict[str, Any]:
    """This will return buses, devices and model documents of a gateway, in a form that JSON can carry.

    Devices whose meter hangs nowhere are left out; a model that is gone from the library leaves its devices out.
    """
    organization_id = scoping.current().organization_id
    devices = list(
        models.Device.objects.filter(
            organization_id=organization_id, bus__gateway_id=gateway_id, bus__is_enabled=True, is_enabled=True
        )
        .select_related("bus__site", "meter")
        .order_by("bus_id", "unit_id", "id")
    )
    feeds, types = plans.feeds_of_meters({each.meter_id for each in devices}), catalogue.current()
    by_bus: dict[models.Bus, list[dict[str, Any]]] = defaultdict(list)
    heard = _subscriptions(devices, types)
    for device in devices:
        registers = [
            {"code": each.register_code, "step": each.step}
            for each in feeds.get(device.meter_id, ())
            if device.model_code in types
        ]
        if registers:
            told = _device(device, registers)
            by_bus[device.bus].append(told | ({"subscription": heard[device.pk]} if device.pk in heard else {}))
    carrier = carriers.find(gateway_id=gateway_id)
    used = {each["model"] for told in by_bus.values() for each in told}
    entered = _brokers(gateway_id)
    return {
        "buses": [
            _bus(bus, told) | ({"broker": entered[bus.pk]} if bus.pk in entered else {}) for bus, told in by_bus.items()
        ],
        "models": {code: types.text(code) for code in sorted(used)},
        **({"carrier": carrier.as_json()} if carrier is not None and carrier.is_enabled else {}),
    }


def line_ids(*, gateway_id: int) -> dict[str, tuple[int, dict[str, int]]]:
    """This will return the internal ids of the buses of a gateway, each with those of its devices, by public ids."""
    organization_id = scoping.current().organization_id
    buses = models.Bus.objects.filter(organization_id=organization_id, gateway_id=gateway_id).order_by("id")
    found: dict[int, tuple[str, dict[str, int]]] = {each.pk: (str(each.public_id), {}) for each in buses}
    devices = models.Device.objects.filter(organization_id=organization_id, bus_id__in=list(found)).order_by("id")
    for pk, bus_id, public_id in devices.values_list("pk", "bus_id", "public_id"):
        found[bus_id][1][str(public_id)] = pk
    return {public_id: (bus_id, on) for bus_id, (public_id, on) in found.items()}


def list_lines(*, gateway_id: int) -> list[LineRow]:
    """This will return the buses of a gateway, by name."""
    organization_id = scoping.current().organization_id
    buses = models.Bus.objects.filter(organization_id=organization_id, gateway_id=gateway_id)
    devices = models.Device.objects.filter(organization_id=organization_id, bus__gateway_id=gateway_id, is_enabled=True)
    on: dict[int, list[tuple[str, str]]] = defaultdict(list)
    columns = "bus_id", "meter__serial_number", "unit_id", "secondary", "subscription__topic"
    for bus_id, serial, unit_id, secondary, topic in devices.order_by("unit_id", "secondary", "id").values_list(
        *columns
    ):
        on[bus_id].append((serial, topic or secondary or str(unit_id)))
    rows = [
        LineRow(
            public_id=str(bus.public_id),
            name=bus.name,
            protocol=values.BusProtocol(bus.protocol),
            address=values.place(bus.host, bus.port),
            line=values.LineSettings(bus.baud, values.Parity(bus.parity), bus.stop_bits, bus.pause_ms),
            devices=tuple(on[bus.pk]),
        )
        for bus in buses.order_by("id")
    ]
    return sorted(rows, key=lambda row: order.natural(row.name))


def _subscriptions(devices: Iterable[models.Device], types: catalogue.Catalogue) -> dict[int, dict[str, Any]]:
    """How devices are heard at brokers, their whole mapping: a gateway knows no models but those it is told."""
    known = {each.pk: each.model_code for each in devices}
    held = models.Subscription.objects.filter(
        organization_id=scoping.current().organization_id, device_id__in=list(known)
    )
    found: dict[int, dict[str, Any]] = {}
    for each in held.order_by("id"):
        own = each.mapping
        if not own and known[each.device_id] in types:
            usual = shapes.of_model(types.load(known[each.device_id]), each.channel)
            own = usual.as_json() if usual is not None else {}
        found[each.device_id] = {"topic": each.topic, "mapping": own or {"values": [], "time": ""}}
    return found


def _brokers(gateway_id: int) -> dict[int, dict[str, Any]]:
    """How brokers at the gateway's site are entered."""
    held = models.Broker.objects.filter(organization_id=scoping.current().organization_id, bus__gateway_id=gateway_id)
    return {
        each.bus_id: {
            "user": each.user,
            "password": vault.open_sealed(each.sealed_password) if each.sealed_password else "",
            "is_encrypted": each.is_encrypted,
            "authority": each.authority,
        }
        for each in held.order_by("id")
    }


def _device(device: models.Device, registers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(device.public_id),
        "meter": device.meter.serial_number,
        "unit_id": values.bus_address(device.unit_id, device.secondary),
        "model": device.model_code,
        "byte_order": device.byte_order,
        "live_seconds": device.live_seconds,
        "registers": registers,
    }


def _bus(bus: models.Bus, devices: list[dict[str, Any]]) -> dict[str, Any]:
    line = {"baud": bus.baud, "parity": bus.parity, "stop_bits": bus.stop_bits, "pause_ms": bus.pause_ms}
    fields = {name: getattr(bus, name) for name in ("protocol", "host", "port", "timeout_ms", "retries")}
    return {"id": str(bus.public_id), **fields, "line": line, "devices": devices, "zone": bus.site.time_zone}
