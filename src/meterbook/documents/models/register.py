"""What was issued, what became of it, and the chain of days over all of it."""

from __future__ import annotations

from django.db import models

from meterbook.documents import values
from meterbook.foundation import models as foundation_models

REGISTERED = [each.value for each in values.REGISTERED]


class IssuedDocument(foundation_models.TenantTable):
    """An issued document as anybody may check it. `source_id` is what it shows; `code` are 128 random bits."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12)
    source_id = models.UUIDField()
    account_id = models.BigIntegerField(null=True, blank=True)
    number = models.CharField(max_length=80)
    document_date = models.DateField()
    due_date = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=24, decimal_places=4)
    digest = models.CharField(max_length=64)  # SHA-256 over content, number and dates
    code = models.UUIDField(unique=True)
    registered_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True
    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "source_id"], name="issued_document_once"),
            models.CheckConstraint(condition=models.Q(kind__in=REGISTERED), name="issued_document_kind_known"),
        )

    def __str__(self) -> str:
        return self.number


class DocumentMark(foundation_models.TenantModel):
    """What became of an issued document later; the newest mark of a kind counts. `number` names the other document."""

    source_id = models.UUIDField()
    account_id = models.BigIntegerField(null=True, blank=True)
    mark = models.CharField(max_length=12)
    number = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=values.REASON_LENGTH, blank=True)
    marked_at = models.DateTimeField()
    marked_by = models.CharField(max_length=200)

    privileges = foundation_models.APPEND
    append_only = True
    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(mark__in=[each.value for each in values.Mark]), name="document_mark_known"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "source_id", "-id"], name="document_mark_newest"),)

    def __str__(self) -> str:
        return self.mark


class DayRoot(foundation_models.TenantTable):
    """A link of the chain over issued documents: those with ids after `after_id` up to `through_id` (B-72)."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    after_id = models.BigIntegerField()
    through_id = models.BigIntegerField()
    documents = models.IntegerField()
    previous = models.CharField(max_length=64)
    root = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "day"], name="day_root_once"),
            models.UniqueConstraint(fields=["organization_id", "after_id", "through_id"], name="day_root_in_a_row"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.root[:12]}"
