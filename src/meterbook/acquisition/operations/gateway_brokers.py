"""Brokers at which a field gateway hears devices of its own site."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import models, values
from meterbook.acquisition.operations import brokers
from meterbook.acquisition.operations import gateways as gateway_operations
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor


@operation.operation
def create_gateway_broker(
    *, actor: Actor, at: datetime, public_id: uuid.UUID, facts: brokers.BrokerFacts
) -> models.Bus:
    """This will add a broker that a gateway enters. Its address is in the gateway's network: nothing of ours dials it.

    User and password are told to the gateway with its configuration, which goes over HTTPS only.

    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises brokers.BrokerMisconfigured: naming the field that cannot be
    """
    gateway = gateway_operations.require_working(public_id)
    brokers.check(facts)
    fields = {"name": facts.name, "protocol": values.BusProtocol.MQTT.value, "host": facts.host, "port": facts.port}
    try:
        with transaction.atomic():
            bus = models.Bus.objects.create(
                organization_id=gateway.organization_id, site=gateway.site, gateway=gateway, **fields
            )
    except IntegrityError as error:
        words = _("The site has a bus “%(name)s” already; take another name.") % {"name": facts.name}
        raise brokers.BrokerMisconfigured("name", words) from error
    broker = models.Broker(organization_id=bus.organization_id, bus=bus)
    brokers.take(broker, facts)
    broker.save()
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:create_gateway_bus",
        subject=bus,
        before=None,
        after={"gateway": gateway.name, **fields, **brokers.told(broker)},
    )
    return bus
