"""Add buses and devices, and switch them on and off."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import events, models, networks, values
from meterbook.acquisition.library import documents, orders
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


class BusMisconfigured(ValueError):
    """A bus needs a host, a port from 1 to 65535, a time-out from 50 ms to 60 s and 0 to 10 retries."""


class DeviceMisconfigured(ValueError):
    """A device needs a model of the library that speaks the protocol of its bus and a unit address from 1 to 247."""


class AddressTaken(ValueError):
    """The name or address is in use already, or the meter is read through another device."""


@operation.operation
def create_bus(
    *,
    actor: Actor,
    at: datetime,
    site: site_models.Site,
    name: str,
    host: str,
    allowed: networks.AllowedNetworks,
    port: int = 502,
    protocol: values.BusProtocol = values.BusProtocol.MODBUS_TCP,
    timeout_ms: int = 1000,
    retries: int = 2,
) -> models.Bus:
    """This will add a bus to a site.

    :param host: address or name; the collector checks what a name resolves to before each connection
    :param allowed: what the platform's owner allowed (`networks.AllowedNetworks.from_environment`)
    :param timeout_ms: real milliseconds that one attempt may take
    :raises BusMisconfigured: naming what is out of range
    :raises networks.NetworkNotAllowed: when the address is not allowed
    :raises AddressTaken: when the site has a bus of that name
    """
    host = host.strip()
    if not host or any(each.isspace() or each in "/@" for each in host):
        raise BusMisconfigured(_("Give the gateway's address or name alone, such as 192.168.10.4."))
    if port not in values.PORTS or not 50 <= timeout_ms <= 60_000 or not 0 <= retries <= 10:
        raise BusMisconfigured(_("A bus takes ports 1 to 65535, a time-out of 50 ms to 60 s and 0 to 10 retries."))
    allowed.check_host(host)
    fields = {
        "name": name,
        "protocol": protocol.value,
        "host": host,
        "port": port,
        "timeout_ms": timeout_ms,
        "retries": retries,
    }
    try:
        with transaction.atomic():
            made = models.Bus.objects.create(organization_id=site.organization_id, site=site, **fields)
    except IntegrityError as error:
        raise AddressTaken(_("The site has a bus “%(name)s” already; take another name.") % {"name": name}) from error
    after = {"site": site.code, **fields}
    audit_operations.record(actor=actor, at=at, action="acquisition:create_bus", subject=made, before=None, after=after)
    return made


@operation.operation
def move_bus(
    *, actor: Actor, at: datetime, bus_id: int, host: str, port: int, allowed: networks.AllowedNetworks
) -> None:
    """This will have a bus reached at another address; the same again changes nothing.

    :raises models.Bus.DoesNotExist: when the organization has no such bus
    :raises BusMisconfigured: when the port is out of range
    :raises networks.NetworkNotAllowed: when the address is not allowed
    """
    bus = models.Bus.objects.get(organization_id=scoping.current().organization_id, pk=bus_id)
    if (bus.host, bus.port) == (host, port):
        return
    if port not in values.PORTS:
        raise BusMisconfigured(_("A bus takes ports 1 to 65535, a time-out of 50 ms to 60 s and 0 to 10 retries."))
    allowed.check_host(host)
    before = {"host": bus.host, "port": bus.port}
    bus.host, bus.port = host, port
    bus.save(update_fields=["host", "port"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:move_bus",
        subject=bus,
        before=before,
        after={"host": host, "port": port},
    )
    devices = models.Device.objects.filter(organization_id=bus.organization_id, bus=bus, is_enabled=True)
    foundation_bus.notify("device", bus.organization_id, list(devices.order_by("id").values_list("pk", flat=True)))


@operation.operation
def create_device(
    *,
    actor: Actor,
    at: datetime,
    bus: models.Bus,
    meter: metering_models.Meter,
    unit_id: int,
    model_code: str = "",
    byte_order: orders.ByteOrder | None = None,
    live_seconds: int = 10,
) -> models.Device:
    """This will put a meter on a bus; the collector begins to read it within half a minute.

    :param model_code: a document of the library; the meter's own model when empty
    :param byte_order: in which this meter sends its numbers, where it differs from its model
    :param live_seconds: how often live values are asked, in product seconds
    :raises DeviceMisconfigured: for an unknown model, another protocol, or an address that cannot be
    :raises AddressTaken: when the address is in use on the bus, or the meter is read through another device
    """
    model = _model(model_code or meter.model_code, bus)
    if unit_id not in values.UNIT_IDS:
        raise DeviceMisconfigured(_("The unit address lies between 1 and 247, as it is set at the meter."))
    if not 1 <= live_seconds <= 3600:
        raise DeviceMisconfigured(_("Live values are asked every 1 to 3600 seconds."))
    order = None if byte_order is orders.order_of(orders.main_counter(model)) else byte_order
    try:
        with transaction.atomic():
            device = models.Device.objects.create(
                organization_id=bus.organization_id,
                bus=bus,
                meter=meter,
                unit_id=unit_id,
                model_code=model.code,
                byte_order=order.value if order is not None else "",
                live_seconds=live_seconds,
            )
    except IntegrityError as error:
        raise _taken(error, bus, unit_id, meter) from error
    models.DeviceState.objects.create(organization_id=bus.organization_id, device=device)
    after = {
        "bus": bus.name,
        "meter": meter.serial_number,
        "unit_id": unit_id,
        "model_code": model.code,
        "byte_order": order.value if order is not None else "",
    }
    audit_operations.record(
        actor=actor, at=at, action="acquisition:create_device", subject=device, before=None, after=after
    )
    foundation_bus.notify("device", device.organization_id, [device.pk])
    return device


@operation.operation
def set_device_enabled(*, actor: Actor, at: datetime, device: models.Device, is_enabled: bool) -> None:
    """This will begin or end reading a device; the same again changes nothing. Its alarm ends with its reading.

    :raises AddressTaken: when meanwhile another device took its address or its meter
    """
    if device.is_enabled == is_enabled:
        return
    try:
        with transaction.atomic():
            device.is_enabled = is_enabled
            device.save(update_fields=["is_enabled"])
    except IntegrityError as error:
        device.is_enabled = not is_enabled
        raise _taken(error, device.bus, device.unit_id, device.meter) from error
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:set_device_enabled",
        subject=device,
        before={"is_enabled": not is_enabled},
        after={"is_enabled": is_enabled},
    )
    if not is_enabled:
        _forget_silence(device)
    foundation_bus.notify("device", device.organization_id, [device.pk])


@operation.operation
def set_bus_enabled(*, actor: Actor, at: datetime, bus: models.Bus, is_enabled: bool) -> None:
    """This will begin or end reading all devices of a bus; the same again changes nothing."""
    if bus.is_enabled == is_enabled:
        return
    bus.is_enabled = is_enabled
    bus.save(update_fields=["is_enabled"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:set_bus_enabled",
        subject=bus,
        before={"is_enabled": not is_enabled},
        after={"is_enabled": is_enabled},
    )
    devices = list(
        models.Device.objects.filter(organization_id=bus.organization_id, bus=bus, is_enabled=True)
        .select_related("meter")
        .order_by("id")
    )
    if not is_enabled:
        for device in devices:
            _forget_silence(device)
    foundation_bus.notify("device", bus.organization_id, [device.pk for device in devices])


def _forget_silence(device: models.Device) -> None:
    """Nobody asks the device any more: nothing is known of it, neither that it answers nor that it is silent."""
    models.DeviceState.objects.filter(organization_id=device.organization_id, device=device).update(
        status=values.DeviceStatus.NEVER.value, failures=0, silent_since=None, problem=None
    )
    foundation_events.publish(
        events.DeviceSwitchedOff(
            organization_id=device.organization_id,
            device_id=str(device.public_id),
            bus_id=str(device.bus.public_id),
            meter_id=str(device.meter.public_id),
        )
    )


def _model(code: str, bus: models.Bus) -> documents.MeterModel:
    try:
        model = documents.load(code)
    except documents.ModelUnknown as error:
        raise DeviceMisconfigured(
            _("The library has no meter model “%(model)s”; it has %(known)s.")
            % {"model": code, "known": ", ".join(documents.codes())}
        ) from error
    if model.protocol != values.MODEL_PROTOCOL_OF[values.BusProtocol(bus.protocol)]:
        raise DeviceMisconfigured(
            _("Meter model “%(model)s” does not speak the protocol of this bus.") % {"model": code}
        )
    return model


def _taken(
    error: IntegrityError, bus: models.Bus, unit_id: int, meter: metering_models.Meter
) -> AddressTaken | IntegrityError:
    if "device_unit_once_a_bus" in str(error):
        return AddressTaken(
            _("Address %(unit)s is in use on bus “%(bus)s”; give each meter an address of its own.")
            % {"unit": unit_id, "bus": bus.name}
        )
    if "device_once_a_meter" in str(error):
        return AddressTaken(
            _("Meter %(number)s is read through another device; switch that one off first.")
            % {"number": meter.serial_number}
        )
    return error
