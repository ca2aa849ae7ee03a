"""Series of a meter point, the registers that feed them, and later facts about their readings."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import values
from meterbook.metering.models.meters import Installation, MeterPoint
from meterbook.metering.validation.inputs import FindingKind


class Series(foundation_models.TenantModel):
    """One measured quantity at one meter point; day blocks hold integers of 10^-decimals of the unit."""

    meter_point = models.ForeignKey(MeterPoint, on_delete=models.PROTECT)
    code = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    unit = models.CharField(max_length=12)
    decimals = models.SmallIntegerField()
    step = models.SmallIntegerField()

    bulk_privileges = ("SELECT",)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["meter_point", "code"], name="series_once_a_point"),
            models.CheckConstraint(condition=models.Q(step__in=values.STEPS), name="series_step_known"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.SeriesKind]), name="series_kind_known"
            ),
        )

    def __str__(self) -> str:
        return self.code


class InstallationRegister(foundation_models.TenantModel):
    """The register of an installed meter that feeds a series; readings are integers of 10^-decimals of its unit.

    `wrap` is the value at which it starts from zero again; `opening` and `closing` what it showed when the meter came
    and went.
    """

    installation = models.ForeignKey(Installation, on_delete=models.PROTECT)
    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    register_code = models.CharField(max_length=60)
    unit = models.CharField(max_length=12)
    decimals = models.SmallIntegerField()
    wrap = models.BigIntegerField(null=True, blank=True)
    opening = models.BigIntegerField(null=True, blank=True)
    closing = models.BigIntegerField(null=True, blank=True)
    is_closing_estimated = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["installation", "series"], name="register_once_a_series"),)

    def __str__(self) -> str:
        return self.register_code


class Correction(foundation_models.TenantModel):
    """A later fact about readings, with its author and reason; never changed, only followed by another.

    `method` and `made_of` tell of an estimate how its number came about; `approved_by` names the second person where
    the time had been billed. `shape` tells how what was used between `at` and `until` lies in that time
    (`validation.shapes`); empty: evenly.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16)
    at = models.DateTimeField()
    value = models.BigIntegerField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500)
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    method = models.CharField(max_length=20, default="", db_default="")
    made_of = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    approved_by = models.CharField(max_length=200, default="", db_default="")
    shape = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        indexes = (models.Index(fields=["series", "at"], name="correction_by_series"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


# Kinds on which a person must decide, as long as the finding goes on.
WAITING_FINDINGS = (FindingKind.RESET_CANDIDATE.value, FindingKind.HELD_READING.value, FindingKind.OVER_LIMIT.value)


class SeriesFinding(foundation_models.TenantTable):
    """What derivation noticed in a series: glitches, spikes, roll-overs, resets. Rewritten with each exact derivation.

    Times and values as `metering.validation.inputs.Finding`; an open end while it still holds.
    """

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    value = models.BigIntegerField()
    baseline = models.BigIntegerField()

    privileges = ("SELECT",)
    bulk_privileges = ("SELECT", "INSERT", "DELETE")

    class Meta:
        indexes = (
            models.Index(fields=["series", "at"], name="finding_by_series"),
            models.Index(
                fields=["organization_id", "at"],
                condition=models.Q(until=None, kind__in=WAITING_FINDINGS),
                name="finding_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


class ReadingConflict(foundation_models.TenantTable):
    """Another value arrived for an instant and source that had one: both are kept, the first one counts."""

    id = models.BigAutoField(primary_key=True)
    series_id = models.BigIntegerField()
    at = models.DateTimeField()
    source = models.SmallIntegerField()
    kept_value = models.BigIntegerField()
    offered_value = models.BigIntegerField()
    received_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    bulk_privileges = foundation_models.APPEND
    append_only = True
    has_foreign_keys = False

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["series_id", "at", "source", "offered_value"], name="reading_conflict_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.series_id} {self.at}"
