"""Recalculations, what people decided about them, and credit notes.

A recalculation changes nothing: it keeps what came out. A correction is a decision about one bill: to keep it, or to
credit it and to bill anew. Bills and credit notes are never updated; what links them stands in the credit note.
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models

from meterbook.billing import correction_values as values
from meterbook.billing.models import runs
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


class FormerDay(foundation_models.TenantTable):
    """A day block that a bill was made from, as it was until `superseded_at`: so that the bill can be made again.

    The same columns as `metering.SeriesDay`. The derivation keeps each block of a day that was over, in the transaction
    that changes it; what no bill was made from is forgotten a minute later (`is_billed` says who was looked at).
    """

    id = models.BigAutoField(primary_key=True)
    series_id = models.BigIntegerField()
    day = models.DateField()
    step = models.SmallIntegerField()
    values = models.BinaryField()
    quality = models.BinaryField(null=True)
    digest = models.BinaryField()
    superseded_at = models.DateTimeField()
    is_billed = models.BooleanField(default=False, db_default=False)

    privileges = ("SELECT", "UPDATE", "DELETE")
    bulk_privileges = ("INSERT",)
    has_foreign_keys = False

    class Meta:
        indexes = (
            models.Index(fields=["series_id", "day", "superseded_at"], name="former_day_of_series"),
            models.Index(fields=["organization_id"], condition=models.Q(is_billed=False), name="former_day_new"),
        )

    def __str__(self) -> str:
        return f"{self.series_id} {self.day}"


class CreditedShare(foundation_models.TenantTable):
    """Time that a credited bill had billed; it left `RunShare` with the credit note, so that it can be billed anew."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(runs.BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT, db_index=False)
    contract_id = models.BigIntegerField(null=True, blank=True)
    tariff_id = models.BigIntegerField(null=True, blank=True)
    during = DateTimeRangeField()

    privileges = foundation_models.APPEND
    append_only = True

    reached_by = (("account_id", "accounts"),)

    class Meta:
        indexes = (
            models.Index(fields=["run", "account"], name="credited_share_by_account"),
            models.Index(fields=["meter_point"], name="credited_share_by_point"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.meter_point_id}"


class Recalculation(foundation_models.TenantModel):
    """Bills calculated again, of one account, of a run or of a site; `done` of `bills` are compared so far."""

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, null=True, blank=True)
    mode = models.CharField(max_length=10)
    # The version that everything is priced by in a what-if.
    version_id = models.BigIntegerField(null=True, blank=True)
    version_text = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_by_id = models.BigIntegerField(null=True, blank=True)
    bills = models.IntegerField()
    done = models.IntegerField(default=0)

    reached_by = (("account_id", "accounts"), ("site_id", "run_sites"))

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(mode__in=[each.value for each in values.Mode]), name="recalculation_mode_known"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "-asked_at"], name="recalculation_newest"),)

    def __str__(self) -> str:
        return f"{self.mode} {self.asked_at}"


class RecalculatedBill(foundation_models.TenantTable):
    """What came out for one bill. `differences` is `correcting.differing.Difference` as JSON; None while not done."""

    id = models.BigAutoField(primary_key=True)
    recalculation = models.ForeignKey(Recalculation, on_delete=models.PROTECT, db_index=False)
    bill = models.ForeignKey(runs.Bill, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    outcome = models.CharField(max_length=12, default=values.Outcome.WAITING.value)
    total_before = models.DecimalField(max_digits=24, decimal_places=4)
    total_now = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3)
    digest = models.CharField(max_length=64, blank=True)
    differences = models.JSONField(default=dict)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["recalculation", "bill"], name="recalculated_bill_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=[each.value for each in values.Outcome]),
                name="recalculated_outcome_known",
            ),
        )
        indexes = (models.Index(fields=["bill"], name="recalculated_of_bill"),)

    def __str__(self) -> str:
        return f"{self.recalculation_id} {self.bill_id}"


class Correction(foundation_models.TenantModel):
    """A decision about one bill: to keep it, or (when a second person has approved) a credit note and a new bill.

    `total_before` and `total_now` are what was looked at; `digest` is of the content that would be billed: approving
    calculates again and refuses another one.
    """

    bill = models.ForeignKey(runs.Bill, on_delete=models.PROTECT, related_name="corrections")
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=10)
    reason = models.CharField(max_length=1000)
    currency = models.CharField(max_length=3)
    total_before = models.DecimalField(max_digits=24, decimal_places=4)
    total_now = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    differences = models.JSONField(default=dict)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    proposed_by_id = models.BigIntegerField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    # One person did both, because nobody else has the right.
    is_decided_alone = models.BooleanField(default=False)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.CorrectionState]),
                name="correction_state_known",
            ),
            models.UniqueConstraint(
                fields=["bill"],
                condition=models.Q(state=values.CorrectionState.PROPOSED.value),
                name="correction_one_open",
            ),
        )
        indexes = (models.Index(fields=["organization_id", "-proposed_at"], name="correction_newest"),)

    def __str__(self) -> str:
        return f"{self.bill_id} {self.state}"


class CreditNote(foundation_models.TenantTable):
    """A bill taken back whole: canonical JSON ("meterbook-credit-note/1"), a number of its own, and what was posted.

    A bill is credited once. `replacement` is the bill that was issued instead; None where nothing was billed anew.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(editable=False, unique=True)
    bill = models.OneToOneField(runs.Bill, on_delete=models.PROTECT, related_name="credit_note")
    replacement = models.OneToOneField(
        runs.Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    correction = models.OneToOneField(Correction, on_delete=models.PROTECT)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    number = models.CharField(max_length=80)
    prefix = models.CharField(max_length=60)
    sequence = models.BigIntegerField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=24, decimal_places=4)
    total = models.DecimalField(max_digits=24, decimal_places=4)
    note_date = models.DateField()
    issued_at = models.DateTimeField()
    # Null: the bill had posted nothing.
    transaction_id = models.BigIntegerField(null=True, blank=True)

    privileges = foundation_models.APPEND
    append_only = True

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "prefix", "sequence"], name="credit_note_number_once"),
        )
        indexes = (models.Index(fields=["account", "-note_date", "-id"], name="credit_note_of_account"),)

    def __str__(self) -> str:
        return self.number


class CorrectionRules(foundation_models.TenantModel):
    """What an organization set about corrections and disputes; without a row `values` says what holds."""

    # Months after the end of a bill's days in which more may still be asked for; None: no limit. What was too much is
    # paid back whatever the age.
    back_billing_months = models.SmallIntegerField(null=True, blank=True)
    # Working days until somebody must have answered, and until a decision must be there.
    acknowledge_days = models.SmallIntegerField(default=values.ACKNOWLEDGE_DAYS)
    decide_days = models.SmallIntegerField(default=values.DECIDE_DAYS)
    # Against abuse: how many disputes of an account keep money from being asked for at a time.
    most_open = models.SmallIntegerField(default=values.MOST_OPEN)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id"], name="correction_rules_once"),)

    def __str__(self) -> str:
        return f"{self.organization_id}"
