"""From when on a day is told as one that can hardly be right: of an organization, a site, a service."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering import values
from meterbook.sites import models as site_models


class CheckingPolicy(foundation_models.TenantModel):
    """Thresholds of the checks of days that differ from the usual ones (`checking.thresholds`).

    `site` and `service` empty: of all. The narrower holds: site and service, site, service, organization; of each the
    latest version. A version is never changed.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, null=True, blank=True)
    service = models.CharField(max_length=20, blank=True, default="")
    version = models.IntegerField()
    thresholds = models.JSONField(default=dict)
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "site", "service", "version"],
                name="checking_policy_version_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(service__in=["", *(each.value for each in values.Service)]),
                name="checking_policy_service_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.service} {self.version}"
