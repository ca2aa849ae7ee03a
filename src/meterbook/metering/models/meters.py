"""Meters, meter points, and which meter served which point when."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from meterbook.foundation import fields
from meterbook.foundation import models as foundation_models
from meterbook.metering import values, zones
from meterbook.sites import models as site_models


class MeterPoint(foundation_models.TenantModel):
    """A place where something is measured. It stays when its meter is exchanged, and so do its series.

    `time_zone` and `language` are empty where those of the site (of bills: of the account) hold. `former_zones` are the
    zones that it had: [["2026-06-01", "Europe/Madrid"]] says that days before the first of June are Madrid's.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    node = models.ForeignKey(site_models.SiteNode, on_delete=models.PROTECT, null=True, blank=True)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    service = models.CharField(max_length=20)
    role = models.CharField(max_length=10, default=values.PointRole.TENANT, db_default=values.PointRole.TENANT)
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    former_zones = models.JSONField(default=list, db_default=[])
    # What lists are ordered by: "Shop 2" before "Shop 10".
    sort_code = models.GeneratedField(
        expression=fields.NaturalKey("code"), output_field=models.TextField(), db_persist=True
    )
    sort_name = models.GeneratedField(
        expression=fields.NaturalKey("name"), output_field=models.TextField(), db_persist=True
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "code"], name="meter_point_code_once"),
            models.CheckConstraint(
                condition=models.Q(service__in=[each.value for each in values.Service]),
                name="meter_point_service_known",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[each.value for each in values.PointRole]), name="meter_point_role_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its days, tariff hours and bills through time; its site must be loaded."""
        return zones.resolve(self.time_zone, self.former_zones, self.site.time_zone)


class Meter(foundation_models.TenantModel):
    """A device with registers. `model_code` names a document of the library of meter models."""

    serial_number = models.CharField(max_length=60)
    model_code = models.CharField(max_length=60)
    # Registers that are multiplied by the transformers' ratio inside the meter: its multiplier is always 1 (B-02).
    is_primary = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "model_code", "serial_number"], name="meter_serial_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model_code} {self.serial_number}"


class Installation(foundation_models.TenantModel):
    """A meter at a meter point during [from, to); an open end while it hangs there."""

    meter_point = models.ForeignKey(MeterPoint, on_delete=models.PROTECT)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT)
    during = DateTimeRangeField()
    # Most that the supply can deliver, in series units an hour: 69 for 69 kW. None: not known, no bound is checked.
    rated_per_hour = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="one_meter_at_a_point",
                expressions=[("meter_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="meter_at_one_point",
                expressions=[("meter", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter_id} at {self.meter_point_id}"


class MultiplierSegment(foundation_models.TenantModel):
    """From `starts_at` on, the registers of an installation count numerator/denominator times (B-02).

    `registers` holds what each register showed at that instant: series id (as text) to integer of its resolution.
    """

    installation = models.ForeignKey(Installation, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField(default=1)
    registers = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["installation", "starts_at"], name="multiplier_once_an_instant"),
            models.CheckConstraint(
                condition=models.Q(numerator__gt=0) & models.Q(denominator__gt=0), name="multiplier_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"
