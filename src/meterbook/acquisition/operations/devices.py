"""Add buses and devices, and switch them on and off."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, events, gateway_models, models, networks, values
from meterbook.acquisition.library import documents, orders
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


class BusMisconfigured(ValueError):
    """A bus needs a host, a port from 1 to 65535, a time-out of 50 ms to 60 s, 0 to 10 retries, a possible line."""


class DeviceMisconfigured(ValueError):
    """A device needs a model of the library that speaks the protocol of its bus, and an address that there is on it."""


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
    timeout_ms: int | None = None,
    retries: int = 2,
    line: values.LineSettings | None = None,
) -> models.Bus:
    """This will add a bus to a site.

    :param host: address or name, or the path of a serial port; the collector checks what a name resolves to before
        each connection
    :param allowed: what the platform's owner allowed (`networks.AllowedNetworks.from_environment`)
    :param timeout_ms: real milliseconds that one attempt may take; None: as it is usual for the protocol
    :param line: how a serial line is set, and the pause between two exchanges; of M-Bus behind a converter too
    :raises BusMisconfigured: naming what is out of range
    :raises networks.NetworkNotAllowed: when the address is not allowed
    :raises networks.SerialPortNotAllowed: when the serial port is not allowed
    :raises AddressTaken: when the site has a bus of that name
    """
    if protocol.is_serial:
        host, port = host.strip(), 0
        allowed.check_serial(host)
    else:
        host = _host(host)
        allowed.check_host(host)
    line = line or values.usual_line(protocol)
    timeout_ms = values.usual_timeout_ms(protocol) if timeout_ms is None else timeout_ms
    _check(protocol, port, timeout_ms, retries, line)
    fields = {
        "name": name,
        "protocol": protocol.value,
        "host": host,
        "port": port,
        "timeout_ms": timeout_ms,
        "retries": retries,
        "baud": line.baud,
        "parity": line.parity.value,
        "stop_bits": line.stop_bits,
        "pause_ms": line.pause_ms,
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
    :raises BusMisconfigured: when the host is none, or the port is out of range
    :raises networks.NetworkNotAllowed: when the address is not allowed
    """
    bus = models.Bus.objects.get(organization_id=scoping.current().organization_id, pk=bus_id)
    is_serial = values.BusProtocol(bus.protocol).is_serial
    host = host.strip() if is_serial or host == bus.host else _host(host)
    port = 0 if is_serial else port
    if (bus.host, bus.port) == (host, port):
        return
    check_place(values.BusProtocol(bus.protocol), host, port, allowed)
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
    live_seconds: int | None = None,
    secondary: str = "",
) -> models.Device:
    """This will put a meter on a bus; the collector begins to read it within half a minute.

    :param model_code: a document of the library; the meter's own model when empty
    :param byte_order: in which this meter sends its numbers, where it differs from its model
    :param live_seconds: how often live values are asked, in product seconds; None: as it is usual for its protocol
    :param secondary: the address of an M-Bus meter by its number (`values.secondary_address`); then `unit_id` is of
        no account
    :raises DeviceMisconfigured: for an unknown model, another protocol, or an address that cannot be
    :raises AddressTaken: when the address is in use on the bus, or the meter is read through another device
    """
    _require_own_gateway(bus, meter)
    model = model_on(model_code or meter.model_code, bus)
    protocol = values.BusProtocol(bus.protocol)
    unit_id = values.BY_SELECTION if secondary else unit_id
    check_address(protocol, unit_id, secondary)
    live_seconds = values.live_seconds(protocol) if live_seconds is None else live_seconds
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
                secondary=secondary,
                model_code=model.code,
                byte_order=order.value if order is not None else "",
                live_seconds=live_seconds,
            )
    except IntegrityError as error:
        raise _taken(error, bus, secondary or str(unit_id), meter) from error
    models.DeviceState.objects.create(organization_id=bus.organization_id, device=device)
    audit_operations.record(
        actor=actor, at=at, action="acquisition:create_device", subject=device, before=None, after=_told(device)
    )
    foundation_bus.notify("device", device.organization_id, [device.pk])
    return device


def _told(device: models.Device) -> dict[str, object]:
    """What the trail keeps of a device."""
    names = ("unit_id", "model_code", "byte_order", *(("secondary",) if device.secondary else ()))
    facts = {name: getattr(device, name) for name in names}
    return {"bus": device.bus.name, "meter": device.meter.serial_number, **facts}


