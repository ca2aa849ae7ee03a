"""The devices on buses, how they are doing, and what they are asked."""

from __future__ import annotations

from django.db import models

from meterbook.acquisition import gateway_models, values
from meterbook.acquisition.bus_models import Bus as Bus  # Django finds the models of an app here
from meterbook.acquisition.commissioning_models import Commissioning as Commissioning
from meterbook.acquisition.commissioning_models import FoundMeter as FoundMeter
from meterbook.acquisition.frame_models import KeptFrame as KeptFrame
from meterbook.acquisition.type_models import MeterType as MeterType
from meterbook.foundation import models as foundation_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


class Device(foundation_models.TenantModel):
    """A meter as it is reached: its address on a bus. Live values are asked every `live_seconds` of product time.

    `byte_order` as `library.orders.ByteOrder`, where this meter sends its numbers otherwise than its model says.
    `secondary` is the address of an M-Bus meter by its number (16 digits); its `unit_id` is 253 then. At a broker it
    has a subscription, `unit_id` is a number of ours, and after `live_seconds` without a message something is wrong.
    """

    bus = models.ForeignKey(Bus, on_delete=models.PROTECT)
    meter = models.ForeignKey(metering_models.Meter, on_delete=models.PROTECT)
    unit_id = models.SmallIntegerField()
    secondary = models.CharField(max_length=16, blank=True, default="", db_default="")
    model_code = models.CharField(max_length=60)
    byte_order = models.CharField(max_length=4, blank=True, default="", db_default="")
    live_seconds = models.IntegerField(default=10)
    is_enabled = models.BooleanField(default=True)
    # After an outage its memory is asked by itself, where its model has one.
    asks_memory = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = (
            # A meter that was exchanged leaves its disabled device behind; the new meter takes its address.
            models.UniqueConstraint(
                fields=["bus", "unit_id", "secondary"],
                condition=models.Q(is_enabled=True),
                name="device_unit_once_a_bus",
            ),
            models.UniqueConstraint(fields=["meter"], condition=models.Q(is_enabled=True), name="device_once_a_meter"),
            models.CheckConstraint(
                condition=models.Q(unit_id__range=(0, 250), secondary="")
                | models.Q(unit_id__range=(values.SUBSCRIBED[0], values.SUBSCRIBED[-1]), secondary="")
                | models.Q(unit_id=253) & ~models.Q(secondary=""),
                name="device_unit_possible",
            ),
            models.CheckConstraint(condition=models.Q(live_seconds__range=(1, 3600)), name="device_live_possible"),
            models.CheckConstraint(
                condition=models.Q(byte_order__in=values.BYTE_ORDERS), name="device_byte_order_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model_code} unit {self.unit_id}"


class Broker(foundation_models.TenantModel):
    """How a bus that is an MQTT broker is entered, and how our connection to it is doing.

    Without `user` we come unauthenticated. `authority` are the certificates (PEM) that the broker's is checked
    against; empty: those of the system. `state_at` is when the collector last looked, product time; `problem` as
    `values.Problem.as_json`.
    """

    bus = models.OneToOneField(Bus, on_delete=models.PROTECT)
    user = models.CharField(max_length=200, blank=True, default="")
    sealed_password = models.TextField(blank=True, default="")
    client_id = models.CharField(max_length=60)
    is_encrypted = models.BooleanField(default=False)
    authority = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, default=values.BrokerState.NEVER.value)
    state_at = models.DateTimeField(null=True, blank=True)
    state_since = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.BrokerState]), name="broker_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(authority="") | models.Q(is_encrypted=True), name="broker_authority_of_encryption"
            ),
        )

    def __str__(self) -> str:
        return self.client_id


class Subscription(foundation_models.TenantModel):
    """Under which topic a device sends, and where its values stand in the messages (`drivers.mqtt.mapping`).

    An empty `mapping` is the one that comes with the device's model; `channel` is the number in its topics.
    """

    device = models.OneToOneField(Device, on_delete=models.PROTECT)
    topic = models.CharField(max_length=200)
    channel = models.SmallIntegerField(default=0)
    mapping = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~models.Q(topic=""), name="subscription_has_a_topic"),
            models.CheckConstraint(condition=models.Q(channel__range=(0, 31)), name="subscription_channel_possible"),
        )

    def __str__(self) -> str:
        return self.topic


class GatewayCarrier(foundation_models.TenantModel):
    """What carries the batches of a gateway: a broker (`bus`), or none, then HTTPS.

    `host` and `port` are the broker as the gateway reaches it; empty and 0: as we do.
    """

    gateway = models.OneToOneField(gateway_models.Gateway, on_delete=models.PROTECT)
    bus = models.ForeignKey(Bus, null=True, blank=True, on_delete=models.PROTECT)
    host = models.CharField(max_length=253, blank=True, default="")
    port = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(port__range=(0, 65_535)), name="carrier_port_possible"),
        )

    def __str__(self) -> str:
        return f"{self.gateway_id} by {self.bus_id}"


