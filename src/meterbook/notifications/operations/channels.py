"""Set up the ways out. Secrets are written, never read back, and never audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, queue, scoping, vault
from meterbook.kernel.actor import Actor
from meterbook.notifications import models, values
from meterbook.notifications.operations import sending

CHECK = "notifications.check_telegram"


class SecretNeeded(ValueError):
    """Another server or user must not get the password that was kept for the former one; enter it again."""


@operation.operation
def set_mail(
    *, actor: Actor, at: datetime, settings: values.MailSettings, password: str | None, is_on: bool = True
) -> None:
    """This will set how mail leaves.

    :param password: None keeps the one that was set, an empty text removes it
    :raises SecretNeeded: when it is kept although server, port, encryption or user change
    """
    channel = _locked(values.ChannelKind.MAIL)
    before = {**channel.settings, "is_on": channel.is_on}
    kept = {name: channel.settings.get(name) for name in ("host", "port", "tls", "user")}
    is_other = any(kept[name] != settings.plain()[name] for name in kept)
    if password is None and channel.sealed_secret and is_other:
        raise SecretNeeded(_("Enter the password again: it is not handed to another server or user unseen."))
    was_on = channel.is_on
    channel.settings = settings.plain()
    _save(channel, password, is_on=is_on, at=at)
    _record(channel, actor=actor, at=at, before=before, is_secret_new=password is not None)
    if is_on and not was_on:
        sending.release_waiting(at=at)


@operation.operation
def set_telegram(*, actor: Actor, at: datetime, token: str | None, is_on: bool = True) -> None:
    """This will set the bot that writes to Telegram, and have its name asked for.

    :param token: None keeps the one that was set, an empty text removes it
    """
    channel = _locked(values.ChannelKind.TELEGRAM)
    before = {"is_on": channel.is_on}
    if token is not None:
        channel.account_name, channel.checked_at, channel.update_offset = "", None, 0
    _save(channel, token, is_on=is_on, at=at)
    if channel.sealed_secret and channel.is_on:
        queue.defer(CHECK, organization_id=channel.organization_id)
    _record(channel, actor=actor, at=at, before=before, is_secret_new=token is not None)


def _locked(kind: values.ChannelKind) -> models.Channel:
    organization_id = scoping.current().organization_id
    models.Channel.objects.get_or_create(organization_id=organization_id, kind=kind, defaults={"is_on": False})
    return models.Channel.objects.select_for_update().get(organization_id=organization_id, kind=kind)


def _save(channel: models.Channel, secret: str | None, *, is_on: bool, at: datetime) -> None:
    if secret is not None:
        channel.sealed_secret = vault.seal(secret) if secret else ""
        channel.secret_set_at = at if secret else None
    channel.is_on = is_on
    # What was wrong before may be right now: try at once.
    channel.failure, channel.failures, channel.retry_at = "", 0, None
    channel.save()


def _record(
    channel: models.Channel, *, actor: Actor, at: datetime, before: Mapping[str, object], is_secret_new: bool
) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action="notifications:configure_channels",
        subject=channel,
        before=before,
        after={**channel.settings, "is_on": channel.is_on, "is_secret_replaced": is_secret_new},
    )
