"""Devices that send by HTTP, as people keep them: an address of their own with a token, exchanged and revoked."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from meterbook.acquisition import brokers, catalogue, models, plans, senders, values
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.operations import devices
from meterbook.acquisition.operations.brokers import BrokerMisconfigured
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models

TOKEN_BYTES = 24
TOKEN_OVERLAP = timedelta(days=1)  # real time in which a former token works, while somebody types the new one
BUS_PLACE = "/push/v1/devices"


class SenderMisconfigured(BrokerMisconfigured):
    """A device cannot send as it was described; `field` is meter, mapping, expected_seconds or is_open."""


@dataclass(frozen=True)
class SenderFacts:
    """How a device sends: where its values stand, how often at least, and whether it proves itself."""

    mapping: mapping.MessageMap
    expected_seconds: int = values.EXPECTED_SECONDS
    is_open: bool = False


@dataclass(frozen=True)
class MadeSender:
    """A device that may send now, and its token, which nobody can see again; empty for one without."""

    public_id: uuid.UUID
    token: str = field(repr=False)


@operation.operation
def create_sender(
    *,
    actor: Actor,
    at: datetime,
    meter: metering_models.Meter,
    site: uuid.UUID,
    facts: SenderFacts,
    model_code: str = "",
) -> MadeSender:
    """This will have a meter send by HTTP, and draw its token.

    :param model_code: a document of the library; the meter's own model when empty
    :param site: the public id of the site where it hangs
    :raises SenderMisconfigured: naming the field that cannot be
    :raises devices.DeviceMisconfigured: for a meter whose model sends no messages
    :raises devices.AddressTaken: when the meter is read through another device
    """
    place = site_models.Site.objects.get(organization_id=scoping.current().organization_id, public_id=site)
    bus = _bus(actor, at, place)
    model = devices.model_on(model_code or meter.model_code, bus)
    _check(facts, model, meter.pk)
    device = devices.create_device(
        actor=actor,
        at=at,
        bus=bus,
        meter=meter,
        unit_id=_next_unit(bus),
        model_code=model.code,
        live_seconds=facts.expected_seconds,
    )
    token = "" if facts.is_open else _draw()
    made = models.Sender.objects.create(
        organization_id=bus.organization_id,
        device=device,
        mapping=facts.mapping.as_json(),
        is_open=facts.is_open,
        digest=digest(token) if token else "",
    )
    audit_operations.record(
        actor=actor, at=at, action="acquisition:create_sender", subject=device, before=None, after=_told(made)
    )
    return MadeSender(made.public_id, token)


@operation.operation
def change_sender(*, actor: Actor, at: datetime, public_id: uuid.UUID, facts: SenderFacts) -> str | None:
    """This will change how a device sends; it answers its new token where it had none before, None otherwise.

    :raises senders.SenderNotFound: when the organization has no such device
    :raises SenderMisconfigured: naming the field that cannot be
    """
    sender = _locked(public_id)
    model = catalogue.current().load(sender.device.model_code)
    _check(facts, model, sender.device.meter_id)
    before = _told(sender)
    token = _draw() if sender.is_open and not facts.is_open else None
    sender.mapping, sender.is_open = facts.mapping.as_json(), facts.is_open
    sender.device.live_seconds = facts.expected_seconds
    if _told(sender) == before:
        return None
    if facts.is_open:
        sender.digest, sender.former_digest, sender.former_until = "", "", None
    elif token is not None:
        sender.digest = digest(token)
    sender.save()
    sender.device.save(update_fields=["live_seconds"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:change_sender",
        subject=sender.device,
        before=before,
        after=_told(sender),
    )
    return token


@operation.operation
def rotate_sender(
    *, actor: Actor, at: datetime, real_at: datetime, public_id: uuid.UUID, keeps_former: bool
) -> MadeSender:
    """This will give a device a new token, also one whose address was revoked.

    :param keeps_former: whether the former token works for a day more
    :raises senders.SenderNotFound: when the organization has no such device
    :raises SenderMisconfigured: when it needs none
    """
    sender = _locked(public_id)
    if sender.is_open:
        raise SenderMisconfigured("is_open", _("This device sends without a token; change that first."))
    token, is_going_on = _draw(), keeps_former and sender.revoked_at is None
    sender.former_digest = sender.digest if is_going_on else ""
    sender.former_until = real_at + TOKEN_OVERLAP if is_going_on else None
    sender.digest, sender.revoked_at = digest(token), None
    sender.save()
    if not sender.device.is_enabled:
        devices.set_device_enabled(actor=actor, at=at, device=sender.device, is_enabled=True)
    after = {"former_until": sender.former_until}
    audit_operations.record(
        actor=actor, at=at, action="acquisition:rotate_sender", subject=sender.device, before=None, after=after
    )
    return MadeSender(sender.public_id, token)


@operation.operation
def revoke_sender(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str) -> None:
    """This will end a device's address: its next message is refused. One that was revoked stays as it is.

    The meter is free for another connection; what it sent stays.

    :raises senders.SenderNotFound: when the organization has no such device
    """
    sender = _locked(public_id)
    if sender.revoked_at is not None:
        return
    sender.revoked_at, sender.former_digest, sender.former_until = at, "", None
    sender.save()
    devices.set_device_enabled(actor=actor, at=at, device=sender.device, is_enabled=False)
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:revoke_sender",
        subject=sender.device,
        before=None,
        after={"revoked_at": at},
        reason=reason,
    )


@operation.operation
def hand_over_sender(
    *, actor: Actor, at: datetime, old: models.Device, meter: metering_models.Meter, model_code: str
) -> bool:
    """This will have the meter that takes another's place send to its address; False for one that is read otherwise.

    The device of the old meter is switched off before.

    :raises SenderMisconfigured: when the new one does not count what is sent
    """
    own = models.Sender.objects.filter(organization_id=old.organization_id, device=old, revoked_at=None)
    sender = own.select_for_update().first()
    if sender is None:
        return False
    held = mapping.MessageMap.from_json(sender.mapping)
    try:
        mapping.check(held, devices.model_on(model_code, old.bus))
    except mapping.MappingWrong as error:
        raise SenderMisconfigured("mapping", brokers.mapping_words(error)) from error
    sender.device = devices.create_device(
        actor=actor,
        at=at,
        bus=old.bus,
        meter=meter,
        unit_id=_next_unit(old.bus),
        model_code=model_code,
        live_seconds=old.live_seconds,
    )
    sender.noted = {}
    sender.save(update_fields=["device", "noted"])
    return True


def digest(token: str) -> str:
    """This will return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _draw() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _next_unit(bus: models.Bus) -> int:
    used = models.Device.objects.filter(organization_id=bus.organization_id, bus=bus).aggregate(last=Max("unit_id"))
    return max(values.SUBSCRIBED[0], (used["last"] or 0) + 1)


