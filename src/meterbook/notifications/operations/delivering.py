"""Send what is due. The worker holds a lease on a message while the other side answers, and no transaction.

A worker that is killed between sending and noting leaves its lease behind. When that has ended, the message is in
doubt: mail is tried once more under the same Message-ID, so that a mail program shows it once; a message to Telegram,
which knows no such id, is not, and the next channel takes it (docs/howto/send-messages.md).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q

from meterbook.foundation import scoping, vault
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor
from meterbook.notifications import attachments, links, models, rendering, values
from meterbook.notifications.operations import sending
from meterbook.notifications.transports import mail
from meterbook.notifications.transports.answers import Answer, File, Outgoing, Verdict
from meterbook.notifications.values import ChannelKind, DestinationState, MessageState

if TYPE_CHECKING:
    from meterbook.notifications.transports import telegram

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)  # longer than all time-outs of one conversation together
BATCH = 500
MOST_DOUBTS = 2
# A failure of the whole channel: a test must say so at once, and a code that comes too late only confuses.
IMPATIENT = frozenset({values.Kind.TEST})
LEASE_ENDED = "The worker ended before the answer was noted."
TOO_LATE = "Not sent within its time."

Line: TypeAlias = "mail.MailLine | telegram.TelegramLine"


@dataclass(frozen=True)
class Claim:
    """A message that this worker may send."""

    message_id: int
    lease: uuid.UUID
    outgoing: Outgoing


def deliver(*, organization_id: int, actor: Actor, at: datetime, real_clock: Callable[[], datetime]) -> int:
    """This will send what is due and answer how many messages were taken by the other side. It opens its own scopes.

    :param at: the product's time: what is due, when to try again
    :param real_clock: real time, by which leases end
    """
    with scoping.scope([organization_id], actor=actor):
        _settle(at=at, real_at=real_clock())
    sent = 0
    for kind in ChannelKind:
        with scoping.scope([organization_id], actor=actor):
            line = _line(kind)
        if line is not None:
            with line as opened:
                sent += _deliver_on(opened, kind, organization_id, actor=actor, at=at, real_clock=real_clock)
    return sent


def _deliver_on(
    line: Line,
    kind: ChannelKind,
    organization_id: int,
    *,
    actor: Actor,
    at: datetime,
    real_clock: Callable[[], datetime],
) -> int:
    sent = 0
    for _count in range(BATCH):
        with scoping.scope([organization_id], actor=actor):
            claim = _claim(kind, actor=actor, at=at, real_at=real_clock())
        if claim is None:
            return sent
        if claim.outgoing.address == "":
            continue  # noted as failed already
        answer = _send(line, claim)
        with scoping.scope([organization_id], actor=actor):
            _note(claim, answer, at=at)
        sent += answer.verdict is Verdict.DELIVERED
        if answer.verdict is Verdict.CHANNEL_DOWN and not _has_impatient(organization_id, kind, actor=actor, at=at):
            return sent
    with scoping.scope([organization_id], actor=actor):
        sending.wake(organization_id)
    return sent


def _send(line: Line, claim: Claim) -> Answer:
    try:
        return line.send(claim.outgoing)
    except Exception as error:
        # Not one of the endings that transports know: one odd message must not hold up all those behind it.
        log.exception("notifications.transport_failed", message=claim.message_id)
        return Answer(Verdict.DOUBTFUL, type(error).__name__)


def _line(kind: ChannelKind) -> AbstractContextManager[Line] | None:
    channel = models.Channel.objects.filter(
        organization_id=scoping.current().organization_id, kind=kind, is_on=True
    ).first()
    if channel is None:
        return None
    try:
        secret = vault.open_sealed(channel.sealed_secret) if channel.sealed_secret else ""
    except vault.VaultClosed as error:
        channel.failure = str(error)
        channel.save(update_fields=["failure"])
        return None
    if kind is ChannelKind.MAIL:
        return mail.MailLine(values.MailSettings.of(channel.settings), secret)
    if not secret:
        return None
    from meterbook.notifications.transports import telegram  # its library takes long to load, and few need it

    return telegram.TelegramLine(secret)


def _waiting(kind: ChannelKind, at: datetime) -> Q:
    is_open = Q(state=MessageState.QUEUED)
    if kind is ChannelKind.MAIL:
        is_open |= Q(state=MessageState.UNKNOWN, doubts__lt=MOST_DOUBTS)
    return is_open & Q(due_at__lte=at, destination__channel_kind=kind)


def _claim(kind: ChannelKind, *, actor: Actor, at: datetime, real_at: datetime) -> Claim | None:
    """The next message that is due, leased. One that cannot be put into words fails, and its claim is empty."""
    organization_id = scoping.current().organization_id
    channel = models.Channel.objects.get(organization_id=organization_id, kind=kind)
    due = models.Message.objects.filter(_waiting(kind, at), organization_id=organization_id)
    if channel.retry_at is not None and channel.retry_at > at:
        due = due.filter(kind__in=IMPATIENT)
    message = (
        due.select_for_update(of=("self",), skip_locked=True)
        .select_related("destination__recipient")
        .order_by("due_at", "id")
        .first()
    )
    if message is None:
        return None
    lease = uuid.uuid4()
    try:
        with transaction.atomic():
            outgoing = _compose(message, channel, actor=actor, at=at)
    except DatabaseError:
        raise
    except Exception as error:
        # A text, a key or an attachment that is not there: it would be missing the next time too.
        log.exception("notifications.message_unreadable", message=message.pk)
        _end(message, MessageState.FAILED, str(error), at=at)
        return Claim(message.pk, lease, Outgoing("", "", "", "", "", "", at))
    message.state, message.lease, message.leased_until = MessageState.SENDING, lease, real_at + LEASE
    message.save(update_fields=["state", "lease", "leased_until"])
    return Claim(message.pk, lease, outgoing)


def _compose(message: models.Message, channel: models.Channel, *, actor: Actor, at: datetime) -> Outgoing:
    kind, destination = values.Kind(message.kind), message.destination
    facts: dict[str, str] = json.loads(vault.open_sealed(message.sealed_facts))
    facts["organization"] = identity_queries.get_organization().name
    file: File | None = None
    if message.attachment and destination.channel_kind == ChannelKind.MAIL:
        file = attachments.load(message.attachment, actor=actor, at=at)
        facts["attached"] = "yes"
    stop = ""
    if not values.RULES[kind].is_mandatory:
        stop = links.stop_href(links.StopLink(message.organization_id, destination.recipient.public_id, kind))
        facts["unsubscribe"] = stop
    words = rendering.render(kind=kind, language=message.language, version=message.template_version, facts=facts)
    domain = str(channel.settings.get("sender_address", "")).rpartition("@")[2] or "meterbook"
    return Outgoing(
        message_id=f"<{message.public_id}@{domain}>",
        address=destination.address,
        subject=words.subject,
        text=words.text,
        html=words.html,
        language=message.language,
        at=message.queued_at,
        unsubscribe_href=stop,
        file=file,
    )


def _note(claim: Claim, answer: Answer, *, at: datetime) -> None:
    organization_id = scoping.current().organization_id
    message = (
        models.Message.objects.select_for_update(of=("self",))
        .select_related("destination__recipient")
        .filter(organization_id=organization_id, pk=claim.message_id, lease=claim.lease)
        .first()
    )
    if message is None:
        log.warning("notifications.lease_lost", message=claim.message_id, verdict=answer.verdict)
        return
    _note_channel(message, answer, at=at)
    message.tries += answer.verdict is not Verdict.CHANNEL_DOWN
    if answer.verdict is Verdict.DELIVERED:
        message.sent_at, message.sealed_facts = at, ""
        _end(message, MessageState.SENT, answer.words, at=at)
    elif answer.verdict is Verdict.DOUBTFUL:
        _doubt(message, answer.words, at=at)
    elif answer.verdict in {Verdict.REFUSED_ADDRESS, Verdict.REFUSED_MESSAGE} or message.kind in IMPATIENT:
        if answer.verdict is Verdict.REFUSED_ADDRESS:
            message.destination.state, message.destination.reason = DestinationState.BROKEN, answer.words
            message.destination.save(update_fields=["state", "reason"])
        _end(message, MessageState.FAILED, answer.words, at=at)
        sending.fall_back(message, at=at)
    else:
        wait = answer.wait or values.back_off(message.tries)
        if answer.verdict is not Verdict.CHANNEL_DOWN:
            kind = values.Kind(message.kind)
            message.due_at = sending.due(message.destination.recipient, kind, at + wait)
        _end(message, MessageState.QUEUED, answer.words, at=at)


def _note_channel(message: models.Message, answer: Answer, *, at: datetime) -> None:
    """A server that is down is left alone for a while, so that a thousand messages do not knock one after another."""
    channel = models.Channel.objects.select_for_update().get(
        organization_id=message.organization_id, kind=message.destination.channel_kind
    )
    if answer.verdict is Verdict.CHANNEL_DOWN:
        channel.failures += 1
        channel.failure = answer.words
        channel.retry_at = at + (answer.wait or values.back_off(channel.failures))
    elif channel.failures or channel.failure:
        channel.failures, channel.failure, channel.retry_at = 0, "", None
    else:
        return
    channel.save(update_fields=["failures", "failure", "retry_at"])


def _doubt(message: models.Message, words: str, *, at: datetime) -> None:
    message.doubts += 1
    if message.destination.channel_kind == ChannelKind.TELEGRAM:
        _end(message, MessageState.UNKNOWN, words, at=at)
        sending.fall_back(message, at=at)
    elif message.doubts >= MOST_DOUBTS:
        _end(message, MessageState.FAILED, words, at=at)
    else:
        message.due_at = at + values.back_off(1)
        _end(message, MessageState.UNKNOWN, words, at=at)


def _end(message: models.Message, state: MessageState, words: str, *, at: datetime) -> None:
    message.state, message.answer, message.lease, message.leased_until = state, words, None, None
    message.save()
    models.Attempt.objects.create(
        organization_id=message.organization_id, message=message, at=at, state=state, answer=words
    )


def _settle(*, at: datetime, real_at: datetime) -> None:
    """Ended leases, and what is too old to be sent; what such messages said is wiped."""
    every = models.Message.objects.filter(organization_id=scoping.current().organization_id)
    locked = every.select_for_update(of=("self",), skip_locked=True).select_related("destination__recipient")
    for message in locked.filter(state=MessageState.SENDING, leased_until__lte=real_at).order_by("id"):
        message.tries += 1
        _doubt(message, LEASE_ENDED, at=at)
    waits = Q(state__in=[MessageState.HELD, MessageState.QUEUED, MessageState.UNKNOWN])
    for message in locked.filter(waits, expires_at__lte=at).order_by("id")[:BATCH]:
        message.sealed_facts = ""
        _end(message, MessageState.FAILED, message.answer or TOO_LATE, at=at)
    every.filter(state=MessageState.FAILED, expires_at__lte=at).exclude(sealed_facts="").update(sealed_facts="")


def _has_impatient(organization_id: int, kind: ChannelKind, *, actor: Actor, at: datetime) -> bool:
    with scoping.scope([organization_id], actor=actor):
        due = models.Message.objects.filter(_waiting(kind, at), organization_id=organization_id, kind__in=IMPATIENT)
        return due.exists()
