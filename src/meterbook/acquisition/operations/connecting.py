"""Correct how a meter is reached: the gateway's name and address, the meter's address there, the order of its bytes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, models, networks, values
from meterbook.acquisition.library import orders
from meterbook.acquisition.operations import devices
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor


class ConnectionRefused(ValueError):
    """The connection cannot be changed as it was described; `field` names what to correct, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@operation.operation
def change_connection(
    *,
    actor: Actor,
    at: datetime,
    device: uuid.UUID,
    gateway_name: str,
    host: str,
    port: int,
    unit_id: int,
    byte_order: orders.ByteOrder | None,
    allowed: networks.AllowedNetworks,
    secondary: str = "",
    protocol: values.BusProtocol | None = None,
    line: values.LineSettings | None = None,
) -> bool:
    """This will correct a device and its gateway, for all meters behind it; it answers whether anything differs.

    :param device: its public id
    :param byte_order: in which this meter sends its numbers; None: as its model says
    :param secondary: the address of an M-Bus meter by its number, in place of `unit_id`
    :param protocol: what is spoken with the gateway, of the same family; None, as `line`: what is so far
    :raises models.Device.DoesNotExist: when the organization has no such device
    :raises ConnectionRefused: naming the field (gateway_name, protocol, host, unit_id) that cannot be
    """
    organization_id = scoping.current().organization_id
    own = models.Device.objects.filter(organization_id=organization_id).select_for_update(of=("self",))
    held = own.select_related("bus").get(public_id=device)
    before = _facts(held)
    unit_id = values.BY_SELECTION if secondary else unit_id
    spoken = protocol or values.BusProtocol(held.bus.protocol)
    _change_line(actor, at, held.bus, spoken, line)
    _change_bus(actor, at, held.bus, gateway_name, hosts.read(host) or host.strip(), port, allowed)
    try:
        devices.check_address(spoken, unit_id, secondary)
    except devices.DeviceMisconfigured as error:
        raise ConnectionRefused("secondary" if secondary else "unit_id", str(error)) from error
    main = orders.main_counter(catalogue.current().load(held.model_code))
    differs = byte_order is not None and byte_order is not orders.order_of(main)
    held.secondary = secondary
    held.unit_id, held.byte_order = unit_id, byte_order.value if byte_order is not None and differs else ""
    try:
        with transaction.atomic():
            held.save(update_fields=["unit_id", "secondary", "byte_order"])
    except IntegrityError as error:
        words = _("Address %(unit)s is in use on bus “%(bus)s”; give each meter an address of its own.")
        raise ConnectionRefused("unit_id", words % {"unit": secondary or unit_id, "bus": held.bus.name}) from error
    after = _facts(held)
    if after == before:
        return False
    audit_operations.record(
        actor=actor, at=at, action="acquisition:change_connection", subject=held, before=before, after=after
    )
    foundation_bus.notify("device", organization_id, [held.pk])
    return True


def _change_line(
    actor: Actor, at: datetime, bus: models.Bus, protocol: values.BusProtocol, line: values.LineSettings | None
) -> None:
    """What is spoken and how the line is set; a serial port becomes an address, or back, with the move that follows."""
    former = values.BusProtocol(bus.protocol)
    own = values.LineSettings(bus.baud, values.Parity(bus.parity), bus.stop_bits, bus.pause_ms)
    wanted = own if line is None else line
    if (former, own) == (protocol, wanted):
        return
    if values.MODEL_PROTOCOL_OF[former] != values.MODEL_PROTOCOL_OF[protocol]:
        raise ConnectionRefused("protocol", _("The meters behind it speak another language; set up a new gateway."))
    if not wanted.is_possible:
        raise ConnectionRefused("protocol", _("Choose a speed, a parity and stop bits that are in the lists."))
    before = {"protocol": former.value, **own.as_json()}
    bus.protocol, bus.baud, bus.parity = protocol.value, wanted.baud, wanted.parity.value
    bus.stop_bits, bus.pause_ms = wanted.stop_bits, wanted.pause_ms
    fields = ["protocol", "baud", "parity", "stop_bits", "pause_ms"]
    if former.is_serial != protocol.is_serial:
        bus.port = 0 if protocol.is_serial else values.USUAL_PORTS[protocol]
        fields.append("port")
    bus.save(update_fields=fields)
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:change_line",
        subject=bus,
        before=before,
        after={"protocol": protocol.value, **wanted.as_json()},
    )


def _change_bus(
    actor: Actor,
    at: datetime,
    bus: models.Bus,
    name: str,
    host: str,
    port: int,
    allowed: networks.AllowedNetworks,
) -> None:
    same = models.Bus.objects.filter(organization_id=bus.organization_id, site_id=bus.site_id, host=host, port=port)
    other = same.exclude(pk=bus.pk).first()
    if other is not None:
        # Two buses to one gateway would ask it two questions at once, which a serial line behind it cannot bear.
        words = _("Gateway “%(name)s” has this address already; choose another one.") % {"name": other.name}
        raise ConnectionRefused("host", words)
    try:
        devices.move_bus(actor=actor, at=at, bus_id=bus.pk, host=host, port=port, allowed=allowed)
    except (devices.BusMisconfigured, networks.NetworkNotAllowed, networks.SerialPortNotAllowed) as error:
        raise ConnectionRefused("host", str(error)) from error
    bus.name, bus.host, bus.port = name, host, port
    try:
        with transaction.atomic():
            bus.save(update_fields=["name"])
    except IntegrityError as error:
        words = _("The site has a bus “%(name)s” already; take another name.") % {"name": name}
        raise ConnectionRefused("gateway_name", words) from error


def _facts(device: models.Device) -> dict[str, object]:
    bus = device.bus
    return {
        "bus": bus.name,
        "host": bus.host,
        "port": bus.port,
        "unit_id": device.unit_id,
        "byte_order": device.byte_order,
        **({"secondary": device.secondary} if device.secondary else {}),
    }
