"""What was set for the whole installation."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from meterbook.foundation import models as foundation_models
from meterbook.identity import models as identity_models
from meterbook.installation import values


class Setting(foundation_models.Guarded):
    """One setting by its name. It belongs to no organization; a secret stands in it sealed only."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.JSONField()
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(name__in=[each.value for each in values.Name]), name="installation_setting_known"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ProviderLink(foundation_models.Guarded):
    """Under which name a provider of single sign-on knows somebody. It is never removed: names are not given twice."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(identity_models.User, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()

    privileges = ("SELECT", "INSERT")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["issuer", "subject"], name="provider_link_one_of_subject"),
            models.UniqueConstraint(fields=["issuer", "user"], name="provider_link_one_of_user"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} at {self.issuer}"
