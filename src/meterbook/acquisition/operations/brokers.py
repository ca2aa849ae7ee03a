"""Brokers of MQTT, and the devices that send under their topics."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import brokers, models, networks, values
from meterbook.acquisition.drivers.mqtt import session
from meterbook.acquisition.operations import devices
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping, vault
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

BROKER = "broker"  # the notice that the way into one has changed
LONGEST_PASSWORD, LONGEST_AUTHORITY = 500, 100_000


class BrokerMisconfigured(ValueError):
    """The broker cannot be used as it was described; `field` names what to correct, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class BrokerFacts:
    """A broker as somebody describes it. `password` None leaves the one that is kept; without a user there is none."""

    name: str
    host: str
    port: int
    user: str = ""
    password: str | None = None
    client_id: str = ""
    is_encrypted: bool = False
    authority: str = ""


@operation.operation
def create_broker(
    *, actor: Actor, at: datetime, site: uuid.UUID, facts: BrokerFacts, allowed: networks.AllowedNetworks
) -> models.Bus:
    """This will add a broker to a site; the collector enters it within half a minute.

    :param site: its public id
    :raises BrokerMisconfigured: naming the field that cannot be
    """
    check(facts)
    place = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=site).first()
    if place is None:
        raise BrokerMisconfigured("site", _("There is no such site; choose another one."))
    there = models.Bus.objects.filter(
        organization_id=place.organization_id, site=place, host=facts.host, port=facts.port
    ).first()
    if there is not None:
        words = _("“%(name)s” has this address already; change that one.") % {"name": there.name}
        raise BrokerMisconfigured("host", words)
    try:
        bus = devices.create_bus(
            actor=actor,
            at=at,
            site=place,
            name=facts.name,
            host=facts.host,
            port=facts.port,
            protocol=values.BusProtocol.MQTT,
            allowed=allowed,
        )
    except devices.AddressTaken as error:
        raise BrokerMisconfigured("name", str(error)) from error
    except (devices.BusMisconfigured, networks.NetworkNotAllowed) as error:
        raise BrokerMisconfigured("host", str(error)) from error
    broker = models.Broker(organization_id=bus.organization_id, bus=bus)
    take(broker, facts)
    broker.save()
    audit_operations.record(
        actor=actor, at=at, action="acquisition:create_broker", subject=broker, before=None, after=told(broker)
    )
    foundation_bus.notify(BROKER, bus.organization_id, [bus.pk])
    return bus


@operation.operation
def change_broker(
    *, actor: Actor, at: datetime, bus: uuid.UUID, facts: BrokerFacts, allowed: networks.AllowedNetworks
) -> bool:
    """This will change how a broker is entered, and answer whether anything differs.

    :param bus: its public id
    :raises brokers.BrokerNotFound: when the organization has no such broker
    :raises BrokerMisconfigured: naming the field that cannot be
    """
    broker = _locked(bus)
    held = broker.bus
    check(facts, kept=bool(broker.sealed_password))
    _check_kept(facts, broker)
    before = {"name": held.name, **told(broker)}
    try:
        devices.move_bus(actor=actor, at=at, bus_id=held.pk, host=facts.host, port=facts.port, allowed=allowed)
        with transaction.atomic():
            held.refresh_from_db()
            held.name = facts.name
            held.save(update_fields=["name"])
    except IntegrityError as error:
        words = _("The site has a bus “%(name)s” already; take another name.") % {"name": facts.name}
        raise BrokerMisconfigured("name", words) from error
    except (devices.BusMisconfigured, networks.NetworkNotAllowed) as error:
        raise BrokerMisconfigured("host", str(error)) from error
    is_new_secret = take(broker, facts)
    after = {"name": held.name, **told(broker)}
    if before == after and not is_new_secret:
        return False
    broker.save()
    if is_new_secret:
        after["password"] = "changed"  # noqa: S105 - that it is another one, not which
    audit_operations.record(
        actor=actor, at=at, action="acquisition:change_broker", subject=broker, before=before, after=after
    )
    foundation_bus.notify(BROKER, held.organization_id, [held.pk])
    return True


