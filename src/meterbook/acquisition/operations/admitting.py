"""A gateway at the door: its message is found, its signature checked, and what was heard before is known again.

Nothing here says why a message is refused: whoever sent it is told one sentence for all reasons. What was wrong is
kept as an incident of the gateway, by `note_incident`, in a transaction of its own.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from meterbook.acquisition import events, gateway_models
from meterbook.acquisition import gateway_values as values
from meterbook.acquisition.gateway_values import IncidentKind
from meterbook.acquisition.push import sequences, signing
from meterbook.audit import operations as audit_operations
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping, vault
from meterbook.kernel.actor import Actor


class MessageRefused(PermissionError):
    """A message that is not taken. `kind` is what was wrong, None where no gateway is concerned."""

    def __init__(self, kind: IncidentKind | None = None) -> None:
        self.kind = kind
        super().__init__(_("The message is not accepted: check the clock, the key and the enrolment of the gateway."))


@dataclass(frozen=True)
class Message:
    """A message as it came in; `path` with its query, `body` as it went over the line."""

    method: str
    path: str
    body: bytes = field(repr=False)
    stamp: signing.Stamp

    @property
    def digest(self) -> str:
        """The SHA-256 of the body, in hex."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Found:
    """Where a message claims to come from: ids, and nothing else."""

    organization_id: int
    gateway_id: int


@dataclass(frozen=True)
class Admitted:
    """A message that was believed. `repeated` is what was answered to the same batch before."""

    gateway_id: int
    gateway: uuid.UUID
    name: str
    key_id: int
    repeated: dict[str, Any] | None = None


def find_gateway(*, public_id: str) -> Found:
    """This will find where a message claims to come from, before anything of it is believed. Runs outside a scope.

    :raises MessageRefused: when there is no such gateway
    """
    try:
        wanted = uuid.UUID(public_id)
    except ValueError as error:
        raise MessageRefused from error
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id, gateway_id FROM acquisition_gateway_of(%s)", [wanted])
        row = cursor.fetchone()
    if row is None:
        raise MessageRefused
    return Found(*row)


def admit_batch(*, real_at: datetime, gateway_id: int, message: Message) -> Admitted:
    """This will check a batch. One that was accepted before is known again, whenever it comes.

    Only reads; the batch counts once `pushing.keep_batch` has stored it.

    :param real_at: the machine's present instant: messages are signed by real clocks
    :raises MessageRefused: with what was wrong
    """
    gateway, key = _believed(gateway_id, message, real_at)
    stamp = message.stamp
    boot = _boots(gateway).filter(boot=stamp.boot).first()
    known = None
    if boot is not None:
        known = _batches(boot).filter(sequence=stamp.sequence).first()
    if known is not None and known.digest != message.digest:
        raise MessageRefused(IncidentKind.CONTENT)
    admitted = Admitted(gateway.pk, gateway.public_id, gateway.name, key.pk, known.answer if known else None)
    if known is None:
        is_next = boot is None or stamp.sequence > boot.highest
        _require_time(gateway, stamp, real_at, is_next=is_next)
    return admitted


@operation.operation
def admit_call(*, actor: Actor, at: datetime, real_at: datetime, gateway_id: int, message: Message) -> Admitted:
    """This will check a message that is no batch, and remember its count: a second time it is refused.

    :raises MessageRefused: with what was wrong
    """
    gateway, key = _believed(gateway_id, message, real_at)
    stamp = message.stamp
    boot = boot_of(gateway_id=gateway.pk, key_id=key.pk, stamp=stamp)
    heard = sequences.Heard(boot.heard, boot.heard_bits).hear(stamp.sequence)
    if heard is None:
        raise MessageRefused(IncidentKind.REPLAY)
    _require_time(gateway, stamp, real_at, is_next=stamp.sequence > boot.heard)
    boot.heard, boot.heard_bits = heard.highest, heard.bits
    boot.save(update_fields=["heard", "heard_bits"])
    note_clone(actor=actor, at=at, boot=boot, stamp=stamp)
    return Admitted(gateway.pk, gateway.public_id, gateway.name, key.pk)


def boot_of(*, gateway_id: int, key_id: int, stamp: signing.Stamp) -> gateway_models.GatewayBoot:
    """This will return the row of a boot, locked, made when it is its first message; part of an operation."""
    organization_id = scoping.current().organization_id
    signed_at = instant(stamp.time)
    made, _is_new = gateway_models.GatewayBoot.objects.select_for_update().get_or_create(
        organization_id=organization_id,
        gateway_id=gateway_id,
        boot=stamp.boot,
        defaults={"key_id": key_id, "began_at": signed_at, "signed_at": signed_at},
    )
    return made


