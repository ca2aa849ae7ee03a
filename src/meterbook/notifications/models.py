"""Channels, who is reached where, and the queue of messages with its log."""

from __future__ import annotations

import enum

from django.contrib.postgres.fields import ArrayField
from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.identity import models as identity_models
from meterbook.notifications import values


def _among(field: str, kinds: type[enum.StrEnum]) -> models.Q:
    return models.Q(**{f"{field}__in": [each.value for each in kinds]})


class Channel(foundation_models.TenantModel):
    """A way out: one mail server and one Telegram bot for each organization. Its secret is sealed by the vault."""

    kind = models.CharField(max_length=10)
    is_on = models.BooleanField(default=True)
    settings = models.JSONField(default=dict)
    sealed_secret = models.TextField(blank=True, default="")
    secret_set_at = models.DateTimeField(null=True, blank=True)
    # What the other side said of itself when it was asked (Telegram: the bot's name), or why it refused.
    account_name = models.CharField(max_length=100, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True, default="")
    failures = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    update_offset = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "kind"], name="channel_once"),
            models.CheckConstraint(condition=_among("kind", values.ChannelKind), name="channel_kind_known"),
        )

    def __str__(self) -> str:
        return self.kind


class Recipient(foundation_models.TenantModel):
    """Who gets messages, in which language, and what not and when not."""

    owner_kind = models.CharField(max_length=10)
    owner_key = models.CharField(max_length=254)
    user = models.ForeignKey(identity_models.User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Empty: that of the user, else of the organization.
    language = models.CharField(max_length=10, blank=True, default="")
    zone = models.CharField(max_length=64, default="UTC")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    alarm_severity = models.CharField(max_length=10, default=values.Severity.NONE.value)
    # Whether the person said so; else administrators hear of alarms of which nobody chose to hear (`AlarmDefault`).
    has_chosen = models.BooleanField(default=False, db_default=False)
    kinds_off = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    preferred_channel = models.CharField(max_length=10, default=values.ChannelKind.MAIL.value)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "owner_kind", "owner_key"], name="recipient_once"),
            models.CheckConstraint(
                condition=models.Q(owner_kind=values.OwnerKind.USER.value, user__isnull=False)
                | (~models.Q(owner_kind=values.OwnerKind.USER.value) & models.Q(user=None)),
                name="recipient_user_is_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.pk}"


class AlarmDefault(foundation_models.TenantModel):
    """From which severity on administrators hear of alarms while nobody chose to; no row: `values.ALARM_DEFAULT`."""

    severity = models.CharField(max_length=10)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id"], name="alarm_default_once"),
            models.CheckConstraint(condition=_among("severity", values.Severity), name="alarm_default_severity_known"),
        )

    def __str__(self) -> str:
        return self.severity


class Destination(foundation_models.TenantModel):
    """An e-mail address or a Telegram chat. Nothing but its code goes there before it is confirmed."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT)
    channel_kind = models.CharField(max_length=10)
    # Telegram: empty until the code has come from the chat.
    address = models.CharField(max_length=254, blank=True, default="")
    state = models.CharField(max_length=12, default=values.DestinationState.UNCONFIRMED.value)
    reason = models.TextField(blank=True, default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.IntegerField(default=0)
    codes_sent = models.IntegerField(default=0)
    codes_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["recipient", "channel_kind", "address"], name="destination_once"),
            models.CheckConstraint(condition=_among("channel_kind", values.ChannelKind), name="destination_kind_known"),
            models.CheckConstraint(condition=_among("state", values.DestinationState), name="destination_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state=values.DestinationState.CONFIRMED.value) | ~models.Q(address=""),
                name="destination_confirmed_is_reachable",
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel_kind} {self.pk}"


class Message(foundation_models.TenantModel):
    """One message to one destination. What it says is sealed, and wiped when it was sent."""

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT)
    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=200)
    language = models.CharField(max_length=10)
    template_version = models.CharField(max_length=10)
    sealed_facts = models.TextField(blank=True, default="")
    attachment = models.CharField(max_length=100, blank=True, default="")
    state = models.CharField(max_length=10)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    # Doubtful endings: a second one is not tried again.
    doubts = models.IntegerField(default=0)
    # By real time: a worker that is not back by then has ended.
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")
    fallback_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "key", "destination"], name="message_once"),
            models.CheckConstraint(condition=_among("state", values.MessageState), name="message_state_known"),
        )
        indexes = (
            models.Index(
                fields=["organization_id", "due_at"],
                condition=models.Q(state__in=["QUEUED", "SENDING", "UNKNOWN"]),
                name="message_waiting",
            ),
            models.Index(fields=["organization_id", "-queued_at"], name="message_newest"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Attempt(foundation_models.TenantTable):
    """One try to deliver a message, and what the other side said."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT)
    at = models.DateTimeField()
    state = models.CharField(max_length=10)
    answer = models.TextField(blank=True, default="")

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        indexes = (models.Index(fields=["organization_id", "message"], name="attempt_of_message"),)

    def __str__(self) -> str:
        return f"{self.message_id} {self.state}"