class Sender(foundation_models.TenantModel):
    """A device that sends by HTTP: how it proves itself, and where its values stand (`drivers.mqtt.mapping`).

    Of its token only the hash is kept, of a former one until `former_until`. `is_open`: it sends none, from local
    networks only. `noted` are the latest slots that have their reading, by register. `window_at` and `window_count`
    bound how often it is heard; `refused_at` with `refusal` tell why it was not. Those instants and `former_until`
    are real time.
    """

    device = models.OneToOneField(Device, on_delete=models.PROTECT)
    mapping = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True, default="")
    former_digest = models.CharField(max_length=64, blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(default=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    noted = models.JSONField(default=dict)
    window_at = models.DateTimeField(null=True, blank=True)
    window_count = models.IntegerField(default=0)
    seen_from = models.CharField(max_length=50, blank=True, default="")
    refused_at = models.DateTimeField(null=True, blank=True)
    refusal = models.CharField(max_length=300, blank=True, default="")
    refused = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_open=True, digest="") | models.Q(is_open=False) & ~models.Q(digest=""),
                name="sender_open_or_with_token",
            ),
        )

    def __str__(self) -> str:
        return f"sender {self.device_id}"


class DeviceState(foundation_models.TenantModel):
    """How a device is doing, as its collector saw it latest. `problem` as `values.Problem.as_json`."""

    device = models.OneToOneField(Device, on_delete=models.PROTECT)
    status = models.CharField(max_length=10, default=values.DeviceStatus.NEVER.value)
    answered_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    silent_since = models.DateTimeField(null=True, blank=True)
    failures = models.IntegerField(default=0)
    problem = models.JSONField(null=True, blank=True)
    frame_at = models.DateTimeField(null=True, blank=True)
    request_hex = models.TextField(blank=True)
    response_hex = models.TextField(blank=True)
    took_ms = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=[each.value for each in values.DeviceStatus]),
                name="device_status_known",
            ),
        )

    def __str__(self) -> str:
        return self.status


class DeviceTally(foundation_models.TenantTable):
    """How often a device was asked and did not answer, in the latest hour with a question and in the one before.

    One row a device, so that it stays small; `hour` is product time.
    """

    id = models.BigAutoField(primary_key=True)
    device = models.OneToOneField(Device, on_delete=models.PROTECT)
    hour = models.DateTimeField()
    asked = models.IntegerField()
    failed = models.IntegerField()
    asked_before = models.IntegerField(default=0)
    failed_before = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(failed__gte=0, failed__lte=models.F("asked")), name="device_tally_adds_up"
            ),
        )

    def __str__(self) -> str:
        return f"{self.failed} of {self.asked}"


class DeviceRequest(foundation_models.TenantModel):
    """One question to a device. `requested_at` and `answered_at` are product time, the other instants real time.

    Real time, because a person waits for the answer: it must not expire sooner in an accelerated demo.
    """

    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    priority = models.SmallIntegerField(default=0)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, default=values.RequestStatus.WAITING.value)
    answer = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.RequestKind]), name="request_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[each.value for each in values.RequestStatus]),
                name="request_status_known",
            ),
            models.UniqueConstraint(
                fields=["device", "kind"],
                condition=models.Q(status__in=["WAITING", "TAKEN"]),
                name="request_open_once",
            ),
        )
        indexes = (
            models.Index(
                fields=["organization_id", "priority", "id"],
                condition=models.Q(status__in=["WAITING", "TAKEN"]),
                name="request_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class Probe(foundation_models.TenantModel):
    """A test read of a meter that is not set up: one question to a place, and what came back.

    With `until_unit` it is a part of a search instead: who answers at the addresses from `unit_id` up to it.

    `host` and `port` are those of the bus where one is named. `requested_at` and `answered_at` are product time, the
    other instants real time. `protocol` and `line` (of `values.LineSettings`) are those of the bus, too. The answer as
    `operations.ProbeAnswer.as_json`: frames and raw words, not decoded, so that they can be read in another byte order
    afterwards. `document` is the meter type that is asked for, where it is none of the catalogue yet. `errand` as
    `values.Errand`; `blocks` are those that it names, each as function, address and count; `masks` those of a search by
    numbers, the latest is tried first.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    bus = models.ForeignKey(Bus, null=True, blank=True, on_delete=models.PROTECT)
    host = models.CharField(max_length=253)
    port = models.IntegerField()
    protocol = models.CharField(max_length=20, default="MODBUS_TCP", db_default="MODBUS_TCP")
    line = models.JSONField(default=dict, db_default={})
    unit_id = models.SmallIntegerField()
    secondary = models.CharField(max_length=16, blank=True, default="", db_default="")
    until_unit = models.SmallIntegerField(null=True, blank=True)
    model_code = models.CharField(max_length=60)
    document = models.TextField(blank=True, default="", db_default="")
    errand = models.CharField(max_length=10, blank=True, default="", db_default="")
    blocks = models.JSONField(default=list, db_default=[])
    masks = models.JSONField(default=list, db_default=[])
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, default=values.RequestStatus.WAITING.value)
    answer = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(port__range=(0, 65_535)), name="probe_port_possible"),
            models.CheckConstraint(condition=models.Q(unit_id__range=(0, 253)), name="probe_unit_possible"),
            models.CheckConstraint(
                condition=models.Q(status__in=[each.value for each in values.RequestStatus]),
                name="probe_status_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["organization_id", "id"],
                condition=models.Q(status__in=["WAITING", "TAKEN"]),
                name="probe_open",
            ),
        )

    def __str__(self) -> str:
        return f"unit {self.unit_id} {self.status}"
