"""What is known of meters as things. Each change is a row of its own, from an instant on; of the rows that begin at or
before an instant the newest holds, and of several at one instant the one that was written last.
"""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import assets
from meterbook.metering.models.meters import Installation, Meter, MeterPoint

SHORT, LONG = assets.CLASS_LENGTH, assets.PLACE_LENGTH


class MeterPlate(foundation_models.TenantModel):
    """What stood on a meter, and which seals hung on it, from `starts_at` on (`assets.Plate`)."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    accuracy_class = models.CharField(max_length=SHORT, blank=True)
    approval = models.CharField(max_length=8, blank=True)
    approval_number = models.CharField(max_length=assets.NUMBER_LENGTH, blank=True)
    seals = models.JSONField(default=list)
    battery_until = models.DateField(null=True, blank=True)
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(approval__in=[each.value for each in assets.Approval]),
                name="meter_plate_approval_known",
            ),
        )
        indexes = (models.Index(fields=["meter", "starts_at"], name="meter_plate_by_meter"),)

    def __str__(self) -> str:
        return f"{self.meter_id} {self.starts_at}"


class PointEquipment(foundation_models.TenantModel):
    """Where exactly a meter point is and which transformers stand before it, from `starts_at` on."""

    meter_point = models.ForeignKey(MeterPoint, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    location = models.CharField(max_length=LONG, blank=True)
    current_ratio = models.CharField(max_length=40, blank=True)
    current_serials = models.CharField(max_length=LONG, blank=True)
    current_class = models.CharField(max_length=SHORT, blank=True)
    voltage_ratio = models.CharField(max_length=40, blank=True)
    voltage_serials = models.CharField(max_length=LONG, blank=True)
    voltage_class = models.CharField(max_length=SHORT, blank=True)
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        indexes = (models.Index(fields=["meter_point", "starts_at"], name="point_equipment_by_point"),)

    def __str__(self) -> str:
        return f"{self.meter_point_id} {self.starts_at}"


class AssetFile(foundation_models.TenantModel):
    """A photo of a meter (a JPEG, written anew) or a certificate; never changed.

    `installation` is the hanging that a photo shows the beginning, the end or a change of.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT)
    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    media_type = models.CharField(max_length=40)
    extension = models.CharField(max_length=8)
    content = models.BinaryField()
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in assets.FileKind]), name="asset_file_kind_known"
            ),
        )
        indexes = (models.Index(fields=["meter", "at"], name="asset_file_by_meter"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


class MeterTest(foundation_models.TenantModel):
    """A test of a meter (`assets.Test`). One that was withdrawn says nothing any more, and stays on record."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT)
    tested_on = models.DateField()
    until_day = models.DateField(null=True, blank=True)
    is_passed = models.BooleanField()
    laboratory = models.CharField(max_length=LONG, blank=True)
    certificate_number = models.CharField(max_length=assets.NUMBER_LENGTH, blank=True)
    largest_error = models.DecimalField(max_digits=7, decimal_places=3, null=True, blank=True)
    note = models.CharField(max_length=assets.NOTE_LENGTH, blank=True)
    file = models.ForeignKey(AssetFile, on_delete=models.PROTECT, null=True, blank=True)
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdrawn_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(until_day__isnull=True) | models.Q(until_day__gt=models.F("tested_on")),
                name="meter_test_holds_a_day",
            ),
        )
        indexes = (
            models.Index(
                fields=["meter", "tested_on"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="meter_test_by_meter",
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter_id} {self.tested_on}"
