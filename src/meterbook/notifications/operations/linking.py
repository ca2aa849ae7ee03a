"""Ask Telegram: who the bot is, and which chats sent their codes. No scope is open while it answers."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from meterbook.foundation import scoping, vault
from meterbook.kernel.actor import Actor
from meterbook.notifications import models
from meterbook.notifications.operations import recipients
from meterbook.notifications.values import ChannelKind, DestinationState


def check_telegram(*, organization_id: int, actor: Actor, at: datetime) -> None:
    """This will ask for the name of the organization's bot and note it, or what was said instead. Outside a scope."""
    token = _token(organization_id, actor)
    if token is None:
        return
    from meterbook.notifications.transports import telegram  # its library takes long to load, and few need it

    name = words = ""
    try:
        with telegram.TelegramLine(token) as line:
            name = line.name()
    except telegram.BotRefused as error:
        words = str(error)
    with scoping.scope([organization_id], actor=actor):
        channel = _channel(organization_id).get()
        channel.account_name, channel.failure, channel.checked_at = name, words, at
        channel.save(update_fields=["account_name", "failure", "checked_at"])


def receive_updates(*, organization_id: int, actor: Actor, at: datetime, real_at: datetime) -> int:
    """This will link the chats that sent a valid code, and answer how many. Outside a scope.

    Telegram is asked only while somebody waits for a chat to be linked.
    """
    with scoping.scope([organization_id], actor=actor):
        waits = models.Destination.objects.filter(
            organization_id=organization_id,
            channel_kind=ChannelKind.TELEGRAM,
            state=DestinationState.UNCONFIRMED,
            code_expires_at__gt=real_at,
        ).exists()
    token = _token(organization_id, actor) if waits else None
    if token is None:
        return 0
    from meterbook.notifications.transports import telegram  # see above

    with scoping.scope([organization_id], actor=actor):
        offset = _channel(organization_id).get().update_offset
    try:
        with telegram.TelegramLine(token) as line:
            updates = line.updates(offset)
    except telegram.BotRefused as error:
        with scoping.scope([organization_id], actor=actor):
            _channel(organization_id).update(failure=str(error))
        return 0
    linked = 0
    with scoping.scope([organization_id], actor=actor):
        for each in updates:
            if each.chat and each.text:
                linked += recipients.link_chat(actor=actor, at=at, real_at=real_at, chat=each.chat, text=each.text)
        if updates:
            _channel(organization_id).update(update_offset=max(each.id for each in updates) + 1)
    return linked


def _channel(organization_id: int) -> QuerySet[models.Channel]:
    return models.Channel.objects.filter(organization_id=organization_id, kind=ChannelKind.TELEGRAM)


def _token(organization_id: int, actor: Actor) -> str | None:
    """The bot's token, or None when there is none that can be used."""
    with scoping.scope([organization_id], actor=actor):
        channel = _channel(organization_id).filter(is_on=True).exclude(sealed_secret="").first()
    if channel is None:
        return None
    try:
        return vault.open_sealed(channel.sealed_secret)
    except vault.VaultClosed:
        return None
