"""Alarms: one row from raising to clearing."""

from __future__ import annotations

from django.db import models

from meterbook.alarms import values
from meterbook.foundation import models as foundation_models
from meterbook.identity import models as identity_models
from meterbook.sites import models as site_models


class Alarm(foundation_models.TenantModel):
    """Something that needs a person. Open until cleared; acknowledging only says that somebody saw it."""

    kind = models.CharField(max_length=30)
    severity = models.CharField(max_length=10)
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.UUIDField()
    details = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        identity_models.User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "kind", "subject_id"],
                condition=models.Q(cleared_at__isnull=True),
                name="alarm_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__in=[each.value for each in values.Severity]), name="alarm_severity_known"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "-raised_at"], name="alarm_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
