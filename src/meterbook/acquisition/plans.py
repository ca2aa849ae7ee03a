"""What a collector must know to read: buses, their devices, and which register feeds which series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from meterbook.acquisition import models, values
from meterbook.acquisition.library import documents, orders
from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values


@dataclass(frozen=True)
class RegisterFeed:
    """The register of a meter that feeds a series: integers of 10^-`decimals` `unit`, a reading each `step` minutes."""

    register_code: str
    series_id: int
    unit: Unit
    decimals: int
    kind: metering_values.SeriesKind
    step: int


@dataclass(frozen=True)
class DevicePlan:
    """A device and the series that it feeds; no feeds while its meter hangs nowhere."""

    device_id: int
    organization_id: int
    unit_id: int
    model_code: str
    live_seconds: int
    feeds: tuple[RegisterFeed, ...]
    byte_order: orders.ByteOrder | None = None
    secondary: str = ""

    @property
    def address(self) -> int:
        """The number by which the driver of its bus knows it."""
        return values.bus_address(self.unit_id, self.secondary)


@dataclass(frozen=True)
class BusPlan:
    """A bus and its enabled devices. Time-outs are real milliseconds."""

    bus_id: int
    organization_id: int
    name: str
    protocol: values.BusProtocol
    host: str
    port: int
    timeout_ms: int
    retries: int
    devices: tuple[DevicePlan, ...]
    line: values.LineSettings = values.AS_USUAL


def registers_of_model(
    model_code: str, openings: Mapping[str, int] | None = None
) -> tuple[metering_operations.RegisterPlan, ...]:
    """This will return the registers with which a meter of a model is installed, so that the collector can read it.

    Registers whose quantity the catalogue of series does not have are left out.

    :param openings: what registers showed at the installation, by register code, in their stored resolution
    :raises documents.ModelUnknown: when the library has no such model
    """
    known, shown = metering_values.series_types(), openings or {}
    return tuple(
        metering_operations.RegisterPlan(
            register_code=register.code,
            series_code=register.series_code,
            unit=register.unit,
            decimals=register.decimals,
            wrap=register.wrap,
            opening=shown.get(register.code),
        )
        for register in documents.load(model_code).registers
        if register.series_code in known
    )


def devices_for_collector() -> tuple[BusPlan, ...]:
    """This will return the enabled buses of the running scope with their enabled devices, but for those of gateways."""
    organizations = scoping.current().organizations
    devices = list(
        models.Device.objects.filter(
            organization_id__in=organizations, is_enabled=True, bus__is_enabled=True, bus__gateway=None
        )
        .select_related("bus")
        .order_by("bus_id", "unit_id", "id")
    )
    feeds = feeds_of_meters({device.meter_id for device in devices})
    by_bus: dict[models.Bus, list[DevicePlan]] = defaultdict(list)
    for device in devices:
        by_bus[device.bus].append(_device_plan(device, feeds.get(device.meter_id, ())))
    return tuple(_bus_plan(bus, tuple(plans)) for bus, plans in by_bus.items())


def feeds_of_meters(meter_ids: set[int]) -> dict[int, tuple[RegisterFeed, ...]]:
    """This will return the registers of installed meters that feed series, by the meter's internal id."""
    registers = metering_models.InstallationRegister.objects.filter(
        organization_id__in=scoping.current().organizations,
        installation__meter_id__in=meter_ids,
        installation__during__upper_inf=True,
    )
    found: dict[int, list[RegisterFeed]] = defaultdict(list)
    columns = "installation__meter_id", "register_code", "series_id", "unit", "decimals", "series__kind", "series__step"
    # Plain rows: a thousand meters have sixteen thousand registers, and this is asked every half minute.
    for meter_id, code, series_id, unit, decimals, kind, step in registers.order_by("id").values_list(*columns):
        found[meter_id].append(
            RegisterFeed(
                register_code=code,
                series_id=series_id,
                unit=Unit(unit),
                decimals=decimals,
                kind=metering_values.SeriesKind(kind),
                step=step,
            )
        )
    return {meter_id: tuple(feeds) for meter_id, feeds in found.items()}


def _device_plan(device: models.Device, feeds: tuple[RegisterFeed, ...]) -> DevicePlan:
    return DevicePlan(
        device_id=device.pk,
        organization_id=device.organization_id,
        unit_id=device.unit_id,
        secondary=device.secondary,
        model_code=device.model_code,
        byte_order=orders.ByteOrder(device.byte_order) if device.byte_order else None,
        live_seconds=device.live_seconds,
        feeds=feeds,
    )


def _bus_plan(bus: models.Bus, devices: tuple[DevicePlan, ...]) -> BusPlan:
    return BusPlan(
        bus_id=bus.pk,
        organization_id=bus.organization_id,
        name=bus.name,
        protocol=values.BusProtocol(bus.protocol),
        host=bus.host,
        port=bus.port,
        timeout_ms=bus.timeout_ms,
        retries=bus.retries,
        devices=devices,
        line=values.LineSettings(bus.baud, values.Parity(bus.parity), bus.stop_bits, bus.pause_ms),
    )
