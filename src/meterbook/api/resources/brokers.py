"""Brokers of MQTT, and how meters are heard at them. A password is given, never told."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.acquisition import brokers, catalogue, networks, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library.documents import MeterModel
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.foundation.tls import hosts
from meterbook.identity.values import Module
from meterbook.kernel.quantity import Unit

router = Router(tags=["Brokers"])
PORT, PORT_WITH_TLS = 1883, 8883
Topic = Annotated[values.Words, Field(max_length=brokers.LONGEST_TOPIC)]
Pointer = Annotated[values.Words, Field(max_length=mapping.LONGEST_POINTER)]


class BrokerGiven(values.Given):
    """How a broker is entered. Without `port` it is 1883, encrypted 8883; without `password` the kept one stays.

    `authority` are certificates in PEM; without them those count that the machine trusts.
    """

    name: values.Name
    host: values.Name
    port: int | None = Field(None, ge=acquisition_values.PORTS[0], le=acquisition_values.PORTS[-1])
    user: str = Field("", max_length=200)
    password: str | None = Field(None, max_length=500)
    client_id: str = Field("", max_length=60)
    is_encrypted: bool = False
    authority: str = Field("", max_length=100_000)


class NewBroker(BrokerGiven):
    """A broker that is added to a site."""

    site: uuid.UUID


class Broker(values.Told):
    """A broker, and how the connection to it is doing. `id` names it as `gateway` of a meter's connection."""

    id: uuid.UUID
    name: str
    site_name: str
    host: str
    port: int
    user: str
    is_authenticated: bool
    client_id: str
    is_encrypted: bool
    has_own_authority: bool
    state: acquisition_values.BrokerState
    state_since: values.InstantTold | None
    looked_at: values.InstantTold | None
    problem: str | None
    meter_count: int


class Brokers(values.Told):
    """The brokers."""

    items: list[Broker]


class PlaceGiven(values.Given):
    """Where the register `code` stands: `pointer` (RFC 6901, "." is the whole message) below `topic`."""

    code: values.Code
    pointer: Pointer
    topic: str = Field("", max_length=mapping.LONGEST_TOPIC)
    factor: values.DecimalGiven = "1"
    unit: Unit | None = None


class SubscriptionGiven(values.Given):
    """How a meter is heard: its topic, and where its values stand; without `values` as devices of its model send.

    `time` is the pointer to a message's own time; without it the time of arrival counts.
    """

    topic: Topic
    channel: int = Field(0, ge=0, le=acquisition_values.MOST_CHANNELS)
    values: list[PlaceGiven] | None = Field(None, min_length=1, max_length=mapping.MOST_LINES)
    time: str = Field("", max_length=mapping.LONGEST_POINTER)
    expected_seconds: int = Field(acquisition_values.EXPECTED_SECONDS, ge=1, le=3600)


class PlaceTold(values.Told):
    """Where the value of a register stands."""

    code: str
    topic: str
    pointer: str
    factor: str
    unit: Unit


class Subscription(values.Told):
    """How a meter is heard. `is_own`: its mapping is not the one that comes with its model."""

    topic: str
    channel: int
    values: list[PlaceTold]
    time: str
    is_own: bool
    expected_seconds: int


@endpoint(
    router,
    "GET",
    "/brokers",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=Brokers,
    by_site=True,
)
def list_brokers(request: entry.Request) -> Brokers:
    """This will return the brokers with the state of each connection."""
    seen = {each.id for each in reach.sites(request, permissions.VIEW_DEVICE)}
    off = reach.without(request, permissions.VIEW_DEVICE)
    return Brokers(items=[_told(each) for each in brokers.list_brokers(site_ids=seen - off)])


@endpoint(
    router,
    "POST",
    "/brokers",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=Broker,
    status=201,
    by_site=True,
)
def create_broker(request: entry.Request, given: NewBroker) -> Broker:
    """This will add a broker; the collector enters it within half a minute."""
    site = reach.site(request, given.site, permissions.MANAGE_DEVICE)
    made = acquisition_operations.create_broker(
        actor=request.caller.actor,
        at=request.caller.at,
        site=site.public_id,
        facts=facts(given),
        allowed=_allowed(),
    )
    return _told(brokers.get_broker(bus=made.public_id))


@endpoint(
    router,
    "GET",
    "/brokers/{uuid:broker}",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=Broker,
    by_site=True,
)
def get_broker(request: entry.Request, broker: uuid.UUID) -> Broker:
    """This will return a broker with the state of its connection."""
    return _told(_find(request, broker, permissions.VIEW_DEVICE))


