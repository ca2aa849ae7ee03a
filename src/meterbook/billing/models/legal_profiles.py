"""What organizations and sites set of the law that holds for their bills."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.sites import models as site_models
from meterbook.tariffs.rating.tax_points import TaxPoint


class LegalProfile(foundation_models.TenantModel):
    """What holds at a site, or without one in the organization; an empty word follows the next wider one."""

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, null=True, blank=True, db_index=False)
    # Which rate of a tax is due that changes within a period, where the tariff does not say (B-34).
    tax_point = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "site"], nulls_distinct=False, name="legal_profile_of_site_once"
            ),
            models.CheckConstraint(
                condition=models.Q(tax_point__in=["", *(each.value for each in TaxPoint)]),
                name="legal_profile_tax_point_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.tax_point}"
