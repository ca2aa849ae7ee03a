"""Which way the batches of gateways come: a broker of MQTT, or HTTPS alone. Reads need a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from meterbook.acquisition import models, values
from meterbook.acquisition.push import carrying
from meterbook.foundation import scoping


@dataclass(frozen=True)
class CarrierRow:
    """The broker through which a gateway sends its batches. `host` and `port` as the gateway reaches it.

    `own_host` and `own_port` are empty and 0 where these are those by which we reach it.
    """

    bus: uuid.UUID
    name: str
    host: str
    port: int
    own_host: str
    own_port: int
    user: str
    is_encrypted: bool
    authority: str
    is_enabled: bool
    state: values.BrokerState
    topic: str
    answers_topic: str

    @property
    def is_authenticated(self) -> bool:
        """Whether the broker asks who somebody is, as far as we know: it asks us."""
        return bool(self.user)

    def as_json(self) -> dict[str, Any]:
        """This will return what a gateway is told; never a password."""
        place = {"host": self.host, "port": self.port}
        return {**place, "is_encrypted": self.is_encrypted, "authority": self.authority}


def find(*, gateway_id: int) -> CarrierRow | None:
    """This will return the broker of a gateway; None for one that sends over HTTPS alone."""
    held = models.GatewayCarrier.objects.filter(
        organization_id__in=scoping.current().organizations, gateway_id=gateway_id
    ).exclude(bus=None)
    found = held.select_related("bus__broker", "gateway").first()
    if found is None or found.bus is None:
        return None
    bus, broker, gateway = found.bus, found.bus.broker, str(found.gateway.public_id)
    return CarrierRow(
        bus=bus.public_id,
        name=bus.name,
        host=found.host or bus.host,
        port=found.port or bus.port,
        own_host=found.host,
        own_port=found.port,
        user=broker.user,
        is_encrypted=broker.is_encrypted,
        authority=broker.authority,
        is_enabled=bus.is_enabled,
        state=values.BrokerState(broker.state),
        topic=carrying.batches_topic(gateway),
        answers_topic=carrying.answers_topic(gateway),
    )


def topics_of(*, organizations: Collection[int]) -> dict[int, tuple[str, ...]]:
    """This will return the topics of batches that are heard at brokers, by the internal id of their bus.

    Those of revoked gateways, too: what still comes in their name is refused and told.
    """
    held = models.GatewayCarrier.objects.filter(organization_id__in=organizations).exclude(bus=None)
    found: dict[int, list[str]] = defaultdict(list)
    for bus_id, gateway in held.order_by("id").values_list("bus_id", "gateway__public_id"):
        found[bus_id].append(carrying.batches_topic(str(gateway)))
    return {bus_id: tuple(topics) for bus_id, topics in found.items()}