@endpoint(
    router,
    "PUT",
    "/brokers/{uuid:broker}",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=Broker,
    by_site=True,
)
def change_broker(request: entry.Request, broker: uuid.UUID, given: BrokerGiven) -> Broker:
    """This will change how a broker is entered."""
    _find(request, broker, permissions.MANAGE_DEVICE)
    acquisition_operations.change_broker(
        actor=request.caller.actor,
        at=request.caller.at,
        bus=broker,
        facts=facts(given),
        allowed=_allowed(),
    )
    return _told(brokers.get_broker(bus=broker))


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:heard}/subscription",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=Subscription,
    by_site=True,
)
def get_subscription(request: entry.Request, heard: uuid.UUID) -> Subscription:
    """This will return how the meter at a point is heard at its broker."""
    return _heard(_device(request, heard, permissions.VIEW_DEVICE))


@endpoint(
    router,
    "PUT",
    "/meter-points/{uuid:heard}/subscription",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=Subscription,
    by_site=True,
)
def change_subscription(request: entry.Request, heard: uuid.UUID, given: SubscriptionGiven) -> Subscription:
    """This will change how the meter at a point is heard; the next message is read so."""
    device = _device(request, heard, permissions.MANAGE_DEVICE)
    acquisition_operations.change_subscription(
        actor=request.caller.actor,
        at=request.caller.at,
        device=device.public_id,
        facts=facts_of(given, catalogue.current().load(device.model_code)),
    )
    return _heard(device)


def facts_of(given: SubscriptionGiven, model: MeterModel) -> acquisition_operations.SubscriptionFacts:
    """This will return a subscription as the operations want it; what its mapping says is checked there."""
    own = None
    if given.values is not None:
        own = mapping.MessageMap(places_of(given.values, model), given.time)
    return acquisition_operations.SubscriptionFacts(given.topic, given.channel, own, given.expected_seconds)


def places_of(given: Sequence[PlaceGiven], model: MeterModel) -> tuple[mapping.Place, ...]:
    """This will return where values stand as the operations want it; a unit that is not given is the register's."""
    units = {each.code: each.unit for each in model.registers}
    return tuple(
        mapping.Place(
            each.code, each.topic, each.pointer, Decimal(each.factor), each.unit or units.get(each.code, Unit.ONE)
        )
        for each in given
    )


def places_told(stored: Iterable[Mapping[str, Any]]) -> list[PlaceTold]:
    """This will tell where values stand, from a mapping as it is stored."""
    return [
        PlaceTold(
            code=each["register"],
            topic=each["topic"],
            pointer=each["pointer"],
            factor=each["factor"],
            unit=each["unit"],
        )
        for each in stored
    ]


def facts(given: BrokerGiven) -> acquisition_operations.BrokerFacts:
    """This will return a broker as the operations want it.

    :raises problems.Problem: for an address that is none
    """
    host = hosts.read(given.host)
    if host is None:
        raise problems.invalid("/body/host", _("Give the broker's address or name alone, such as 192.168.10.5."))
    return acquisition_operations.BrokerFacts(
        name=given.name,
        host=host,
        port=given.port or (PORT_WITH_TLS if given.is_encrypted else PORT),
        user=given.user,
        password=given.password or None,
        client_id=given.client_id,
        is_encrypted=given.is_encrypted,
        authority=given.authority,
    )


def _find(request: entry.Request, broker: uuid.UUID, permission: str) -> brokers.BrokerRow:
    row = brokers.get_broker(bus=broker)
    if not request.caller.access.allows(permission, row.bus.site_id):
        raise problems.not_found()
    return row


def _device(request: entry.Request, point: uuid.UUID, permission: str) -> acquisition_queries.DeviceRow:
    detail = reach.point(request, point, permission)
    if detail.current is None:
        raise problems.not_found(_("No meter hangs there now."))
    return acquisition_queries.get_device_of_meter(meter_public_id=detail.current.meter_public_id)


def _heard(device: acquisition_queries.DeviceRow) -> Subscription:
    row = brokers.find_subscription(device_id=device.id, model_code=device.model_code)
    if row is None:
        raise problems.not_found(_("This meter is asked; it does not send by itself."))
    told = row.mapping.as_json()
    return Subscription(
        topic=row.topic,
        channel=row.channel,
        values=places_told(told["values"]),
        time=told["time"],
        is_own=row.is_own,
        expected_seconds=row.expected_seconds,
    )


def _told(row: brokers.BrokerRow) -> Broker:
    return Broker(
        id=row.bus.public_id,
        name=row.bus.name,
        site_name=row.site_name,
        host=row.bus.host,
        port=row.bus.port,
        user=row.user,
        is_authenticated=row.is_authenticated,
        client_id=row.client_id,
        is_encrypted=row.is_encrypted,
        has_own_authority=bool(row.authority),
        state=row.state,
        state_since=values.maybe_instant(row.state_since),
        looked_at=values.maybe_instant(row.state_at),
        problem=f"{row.problem.words} {row.problem.remedy}" if row.problem is not None else None,
        meter_count=row.devices,
    )


def _allowed() -> networks.AllowedNetworks:
    return networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)
