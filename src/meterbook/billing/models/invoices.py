"""Invoices of suppliers as the landlord got them: what was used, what it cost line by line, and the paper itself."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import DateRangeField
from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.sites import models as site_models


class SupplierInvoice(foundation_models.TenantModel):
    """An invoice of a utility. What stands here is that of the newest version; each version is kept as it was.

    `code` is the name by which tariffs find it ("utility"). `days` are those that it is for, `charged_days` those for
    which its lines are divided. `is_withdrawn`: it counts no more.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    supplier = models.CharField(max_length=200)
    number = models.CharField(max_length=80)
    code = models.CharField(max_length=40)
    service = models.CharField(max_length=20)
    days = DateRangeField()
    charged_days = DateRangeField()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=24, decimal_places=4)
    quantity = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    version = models.IntegerField(default=1)
    is_withdrawn = models.BooleanField(default=False)

    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site", "supplier", "number"],
                condition=models.Q(is_withdrawn=False),
                name="supplier_invoice_number_once",
            ),
        )
        indexes = (models.Index(fields=["site", "days"], name="supplier_invoice_of_days"),)

    def __str__(self) -> str:
        return f"{self.supplier} {self.number}"


class SupplierInvoiceVersion(foundation_models.TenantTable):
    """What an invoice said each time it was saved: a document "meterbook-supplier-invoice/1" and its SHA-256."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    invoice = models.ForeignKey(SupplierInvoice, on_delete=models.PROTECT, related_name="versions")
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    number = models.IntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    is_withdrawn = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)

    privileges = foundation_models.APPEND
    append_only = True
    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["invoice", "number"], name="supplier_invoice_version_once"),)

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.number}"


class SupplierInvoiceFile(foundation_models.TenantTable):
    """The invoice as it came, a PDF or a picture, as `documents.attachments` has let it through."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    invoice = models.ForeignKey(SupplierInvoice, on_delete=models.PROTECT, related_name="files")
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    privileges = foundation_models.APPEND
    append_only = True
    reached_by = (("site_id", "sites"),)

    def __str__(self) -> str:
        return self.name
