"""Number series, the files that were issued, and what stands at their head."""

from __future__ import annotations

from django.db import models

from meterbook.documents import values
from meterbook.foundation import models as foundation_models

KINDS = [each.value for each in values.DocumentKind]
NUMBERED = [each for each in KINDS if each != values.DocumentKind.CHARGE_BACK]


class NumberSeries(foundation_models.TenantModel):
    """Numbers without a gap: `next_number` rises inside the transaction that issues, and falls back with it (B-71)."""

    kind = models.CharField(max_length=12)
    # Such as "HR-2026": the place and the year. Numbers are written "HR-2026-000001".
    prefix = models.CharField(max_length=60)
    next_number = models.BigIntegerField(default=1)
    first_number = models.BigIntegerField(default=1, db_default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "kind", "prefix"], name="number_series_once"),
            models.CheckConstraint(condition=models.Q(kind__in=NUMBERED), name="number_series_kind_known"),
            models.CheckConstraint(condition=models.Q(next_number__gte=1), name="number_series_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.prefix}"


class SeriesPlan(foundation_models.TenantModel):
    """How the series of a place and year begins, where somebody wants another prefix or first number than the usual."""

    kind = models.CharField(max_length=12)
    place = models.CharField(max_length=40)  # the code of the site
    year = models.IntegerField()
    prefix = models.CharField(max_length=60)
    first_number = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "kind", "place", "year"], name="series_plan_once"),
            models.CheckConstraint(condition=models.Q(kind__in=NUMBERED), name="series_plan_kind_known"),
            models.CheckConstraint(condition=models.Q(first_number__gte=1), name="series_plan_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.prefix}"


class Logo(foundation_models.TenantModel):
    """A picture that stands or stood at the head of documents, by its checksum: bills keep the one that they name."""

    digest = models.CharField(max_length=64)
    content = models.BinaryField()  # PNG, written by us

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "digest"], name="logo_once"),)

    def __str__(self) -> str:
        return self.digest[:12]


class IssuedFile(foundation_models.TenantModel):
    """A file that was given out: made once, and always served from here. `source_id` is what it shows."""

    kind = models.CharField(max_length=12)
    source_id = models.UUIDField()
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()
    digest = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    # Of the file before it was signed: rendered again from the same facts, it comes out the same (B-73).
    unsigned_digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    # What the rendering took beside the document's content, as JSON (`issuing.Facts`).
    facts = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # SHA-256 of the certificate that signed it, in hexadecimal.
    certificate = models.CharField(max_length=64, blank=True, default="", db_default="")

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "source_id", "kind"], name="issued_file_once"),
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="issued_file_kind_known"),
        )

    def __str__(self) -> str:
        return self.name


class Letterhead(foundation_models.TenantModel):
    """How an organization names itself on its documents beside its name. What was issued keeps what it said then."""

    tax_number = models.CharField(max_length=values.TAX_NUMBER_LENGTH, blank=True)
    # Lines as they are printed.
    address = models.CharField(max_length=values.ADDRESS_LENGTH, blank=True)
    contact = models.CharField(max_length=values.CONTACT_LENGTH, blank=True)
    logo = models.CharField(max_length=64, blank=True, default="", db_default="")  # digest of a `Logo`

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id"], name="letterhead_once"),)

    def __str__(self) -> str:
        return self.tax_number
