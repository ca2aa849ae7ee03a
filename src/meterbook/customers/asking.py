"""What one person asks for and another decides about, as a table keeps it."""

from __future__ import annotations

from django.db import models

from meterbook.customers import values
from meterbook.foundation import models as foundation_models


class AskedFor(foundation_models.TenantModel):
    """Why and by whom something was asked for, and who decided; `is_alone`: who asked, as nobody else could."""

    reason = models.CharField(max_length=values.REASON_LENGTH)
    author = models.CharField(max_length=values.NAME_LENGTH)
    author_id = models.BigIntegerField(null=True, blank=True)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=values.OverrideState.WAITING.value)
    decided_by = models.CharField(max_length=values.NAME_LENGTH, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    is_alone = models.BooleanField(default=False)

    class Meta:
        abstract = True
