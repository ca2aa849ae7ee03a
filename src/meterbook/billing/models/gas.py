"""What a cubic meter of gas holds: supply areas, and their monthly values (B-51)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models

from meterbook.billing import gas_values
from meterbook.foundation import models as foundation_models


class GasArea(foundation_models.TenantModel):
    """Sites that get the same gas; a site is in one area at most (`operations.gas` sees to it).

    `factor` is the conversion factor of all days; null: it is entered for days, as calorific values are. `on_missing`
    says what is done where a value lacks.
    """

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    factor = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    on_missing = models.CharField(max_length=10, default=gas_values.OnMissingValue.HOLD.value)
    site_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "code"], name="gas_area_code_once"),
            models.CheckConstraint(
                condition=models.Q(factor__isnull=True) | models.Q(factor__gt=0), name="gas_area_factor_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class GasValue(foundation_models.TenantModel):
    """A value for local days; of several that hold on a day the newest counts, and the others stay on record.

    `number` counts the versions of one kind and one time. `worked_out` holds temperature, pressure and
    compressibility of a conversion factor that was worked out.
    """

    area = models.ForeignKey(GasArea, on_delete=models.PROTECT, related_name="values")
    kind = models.CharField(max_length=10)
    days = DateRangeField()
    value = models.DecimalField(max_digits=12, decimal_places=6)
    unit = models.CharField(max_length=10)
    number = models.IntegerField()
    origin = models.CharField(max_length=10)
    worked_out = models.JSONField(default=dict, blank=True)
    author = models.CharField(max_length=200)
    entered_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["area", "kind", "days", "number"], name="gas_value_version_once"),
            models.CheckConstraint(condition=models.Q(value__gt=0), name="gas_value_positive"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in gas_values.GasKind]), name="gas_value_kind_known"
            ),
        )
        indexes = (models.Index(fields=["area", "-id"], name="gas_value_newest"),)

    def __str__(self) -> str:
        return f"{self.area_id} {self.kind} {self.days}"
