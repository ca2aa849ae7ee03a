"""What devices send by HTTP: believed or not, how often at most, and who fell silent."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from meterbook.acquisition import models, plans, values
from meterbook.acquisition.drivers.mqtt import mapping, session
from meterbook.acquisition.operations import states
from meterbook.acquisition.operations.senders import digest
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

WINDOW, MOST_IN_WINDOW = timedelta(minutes=1), 60  # messages of one device, in real time
QUIET_AFTER = 3  # times the interval in which it should have sent


class SenderRefused(PermissionError):
    """A message that is not taken: `words` say why, `retry_after` (seconds) is 0 where another try helps nothing."""

    def __init__(self, words: str, *, status: int = 401, retry_after: int = 0, is_kept: bool = True) -> None:
        super().__init__(words)
        self.status, self.retry_after, self.is_kept = status, retry_after, is_kept


@dataclass(frozen=True)
class AdmittedSender:
    """A message that was believed: whose it is, where its values stand, and the latest readings by register."""

    sender_id: int
    device_id: int
    model_code: str
    map: mapping.MessageMap
    feeds: tuple[plans.RegisterFeed, ...]
    noted: dict[str, datetime]


def find_sender(*, public_id: uuid.UUID) -> tuple[int, int]:
    """This will find whose address it is, as organization and sender, before anything is believed; outside a scope.

    :raises SenderRefused: when there is none
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id, sender_id FROM acquisition_sender_of(%s)", [public_id])
        row = cursor.fetchone()
    if row is None:
        raise SenderRefused(_refusal(), is_kept=False)
    return int(row[0]), int(row[1])


@operation.operation
def admit_sender(
    *, actor: Actor, at: datetime, real_at: datetime, sender_id: int, token: str, address: str
) -> AdmittedSender:
    """This will believe a message or not, and count it.

    :param address: where it comes from, numeric
    :raises SenderRefused: saying why, as far as its sender may know
    """
    organization_id = scoping.current().organization_id
    own = models.Sender.objects.filter(organization_id=organization_id).select_for_update(of=("self",))
    sender = own.select_related("device__bus").get(pk=sender_id)
    _require_proof(sender, token, address, real_at)
    if not (sender.device.is_enabled and sender.device.bus.is_enabled):
        raise SenderRefused(_("This device is switched off here; switch it on on its page."), status=403)
    if sender.window_at is None or not sender.window_at <= real_at < sender.window_at + WINDOW:
        sender.window_at, sender.window_count = real_at, 0
    if sender.window_count >= MOST_IN_WINDOW:
        left = int((sender.window_at + WINDOW - real_at).total_seconds()) + 1
        words = _("At most %(count)s messages a minute are taken of a device.") % {"count": MOST_IN_WINDOW}
        raise SenderRefused(words, status=429, retry_after=left)
    sender.window_count += 1
    sender.seen_from = address[:50]
    sender.save(update_fields=["window_at", "window_count", "seen_from"])
    feeds = plans.feeds_of_meters({sender.device.meter_id}).get(sender.device.meter_id, ())
    return AdmittedSender(
        sender_id=sender.pk,
        device_id=sender.device_id,
        model_code=sender.device.model_code,
        map=mapping.MessageMap.from_json(sender.mapping),
        feeds=feeds,
        noted={code: datetime.fromisoformat(told) for code, told in sender.noted.items()},
    )


@operation.operation
def note_sent(*, actor: Actor, at: datetime, sender_id: int, noted: dict[str, datetime]) -> None:
    """This will remember the latest readings of a device that sends, by register."""
    own = models.Sender.objects.filter(organization_id=scoping.current().organization_id, pk=sender_id)
    sender = own.select_for_update().get()
    for code, instant in noted.items():
        former = sender.noted.get(code)
        if former is None or datetime.fromisoformat(former) < instant:
            sender.noted[code] = instant.isoformat()
    sender.save(update_fields=["noted"])


@operation.operation
def note_unsent(*, actor: Actor, at: datetime, real_at: datetime, sender_id: int, words: str) -> None:
    """This will keep why a message of a device was not taken, for whoever looks at its page."""
    own = models.Sender.objects.filter(organization_id=scoping.current().organization_id, pk=sender_id)
    own.update(refused_at=real_at, refusal=words[:300], refused=F("refused") + 1)


@operation.operation
def note_quiet_senders(*, actor: Actor, at: datetime) -> int:
    """This will tell which devices have not sent for three times as long as they should, and answer how many."""
    organization_id = scoping.current().organization_id
    found = models.Sender.objects.filter(
        organization_id=organization_id,
        device__is_enabled=True,
        device__bus__is_enabled=True,
    ).exclude(device__devicestate__status=values.DeviceStatus.SILENT.value)
    count = 0
    for sender in found.select_related("device__devicestate").order_by("id"):
        device = sender.device
        heard = device.devicestate.answered_at or device.created_at
        seconds = int((at - heard).total_seconds())
        if seconds < QUIET_AFTER * device.live_seconds:
            continue
        states.note_device_silence(
            actor=actor,
            at=at,
            device_id=device.pk,
            failures=max(values.SILENT_AFTER, seconds // device.live_seconds),
            since=heard,
            problem=values.Problem(
                "NOT_SENT",
                f"nothing came for {seconds} s",
                "Check that the device is supplied, reaches this server, and sends to its address.",
                {"seconds": seconds},
            ),
        )
        count += 1
    return count


def _require_proof(sender: models.Sender, token: str, address: str, real_at: datetime) -> None:
    if sender.revoked_at is not None:
        raise SenderRefused(_refusal())
    if sender.is_open:
        if not _is_local(address):
            words = _("Without a token a device is heard in the local network only; give it one on its page.")
            raise SenderRefused(words, status=403)
        return
    given = digest(token)
    is_former = sender.former_until is not None and real_at < sender.former_until
    is_known = hmac.compare_digest(given, sender.digest)
    if not is_known and not (is_former and hmac.compare_digest(given, sender.former_digest)):
        raise SenderRefused(_refusal())


def _is_local(address: str) -> bool:
    try:
        return session.is_local(address)
    except ValueError:
        return False


def _refusal() -> str:
    return _("The address or its token is not known: look at the page of the device, or give it a new token there.")