@operation.operation
def note_broker(
    *, actor: Actor, at: datetime, bus_id: int, state: values.BrokerState, problem: values.Problem | None
) -> None:
    """This will note how the collector's connection to a broker is doing at `at`."""
    organization_id = scoping.current().organization_id
    broker = models.Broker.objects.filter(organization_id=organization_id, bus_id=bus_id).first()
    if broker is None:  # taken away meanwhile
        return
    is_news = broker.state != state.value or (broker.problem or {}).get("code") != (problem.code if problem else None)
    if broker.state != state.value:
        broker.state, broker.state_since = state.value, at
    broker.state_at, broker.problem = at, problem.as_json() if problem is not None else None
    broker.save(update_fields=["state", "state_since", "state_at", "problem"])
    if is_news:
        devices_there = models.Device.objects.filter(organization_id=organization_id, bus_id=bus_id, is_enabled=True)
        shown = list(devices_there.order_by("id").values_list("pk", flat=True))
        foundation_bus.notify("device", organization_id, shown)  # pages that show the way to meters renew themselves


def _locked(bus: uuid.UUID) -> models.Broker:
    organization_id = scoping.current().organization_id
    own = models.Broker.objects.filter(organization_id=organization_id).select_for_update(of=("self",))
    held = own.select_related("bus").filter(bus__public_id=bus).first()
    if held is None:
        raise brokers.BrokerNotFound(brokers.BrokerNotFound.__doc__)
    return held


def check(facts: BrokerFacts, *, kept: bool = False) -> None:
    """This will pass when a broker may be entered so.

    :param kept: whether a password is kept already
    :raises BrokerMisconfigured: naming the field that cannot be
    """
    if not facts.name.strip() or len(facts.name) > 100:
        raise BrokerMisconfigured("name", _("Give the broker a name of at most 100 signs."))
    if facts.port not in values.PORTS:
        raise BrokerMisconfigured("port", _("The port is a number from 1 to 65535, usually 1883, or 8883 with TLS."))
    if facts.password is not None and len(facts.password) > LONGEST_PASSWORD:
        raise BrokerMisconfigured("password", _("The password is too long."))
    if facts.password and not facts.user:
        raise BrokerMisconfigured("user", _("A password needs a user."))
    if facts.user and not facts.password and not kept:
        raise BrokerMisconfigured("password", _("Give the password of this user."))
    if facts.authority and not facts.is_encrypted:
        raise BrokerMisconfigured("authority", _("A certificate is looked at only with encryption; switch that on."))
    _check_authority(facts.authority)
    if not brokers.is_perhaps_local(facts.host) and not (facts.user and facts.is_encrypted):
        field = "user" if not facts.user else "is_encrypted"
        words = _("This broker is outside of the local network: give a user and a password, and switch encryption on.")
        raise BrokerMisconfigured(field, words)


def _check_kept(facts: BrokerFacts, broker: models.Broker) -> None:
    """Who may change a broker must not have its password sent elsewhere, or in the clear."""
    there = (broker.bus.host, broker.bus.port, broker.user, broker.is_encrypted, broker.authority)
    wanted = (facts.host, facts.port, facts.user, facts.is_encrypted, facts.authority)
    if facts.user and not facts.password and there != wanted:
        words = _("The password is kept only while address, user, encryption and certificate stay; enter it again.")
        raise BrokerMisconfigured("password", words)


def _check_authority(pem: str) -> None:
    if not pem:
        return
    try:
        count = session.read_authority(pem) if len(pem) <= LONGEST_AUTHORITY else 0
    except ValueError:
        count = 0
    if not count:
        words = _("Paste the certificate of an authority in PEM: it begins with -----BEGIN CERTIFICATE-----.")
        raise BrokerMisconfigured("authority", words)


def take(broker: models.Broker, facts: BrokerFacts) -> bool:
    """This will fill a broker in, and say whether its password is another one; part of an operation."""
    broker.user, broker.is_encrypted, broker.authority = facts.user, facts.is_encrypted, facts.authority
    broker.client_id = facts.client_id or broker.client_id or f"meterbook-{uuid.uuid4().hex[:12]}"
    former = broker.sealed_password
    if not facts.user:
        broker.sealed_password = ""
    elif facts.password:
        broker.sealed_password = vault.seal(facts.password)
    return former != broker.sealed_password


def told(broker: models.Broker) -> dict[str, object]:
    """This will return what the trail keeps of a broker; never the password."""
    return {
        "host": broker.bus.host,
        "port": broker.bus.port,
        "user": broker.user,
        "client_id": broker.client_id,
        "is_encrypted": broker.is_encrypted,
        "has_authority": bool(broker.authority),
    }
