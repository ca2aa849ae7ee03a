"""Runs, what they collected, drafts, and issued bills.

A draft is everything that was calculated, without a number. A bill is one more row: the number, the dates and the
digest over both. Nothing of either is ever updated.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models

from meterbook.billing import values
from meterbook.billing.models.calendar import BillingCalendar
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models

WRITE_ONCE = ("SELECT", "INSERT", "DELETE")  # a draft is thrown away and made again, never changed


class BillRun(foundation_models.TenantModel):
    """Bills of a site for the local days of `days`, made step by step."""

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    days = DateRangeField()
    state = models.CharField(max_length=12, default=values.RunState.PLANNED.value)
    due_days = models.SmallIntegerField(default=values.DUE_DAYS)
    started_at = models.DateTimeField()
    started_by_id = models.BigIntegerField(null=True, blank=True)
    started_by = models.CharField(max_length=200)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by_id = models.BigIntegerField(null=True, blank=True)
    approved_by = models.CharField(max_length=200, blank=True)
    # One person did both, because nobody else has the right.
    is_approved_alone = models.BooleanField(default=False)
    bill_date = models.DateField(null=True, blank=True)
    # The day of the bill as drafts suppose it, for taxes of the invoice date (B-34).
    priced_on = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    # Why it does not go on by itself, while that is so.
    fault = models.CharField(max_length=300, blank=True, default="", db_default="")
    fault_since = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # By which calendar it started; null: by a person.
    calendar = models.ForeignKey(BillingCalendar, on_delete=models.PROTECT, null=True, db_index=False)
    # Only these accounts, or (in whose units they stand) these meter points; null: all of the site.
    account_ids = ArrayField(models.BigIntegerField(), null=True)
    meter_point_ids = ArrayField(models.BigIntegerField(), null=True)
    # Only these services, of accounts that get a bill for each; null: all, of those accounts the first (M-091).
    services = ArrayField(models.CharField(max_length=20), null=True)
    # Free begin and end of a manual bill (M-080), within `days`; null: whole days, as they are at each meter point.
    exact = DateTimeRangeField(null=True)
    # A person approves it, whatever the calendar says.
    needs_person = models.BooleanField(default=False, db_default=False)
    # Shared costs that are divided with a later run, by public id: {"reason", "by"}; null: none.
    put_off = models.JSONField(null=True)
    # It bills one account anew after a credit note, and never stands among the others.
    is_correction = models.BooleanField(default=False, db_default=False)

    reached_by = (("site_id", "run_sites"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.RunState]), name="bill_run_state_known"
            ),
            ExclusionConstraint(
                name="bill_run_one_open_a_site",
                expressions=[("site", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
                # Runs of some accounts go beside each other: of two that want the same time, shares let one have it.
                condition=~models.Q(state__in=sorted(each.value for each in values.FINAL_STATES))
                & models.Q(account_ids=None, meter_point_ids=None),
            ),
        )
        indexes = (models.Index(fields=["organization_id", "-started_at"], name="bill_run_newest"),)

    def __str__(self) -> str:
        return f"{self.site_id} {self.days}"


class RunMember(foundation_models.TenantTable):
    """An account in a run. `position` orders accounts by number and so decides the numbers of their bills.

    States change twice for each bill: no index has them, and pages have room, so that no index is written with them.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    position = models.IntegerField()
    chunk = models.IntegerField()
    state = models.CharField(max_length=10, default=values.MemberState.COLLECTED.value)
    # Why it is held: [{"reason", "meter_point", "detail"}].
    reasons = models.JSONField(default=list)
    decided_by = models.CharField(max_length=200, blank=True)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "run", "account"], name="run_member_once"),
            models.UniqueConstraint(fields=["run", "position"], name="run_member_position_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.MemberState]),
                name="run_member_state_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id}"


class RunShare(foundation_models.TenantTable):
    """Which time of which meter point an account pays for in a run, by which tariff; contract null: vacancy (B-33).

    No time of a meter point can be in two runs that were not canceled: nothing is billed twice.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT, db_index=False)
    contract_id = models.BigIntegerField(null=True, blank=True)
    tariff_id = models.BigIntegerField(null=True, blank=True)
    during = DateTimeRangeField()

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="share_billed_once",
                expressions=[("meter_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        )
        indexes = (models.Index(fields=["run", "account"], name="run_share_by_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.meter_point_id}"


class RunChunk(foundation_models.TenantTable):
    """Accounts that are calculated in one transaction; whoever comes first takes an open chunk.

    An approved run has its numbers: of each chunk `numbers` from `first_sequence` on, in the order of positions. Small
    chunks are issued together: `portion` is the number of the first of them, null where a chunk has nothing to issue.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    number = models.IntegerField()
    is_done = models.BooleanField(default=False)
    is_issued = models.BooleanField(default=False, db_default=False)
    first_sequence = models.BigIntegerField(null=True, blank=True)
    numbers = models.IntegerField(default=0, db_default=0)
    portion = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "number"], name="run_chunk_once"),)

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"


