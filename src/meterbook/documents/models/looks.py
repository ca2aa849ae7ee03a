"""How documents look: templates by site or for all, in versions, and the pictures of sites and customers."""

from __future__ import annotations

from django.db import models

from meterbook.documents import values
from meterbook.foundation import models as foundation_models


class TemplateDraft(foundation_models.TenantModel):
    """A template that is being written: one for all sites (`site_id` null), and one for each site."""

    site_id = models.UUIDField(null=True, blank=True)
    facts = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "site_id"], nulls_distinct=False, name="template_draft_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.site_id or "")


class TemplateVersion(foundation_models.TenantModel):
    """A template in force from `active_from` on, until the next version. Null facts: a site has none any more."""

    site_id = models.UUIDField(null=True, blank=True)
    version = models.IntegerField()
    facts = models.JSONField(null=True, blank=True)
    digest = models.CharField(max_length=64)
    active_from = models.DateTimeField()
    activated_by = models.CharField(max_length=200)

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "site_id", "version"], nulls_distinct=False, name="template_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id or ''} {self.version}"


class OwnLogo(foundation_models.TenantModel):
    """The picture of a site or of a customer's company from `set_at` on; an empty digest: it has none again."""

    owner = models.CharField(max_length=10)
    owner_id = models.UUIDField()
    digest = models.CharField(max_length=64, blank=True)  # of a `Logo`
    set_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(owner__in=[each.value for each in values.LogoOwner]), name="own_logo_owner_known"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "owner_id", "-id"], name="own_logo_newest"),)

    def __str__(self) -> str:
        return f"{self.owner} {self.digest[:12]}"
