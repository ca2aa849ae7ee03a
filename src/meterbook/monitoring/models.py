"""What monitoring keeps: that the make-up of an organization changed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from meterbook.foundation import models as foundation_models


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
