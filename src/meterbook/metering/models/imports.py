"""Files with readings: as they wait for their mapping, and what came of them."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.sites import models as site_models


class ImportFile(foundation_models.TenantModel):
    """A file from outside. `content` is there only until it is imported; `digest` is its SHA-256 in hexadecimal.

    `mapping` is `importing.mapping.Mapping.plain`, `outcome` `operations.importing.ImportOutcome.plain`.
    `new_meters_at` is the site where meter points that are not there yet are made; None: none are.
    """

    name = models.CharField(max_length=200)
    content = models.BinaryField(null=True)
    digest = models.CharField(max_length=64)
    size = models.IntegerField()
    mapping = models.JSONField(default=dict)
    new_meters_at = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, null=True, blank=True)
    author = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["organization_id", "-uploaded_at"], name="import_file_newest"),)

    def __str__(self) -> str:
        return self.name
