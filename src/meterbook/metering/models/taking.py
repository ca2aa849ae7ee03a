"""Readings as people brought them in, whether each was looked at again, and what a site asks of them."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import values
from meterbook.metering.models.photos import ReadingPhoto
from meterbook.metering.models.series import Series
from meterbook.sites import models as site_models


class TakenReading(foundation_models.TenantModel):
    """One reading that a person brought in. `client_id` is the mark that the phone or program gave it: each once.

    `doubts` are the codes of what looked wrong when it was taken all the same; it waits for a second look then, until
    `reviewed_at`. `value` is what the display showed, in `unit`.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    client_id = models.UUIDField()
    at = models.DateTimeField()
    value = models.DecimalField(max_digits=26, decimal_places=6)
    unit = models.CharField(max_length=12)
    kind = models.CharField(max_length=8)
    outcome = models.CharField(max_length=9)
    doubts = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    photo = models.ForeignKey(ReadingPhoto, on_delete=models.PROTECT, null=True, blank=True)
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "client_id"], name="taken_reading_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.ReadingKind]),
                name="taken_reading_kind_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["organization_id", "id"],
                condition=~models.Q(doubts="") & models.Q(reviewed_at__isnull=True),
                name="taken_reading_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.series_id} {self.at} {self.value}"


class ReadingRule(foundation_models.TenantModel):
    """What a site asks of readings that people take; a site without a row asks nothing."""

    site = models.OneToOneField(site_models.Site, on_delete=models.PROTECT)
    is_photo_required = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.site_id} {self.is_photo_required}"
