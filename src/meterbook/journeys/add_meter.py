"""Set up a meter: its point, the meter that hangs there, and how it is reached. All of it, or nothing."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, networks, plans
from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library import documents, orders
from meterbook.foundation import operation, scoping
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor
from meterbook.metering import by_hand
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models

# What a meter of another service than electricity counts, when its readings come from files.
COUNTED = {
    metering_values.Service.COLD_WATER: "volume",
    metering_values.Service.HOT_WATER: "volume",
    metering_values.Service.GAS: "volume",
    metering_values.Service.AIR: "volume",
    metering_values.Service.HEATING: "heat",
    metering_values.Service.COOLING: "heat",
    metering_values.Service.STEAM: "heat",
}


class MeterRefused(ValueError):
    """The meter cannot be set up as it was described; `field` names what to correct, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class NewGateway:
    """A gateway that is not known yet. `host` of a serial port is its path; `line` None: as usual for the protocol."""

    name: str
    host: str
    port: int = 502
    protocol: acquisition_values.BusProtocol = acquisition_values.BusProtocol.MODBUS_TCP
    line: acquisition_values.LineSettings | None = None


@dataclass(frozen=True)
class Connection:
    """How a meter is reached: a known gateway's bus (its public id) or a new one, and the meter's address there.

    `byte_order` is that in which a test read made sense; None: as the model says. `secondary` is the address of an
    M-Bus meter by its number, in place of `unit_id`. A meter that sends by itself has a `subscription` at a broker.
    """

    gateway: uuid.UUID | NewGateway
    unit_id: int
    byte_order: orders.ByteOrder | None = None
    secondary: str = ""
    subscription: acquisition_operations.SubscriptionFacts | None = None


@dataclass(frozen=True)
class MeterPlan:
    """A meter as it is described. Without a connection its readings come from files and `model_code` is not looked at.

    `opening` is what its display showed of the main counter at the start, where that is known from before.
    `rated_per_hour` is the most that the supply can deliver, in the main series' unit an hour (69 for 69 kW).
    `place` is the unit, or another place of the site, where it hangs. `further` are registers beside the main one of a
    meter without a connection, by series code, with what they showed at the start; None: not known.
    """

    site: uuid.UUID
    code: str
    name: str
    service: metering_values.Service
    serial_number: str
    model_code: str = metering_values.IMPORTED
    multiplier: Fraction = Fraction(1)
    rated_per_hour: Decimal | None = None
    connection: Connection | None = None
    opening: Decimal | None = None
    place: uuid.UUID | None = None
    further: Mapping[str, Decimal | None] = field(default_factory=dict)


@operation.operation
def add_meter(
    *, actor: Actor, at: datetime, plan: MeterPlan, starts_at: datetime, allowed: networks.AllowedNetworks
) -> uuid.UUID:
    """This will make a meter point, hang a new meter there and, with a connection, put it on a bus.

    Returns the public id of the meter point.

    :param starts_at: since when the meter hangs there; earlier readings cannot be imported into it
    :param allowed: what the platform's owner allowed (`networks.AllowedNetworks.from_environment`)
    :raises MeterRefused: naming the field of the plan, its connection or its gateway that cannot be
    """
    site = _site(plan.site)
    node = _place(site, plan.place) if plan.place is not None else None
    with blaming("model_code", documents.ModelUnknown):
        registers = _registers(plan)
    with blaming("code", metering_operations.CodeTaken):
        point = metering_operations.create_meter_point(
            actor=actor, at=at, site=site, code=plan.code, name=plan.name, service=plan.service, node=node
        )
    with blaming("serial_number", metering_operations.CodeTaken):
        meter = metering_operations.create_meter(
            actor=actor,
            at=at,
            organization_id=site.organization_id,
            serial_number=plan.serial_number,
            model_code=plan.model_code if plan.connection is not None else metering_values.IMPORTED,
            is_primary=catalogue.current().is_primary(plan.model_code),
        )
    with blaming("multiplier", metering_operations.RegistersArePrimary):
        metering_operations.install_meter(
            actor=actor,
            at=at,
            meter_point=point,
            meter=meter,
            starts_at=starts_at,
            registers=registers,
            multiplier=plan.multiplier,
            rated_per_hour=plan.rated_per_hour,
        )
    if plan.connection is not None:
        _connect(actor, at, site, meter, plan.connection, allowed)
    return point.public_id


def _registers(plan: MeterPlan) -> tuple[metering_operations.RegisterPlan, ...]:
    if plan.connection is not None:
        heard = plan.connection.subscription
        own = heard.mapping if heard is not None else None
        if heard is not None:
            _check_heard(plan.model_code, heard)
        return plans.registers_of_model(plan.model_code, _openings(plan), only=own.registers if own else None)
    codes = by_hand.offered(plan.service)
    for code in plan.further:
        if code not in codes[1:]:
            words = _("A meter of this service has no register “%(name)s” beside its main one; leave it out.")
            raise MeterRefused(f"registers/{code}", words % {"name": code})
    main = _register(codes[0], "opening", plan.opening)
    return (main, *(_register(each, f"registers/{each}", plan.further[each]) for each in codes if each in plan.further))


def _register(code: str, field_name: str, shown: Decimal | None) -> metering_operations.RegisterPlan:
    """Without a reading at the start, a file of registers says itself where the counter stood."""
    kind = metering_values.series_type(code)
    opening = None if shown is None else _counted(shown, kind.decimals, field_name)
    return metering_operations.RegisterPlan(kind.code, kind.code, kind.unit, kind.decimals, opening=opening)


