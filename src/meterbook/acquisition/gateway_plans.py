"""What a gateway should read, as its configuration tells it. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from meterbook.acquisition import models, plans, values
from meterbook.acquisition.library import documents
from meterbook.foundation import scoping
from meterbook.kernel import order


@dataclass(frozen=True)
class LineRow:
    """A bus of a gateway with the serial numbers and unit addresses of the meters that are read on it.

    `setting` is how a serial line is set, such as 9600 8N1; empty for others.
    """

    public_id: str
    name: str
    protocol: values.BusProtocol
    address: str
    setting: str
    devices: tuple[tuple[str, int], ...]


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
    feeds = plans.feeds_of_meters({each.meter_id for each in devices})
    by_bus: dict[models.Bus, list[dict[str, Any]]] = defaultdict(list)
    for device in devices:
        registers = [
            {"code": each.register_code, "step": each.step}
            for each in feeds.get(device.meter_id, ())
            if device.model_code in documents.codes()
        ]
        if registers:
            by_bus[device.bus].append(_device(device, registers))
    used = {each["model"] for told in by_bus.values() for each in told}
    return {
        "buses": [_bus(bus, told) for bus, told in by_bus.items()],
        "models": {code: (documents.MODELS / f"{code}.yaml").read_text(encoding="utf-8") for code in sorted(used)},
    }


def list_lines(*, gateway_id: int) -> list[LineRow]:
    """This will return the buses of a gateway, by name."""
    organization_id = scoping.current().organization_id
    buses = models.Bus.objects.filter(organization_id=organization_id, gateway_id=gateway_id)
    devices = models.Device.objects.filter(organization_id=organization_id, bus__gateway_id=gateway_id, is_enabled=True)
    on: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for bus_id, serial, unit_id in devices.order_by("unit_id", "id").values_list(
        "bus_id", "meter__serial_number", "unit_id"
    ):
        on[bus_id].append((serial, unit_id))
    rows = [
        LineRow(
            public_id=str(bus.public_id),
            name=bus.name,
            protocol=values.BusProtocol(bus.protocol),
            address=values.place(bus.host, bus.port),
            setting="" if bus.port else f"{bus.baud} 8{bus.parity}{bus.stop_bits}",
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
