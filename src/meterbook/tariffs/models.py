"""Tariffs and their versions."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.tariffs import values


class Tariff(foundation_models.TenantModel):
    """What customers agree to; its prices are those of the version in force."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)

    reached_by = (("id", "tariffs"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="tariff_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class TariffVersion(foundation_models.TenantModel):
    """One validated document. Published, it is in force on the days of `during` and never changes again.

    `digest` is the SHA-256 of the document's canonical JSON, in hexadecimal.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT)
    number = models.IntegerField()
    state = models.CharField(max_length=10, default=values.VersionState.DRAFT.value)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    during = DateRangeField(null=True, blank=True)
    author = models.CharField(max_length=200)
    # Who wrote it last, for the rule of two people; None: the program, or before the rule.
    author_id = models.BigIntegerField(null=True, blank=True)
    publisher = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    reached_by = (("tariff_id", "tariffs"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tariff", "number"], name="tariff_version_number_once"),
            models.UniqueConstraint(
                fields=["tariff"], condition=models.Q(state=values.VersionState.DRAFT.value), name="tariff_one_draft"
            ),
            models.CheckConstraint(
                condition=models.Q(state=values.VersionState.DRAFT.value) | models.Q(during__isnull=False),
                name="tariff_version_published_has_days",
            ),
            ExclusionConstraint(
                name="tariff_one_version_a_day",
                expressions=[("tariff", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        )

    def __str__(self) -> str:
        return f"{self.tariff_id} v{self.number}"


class PriceSeries(foundation_models.TenantModel):
    """Prices that change by the hour, which tariff documents name by `code`; each holds for `step` minutes."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    step = models.SmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="price_series_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PriceOfInstant(foundation_models.TenantTable):
    """The price of one interval of a series, from `at` on."""

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(PriceSeries, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField()
    price = models.DecimalField(max_digits=20, decimal_places=8)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["series", "at"], name="price_of_instant_once"),)

    def __str__(self) -> str:
        return f"{self.series_id} {self.at}"
