"""Correct how a meter is reached: the gateway's name and address, the meter's address there, the order of its bytes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import models, networks
from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.operations import devices
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
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
) -> bool:
    """This will correct a device and its gateway, for all meters behind it; it answers whether anything differs.

    :param device: its public id
    :param byte_order: in which this meter sends its numbers; None: as its model says
    :raises models.Device.DoesNotExist: when the organization has no such device
    :raises ConnectionRefused: naming the field (gateway_name, host, unit_id) that cannot be
    """
    organization_id = scoping.current().organization_id
    own = models.Device.objects.filter(organization_id=organization_id).select_for_update(of=("self",))
    held = own.select_related("bus").get(public_id=device)
    before = _facts(held)
    _change_bus(actor, at, held.bus, gateway_name, host.strip(), port, allowed)
    main = orders.main_counter(documents.load(held.model_code))
    differs = byte_order is not None and byte_order is not orders.order_of(main)
    held.unit_id, held.byte_order = unit_id, byte_order.value if byte_order is not None and differs else ""
    try:
        with transaction.atomic():
            held.save(update_fields=["unit_id", "byte_order"])
    except IntegrityError as error:
        words = _("Address %(unit)s is in use on bus “%(bus)s”; give each meter an address of its own.")
        raise ConnectionRefused("unit_id", words % {"unit": unit_id, "bus": held.bus.name}) from error
    after = _facts(held)
    if after == before:
        return False
    audit_operations.record(
        actor=actor, at=at, action="acquisition:change_connection", subject=held, before=before, after=after
    )
    foundation_bus.notify("device", organization_id, [held.pk])
    return True


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
    if not host or any(each.isspace() or each in "/@" for each in host):
        raise ConnectionRefused("host", _("Give the gateway's address or name alone, such as 192.168.10.4."))
    try:
        devices.move_bus(actor=actor, at=at, bus_id=bus.pk, host=host, port=port, allowed=allowed)
    except (devices.BusMisconfigured, networks.NetworkNotAllowed) as error:
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
    }
