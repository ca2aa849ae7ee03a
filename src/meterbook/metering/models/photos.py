"""Photos of displays that people took with their readings."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering.models.series import Series


class ReadingPhoto(foundation_models.TenantModel):
    """What the display of a meter showed at the instant of a reading: a JPEG, written anew; never changed."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    at = models.DateTimeField()
    content = models.BinaryField()
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        indexes = (models.Index(fields=["series", "at"], name="reading_photo_by_series"),)

    def __str__(self) -> str:
        return f"{self.series_id} {self.at}"
