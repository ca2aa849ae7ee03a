"""Reads of notifications; each needs a running scope. No row holds a secret or what a message says."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import Count, Exists, OuterRef, Q

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import queries as identity_queries
from meterbook.notifications import models, rendering, values
from meterbook.notifications.values import ChannelKind, DestinationState, MessageState

PAGE = 50
RETRIABLE = frozenset({MessageState.FAILED, MessageState.UNKNOWN})


class Show(enum.StrEnum):
    """Which messages are listed."""

    ALL = "all"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


SHOWN = {
    Show.ALL: Q(),
    Show.WAITING: Q(state__in=[MessageState.HELD, MessageState.QUEUED, MessageState.SENDING]),
    Show.SENT: Q(state=MessageState.SENT),
    Show.FAILED: Q(state__in=[MessageState.FAILED, MessageState.UNKNOWN]),
}


@dataclass(frozen=True)
class ChannelRow:
    """A way out as the settings show it: when its secret was set, never which."""

    kind: ChannelKind
    is_on: bool
    mail: values.MailSettings | None
    secret_set_at: datetime | None
    account_name: str
    checked_at: datetime | None
    failure: str
    retry_at: datetime | None


@dataclass(frozen=True)
class AttemptRow:
    """One try, and what the other side said."""

    at: datetime
    state: MessageState
    answer: str


@dataclass(frozen=True)
class MessageRow:
    """A line of the delivery log; `address` is masked."""

    public_id: uuid.UUID
    kind: values.Kind
    channel: ChannelKind
    address: str
    state: MessageState
    queued_at: datetime
    due_at: datetime
    sent_at: datetime | None
    tries: int
    answer: str
    is_fallback: bool
    may_retry: bool
    attempts: tuple[AttemptRow, ...] = ()


@dataclass(frozen=True)
class DestinationRow:
    """Where its owner is reached; for the owner's own eyes, so the address is whole."""

    public_id: uuid.UUID
    channel: ChannelKind
    address: str
    state: DestinationState
    reason: str
    code_expires_at: datetime | None


@dataclass(frozen=True)
class PreferencesRow:
    """What a person wants to hear of, and where."""

    zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    alarm_severity: values.Severity = values.Severity.NONE
    kinds_off: frozenset[values.Kind] = frozenset()
    preferred_channel: ChannelKind = ChannelKind.MAIL
    destinations: tuple[DestinationRow, ...] = ()
    has_chosen: bool = False


@dataclass(frozen=True)
class AlarmReader:
    """A person who asked to hear of alarms, or who hears of them because nobody did.

    `is_reached`: some destination was confirmed, by a way that is open.
    """

    user_id: int
    language: str
    severity: values.Severity
    is_reached: bool = True

    def wants(self, severity: str) -> bool:
        """This will tell whether the person wants to hear of alarms of that severity."""
        return values.wants_alarm(self.severity, severity)


class RecipientNotFound(LookupError):
    """There is no such recipient, or the messages cannot be stopped."""


class DestinationNotFound(LookupError):
    """There is no such destination, or it is somebody else's."""


class MessageNotFound(LookupError):
    """There is no such message in this organization."""


def channels_on() -> set[ChannelKind]:
    """This will return the ways out that are set up and on."""
    every = models.Channel.objects.filter(organization_id=scoping.current().organization_id, is_on=True)
    return {ChannelKind(each.kind) for each in every if each.kind == ChannelKind.MAIL or each.sealed_secret}


def can_mail() -> bool:
    """This will tell whether mail can be sent: when not, a link must be shown instead."""
    return ChannelKind.MAIL in channels_on()


def keys_without_mail(*, kind: values.Kind) -> frozenset[str]:
    """This will return the keys of the messages of a kind that wait for a mail server; none once there is one."""
    organization_id = scoping.current().organization_id
    on = models.Channel.objects.filter(organization_id=organization_id, kind=ChannelKind.MAIL, is_on=True)
    held = models.Message.objects.filter(
        ~Exists(on), organization_id=organization_id, kind=kind, state=MessageState.HELD
    )
    return frozenset(held.order_by("id").values_list("key", flat=True))


