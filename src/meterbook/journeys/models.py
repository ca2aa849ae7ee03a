"""What a person has said so far on the way through several operations, so that it can be left and resumed."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.journeys import values


class Journey(foundation_models.TenantModel):
    """A stored sequence of answers. `facts` holds what was answered, by `values.Step`.

    `version` rises with each answer: who answers an older one is told that somebody else went on meanwhile. `result` is
    the public id of the account that a finished journey opened or closed.
    """

    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default=values.JourneyState.OPEN.value)
    facts = models.JSONField(default=dict)
    version = models.IntegerField(default=1)
    title = models.CharField(max_length=200, blank=True)
    started_by_id = models.BigIntegerField(null=True, blank=True)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()
    result = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.JourneyKind]), name="journey_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.JourneyState]), name="journey_state_known"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "state", "-changed_at"], name="journey_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.title}".rstrip()


class JourneyFile(foundation_models.TenantModel):
    """A picture of a meter that was taken on the way; `about` is the public id of the meter point."""

    journey = models.ForeignKey(Journey, on_delete=models.PROTECT)
    about = models.UUIDField()
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["journey", "about"], name="journey_file_once_a_meter"),)

    def __str__(self) -> str:
        return self.name
