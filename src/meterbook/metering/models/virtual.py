"""Virtual meters: series that are computed from those of other meter points."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import formulas, values
from meterbook.metering.models.series import Series


class VirtualMeter(foundation_models.TenantModel):
    """The series of a meter point that follows a formula instead of a register; `purpose` says what it gathers."""

    series = models.OneToOneField(Series, on_delete=models.PROTECT)
    purpose = models.CharField(max_length=10)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(purpose__in=[each.value for each in values.VirtualPurpose]),
                name="virtual_meter_purpose_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.series_id}"


class VirtualFormula(foundation_models.TenantModel):
    """What counts from an instant on; never changed. Of several for one instant the one recorded latest holds."""

    virtual = models.ForeignKey(VirtualMeter, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    def __str__(self) -> str:
        return f"{self.virtual_id} {self.starts_at}"


class VirtualTerm(foundation_models.TenantModel):
    """One row of a formula: numerator/denominator times an input, or that many units an hour without one.

    With `warm` and `cold`, the temperatures of both sides, the input is water, and the row the heat that it carried:
    times the kelvins between them, `density` (kg/m3) and `specific_heat` (kJ/(kg K)).

    `weekdays` has a bit for each day, Monday the lowest; minutes are those of the local day.
    """

    formula = models.ForeignKey(VirtualFormula, on_delete=models.PROTECT)
    place = models.SmallIntegerField()
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, blank=True)
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField(default=1)
    weekdays = models.SmallIntegerField(default=formulas.WEEK)
    from_minute = models.SmallIntegerField(default=0)
    until_minute = models.SmallIntegerField(default=1_440)
    warm = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cold = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    density = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    specific_heat = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["formula", "place"], name="virtual_term_place_once"),
            models.CheckConstraint(condition=models.Q(denominator__gt=0), name="virtual_term_denominator_positive"),
            models.CheckConstraint(condition=models.Q(weekdays__range=(1, 127)), name="virtual_term_weekdays_known"),
            models.CheckConstraint(
                condition=models.Q(from_minute__range=(0, 1_439), until_minute__range=(1, 1_440)),
                name="virtual_term_minutes_possible",
            ),
            models.CheckConstraint(
                condition=models.Q(warm=None, cold=None, density=None, specific_heat=None)
                | models.Q(
                    series__isnull=False,
                    warm__isnull=False,
                    cold__isnull=False,
                    density__gt=0,
                    specific_heat__gt=0,
                ),
                name="virtual_term_heat_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator} {self.series_id}"