def mailing_ids() -> frozenset[int]:
    """This will return which organizations of the running scope can send mail."""
    on = models.Channel.objects.filter(
        organization_id__in=scoping.current().organizations, kind=ChannelKind.MAIL, is_on=True
    )
    return frozenset(on.values_list("organization_id", flat=True))


def get_channel(*, kind: ChannelKind) -> ChannelRow:
    """This will return how a way out is set up; one that was never set up is off."""
    found = models.Channel.objects.filter(organization_id=scoping.current().organization_id, kind=kind).first()
    if found is None:
        return ChannelRow(kind, False, None, None, "", None, "", None)
    return ChannelRow(
        kind=kind,
        is_on=found.is_on,
        mail=values.MailSettings.of(found.settings) if found.settings else None,
        secret_set_at=found.secret_set_at,
        account_name=found.account_name,
        checked_at=found.checked_at,
        failure=found.failure,
        retry_at=found.retry_at,
    )


def list_messages(
    *, show: Show = Show.ALL, kind: values.Kind | None = None, page: int = 1
) -> tuple[list[MessageRow], Mapping[Show, int]]:
    """This will return one page (50) of the log, newest first, and how many each filter finds."""
    every = models.Message.objects.filter(organization_id=scoping.current().organization_id)
    if kind is not None:
        every = every.filter(kind=kind)
    counts = every.aggregate(**{each.value: Count("pk", filter=SHOWN[each]) for each in Show})
    start = (max(page, 1) - 1) * PAGE
    found = every.filter(SHOWN[show]).select_related("destination").order_by("-queued_at", "-id")
    return [_row(each) for each in found[start : start + PAGE]], {each: counts[each.value] for each in Show}


def messages_before(
    *, show: Show = Show.ALL, kind: values.Kind | None = None, older_than_id: int | None, limit: int
) -> list[tuple[int, MessageRow]]:
    """This will return messages with their ids, the newest first, those older than an id; for programs."""
    found = models.Message.objects.filter(SHOWN[show], organization_id=scoping.current().organization_id)
    if kind is not None:
        found = found.filter(kind=kind)
    if older_than_id is not None:
        found = found.filter(pk__lt=older_than_id)
    return [(each.pk, _row(each)) for each in found.select_related("destination").order_by("-pk")[:limit]]


def get_message(*, public_id: uuid.UUID) -> MessageRow:
    """This will return one message with every try.

    :raises MessageNotFound: when it is not there or belongs to another organization
    """
    scope = scoping.current().organization_id
    found = (
        models.Message.objects.filter(organization_id=scope, public_id=public_id).select_related("destination").first()
    )
    if found is None:
        raise MessageNotFound(MessageNotFound.__doc__)
    tries = models.Attempt.objects.filter(organization_id=scope, message=found).order_by("id")
    return _row(found, tuple(AttemptRow(each.at, MessageState(each.state), each.answer) for each in tries))


def get_preferences(*, user_id: int) -> PreferencesRow:
    """This will return what a person chose in this organization, with the person's destinations."""
    scope = scoping.current().organization_id
    found = models.Recipient.objects.filter(
        organization_id=scope, owner_kind=values.OwnerKind.USER, user_id=user_id
    ).first()
    if found is None:
        return PreferencesRow()
    destinations = models.Destination.objects.filter(organization_id=scope, recipient=found)
    return PreferencesRow(
        zone=found.zone,
        quiet_from=found.quiet_from,
        quiet_until=found.quiet_until,
        alarm_severity=values.Severity(found.alarm_severity),
        kinds_off=frozenset(values.Kind(each) for each in found.kinds_off),
        preferred_channel=ChannelKind(found.preferred_channel),
        has_chosen=found.has_chosen,
        destinations=tuple(
            DestinationRow(
                public_id=each.public_id,
                channel=ChannelKind(each.channel_kind),
                address=each.address,
                state=DestinationState(each.state),
                reason=each.reason,
                code_expires_at=each.code_expires_at,
            )
            for each in destinations.exclude(state=DestinationState.REMOVED).order_by("id")
        ),
    )


