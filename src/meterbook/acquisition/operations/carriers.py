"""Which way the batches of a gateway come, and how what came through a broker is answered."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.acquisition import gateway_models, models, values
from meterbook.acquisition.drivers.mqtt import session
from meterbook.acquisition.operations import gateways as gateway_operations
from meterbook.acquisition.operations.brokers import BROKER, BrokerMisconfigured
from meterbook.acquisition.push import carrying, signing
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping, vault
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor


class CarrierMisconfigured(BrokerMisconfigured):
    """The way of a gateway cannot be as it was described; `field` is broker, host or port."""


@operation.operation
def set_carrier(
    *, actor: Actor, at: datetime, public_id: uuid.UUID, broker: uuid.UUID | None, host: str = "", port: int = 0
) -> bool:
    """This will have a gateway send its batches through a broker, or over HTTPS alone; it answers whether that is new.

    The gateway is told with its configuration, over HTTPS. What it cannot send through the broker it sends over HTTPS.

    :param broker: the public id of its bus; None for HTTPS alone
    :param host: by which the gateway reaches the broker, with `port`; empty and 0: as we do
    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises CarrierMisconfigured: naming the field that cannot be
    """
    gateway = gateway_operations.require_working(public_id)
    organization_id = gateway.organization_id
    bus = _broker(organization_id, broker) if broker is not None else None
    if bus is not None:
        host = _check_place(bus, host, port)
    else:
        host, port = "", 0
    held = models.GatewayCarrier.objects.filter(organization_id=organization_id, gateway=gateway)
    carrier = held.select_related("bus").first() or models.GatewayCarrier(
        organization_id=organization_id, gateway=gateway
    )
    before = _told(carrier)
    former = carrier.bus_id
    carrier.bus, carrier.host, carrier.port = bus, host, port
    after = _told(carrier)
    if before == after:
        return False
    carrier.save()
    gateway_operations.note(actor, at, "set_gateway_carrier", gateway, before, after)
    foundation_bus.notify(BROKER, organization_id, [each for each in (former, carrier.bus_id) if each is not None])
    return True


def sign_answer(*, gateway_id: int, answer: carrying.Answer) -> bytes:
    """This will write an answer to a message of a gateway, signed as it can check it; needs a running scope."""
    gateway = gateway_models.Gateway.objects.get(organization_id=scoping.current().organization_id, pk=gateway_id)
    secret = signing.decode(vault.open_sealed(gateway.signing_key))
    return carrying.write_answer(secret, str(gateway.public_id), answer)


def _broker(organization_id: int, public_id: uuid.UUID) -> models.Bus:
    buses = models.Bus.objects.filter(
        organization_id=organization_id, protocol=values.BusProtocol.MQTT.value, gateway=None
    )
    found = buses.select_related("broker").filter(public_id=public_id).first()
    if found is None:
        raise CarrierMisconfigured("broker", _("There is no such broker; add it first, under Topology, MQTT brokers."))
    return found


def _check_place(bus: models.Bus, host: str, port: int) -> str:
    wanted = host.strip()
    if wanted and hosts.read(wanted) is None:
        raise CarrierMisconfigured(
            "host", _("Give the broker's address or name alone, as the gateway reaches it, or leave it empty.")
        )
    if port and port not in values.PORTS:
        raise CarrierMisconfigured("port", _("The port is a number from 1 to 65535, usually 1883, or 8883 with TLS."))
    if session.is_elsewhere(wanted or bus.host) and not (bus.broker.user and bus.broker.is_encrypted):
        words = _("Outside of the local network the broker needs a user and encryption; give it those first.")
        raise CarrierMisconfigured("host", words)
    return wanted


def _told(carrier: models.GatewayCarrier) -> dict[str, object]:
    broker = carrier.bus.name if carrier.bus is not None else None
    return {"broker": broker, "host": carrier.host, "port": carrier.port}
