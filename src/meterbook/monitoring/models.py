"""What monitoring keeps: that the make-up of an organization changed, and days of meters that can hardly be right."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from meterbook.foundation import models as foundation_models
from meterbook.metering import models as metering_models
from meterbook.metering.checking.days import CheckKind
from meterbook.monitoring.health_models import LineHour as LineHour  # Django finds the models of an app here


class StructureChange(foundation_models.TenantTable):
    """One row a statement that changed meter points, meters, installations, series, places or devices.

    Written by triggers alone. Which rows are seen (their count and the newest id) tells whether what was read before is
    still true; a time could not, because whoever began earlier may commit later.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())

    privileges = ("SELECT",)

    class Meta:
        indexes = (models.Index(fields=["organization_id", "id"], name="structure_change_newest"),)

    def __str__(self) -> str:
        return f"{self.organization_id} {self.id}"


class DayFinding(foundation_models.TenantModel):
    """Something about days of a meter that can hardly be right (B-18), until a person has settled it.

    `by_day` has the numbers of each of its days (ISO), `facts` those of the latest. While it is open, further days of
    the kind prolong it; a day that is right when it is checked again leaves it.
    """

    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    first_day = models.DateField()
    last_day = models.DateField()
    facts = models.JSONField(default=dict)
    by_day = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["meter_point", "kind"], condition=models.Q(settled_at=None), name="day_finding_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in CheckKind]), name="day_finding_kind_known"
            ),
        )
        indexes = (
            models.Index(
                fields=["organization_id", "last_day"], condition=models.Q(settled_at=None), name="day_finding_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter_point_id} {self.kind}"
