"""What a gateway should read, as its configuration tells it. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from meterbook.acquisition import catalogue, models, plans, values
from meterbook.foundation import scoping
from meterbook.kernel import order


@dataclass(frozen=True)
class LineRow:
    """A bus of a gateway with the serial numbers of the meters that are read on it and their addresses there.

    An address is the number on the line, such as 7, or the secondary one of M-Bus, such as 14588517FFFFFFFF.
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
        .select_related("bus", "meter")
        .order_by("bus_id", "unit_id", "id")
    )
    feeds, types = plans.feeds_of_meters({each.meter_id for each in devices}), catalogue.current()
    by_bus: dict[models.Bus, list[dict[str, Any]]] = defaultdict(list)
    for device in devices:
        registers = [
            {"code": each.register_code, "step": each.step}
            for each in feeds.get(device.meter_id, ())
            if device.model_code in types
        ]
        if registers:
            by_bus[device.bus].append(_device(device, registers))
    used = {each["model"] for told in by_bus.values() for each in told}
    return {
        "buses": [_bus(bus, told) for bus, told in by_bus.items()],
        "models": {code: types.text(code) for code in sorted(used)},
    }


def list_lines(*, gateway_id: int) -> list[LineRow]:
    """This will return the buses of a gateway, by name."""
    organization_id = scoping.current().organization_id
    buses = models.Bus.objects.filter(organization_id=organization_id, gateway_id=gateway_id)
    devices = models.Device.objects.filter(organization_id=organization_id, bus__gateway_id=gateway_id, is_enabled=True)
    on: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for bus_id, serial, unit_id, secondary in devices.order_by("unit_id", "secondary", "id").values_list(
        "bus_id", "meter__serial_number", "unit_id", "secondary"
    ):
        on[bus_id].append((serial, secondary or str(unit_id)))
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
    return {"id": str(bus.public_id), **fields, "line": line, "devices": devices}
