"""Field gateways: who they are, how they prove it, what they sent, and what came in their name that was refused."""

from __future__ import annotations

from django.db import models

from meterbook.acquisition import gateway_values as values
from meterbook.acquisition.push.signing import Algorithm
from meterbook.foundation import models as foundation_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


class Gateway(foundation_models.TenantModel):
    """A small computer at a site that reads meters and sends what it read.

    `most_meters` is what its profile allows, None for no limit. `signing_key` signs what the server tells it to do and
    is sealed. `seen_at` is product time; `clock_offset_ms` how much its clock is ahead. `orders_by_sequence`: it has no
    clock, so that messages count by their sequence alone. `configuration_digest` is that of the latest configuration
    made for it, `configuration_number` how many there were.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    profile = models.CharField(max_length=10)
    most_meters = models.SmallIntegerField(null=True, blank=True)
    orders_by_sequence = models.BooleanField(default=False)
    signing_key = models.TextField()
    enrolled_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    rotation_asked_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_from = models.CharField(max_length=50, blank=True, default="")
    firmware = models.CharField(max_length=40, blank=True, default="")
    restart_reason = models.CharField(max_length=60, blank=True, default="")
    rssi = models.IntegerField(null=True, blank=True)
    clock_offset_ms = models.BigIntegerField(null=True, blank=True)
    buffered = models.BigIntegerField(null=True, blank=True)
    oldest_buffered_at = models.DateTimeField(null=True, blank=True)
    configuration_number = models.IntegerField(default=0)
    configuration_digest = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "name"], name="gateway_name_once_a_site"),
            models.CheckConstraint(
                condition=models.Q(profile__in=[each.value for each in values.GatewayProfile]),
                name="gateway_profile_known",
            ),
            models.CheckConstraint(
                condition=models.Q(most_meters=None) | models.Q(most_meters__range=(1, values.MOST_OF_CARD)),
                name="gateway_limit_possible",
            ),
        )

    def __str__(self) -> str:
        return self.name


class GatewayKey(foundation_models.TenantModel):
    """A key of a gateway: the sealed secret of HMAC, or the public half of Ed25519. Two work while one is exchanged."""

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    algorithm = models.CharField(max_length=12)
    sealed = models.TextField(blank=True, default="")
    public_half = models.CharField(max_length=44, blank=True, default="")
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(algorithm__in=[each.value for each in Algorithm]), name="gateway_algorithm_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.algorithm} {self.public_id}"


class GatewayBoot(foundation_models.TenantTable):
    """One start of a gateway, as its messages name it. `began_at` and `signed_at`: of its first and latest message.

    Both as the gateway signed them, so that messages which are late on the way look no different. `highest` and `gaps`
    are of batches, `heard` and `heard_bits` of all other messages (`push.sequences`).
    """

    id = models.BigAutoField(primary_key=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    key = models.ForeignKey(GatewayKey, on_delete=models.PROTECT)
    boot = models.CharField(max_length=32)
    began_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    highest = models.BigIntegerField(default=0)
    gaps = models.JSONField(default=list)
    heard = models.BigIntegerField(default=0)
    heard_bits = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["gateway", "boot"], name="gateway_boot_once"),)

    def __str__(self) -> str:
        return f"{self.boot} {self.highest}"


class GatewayBatch(foundation_models.TenantTable):
    """A batch that was accepted, with what was answered: sent again, it is answered the same. Kept for weeks."""

    id = models.BigAutoField(primary_key=True)
    boot = models.ForeignKey(GatewayBoot, on_delete=models.PROTECT)
    sequence = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    repeats = models.IntegerField(default=0)
    answer = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["boot", "sequence"], name="gateway_batch_once"),)
        indexes = (models.Index(fields=["organization_id", "received_at"], name="gateway_batch_by_age"),)

    def __str__(self) -> str:
        return f"{self.boot_id} {self.sequence}"


class GatewayEnrolment(foundation_models.TenantModel):
    """A code with which a gateway enrols, once. Only its hash is kept; `expires_at` is real time."""

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    overlap_days = models.SmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.gateway_id} until {self.expires_at}"


class GatewayMeter(foundation_models.TenantModel):
    """That a gateway reads a meter; what it read until `removed_at` is taken later too."""

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    meter = models.ForeignKey(metering_models.Meter, on_delete=models.PROTECT)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["meter"], condition=models.Q(removed_at=None), name="gateway_of_a_meter_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.gateway_id} {self.meter_id}"


class GatewayIncident(foundation_models.TenantModel):
    """What came in the name of a gateway and was not as it must be: one row a kind until somebody settles it."""

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    kind = models.CharField(max_length=12)
    count = models.BigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    address = models.CharField(max_length=50, blank=True, default="")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.IncidentKind]), name="incident_kind_known"
            ),
            models.UniqueConstraint(
                fields=["gateway", "kind"], condition=models.Q(settled_at=None), name="incident_open_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.count}"
