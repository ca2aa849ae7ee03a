"""Change a line that meters hang on: its name and address, what is spoken, how long an answer may take, on and off."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import models, networks, values
from meterbook.acquisition.operations import devices, gateway_lines
from meterbook.acquisition.topology import BusNotFound
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


@dataclass(frozen=True)
class LineFacts:
    """What holds for a line. `timeout_ms` are real milliseconds for one attempt, `retries` come after a failed one."""

    name: str
    protocol: values.BusProtocol
    host: str
    port: int
    line: values.LineSettings
    timeout_ms: int
    retries: int
    is_enabled: bool = True

    @classmethod
    def of(cls, bus: models.Bus) -> LineFacts:
        """This will return what holds for a line now."""
        settings = values.LineSettings(bus.baud, values.Parity(bus.parity), bus.stop_bits, bus.pause_ms)
        spoken = values.BusProtocol(bus.protocol)
        return cls(bus.name, spoken, bus.host, bus.port, settings, bus.timeout_ms, bus.retries, bus.is_enabled)

    def as_json(self) -> dict[str, Any]:
        """This will return the columns, without whether it is on."""
        names = ("name", "host", "port", "timeout_ms", "retries")
        return {"protocol": self.protocol.value, **{each: getattr(self, each) for each in names}, **self.line.as_json()}


@operation.operation
def change_bus(
    *, actor: Actor, at: datetime, bus: uuid.UUID, facts: LineFacts, allowed: networks.AllowedNetworks
) -> bool:
    """This will change a line for all meters on it, and answer whether anything differs.

    A line that is off is not asked; its alarms end. What a field gateway asks is in the gateway's own network: nothing
    of ours dials it.

    :param bus: its public id
    :raises BusNotFound: when there is no such line, or devices send there by themselves
    :raises ConnectionRefused: naming the field (name, protocol, host, port, timeout_ms, retries) that cannot be
    """
    held = (
        models.Bus.objects.select_for_update(of=("self",))
        .filter(organization_id=scoping.current().organization_id, public_id=bus)
        .first()
    )
    if held is None or not values.BusProtocol(held.protocol).is_asked:
        raise BusNotFound(_("There is no such bus."))
    is_changed = rewrite(actor, at, held, facts, allowed)
    is_switched = held.is_enabled != facts.is_enabled
    devices.set_bus_enabled(actor=actor, at=at, bus=held, is_enabled=facts.is_enabled)
    return is_changed or is_switched


def rewrite(actor: Actor, at: datetime, bus: models.Bus, facts: LineFacts, allowed: networks.AllowedNetworks) -> bool:
    """This will change a line, locked, but not whether it is on; part of an operation.

    :raises ConnectionRefused: naming the field that cannot be
    """
    before, wanted = LineFacts.of(bus).as_json(), _written(facts).as_json()
    if before == wanted:
        return False
    _check_spoken(bus, facts)
    _check_place(bus, _written(facts), allowed)
    for name, value in wanted.items():
        setattr(bus, name, value)
    try:
        with transaction.atomic():
            bus.save(update_fields=list(wanted))
    except IntegrityError as error:
        words = _("The site has a bus “%(name)s” already; take another name.") % {"name": facts.name}
        raise ConnectionRefused("name", words) from error
    differs = [name for name in wanted if before[name] != wanted[name]]
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:change_bus",
        subject=bus,
        before={name: before[name] for name in differs},
        after={name: wanted[name] for name in differs},
    )
    on = models.Device.objects.filter(organization_id=bus.organization_id, bus=bus, is_enabled=True)
    foundation_bus.notify("device", bus.organization_id, list(on.order_by("id").values_list("pk", flat=True)))
    return True


def _written(facts: LineFacts) -> LineFacts:
    """As it is stored: a host as it is dialed, no port of a serial port, a name without blanks around it."""
    host = facts.host.strip()
    is_serial = facts.protocol.is_serial
    return LineFacts(
        " ".join(facts.name.split()),
        facts.protocol,
        host if is_serial else hosts.read(host) or host,
        0 if is_serial else facts.port,
        facts.line,
        facts.timeout_ms,
        facts.retries,
        facts.is_enabled,
    )


def _check_spoken(bus: models.Bus, facts: LineFacts) -> None:
    former = values.BusProtocol(bus.protocol)
    family = values.MODEL_PROTOCOL_OF
    has_other = facts.protocol not in values.ASKED or family[former] != family[facts.protocol]
    if facts.protocol is not former and has_other:
        raise ConnectionRefused("protocol", _("The meters behind it speak another language; set up a new gateway."))
    if not facts.line.is_possible:
        raise ConnectionRefused("protocol", _("Choose a speed, a parity and stop bits that are in the lists."))
    if facts.timeout_ms not in values.TIMEOUTS_MS:
        words = _("Give a time-out from %(least)s to %(most)s ms.")
        bounds = {"least": values.TIMEOUTS_MS[0], "most": values.TIMEOUTS_MS[-1]}
        raise ConnectionRefused("timeout_ms", words % bounds)
    if facts.retries not in values.RETRIES:
        words = _("Ask again at most %(most)s times.") % {"most": values.RETRIES[-1]}
        raise ConnectionRefused("retries", words)


def _check_place(bus: models.Bus, facts: LineFacts, allowed: networks.AllowedNetworks) -> None:
    """Only where it moves: what was allowed once stays as it is."""
    if not facts.name or len(facts.name) > 100:
        raise ConnectionRefused("name", _("Give the bus a name of at most 100 signs."))
    if (bus.host, bus.port) == (facts.host, facts.port):
        return
    beside = models.Bus.objects.filter(
        organization_id=bus.organization_id, site_id=bus.site_id, gateway=bus.gateway, host=facts.host
    )
    other = beside.filter(port=facts.port).exclude(pk=bus.pk).first()
    if other is not None:
        # Two buses to one gateway would ask it two questions at once, which a serial line behind it cannot bear.
        words = _("Gateway “%(name)s” has this address already; choose another one.") % {"name": other.name}
        raise ConnectionRefused("host", words)
    try:
        if bus.gateway_id is not None:
            gateway_lines.check_place(facts.protocol, facts.host, facts.port, facts.line)
        else:
            devices.check_place(facts.protocol, facts.host, facts.port, allowed)
    except (
        gateway_lines.LineMisconfigured,
        devices.BusMisconfigured,
        networks.NetworkNotAllowed,
        networks.SerialPortNotAllowed,
    ) as error:
        raise ConnectionRefused("host", str(error)) from error