def _check_heard(model_code: str, heard: acquisition_operations.SubscriptionFacts) -> None:
    model = catalogue.current().load(model_code)
    if not model.is_heard:
        raise MeterRefused("model_code", _("A meter of this model is asked; choose one that sends JSON."))
    try:
        acquisition_operations.check_mapping(heard, model)
    except acquisition_operations.SubscriptionMisconfigured as error:
        raise MeterRefused(error.field, str(error)) from error


def _openings(plan: MeterPlan) -> dict[str, int]:
    if plan.opening is None:
        return {}
    main = orders.main_counter(catalogue.current().load(plan.model_code))
    return {main.code: _counted(plan.opening, main.decimals)}


def _counted(shown: Decimal, decimals: int, field_name: str = "opening") -> int:
    stored = shown.scaleb(decimals)
    if stored != stored.to_integral_value():
        words = _("This meter counts with %(decimals)s decimals; leave the others out.") % {"decimals": decimals}
        raise MeterRefused(field_name, words)
    return int(stored)


def _connect(
    actor: Actor,
    at: datetime,
    site: site_models.Site,
    meter: metering_models.Meter,
    connection: Connection,
    allowed: networks.AllowedNetworks,
) -> None:
    gateway = connection.gateway
    if isinstance(gateway, NewGateway):
        bus = _create_bus(actor, at, site, gateway, allowed)
    else:
        bus = _find_bus(site, gateway)
    if bus.gateway is not None:
        _deliver(actor, at, bus.gateway.public_id, meter)
    if connection.subscription is not None:
        subscribe(actor, at, bus, meter, connection.subscription)
        return
    with blaming("unit_id", acquisition_operations.AddressTaken, acquisition_operations.DeviceMisconfigured):
        acquisition_operations.create_device(
            actor=actor,
            at=at,
            bus=bus,
            meter=meter,
            unit_id=connection.unit_id,
            byte_order=connection.byte_order,
            secondary=connection.secondary,
        )


def _deliver(actor: Actor, at: datetime, gateway: uuid.UUID, meter: metering_models.Meter) -> None:
    """What a field gateway reads it must be allowed to deliver."""
    refused = (
        acquisition_operations.LimitReached,
        acquisition_operations.MeterNotFree,
        acquisition_operations.GatewayRevoked,
    )
    with blaming("gateway", *refused):
        acquisition_operations.add_meters(actor=actor, at=at, public_id=gateway, meters=[meter.public_id])


def subscribe(
    actor: Actor,
    at: datetime,
    bus: acquisition_models.Bus,
    meter: metering_models.Meter,
    facts: acquisition_operations.SubscriptionFacts,
) -> None:
    """This will have a meter heard at a broker.

    :raises MeterRefused: naming the field that cannot be
    """
    try:
        with blaming("gateway", acquisition_operations.AddressTaken, acquisition_operations.DeviceMisconfigured):
            acquisition_operations.subscribe_device(actor=actor, at=at, bus=bus, meter=meter, facts=facts)
    except acquisition_operations.SubscriptionMisconfigured as error:
        raise MeterRefused(error.field, str(error)) from error


def _create_bus(
    actor: Actor,
    at: datetime,
    site: site_models.Site,
    gateway: NewGateway,
    allowed: networks.AllowedNetworks,
) -> acquisition_models.Bus:
    if not gateway.protocol.is_asked:
        raise MeterRefused("protocol", _("A broker is added by itself, under Topology, MQTT brokers."))
    # Two buses to one gateway would ask it two questions at once, which a serial line behind it cannot bear.
    is_serial = gateway.protocol.is_serial
    host = gateway.host.strip() if is_serial else hosts.read(gateway.host) or ""
    port = 0 if is_serial else gateway.port
    there = acquisition_models.Bus.objects.filter(
        organization_id=site.organization_id, site=site, host=host, port=port, gateway=None
    ).first()
    if there is not None:
        raise MeterRefused("host", _("Gateway “%(name)s” has this address already; choose it.") % {"name": there.name})
    with (
        blaming("gateway_name", acquisition_operations.AddressTaken),
        blaming(
            "host",
            acquisition_operations.BusMisconfigured,
            networks.NetworkNotAllowed,
            networks.SerialPortNotAllowed,
        ),
    ):
        return acquisition_operations.create_bus(
            actor=actor,
            at=at,
            site=site,
            name=gateway.name,
            host=gateway.host,
            port=gateway.port,
            protocol=gateway.protocol,
            line=gateway.line,
            allowed=allowed,
        )


def _site(public_id: uuid.UUID) -> site_models.Site:
    sites = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = sites.first()
    if found is None:
        raise MeterRefused("site", _("There is no such site; choose another one."))
    return found


def _place(site: site_models.Site, public_id: uuid.UUID) -> site_models.SiteNode:
    nodes = site_models.SiteNode.objects.filter(
        organization_id=site.organization_id, public_id=public_id, site=site, archived_at__isnull=True
    )
    found = nodes.first()
    if found is None:
        raise MeterRefused("place", _("This place is not at the chosen site; choose one of that site."))
    return found


def _find_bus(site: site_models.Site, public_id: uuid.UUID) -> acquisition_models.Bus:
    buses = acquisition_models.Bus.objects.filter(organization_id=site.organization_id, public_id=public_id, site=site)
    found = buses.first()
    if found is None:
        raise MeterRefused("gateway", _("This gateway is not at the chosen site; choose one of that site."))
    return found


@contextlib.contextmanager
def blaming(field: str, *errors: type[Exception]) -> Iterator[None]:
    """This will tell the field at fault of a refusal: two operations may refuse with errors of one class.

    :raises MeterRefused: instead of one of the errors
    """
    try:
        yield
    except errors as error:
        raise MeterRefused(field, str(error)) from error
