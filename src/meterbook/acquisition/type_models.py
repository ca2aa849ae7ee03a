"""Meter types that an organization made or changed itself."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models


class MeterType(foundation_models.TenantModel):
    """One version of a meter type of the organization; the newest one of a code counts. Versions are never changed.

    `document` is the text of a sound meter-model document whose code is `code` (`library.writing`). One that is not
    offered is kept for the meters that have it, and nobody can choose it for others.
    """

    code = models.CharField(max_length=60)
    version = models.IntegerField()
    document = models.TextField()
    is_offered = models.BooleanField(default=True)
    note = models.CharField(max_length=500, blank=True, default="")
    author = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "code", "version"], name="meter_type_version_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="meter_type_version_counts"),
        )

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"