def check_address(protocol: values.BusProtocol, unit_id: int, secondary: str) -> None:
    """This will pass when a meter on a bus may have the address.

    :raises DeviceMisconfigured: when it may not
    """
    if secondary:
        if not protocol.is_mbus or values.secondary_address(secondary) != secondary:
            raise DeviceMisconfigured(str(values.SECONDARY_HELP))
    elif unit_id not in values.unit_ids(protocol):
        raise DeviceMisconfigured(values.unit_help(protocol))


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
        raise _taken(error, device.bus, device.secondary or str(device.unit_id), device.meter) from error
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


def _require_own_gateway(bus: models.Bus, meter: metering_models.Meter) -> None:
    """What a field gateway reads it must be allowed to deliver; otherwise its readings would be refused."""
    if bus.gateway_id is None:
        return
    links = gateway_models.GatewayMeter.objects.filter(
        organization_id=bus.organization_id, gateway_id=bus.gateway_id, meter=meter, removed_at=None
    )
    if not links.exists():
        words = _("Bus “%(bus)s” is read by a field gateway; add the meter on the gateway's page first.")
        raise DeviceMisconfigured(words % {"bus": bus.name})


def model_on(code: str, bus: models.Bus) -> documents.MeterModel:
    """This will return the model of a code when it speaks what is spoken on a bus.

    :raises DeviceMisconfigured: when it does not, or there is none
    """
    try:
        model = catalogue.current().load(code)
    except documents.ModelUnknown as error:
        raise DeviceMisconfigured(
            _("The library has no meter model “%(model)s”; it has %(known)s.")
            % {"model": code, "known": ", ".join(catalogue.current().codes())}
        ) from error
    if model.protocol != values.MODEL_PROTOCOL_OF[values.BusProtocol(bus.protocol)]:
        raise DeviceMisconfigured(
            _("Meter model “%(model)s” does not speak the protocol of this bus.") % {"model": code}
        )
    return model


def _taken(
    error: IntegrityError, bus: models.Bus, address: str, meter: metering_models.Meter
) -> AddressTaken | IntegrityError:
    if "device_unit_once_a_bus" in str(error):
        return AddressTaken(
            _("Address %(unit)s is in use on bus “%(bus)s”; give each meter an address of its own.")
            % {"unit": address, "bus": bus.name}
        )
    if "device_once_a_meter" in str(error):
        return AddressTaken(
            _("Meter %(number)s is read through another device; switch that one off first.")
            % {"number": meter.serial_number}
        )
    return error


def _check(protocol: values.BusProtocol, port: int, timeout_ms: int, retries: int, line: values.LineSettings) -> None:
    is_port = port == 0 if protocol.is_serial else port in values.PORTS
    if not is_port or timeout_ms not in values.TIMEOUTS_MS or retries not in values.RETRIES:
        raise BusMisconfigured(_("A bus takes ports 1 to 65535, a time-out of 50 ms to 60 s and 0 to 10 retries."))
    if not line.is_possible:
        raise BusMisconfigured(
            _("A line takes %(bauds)s baud, 1 or 2 stop bits, and a pause of 0 to %(pause)s ms.")
            % {"bauds": ", ".join(str(each) for each in values.BAUDS), "pause": values.LONGEST_PAUSE_MS}
        )


def check_place(protocol: values.BusProtocol, host: str, port: int, allowed: networks.AllowedNetworks) -> None:
    """This will pass when our collector may ask a line there.

    :raises BusMisconfigured: when the host is none, or the port is out of range
    :raises networks.NetworkNotAllowed: when the address is not allowed
    :raises networks.SerialPortNotAllowed: when the serial port is not allowed
    """
    if protocol.is_serial:
        allowed.check_serial(host)
        return
    if port not in values.PORTS:
        raise BusMisconfigured(_("A bus takes ports 1 to 65535, a time-out of 50 ms to 60 s and 0 to 10 retries."))
    allowed.check_host(_host(host))


def _host(text: str) -> str:
    host = hosts.read(text)
    if host is None:
        raise BusMisconfigured(_("Give the gateway's address or name alone, such as 192.168.10.4."))
    return host
