"""How gaps are estimated at a site, and changes of billed time that wait for a second person."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import values
from meterbook.metering.models.series import Series
from meterbook.sites import models as site_models


class EstimatingPolicy(foundation_models.TenantModel):
    """The order in which methods are tried; of the organization where `site` is empty, else of that site."""

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, null=True, blank=True)
    methods = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "site"], name="estimating_policy_once", nulls_distinct=False
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.methods}"


class CorrectionProposal(foundation_models.TenantModel):
    """A correction of time that was billed, before a second person has said yes; fields as those of `Correction`."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16)
    at = models.DateTimeField()
    value = models.BigIntegerField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=20, blank=True)
    made_of = models.JSONField(default=dict)
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
