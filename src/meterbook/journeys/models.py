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


class StepDraft(foundation_models.TenantModel):
    """What a person typed at a step of the first start and did not send; `fields` are texts by field, no secrets."""

    user_id = models.BigIntegerField()
    step = models.CharField(max_length=20)
    fields = models.JSONField(default=dict)
    kept_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "user_id", "step"], name="step_draft_once_a_person"),
        )

    def __str__(self) -> str:
        return self.step


class AccountBook(foundation_models.TenantModel):
    """A workbook with customers, accounts and contracts; it is kept when it was imported.

    `outcome` counts what it made and changed. `digest` is the SHA-256 of `content` in hexadecimal.
    """

    name = models.CharField(max_length=200)
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    size = models.IntegerField()
    author = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["organization_id", "-uploaded_at"], name="account_book_newest"),)

    def __str__(self) -> str:
        return self.name


class JourneyFile(foundation_models.TenantModel):
    """A picture of a register's display that was taken on the way; `about` is the public id of the meter point.

    `register` is the code of its series; empty for the main one.
    """

    journey = models.ForeignKey(Journey, on_delete=models.PROTECT)
    about = models.UUIDField()
    register = models.CharField(max_length=60, blank=True, default="", db_default="")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["journey", "about", "register"], name="journey_file_once_a_register"),
        )

    def __str__(self) -> str:
        return self.name
