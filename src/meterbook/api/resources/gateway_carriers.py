"""Which way the batches of field gateways come: through a broker, or over HTTPS alone."""

from __future__ import annotations

import uuid

from ninja import Router
from pydantic import Field

from meterbook.acquisition import brokers, carriers, gateways, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import brokers as broker_resources
from meterbook.identity.values import Module

router = Router(tags=["Field gateways"])


class GatewayCarrierGiven(values.Given):
    """The broker, by its id; null for HTTPS alone.

    `host` and `port` where the gateway reaches the broker under others than we do.
    """

    broker: uuid.UUID | None
    host: str = Field("", max_length=253)
    port: int | None = Field(None, ge=acquisition_values.PORTS[0], le=acquisition_values.PORTS[-1])


class GatewayCarrierTold(values.Told):
    """The broker through which batches come, as the gateway reaches it; null for HTTPS alone.

    Batches are published under `topic`, the signed answers under `answers_topic`.
    """

    broker: uuid.UUID | None
    host: str | None
    port: int | None
    is_encrypted: bool
    topic: str | None
    answers_topic: str | None


class GatewayBrokerTold(values.Told):
    """A broker that a gateway enters; `id` names it as `gateway` of a meter's connection."""

    id: uuid.UUID
    name: str


@endpoint(
    router,
    "GET",
    "/field-gateways/{uuid:gateway}/carrier",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=GatewayCarrierTold,
    by_site=True,
)
def get_gateway_carrier(request: entry.Request, gateway: uuid.UUID) -> GatewayCarrierTold:
    """This will return which way the batches of a gateway come."""
    return _told(_find(request, gateway, permissions.VIEW_DEVICE))


@endpoint(
    router,
    "PUT",
    "/field-gateways/{uuid:gateway}/carrier",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=GatewayCarrierTold,
    by_site=True,
)
def set_gateway_carrier(request: entry.Request, gateway: uuid.UUID, given: GatewayCarrierGiven) -> GatewayCarrierTold:
    """This will set which way the batches of a gateway come; it is told with its configuration, over HTTPS."""
    gateway_id = _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    if given.broker is not None and not _is_reached(request, given.broker):
        raise problems.not_found()
    acquisition_operations.set_carrier(
        actor=caller.actor,
        at=caller.at,
        public_id=gateway,
        broker=given.broker,
        host=given.host,
        port=given.port or 0,
    )
    return _told(gateway_id)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/brokers",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=GatewayBrokerTold,
    status=201,
    by_site=True,
)
def create_gateway_broker(
    request: entry.Request, gateway: uuid.UUID, given: broker_resources.BrokerGiven
) -> GatewayBrokerTold:
    """This will add a broker at the gateway's site, at which it hears devices; `client_id` is not looked at."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    made = acquisition_operations.create_gateway_broker(
        actor=caller.actor, at=caller.at, public_id=gateway, facts=broker_resources.facts(given)
    )
    return GatewayBrokerTold(id=made.public_id, name=made.name)


def _find(request: entry.Request, gateway: uuid.UUID, permission: str) -> int:
    caller = request.caller
    sites = caller.access.sites(permission)
    return gateways.get_gateway(public_id=gateway, at=caller.at, site_ids=sites).id


def _is_reached(request: entry.Request, broker: uuid.UUID) -> bool:
    sites = request.caller.access.sites(permissions.MANAGE_DEVICE)
    return any(each.bus.public_id == broker for each in brokers.list_brokers(site_ids=sites))


def _told(gateway_id: int) -> GatewayCarrierTold:
    row = carriers.find(gateway_id=gateway_id)
    return GatewayCarrierTold(
        broker=row.bus if row else None,
        host=row.host if row else None,
        port=row.port if row else None,
        is_encrypted=row.is_encrypted if row else True,
        topic=row.topic if row else None,
        answers_topic=row.answers_topic if row else None,
    )
