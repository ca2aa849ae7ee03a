"""Messages: the ways out without their secrets, tests, and what was sent where. Never what a message says."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field, WithJsonSchema

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.foundation.tls import hosts
from meterbook.identity.values import Module
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import permissions
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import ChannelKind, MessageState, TlsMode

router = Router(tags=["Messages"])
Line = Annotated[values.Words, Field(min_length=1, max_length=100)]
BotToken = Annotated[str, Field(pattern=r"^([0-9]{3,20}:[A-Za-z0-9_-]{10,100})?$", max_length=200)]


# Written out: the document tells classes apart by their bare names, and readings from files have a kind too.
MessageKind = Annotated[
    notification_values.Kind,
    WithJsonSchema({"type": "string", "enum": [each.value for each in notification_values.Kind]}),
]


class MailServer(values.Told):
    """How mail leaves; its password is never told."""

    host: str
    port: int
    tls: TlsMode
    user: str
    sender_name: str
    sender_address: str


class Channel(values.Told):
    """A way out. `secret_set_at` is when its password or token was set; `failure` what the other side said last."""

    kind: ChannelKind
    is_on: bool
    mail: MailServer | None
    secret_set_at: values.InstantTold | None
    account_name: str
    checked_at: values.InstantTold | None
    failure: str
    retry_at: values.InstantTold | None


class Channels(values.Told):
    """Mail, then Telegram."""

    items: list[Channel]


class NewMail(values.Given):
    """How mail is to leave. Without `password` the one that is kept stays; an empty one removes it."""

    is_on: bool = True
    host: Annotated[values.Words, Field(min_length=1, max_length=253)]
    port: int = Field(587, ge=1, le=65_535)
    tls: TlsMode = TlsMode.STARTTLS
    user: Annotated[values.Words, Field(max_length=200)] = ""
    password: Annotated[str, Field(max_length=500)] | None = None
    sender_name: Line
    sender_address: values.Email


class NewBot(values.Given):
    """The bot that writes to Telegram. Without `token` the one that is kept stays; an empty one removes it."""

    is_on: bool = True
    token: BotToken | None = None


class ChannelTest(values.Given):
    """Which way out is tested: the message goes to the person who asks, or who answers for the key."""

    channel: ChannelKind


class Attempt(values.Told):
    """One try, and what the other side said."""

    at: values.InstantTold
    state: MessageState
    answer: str


class Message(values.Told):
    """A message; `address` is masked."""

    id: uuid.UUID
    kind: MessageKind
    channel: ChannelKind
    address: str
    state: MessageState
    queued_at: values.InstantTold
    due_at: values.InstantTold
    sent_at: values.InstantTold | None
    tries: int
    answer: str
    is_fallback: bool
    may_retry: bool


class MessageWithTries(Message):
    """A message with every try."""

    attempts: list[Attempt]


@endpoint(router, "GET", "/channels", permission=permissions.CONFIGURE_CHANNELS, module=Module.CORE, answers=Channels)
def list_channels(request: entry.Request) -> Channels:
    """This will return how the ways out are set up."""
    return Channels(items=[_channel(each) for each in (ChannelKind.MAIL, ChannelKind.TELEGRAM)])


@endpoint(
    router, "PUT", "/channels/mail", permission=permissions.CONFIGURE_CHANNELS, module=Module.CORE, answers=Channel
)
def set_mail(request: entry.Request, given: NewMail) -> Channel:
    """This will set how mail leaves; another server or user needs the password anew."""
    caller = request.caller
    host = hosts.read(given.host)
    if host is None:
        raise problems.invalid("/body/host", _("Write the name of the server only, such as smtp.example.com."))
    if given.tls is TlsMode.NONE and given.user and host not in hosts.THIS_MACHINE:
        words = _("A password is sent over an encrypted line only; choose STARTTLS or TLS.")
        raise problems.invalid("/body/tls", words)
    settings = notification_values.MailSettings(
        host=host,
        port=given.port,
        tls=given.tls,
        user=given.user,
        sender_name=given.sender_name,
        sender_address=given.sender_address,
    )
    password = given.password if given.user else ""
    notification_operations.set_mail(
        actor=caller.actor, at=caller.at, settings=settings, password=password, is_on=given.is_on
    )
    return _channel(ChannelKind.MAIL)


@endpoint(
    router, "PUT", "/channels/telegram", permission=permissions.CONFIGURE_CHANNELS, module=Module.CORE, answers=Channel
)
def set_telegram(request: entry.Request, given: NewBot) -> Channel:
    """This will set the bot that writes to Telegram; its name is asked for afterwards."""
    caller = request.caller
    kept = notification_queries.get_channel(kind=ChannelKind.TELEGRAM)
    if given.is_on and not (given.token or (given.token is None and kept.secret_set_at)):
        raise problems.invalid("/body/token", _("Enter the token of the bot."))
    notification_operations.set_telegram(actor=caller.actor, at=caller.at, token=given.token, is_on=given.is_on)
    return _channel(ChannelKind.TELEGRAM)


@endpoint(
    router,
    "POST",
    "/channels/tests",
    permission=permissions.CONFIGURE_CHANNELS,
    module=Module.CORE,
    answers=MessageWithTries,
    status=202,
)
def send_test_message(request: entry.Request, given: ChannelTest) -> MessageWithTries:
    """This will send a test message; what is answered says later what the other side said."""
    caller = request.caller
    found = notification_operations.send_test(
        actor=caller.actor, at=caller.at, user_id=caller.user_id, channel=given.channel
    )
    if found is None:
        words = _("The person who asks is not reached that way yet; link a chat or confirm an address first.")
        raise problems.Problem(409, "state", words)
    return _read(found)


@endpoint(
    router,
    "GET",
    "/messages",
    permission=permissions.VIEW_LOG,
    module=Module.CORE,
    answers=paging.Page[Message],
)
def list_messages(
    request: entry.Request,
    show: notification_queries.Show = notification_queries.Show.ALL,
    kind: MessageKind | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[Message]:
    """This will return the messages, the newest first."""
    rows = notification_queries.messages_before(
        show=show, kind=kind, older_than_id=paging.after(request, cursor) or None, limit=limit + 1
    )
    return paging.page(request, rows, limit, lambda row: Message(**_plain(row)))


@endpoint(
    router,
    "GET",
    "/messages/{uuid:message}",
    permission=permissions.VIEW_LOG,
    module=Module.CORE,
    answers=MessageWithTries,
)
def get_message(request: entry.Request, message: uuid.UUID) -> MessageWithTries:
    """This will return one message with every try."""
    return _read(message)


@endpoint(
    router,
    "POST",
    "/messages/{uuid:message}/retry",
    permission=permissions.CONFIGURE_CHANNELS,
    module=Module.CORE,
    answers=MessageWithTries,
    status=202,
)
def retry_message(request: entry.Request, message: uuid.UUID) -> MessageWithTries:
    """This will try a message once more that failed or is in doubt."""
    caller = request.caller
    if not notification_operations.retry_message(actor=caller.actor, at=caller.at, public_id=message):
        words = _("What it said is no longer kept, or it was sent already.")
        raise problems.Problem(409, "state", words)
    return _read(message)


def _channel(kind: ChannelKind) -> Channel:
    row = notification_queries.get_channel(kind=kind)
    mail = row.mail
    return Channel(
        kind=row.kind,
        is_on=row.is_on,
        mail=None
        if mail is None
        else MailServer(
            host=mail.host,
            port=mail.port,
            tls=mail.tls,
            user=mail.user,
            sender_name=mail.sender_name,
            sender_address=mail.sender_address,
        ),
        secret_set_at=values.maybe_instant(row.secret_set_at),
        account_name=row.account_name,
        checked_at=values.maybe_instant(row.checked_at),
        failure=row.failure,
        retry_at=values.maybe_instant(row.retry_at),
    )


def _read(message: uuid.UUID) -> MessageWithTries:
    row = notification_queries.get_message(public_id=message)
    tries = [Attempt(at=values.instant(each.at), state=each.state, answer=each.answer) for each in row.attempts]
    return MessageWithTries(**_plain(row), attempts=tries)


def _plain(row: notification_queries.MessageRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "kind": row.kind,
        "channel": row.channel,
        "address": row.address,
        "state": row.state,
        "queued_at": values.instant(row.queued_at),
        "due_at": values.instant(row.due_at),
        "sent_at": values.maybe_instant(row.sent_at),
        "tries": row.tries,
        "answer": row.answer,
        "is_fallback": row.is_fallback,
        "may_retry": row.may_retry,
    }
