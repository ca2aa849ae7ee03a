"""Sites and the tree of places below them."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.sites import values


class Site(foundation_models.TenantModel):
    """A property: it gives its meters their time zone and currency."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="site_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SiteNode(foundation_models.TenantModel):
    """A building, floor, zone or unit of a site."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "code"], name="site_node_code_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.NodeKind]), name="site_node_kind_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