class BillDraft(foundation_models.TenantTable):
    """A calculated bill: canonical JSON ("meterbook-bill/1"), its SHA-256, and what will be posted.

    `postings` is JSON text: [ledger account code, signed smallest units], the receivable not among them. `nets` are the
    sums before taxes as text by the code of the tariff; drafts made before there was this column have none.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    position = models.IntegerField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    inputs_digest = models.CharField(max_length=64)
    postings = models.TextField()
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=24, decimal_places=4)
    total = models.DecimalField(max_digits=24, decimal_places=4)
    is_estimated = models.BooleanField()
    is_apportioned = models.BooleanField(default=False, db_default=False)
    is_vacancy = models.BooleanField()
    nets = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # `calculating.stamps`: whether it would be calculated from the same now; drafts from before it was kept have none.
    inputs_stamp = models.CharField(max_length=64, default="", db_default="")

    privileges = WRITE_ONCE
    copied = foundation_models.Copied(
        ("run_id", "account_id"), "billing_runmember", ("run_id", "account_id"), "run_member_once"
    )

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["run", "position"], name="bill_draft_position_once"),
            # The lists of a run's accounts need the others of every draft, and rows are wide.
            models.UniqueConstraint(
                fields=["run", "account"],
                include=["organization_id", "net", "total", "is_estimated", "is_vacancy"],
                name="bill_draft_account_once",
            ),
        )
        # Most accounts have none; what is estimated is looked for with each bill that may settle it.
        indexes = (
            models.Index(fields=["account"], condition=models.Q(is_estimated=True), name="bill_draft_estimated"),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id}"


class Bill(foundation_models.TenantTable):
    """An issued bill: a draft with a number. `public_id` is the draft's; `digest` covers content, number and dates."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(editable=False, unique=True)
    draft = models.OneToOneField(BillDraft, on_delete=models.PROTECT)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    number = models.CharField(max_length=80)
    prefix = models.CharField(max_length=60)
    sequence = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    bill_date = models.DateField()
    due_date = models.DateField()
    issued_at = models.DateTimeField()
    # Null: nothing was due, and nothing posted.
    transaction_id = models.BigIntegerField(null=True, blank=True)

    privileges = foundation_models.APPEND
    append_only = True
    copied = foundation_models.Copied(
        ("draft_id", "run_id", "account_id"), "billing_billdraft", ("id", "run_id", "account_id"), "bill_draft_of_bill"
    )

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "prefix", "sequence"], name="bill_number_once"),
        )
        indexes = (
            models.Index(fields=["account", "-bill_date", "-id"], name="bill_of_account"),
            models.Index(fields=["run", "sequence"], name="bill_of_run"),
            models.Index(fields=["organization_id", "-bill_date", "-id"], name="bill_newest"),
            # A bill is looked for by its whole number, by how it begins, or by its running number alone.
            models.Index(
                fields=["organization_id", "number"], opclasses=["int4_ops", "text_pattern_ops"], name="bill_by_number"
            ),
            models.Index(fields=["organization_id", "sequence"], name="bill_by_sequence"),
        )

    def __str__(self) -> str:
        return self.number


class LateChange(foundation_models.TenantTable):
    """That the use behind a draft of an approved run came out differently afterwards: its bill is listed.

    Kept by draft, because a change may come between approval and issue. `first_day` is the earliest UTC day known.
    """

    id = models.BigAutoField(primary_key=True)
    draft_id = models.BigIntegerField()
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT, db_index=False)
    first_day = models.DateField()
    noted_at = models.DateTimeField()

    privileges = foundation_models.READ_WRITE

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["draft_id"], name="late_change_once_a_draft"),)
        indexes = (models.Index(fields=["organization_id", "-noted_at"], name="late_change_newest"),)

    def __str__(self) -> str:
        return f"{self.draft_id} {self.first_day}"


class PrintFile(foundation_models.TenantModel):
    """Bills and credit notes in one PDF, made by a job: `done` of them are set so far, then `file_id` is there.

    `is_everything` is False for the bills of customers without an e-mail address: those are sent on paper. Which bills
    those are is settled when the file is asked for; more than a file holds go into several, each a part.
    """

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="print_files")
    is_everything = models.BooleanField()
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    part = models.IntegerField()
    parts = models.IntegerField()
    # Public ids of bills and credit notes, in the order of the pages, and how many they are.
    bill_ids = ArrayField(models.UUIDField())
    bills = models.IntegerField()
    # Those of them that are credit notes.
    note_ids = ArrayField(models.UUIDField(), blank=True, default=list, db_default=[])
    done = models.IntegerField(default=0)
    # The issued file's public id.
    file_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["run", "-id"], name="print_file_newest"),)

    def __str__(self) -> str:
        return f"{self.run_id} {self.done}/{self.bills}"