def note_clone(*, actor: Actor, at: datetime, boot: gateway_models.GatewayBoot, stamp: signing.Stamp) -> None:
    """This will notice when a start of a gateway goes on although a later start has begun: somebody copied its key.

    What was signed before the later start, and only comes in now, is no reason. Part of an operation.
    """
    signed_at = instant(stamp.time)
    later = gateway_models.GatewayBoot.objects.filter(
        organization_id=boot.organization_id,
        gateway_id=boot.gateway_id,
        key_id=boot.key_id,
        pk__gt=boot.pk,
        began_at__lt=signed_at,
    )
    if later.exists():
        note_incident(actor=actor, at=at, gateway_id=boot.gateway_id, kind=IncidentKind.CLONE)
    if signed_at > boot.signed_at:
        boot.signed_at = signed_at
        boot.save(update_fields=["signed_at"])


@operation.operation
def note_incident(*, actor: Actor, at: datetime, gateway_id: int, kind: IncidentKind) -> None:
    """This will count what was wrong with a message in the name of a gateway, and tell the first of a kind."""
    organization_id = scoping.current().organization_id
    incidents = gateway_models.GatewayIncident.objects.select_for_update().filter(organization_id=organization_id)
    found, is_new = incidents.get_or_create(
        organization_id=organization_id,
        gateway_id=gateway_id,
        kind=kind.value,
        settled_at=None,
        defaults={"first_at": at, "last_at": at, "address": actor.source[:50]},
    )
    if not is_new:
        found.count, found.last_at, found.address = found.count + 1, at, actor.source[:50]
        found.save(update_fields=["count", "last_at", "address"])
        return
    after = {"gateway": str(found.gateway.public_id), "kind": kind.value, "address": found.address}
    audit_operations.record(
        actor=actor, at=at, action="acquisition:refuse_message", subject=found.gateway, before=None, after=after
    )
    if kind not in values.HARMLESS:
        foundation_events.publish(_news(found))


def instant(milliseconds: int) -> datetime:
    """This will return an instant of a stamp."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(milliseconds, 32_503_680_000_000))


def _believed(
    gateway_id: int, message: Message, real_at: datetime
) -> tuple[gateway_models.Gateway, gateway_models.GatewayKey]:
    """The gateway and the key that signed; a key that ended is told apart only in the incident."""
    gateway = gateway_models.Gateway.objects.get(organization_id=scoping.current().organization_id, pk=gateway_id)
    key = _key(gateway, message.stamp.key)
    if key is None:
        raise MessageRefused(IncidentKind.SIGNATURE)
    algorithm = signing.Algorithm(key.algorithm)
    secret = vault.open_sealed(key.sealed) if algorithm is signing.Algorithm.HMAC else key.public_half
    text = signing.canonical(message.method, message.path, message.stamp, message.body)
    if not signing.is_genuine(algorithm, signing.decode(secret), text, message.stamp.signature):
        raise MessageRefused(IncidentKind.SIGNATURE)
    if gateway.revoked_at is not None or (key.ends_at is not None and key.ends_at <= real_at):
        raise MessageRefused(IncidentKind.REVOKED)
    return gateway, key


def _key(gateway: gateway_models.Gateway, public_id: str) -> gateway_models.GatewayKey | None:
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return None
    keys = gateway_models.GatewayKey.objects.filter(organization_id=gateway.organization_id, gateway=gateway)
    return keys.filter(public_id=wanted).first()


def _require_time(gateway: gateway_models.Gateway, stamp: signing.Stamp, real_at: datetime, *, is_next: bool) -> None:
    """Within five minutes of our clock; a gateway without a clock of its own must count upwards instead."""
    if gateway.orders_by_sequence and is_next:
        return
    if abs(instant(stamp.time) - real_at) > values.CLOCK_WINDOW:
        raise MessageRefused(IncidentKind.TIME)


def _boots(gateway: gateway_models.Gateway) -> Any:  # noqa: ANN401 - a QuerySet
    return gateway_models.GatewayBoot.objects.filter(organization_id=gateway.organization_id, gateway=gateway)


def _batches(boot: gateway_models.GatewayBoot) -> Any:  # noqa: ANN401 - a QuerySet
    return gateway_models.GatewayBatch.objects.filter(organization_id=boot.organization_id, boot=boot)


def _news(incident: gateway_models.GatewayIncident) -> events.GatewayMisused:
    gateway = incident.gateway
    return events.GatewayMisused(
        organization_id=incident.organization_id,
        gateway_id=str(gateway.public_id),
        site_id=str(gateway.site.public_id),
        label=gateway.name,
        kind=incident.kind,
    )