def users_with_a_chat(*, user_ids: Collection[int]) -> frozenset[int]:
    """This will return those of the users who linked a Telegram chat, where the organization has a bot."""
    if not user_ids or ChannelKind.TELEGRAM not in channels_on():
        return frozenset()
    found = models.Destination.objects.filter(
        organization_id=scoping.current().organization_id,
        channel_kind=ChannelKind.TELEGRAM,
        state=DestinationState.CONFIRMED,
        recipient__owner_kind=values.OwnerKind.USER,
        recipient__user_id__in=list(user_ids),
    )
    return frozenset(found.values_list("recipient__user_id", flat=True))


def alarm_readers() -> list[AlarmReader]:
    """This will return who chose to hear of alarms, each with from which severity on; whether they may see them is not
    asked here.
    """
    found = models.Recipient.objects.filter(
        organization_id=scoping.current().organization_id, owner_kind=values.OwnerKind.USER, user__is_active=True
    ).exclude(alarm_severity=values.Severity.NONE)
    confirmed = models.Destination.objects.filter(
        organization_id=scoping.current().organization_id,
        recipient=OuterRef("pk"),
        state=DestinationState.CONFIRMED,
        channel_kind__in=channels_on(),
    )
    return [
        AlarmReader(
            each.user.pk, each.language or each.user.language, values.Severity(each.alarm_severity), each.is_reached
        )
        for each in found.annotate(is_reached=Exists(confirmed)).select_related("user").order_by("id")
        if each.user is not None
    ]


def alarm_default() -> values.Severity:
    """This will return from which severity on administrators hear of alarms while nobody chose to."""
    found = models.AlarmDefault.objects.filter(organization_id=scoping.current().organization_id).first()
    return values.ALARM_DEFAULT if found is None else values.Severity(found.severity)


def default_readers(*, at: datetime) -> list[AlarmReader]:
    """This will return the administrators who hear of alarms while nobody chose to: all that did not refuse.

    One who chose a severity, but confirmed no destination, keeps that severity.
    """
    severity = alarm_default()
    if severity is values.Severity.NONE:
        return []
    chosen = {each.user_id: each.severity for each in alarm_readers()}
    refusing = models.Recipient.objects.filter(
        Q(has_chosen=True, alarm_severity=values.Severity.NONE) | Q(kinds_off__contains=[values.Kind.ALARM_RAISED]),
        organization_id=scoping.current().organization_id,
        owner_kind=values.OwnerKind.USER,
    )
    administering = identity_queries.administrations(at=at).values("user_id")
    users = identity_models.User.objects.filter(pk__in=administering).exclude(pk__in=refusing.values("user_id"))
    return [AlarmReader(each.pk, each.language, chosen.get(each.pk, severity)) for each in users.order_by("id")]


def language_of(recipient: models.Recipient) -> str:
    """This will return the language of messages to a recipient (M-012): what the caller resolved, or the person's own,
    else the organization's.
    """
    own = recipient.user.language if recipient.user is not None else ""
    return rendering.language_of(recipient.language or own or identity_queries.get_organization().language)


def language_of_user(*, user_id: int) -> str:
    """This will return the language of messages to a person who may never have had one."""
    own = identity_models.User.objects.values_list("language", flat=True).get(pk=user_id)
    return rendering.language_of(own or identity_queries.get_organization().language)


def _row(message: models.Message, attempts: tuple[AttemptRow, ...] = ()) -> MessageRow:
    state = MessageState(message.state)
    return MessageRow(
        public_id=message.public_id,
        kind=values.Kind(message.kind),
        channel=ChannelKind(message.destination.channel_kind),
        address=values.masked(message.destination.address),
        state=state,
        queued_at=message.queued_at,
        due_at=message.due_at,
        sent_at=message.sent_at,
        tries=message.tries,
        answer=message.answer,
        is_fallback=message.fallback_of_id is not None,
        may_retry=state in RETRIABLE and bool(message.sealed_facts),
        attempts=attempts,
    )
