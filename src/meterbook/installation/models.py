"""What was set for the whole installation."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from meterbook.foundation import models as foundation_models
from meterbook.installation import values


class Setting(foundation_models.Guarded):
    """One setting by its name. It belongs to no organization and holds no secret."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.JSONField()
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(name__in=[each.value for each in values.Name]), name="installation_setting_known"
            ),
        )

    def __str__(self) -> str:
        return self.name
