"""How gaps are estimated at a site and what for that is known of it, and changes of billed time that wait."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import values
from meterbook.metering.estimating import limits
from meterbook.metering.estimating.degrees import COLDEST, DEFAULT_BASE, HOTTEST
from meterbook.metering.models.meters import MeterPoint
from meterbook.metering.models.series import Series
from meterbook.sites import models as site_models


class EstimatingPolicy(foundation_models.TenantModel):
    """How gaps are estimated: of the organization where `site` is empty, else of that site; the latest version holds.

    `methods` are tried in that order. `degree_days` tells whether last year's use follows the cold or the heat, counted
    from `base_tenths` of a degree Celsius; empty where it follows neither. A version is never changed: estimates name
    the one by which they were chosen.

    Limits that laws set (B-21): after `most_months` estimated in a row somebody reads the meter; of what a method says
    `percent` are taken; with `only_defective` only a meter that is said to be defective or tampered with is estimated.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, null=True, blank=True)
    version = models.IntegerField(default=1, db_default=1)
    methods = models.JSONField(default=list)
    degree_days = models.CharField(max_length=10, default="", db_default="", blank=True)
    base_tenths = models.SmallIntegerField(default=DEFAULT_BASE, db_default=DEFAULT_BASE)
    most_months = models.SmallIntegerField(default=limits.MOST_MONTHS, db_default=limits.MOST_MONTHS)
    percent = models.SmallIntegerField(default=limits.WHOLE, db_default=limits.WHOLE)
    only_defective = models.BooleanField(default=False, db_default=False)
    set_by = models.CharField(max_length=200, default="", db_default="", blank=True)
    set_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "site", "version"],
                name="estimating_policy_version_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=1, percent__lte=limits.WHOLE, most_months__gte=0),
                name="estimating_policy_limits_possible",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.methods}"


class MinimumUse(foundation_models.TenantModel):
    """What is taken to be used at a meter point in a month at least, by agreement, from a day on.

    `a_month` is an integer of the counted series' scale; None: from that day on nothing is agreed any more.
    """

    meter_point = models.ForeignKey(MeterPoint, on_delete=models.PROTECT)
    from_date = models.DateField()
    a_month = models.BigIntegerField(null=True, blank=True)
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["meter_point", "from_date"], name="minimum_use_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(a_month=None) | models.Q(a_month__gte=0), name="minimum_use_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter_point_id} {self.from_date}"


class DayTemperature(foundation_models.TenantModel):
    """The mean temperature outside at a site on a day, in tenths of a degree Celsius."""

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    day = models.DateField()
    tenths = models.SmallIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "day"], name="day_temperature_once"),
            models.CheckConstraint(
                condition=models.Q(tenths__gte=COLDEST, tenths__lte=HOTTEST), name="day_temperature_possible"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.day}"


class CorrectionProposal(foundation_models.TenantModel):
    """A correction of time that was billed, before a second person has said yes; fields as those of `Correction`."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16)
    at = models.DateTimeField()
    value = models.BigIntegerField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=20, blank=True)
    made_of = models.JSONField(default=dict)
    shape = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    reason = models.CharField(max_length=500)
    author = models.CharField(max_length=200)
    author_id = models.BigIntegerField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=values.ProposalState.WAITING.value)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.ProposalState]),
                name="correction_proposal_state_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["organization_id", "recorded_at"],
                condition=models.Q(state=values.ProposalState.WAITING.value),
                name="correction_proposal_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at} {self.state}"