def _bus(actor: Actor, at: datetime, site: site_models.Site) -> models.Bus:
    """The line that is none: one a site, for all that send by HTTP there."""
    own = models.Bus.objects.filter(
        organization_id=site.organization_id, site=site, protocol=values.BusProtocol.HTTP.value
    )
    found = own.order_by("id").first()
    if found is not None:
        return found
    names = set(
        models.Bus.objects.filter(organization_id=site.organization_id, site=site)
        .order_by("id")
        .values_list("name", flat=True)
    )
    wanted = values.BusProtocol.HTTP.value  # a name that is the same in each language
    name = next(each for each in (wanted, *(f"{wanted} {number}" for number in range(2, 1_000))) if each not in names)
    fields: dict[str, Any] = {"name": name, "protocol": values.BusProtocol.HTTP.value, "host": BUS_PLACE, "port": 0}
    made = models.Bus.objects.create(organization_id=site.organization_id, site=site, **fields)
    after = {"site": site.code, **fields}
    audit_operations.record(actor=actor, at=at, action="acquisition:create_bus", subject=made, before=None, after=after)
    return made


def _check(facts: SenderFacts, model: MeterModel, meter_id: int) -> None:
    if not 1 <= facts.expected_seconds <= 3600:
        raise SenderMisconfigured("expected_seconds", _("Messages are expected every 1 to 3600 seconds."))
    try:
        mapping.check(facts.mapping, model)
    except mapping.MappingWrong as error:
        raise SenderMisconfigured("mapping", brokers.mapping_words(error)) from error
    if any(each.topic for each in facts.mapping.places):
        raise SenderMisconfigured("mapping", _("By HTTP there are no topics: begin with the pointer, such as /power."))
    installed = {each.register_code: each for each in plans.feeds_of_meters({meter_id}).get(meter_id, ())}
    others = sorted(facts.mapping.registers - installed.keys())
    if others and installed:
        words = _("The meter was set up without %(registers)s; exchange it for one that has them, or leave them out.")
        raise SenderMisconfigured("mapping", words % {"registers": ", ".join(others)})
    for code in sorted(facts.mapping.registers & installed.keys()):
        register, feed = model.register(code), installed[code]
        if (register.unit, register.decimals) != (feed.unit, feed.decimals):
            words = _(
                "This meter counts %(register)s in %(unit)s with %(decimals)s decimals, unlike this kind of meter."
            )
            told = {"register": code, "unit": feed.unit.symbol, "decimals": feed.decimals}
            raise SenderMisconfigured("mapping", words % told)


def _locked(public_id: uuid.UUID) -> models.Sender:
    own = models.Sender.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = own.select_for_update(of=("self",)).select_related("device__bus", "device__meter").first()
    if found is None:
        raise senders.SenderNotFound(senders.SenderNotFound.__doc__)
    return found


def _told(sender: models.Sender) -> dict[str, object]:
    """What the trail keeps; never a token."""
    return {
        "meter": sender.device.meter.serial_number,
        "mapping": sender.mapping,
        "expected_seconds": sender.device.live_seconds,
        "is_open": sender.is_open,
    }
