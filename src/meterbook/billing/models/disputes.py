"""Disputes about bills: who said what when, with which files, and where it stands."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from meterbook.billing import dispute_values as values
from meterbook.billing.models import corrections, runs
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models


class Dispute(foundation_models.TenantModel):
    """That somebody does not accept a bill, or lines of it, until it is decided.

    `lines` are places in the bill ("point/charge/line", "shared/number"); none means all of it. `amount` is what is
    disputed, with its taxes. `acknowledge_by` and `decide_by` are the deadlines.
    """

    bill = models.ForeignKey(runs.Bill, on_delete=models.PROTECT, related_name="disputes")
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    reason = models.CharField(max_length=10)
    words = models.CharField(max_length=4000)
    lines = ArrayField(models.CharField(max_length=24), default=list)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    # False where the account had as many open ones as the rules allow: then nothing is kept from being asked for.
    is_protected = models.BooleanField()
    state = models.CharField(max_length=14, default=values.DisputeState.OPENED.value)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=200)
    is_by_tenant = models.BooleanField()
    acknowledge_by = models.DateTimeField()
    decide_by = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # What of the proposal holds: whether the bill is corrected.
    is_upheld = models.BooleanField(null=True, blank=True)
    proposal = models.CharField(max_length=4000, blank=True)
    correction = models.ForeignKey(corrections.Correction, on_delete=models.PROTECT, null=True, blank=True)
    # For which deadline somebody was reminded.
    reminded_of = models.CharField(max_length=14, blank=True)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.DisputeState]), name="dispute_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(reason__in=[each.value for each in values.DisputeReason]),
                name="dispute_reason_known",
            ),
            models.UniqueConstraint(
                fields=["bill"],
                condition=models.Q(state__in=sorted(each.value for each in values.OPEN_STATES)),
                name="dispute_one_open",
            ),
        )
        indexes = (
            models.Index(fields=["organization_id", "state", "decide_by"], name="dispute_by_deadline"),
            models.Index(fields=["account", "-opened_at"], name="dispute_of_account"),
        )

    def __str__(self) -> str:
        return f"{self.bill_id} {self.state}"


class DisputeEntry(foundation_models.TenantTable):
    """One entry of a dispute's story: a step to a state, or words of either side; a file may hang at it."""

    id = models.BigAutoField(primary_key=True)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, db_index=False, related_name="entries")
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField()
    author = models.CharField(max_length=200)
    is_by_tenant = models.BooleanField()
    # False: for the operator's people alone.
    is_shared = models.BooleanField(default=True)
    state = models.CharField(max_length=14, blank=True)
    words = models.CharField(max_length=4000, blank=True)

    privileges = foundation_models.APPEND
    append_only = True

    reached_by = (("account_id", "accounts"),)

    class Meta:
        indexes = (models.Index(fields=["dispute", "id"], name="dispute_entry_in_order"),)

    def __str__(self) -> str:
        return f"{self.dispute_id} {self.at}"


class DisputeFile(foundation_models.TenantTable):
    """A picture or PDF that somebody handed in, as `documents.attachments` has let it through."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    entry = models.ForeignKey(DisputeEntry, on_delete=models.PROTECT, related_name="files")
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()

    privileges = foundation_models.APPEND
    append_only = True

    reached_by = (("account_id", "accounts"),)

    def __str__(self) -> str:
        return self.name
