"""Correct how a meter is reached: the gateway's name and address, the meter's address there, the order of its bytes."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, models, networks, values
from meterbook.acquisition.library import orders
from meterbook.acquisition.operations import devices, lines
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


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
    held.bus = models.Bus.objects.select_for_update(of=("self",)).get(organization_id=organization_id, pk=held.bus_id)
    before = _facts(held)
    unit_id = values.BY_SELECTION if secondary else unit_id
    spoken = protocol or values.BusProtocol(held.bus.protocol)
    now = lines.LineFacts.of(held.bus)
    wanted = replace(now, name=gateway_name, protocol=spoken, host=host, port=port, line=line or now.line)
    _rewrite_line(actor, at, held.bus, wanted, allowed)
    try:
        devices.check_address(spoken, unit_id, secondary)
    except devices.DeviceMisconfigured as error:
        raise lines.ConnectionRefused("secondary" if secondary else "unit_id", str(error)) from error
    main = orders.main_counter(catalogue.current().load(held.model_code))
    differs = byte_order is not None and byte_order is not orders.order_of(main)
    held.secondary = secondary
    held.unit_id, held.byte_order = unit_id, byte_order.value if byte_order is not None and differs else ""
    _store(held)
    after = _facts(held)
    if after == before:
        return False
    audit_operations.record(
        actor=actor, at=at, action="acquisition:change_connection", subject=held, before=before, after=after
    )
    foundation_bus.notify("device", organization_id, [held.pk])
    return True


def _store(held: models.Device) -> None:
    try:
        with transaction.atomic():
            held.save(update_fields=["unit_id", "secondary", "byte_order"])
    except IntegrityError as error:
        words = _("Address %(unit)s is in use on bus “%(bus)s”; give each meter an address of its own.")
        facts = {"unit": held.secondary or held.unit_id, "bus": held.bus.name}
        raise lines.ConnectionRefused("unit_id", words % facts) from error


def _rewrite_line(
    actor: Actor, at: datetime, bus: models.Bus, wanted: lines.LineFacts, allowed: networks.AllowedNetworks
) -> None:
    try:
        lines.rewrite(actor, at, bus, wanted, allowed)
    except lines.ConnectionRefused as error:
        raise lines.ConnectionRefused("gateway_name" if error.field == "name" else error.field, str(error)) from error


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
