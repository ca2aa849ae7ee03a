"""What a collector must know to read: buses, their devices, and which register feeds which series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.acquisition import carriers, catalogue, models, values
from meterbook.acquisition.library import orders
from meterbook.foundation import scoping, vault
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values

_UTC = ZoneInfo("UTC")


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
class BrokerPlan:
    """How a broker is entered; `password` None: it was sealed with another key and must be entered again."""

    user: str
    password: str | None = field(repr=False)
    client_id: str
    is_encrypted: bool
    authority: str


@dataclass(frozen=True)
class SubscriptionPlan:
    """Under which topic a device sends; `mapping` as `drivers.mqtt.mapping.MessageMap`, empty: that of its model."""

    topic: str
    channel: int
    mapping: Mapping[str, Any]


@dataclass(frozen=True)
class DevicePlan:
    """A device and the series that it feeds; no feeds while its meter hangs nowhere.

    `own_type` is the meter type where the organization made it itself: another version of it is another plan.
    """

    device_id: int
    organization_id: int
    unit_id: int
    model_code: str
    live_seconds: int
    feeds: tuple[RegisterFeed, ...]
    byte_order: orders.ByteOrder | None = None
    secondary: str = ""
    own_type: catalogue.OwnType | None = None
    subscription: SubscriptionPlan | None = None

    @property
    def address(self) -> int:
        """The number by which the driver of its bus knows it."""
        return values.bus_address(self.unit_id, self.secondary)


@dataclass(frozen=True)
class BusPlan:
    """A bus and its enabled devices. Time-outs are real milliseconds.

    `carried` are the topics under which gateways publish their batches at a broker.
    """

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
    broker: BrokerPlan | None = None
    carried: tuple[str, ...] = ()
    zone: ZoneInfo = _UTC  # of its site, which clocks of meters keep that tell none


def registers_of_model(
    model_code: str, openings: Mapping[str, int] | None = None, *, only: Collection[str] | None = None
) -> tuple[metering_operations.RegisterPlan, ...]:
    """This will return the registers with which a meter of a model is installed, so that the collector can read it.

    Registers whose quantity the catalogue of series does not have are left out.

    :param openings: what registers showed at the installation, by register code, in their stored resolution
    :param only: the codes of registers that its messages hold; None: all
    :raises library.documents.ModelUnknown: when there is no such meter type
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
        for register in catalogue.current().load(model_code).registers
        if register.series_code in known and (only is None or register.code in only)
    )


def devices_for_collector() -> tuple[BusPlan, ...]:
    """This will return the enabled buses of the running scope with their enabled devices, but for those of gateways."""
    organizations = scoping.current().organizations
    devices = list(
        models.Device.objects.filter(
            organization_id__in=organizations, is_enabled=True, bus__is_enabled=True, bus__gateway=None
        )
        .exclude(bus__protocol=values.BusProtocol.HTTP.value)  # they come to the web
        .select_related("bus__site")
        .order_by("bus_id", "unit_id", "id")
    )
    feeds = feeds_of_meters({device.meter_id for device in devices})
    brokers, subscriptions = _brokers(organizations), _subscriptions(organizations)
    carried = carriers.topics_of(organizations=organizations)
    by_bus: dict[models.Bus, list[DevicePlan]] = defaultdict(list)
    for device in devices:
        plan = _device_plan(device, feeds.get(device.meter_id, ()), subscriptions.get(device.pk))
        by_bus[device.bus].append(plan)
    for broker in brokers.values():  # one at which no device sends yet: whether it lets us in can be seen
        by_bus.setdefault(broker.bus, [])
    return tuple(
        _bus_plan(bus, tuple(plans), brokers.get(bus.pk), carried.get(bus.pk, ())) for bus, plans in by_bus.items()
    )


def _brokers(organizations: Collection[int]) -> dict[int, models.Broker]:
    found = models.Broker.objects.filter(organization_id__in=organizations, bus__is_enabled=True, bus__gateway=None)
    return {each.bus_id: each for each in found.select_related("bus__site").order_by("id")}


def _subscriptions(organizations: Collection[int]) -> dict[int, SubscriptionPlan]:
    found = models.Subscription.objects.filter(organization_id__in=organizations, device__is_enabled=True)
    return {each.device_id: SubscriptionPlan(each.topic, each.channel, each.mapping) for each in found.order_by("id")}


def _broker_plan(broker: models.Broker) -> BrokerPlan:
    password: str | None
    try:
        password = vault.open_sealed(broker.sealed_password) if broker.sealed_password else ""
    except vault.VaultClosed:
        password = None
    return BrokerPlan(broker.user, password, broker.client_id, broker.is_encrypted, broker.authority)


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


def _device_plan(
    device: models.Device, feeds: tuple[RegisterFeed, ...], subscription: SubscriptionPlan | None
) -> DevicePlan:
    return DevicePlan(
        device_id=device.pk,
        organization_id=device.organization_id,
        unit_id=device.unit_id,
        secondary=device.secondary,
        model_code=device.model_code,
        byte_order=orders.ByteOrder(device.byte_order) if device.byte_order else None,
        live_seconds=device.live_seconds,
        feeds=feeds,
        own_type=catalogue.current().own.get(device.model_code),
        subscription=subscription,
    )


def _bus_plan(
    bus: models.Bus, devices: tuple[DevicePlan, ...], broker: models.Broker | None, carried: tuple[str, ...]
) -> BusPlan:
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
        broker=_broker_plan(broker) if broker is not None else None,
        carried=carried,
        zone=ZoneInfo(bus.site.time_zone),
    )
