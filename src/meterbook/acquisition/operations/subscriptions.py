"""How devices that send by themselves are heard at a broker: under which topic, and where their values stand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from meterbook.acquisition import brokers, catalogue, models, plans, values
from meterbook.acquisition.drivers.mqtt import mapping, shapes
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.operations import devices
from meterbook.acquisition.operations.brokers import BrokerMisconfigured
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models


class SubscriptionMisconfigured(BrokerMisconfigured):
    """A device cannot be heard as it was described; `field` is topic, channel, mapping or expected_seconds."""


@dataclass(frozen=True)
class SubscriptionFacts:
    """How a device is heard. `mapping` None is the one that comes with its model."""

    topic: str
    channel: int = 0
    mapping: mapping.MessageMap | None = None
    expected_seconds: int = values.EXPECTED_SECONDS


@operation.operation
def subscribe_device(
    *,
    actor: Actor,
    at: datetime,
    bus: models.Bus,
    meter: metering_models.Meter,
    facts: SubscriptionFacts,
    model_code: str = "",
) -> models.Device:
    """This will have a meter heard at a broker.

    :param model_code: a document of the library; the meter's own model when empty
    :raises SubscriptionMisconfigured: naming the field that cannot be
    :raises devices.DeviceMisconfigured: for an unknown model, or one that sends no messages
    :raises devices.AddressTaken: when the meter is read through another device
    """
    model = devices.model_on(model_code or meter.model_code, bus)
    _check_subscription(facts, model, bus, besides=None)
    used = models.Device.objects.filter(organization_id=bus.organization_id, bus=bus).aggregate(last=Max("unit_id"))
    device = devices.create_device(
        actor=actor,
        at=at,
        bus=bus,
        meter=meter,
        unit_id=max(values.SUBSCRIBED[0], (used["last"] or 0) + 1),
        model_code=model.code,
        live_seconds=facts.expected_seconds,
    )
    made = models.Subscription(organization_id=bus.organization_id, device=device)
    _hear(made, facts)
    made.save()
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:subscribe_device",
        subject=device,
        before=None,
        after=_heard(made),
    )
    return device


@operation.operation
def change_subscription(*, actor: Actor, at: datetime, device: uuid.UUID, facts: SubscriptionFacts) -> bool:
    """This will change how a meter is heard, and answer whether anything differs.

    :param device: its public id
    :raises brokers.BrokerNotFound: when the organization has no such device at a broker
    :raises SubscriptionMisconfigured: naming the field that cannot be
    """
    organization_id = scoping.current().organization_id
    own = models.Subscription.objects.filter(organization_id=organization_id).select_for_update(of=("self",))
    held = own.select_related("device__bus").filter(device__public_id=device).first()
    if held is None:
        raise brokers.BrokerNotFound(brokers.BrokerNotFound.__doc__)
    model = catalogue.current().load(held.device.model_code)
    _check_subscription(facts, model, held.device.bus, besides=held)
    _check_installed(facts, held.device.meter_id)
    before = _heard(held)
    _hear(held, facts)
    held.device.live_seconds = facts.expected_seconds
    after = _heard(held)
    if before == after:
        return False
    held.save()
    held.device.save(update_fields=["live_seconds"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:change_subscription",
        subject=held.device,
        before=before,
        after=after,
    )
    foundation_bus.notify("device", organization_id, [held.device_id])
    return True


def check_mapping(facts: SubscriptionFacts, model: MeterModel) -> None:
    """This will pass when messages of a model can be read so.

    :raises SubscriptionMisconfigured: naming what is wrong
    """
    if facts.mapping is None and shapes.of_model(model, facts.channel) is None:
        raise SubscriptionMisconfigured("mapping", _("Say where the values stand in the messages of this device."))
    if facts.mapping is not None:
        try:
            mapping.check(facts.mapping, model)
        except mapping.MappingWrong as error:
            raise SubscriptionMisconfigured("mapping", brokers.mapping_words(error)) from error


def _check_installed(facts: SubscriptionFacts, meter_id: int) -> None:
    """A register with which the meter was not hung has no series: its values would vanish in silence."""
    installed = {each.register_code for each in plans.feeds_of_meters({meter_id}).get(meter_id, ())}
    others = sorted(facts.mapping.registers - installed) if facts.mapping is not None and installed else []
    if others:
        words = _("The meter was set up without %(registers)s; exchange it for one that has them, or leave them out.")
        raise SubscriptionMisconfigured("mapping", words % {"registers": ", ".join(others)})


def _check_subscription(
    facts: SubscriptionFacts, model: MeterModel, bus: models.Bus, *, besides: models.Subscription | None
) -> None:
    if not brokers.is_topic(facts.topic):
        words = _("Write the topic in full, without + and #, such as shellies/riser-2.")
        raise SubscriptionMisconfigured("topic", words)
    if not 0 <= facts.channel <= values.MOST_CHANNELS:
        raise SubscriptionMisconfigured("channel", _("Channels count from 0 to 31."))
    if not 1 <= facts.expected_seconds <= 3600:
        raise SubscriptionMisconfigured("expected_seconds", _("Messages are expected every 1 to 3600 seconds."))
    check_mapping(facts, model)
    same = models.Subscription.objects.filter(
        organization_id=bus.organization_id,
        device__bus=bus,
        device__is_enabled=True,
        topic=facts.topic,
        channel=facts.channel,
        mapping=facts.mapping.as_json() if facts.mapping is not None else {},
    )
    if any(each.pk != besides.pk if besides is not None else True for each in same.order_by("id")):
        words = _("Another meter is heard under this topic with the same values already.")
        raise SubscriptionMisconfigured("topic", words)


def _hear(subscription: models.Subscription, facts: SubscriptionFacts) -> None:
    subscription.topic, subscription.channel = facts.topic, facts.channel
    subscription.mapping = facts.mapping.as_json() if facts.mapping is not None else {}


def _heard(subscription: models.Subscription) -> dict[str, object]:
    return {
        "topic": subscription.topic,
        "channel": subscription.channel,
        "mapping": subscription.mapping,
        "expected_seconds": subscription.device.live_seconds,
    }
