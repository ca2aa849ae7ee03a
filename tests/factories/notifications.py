"""Channels that lead to the counterparts on loopback, people who get messages, and the worker's turn."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

from django.test import override_settings

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.notifications import models, operations, values
from meterbook_lab import mail_server, telegram_server

ACTOR = Actor.system("factory")
AT = datetime(2026, 11, 3, 10, tzinfo=UTC)
REAL = datetime(2026, 11, 25, 9, tzinfo=UTC)
PASSWORD, TOKEN = "mail-secret-4711", "7000001:bot-secret-4711"
SENDER = "meterbook@harbor.example"
_numbers = itertools.count(1)


@contextlib.contextmanager
def open_network() -> Iterator[None]:
    """This will let mail reach this machine, as the owner of an installation may."""
    with override_settings(MAIL_NETWORKS="127.0.0.0/8"):
        yield


@contextlib.contextmanager
def telegram(server: telegram_server.TelegramServer) -> Iterator[telegram_server.TelegramServer]:
    """This will have Telegram answered by the counterpart during a block."""
    with telegram_server.running(server), override_settings(TELEGRAM_ADDRESS=server.address):
        yield server


def mail_settings(port: int, *, user: str = "", tls: values.TlsMode = values.TlsMode.NONE) -> values.MailSettings:
    """This will return settings that lead to a counterpart."""
    return values.MailSettings(mail_server.HOST, port, tls, user, "Harbor Properties", SENDER)


def mail_channel(
    organization: identity_models.Organization,
    port: int,
    *,
    user: str = "",
    tls: values.TlsMode = values.TlsMode.NONE,
) -> None:
    """This will set up mail; outside a scope."""
    settings = mail_settings(port, user=user, tls=tls)
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.set_mail(actor=ACTOR, at=AT, settings=settings, password=PASSWORD if user else None)


def telegram_channel(organization: identity_models.Organization, token: str = TOKEN) -> None:
    """This will set up Telegram; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.set_telegram(actor=ACTOR, at=AT, token=token)


def send(
    organization: identity_models.Organization,
    to: values.To,
    *,
    kind: values.Kind = values.Kind.NEW_SIGN_IN,
    key: str | None = None,
    at: datetime = AT,
    attachment: str = "",
    **facts: str,
) -> values.Outcome:
    """This will queue one message; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.send(
            actor=ACTOR,
            at=at,
            kind=kind,
            to=to,
            facts=facts or {"when": "3 November", "address": "192.0.2.7"},
            key=key or f"occasion {next(_numbers)}",
            attachment=attachment,
        )


def deliver(organization: identity_models.Organization, at: datetime = AT, *, real_at: datetime = REAL) -> int:
    """This will have the worker's turn; outside a scope."""
    return operations.deliver(organization_id=organization.pk, actor=ACTOR, at=at, real_clock=lambda: real_at)


def confirmed_mail(
    organization: identity_models.Organization, user: identity_models.User, address: str = ""
) -> models.Destination:
    """This will make an address confirmed, as if its code had come back; outside a scope."""
    return _confirmed(organization, user, values.ChannelKind.MAIL, address or user.email)


def confirmed_chat(
    organization: identity_models.Organization, user: identity_models.User, chat: str = "4711"
) -> models.Destination:
    """This will make a chat linked; outside a scope."""
    return _confirmed(organization, user, values.ChannelKind.TELEGRAM, chat)


def preferences(
    organization: identity_models.Organization, user: identity_models.User, at: datetime = AT, **more: object
) -> None:
    """This will set what a person wants to hear of: all alarms, unless said otherwise; outside a scope."""
    chosen: dict[str, object] = {
        "zone": "Europe/Madrid",
        "quiet_from": None,
        "quiet_until": None,
        "alarm_severity": values.Severity.INFO,
        "kinds_off": (),
        "preferred_channel": values.ChannelKind.MAIL,
        **more,
    }
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.set_preferences(actor=ACTOR, at=at, user_id=user.pk, **chosen)  # type: ignore[arg-type]


def messages(organization: identity_models.Organization) -> list[models.Message]:
    """This will return all messages, the oldest first; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        found = models.Message.objects.filter(organization_id=organization.pk).select_related("destination")
        return list(found.order_by("id"))


def _confirmed(
    organization: identity_models.Organization, user: identity_models.User, kind: values.ChannelKind, address: str
) -> models.Destination:
    with scoping.scope([organization.pk], actor=ACTOR):
        recipient, _is_new = models.Recipient.objects.get_or_create(
            organization_id=organization.pk,
            owner_kind=values.OwnerKind.USER,
            owner_key=str(user.pk),
            defaults={"user": user},
        )
        found, _is_new = models.Destination.objects.update_or_create(
            organization_id=organization.pk,
            recipient=recipient,
            channel_kind=kind,
            address=address,
            defaults={"state": values.DestinationState.CONFIRMED, "confirmed_at": AT},
        )
        return found
