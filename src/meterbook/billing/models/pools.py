"""Pools of shared costs: what each is, the amounts entered for it, its allocation sheets, and what accounts bear."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from meterbook.billing.models.invoices import SupplierInvoice
from meterbook.billing.models.runs import WRITE_ONCE, BillRun
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models
from meterbook.sites import models as site_models


class Pool(foundation_models.TenantModel):
    """A cost of a site that several share. `definition` is that of the newest version ("meterbook-pool/1").

    `ended_day`: from that day on nothing is shared any more.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    stage = models.SmallIntegerField()
    starts_day = models.DateField()
    ended_day = models.DateField(null=True, blank=True)
    version = models.IntegerField(default=1)
    definition = models.JSONField()
    digest = models.CharField(max_length=64)

    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="pool_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PoolVersion(foundation_models.TenantTable):
    """What a pool was, each time it was saved; sheets name the one that they were made by."""

    id = models.BigAutoField(primary_key=True)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="versions")
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    number = models.IntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)

    privileges = foundation_models.APPEND
    append_only = True
    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["pool", "number"], name="pool_version_once"),)

    def __str__(self) -> str:
        return f"{self.pool_id} {self.number}"


class PoolSheet(foundation_models.TenantTable):
    """How a pool was divided for local days: canonical JSON ("meterbook-sheet/1") and its SHA-256.

    `run` made it, and may make it anew until it is approved; from then on a trigger keeps it as it is. Without content
    it waits for what `reasons` say. Where all members were billed again a further sheet `replaces` it; the trigger lets
    nothing else be written than that it `is_replaced`.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="sheets")
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT)
    days = DateRangeField()
    version = models.IntegerField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    # Why it could not be made: [{"reason", "meter_point", "data"}], as of held accounts.
    reasons = models.JSONField(default=list)
    # Whom that concerns, where there are no shares.
    account_ids = models.JSONField(default=list)
    is_replaced = models.BooleanField(default=False, db_default=False)
    # The run bills without this cost: its days are left to a later run.
    is_put_off = models.BooleanField(default=False, db_default=False)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")

    privileges = foundation_models.READ_WRITE
    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="pool_divided_once",
                expressions=[("pool", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
                condition=models.Q(is_replaced=False, is_put_off=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.pool_id} {self.days}"


class PoolEntry(foundation_models.TenantModel):
    """An amount for local days: entered, a line of an invoice, or the difference of a sheet that came too late.

    `sheet` is the one whose difference it carries, `invoice` the one whose `line` (from 0, of `line_kind`) it is. A
    withdrawn one counts no more.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="entries")
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    days = DateRangeField()
    kind = models.CharField(max_length=10)
    text = models.CharField(max_length=200)
    # What bills in other languages say instead: {"es": ...}; null: the same.
    texts = models.JSONField(null=True)
    reference = models.CharField(max_length=80, blank=True)
    quantity = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    # What of a carried difference is the landlord's, for members who left.
    landlord_amount = models.DecimalField(max_digits=24, decimal_places=4, default=0, db_default=0)
    sheet = models.ForeignKey(PoolSheet, on_delete=models.PROTECT, null=True, blank=True, related_name="carried")
    invoice = models.ForeignKey(
        SupplierInvoice, on_delete=models.PROTECT, null=True, blank=True, related_name="pool_entries"
    )
    line = models.SmallIntegerField(null=True, blank=True)
    line_kind = models.CharField(max_length=10, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)

    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=["AMOUNT", "INVOICE", "ADJUSTMENT"]), name="pool_entry_kind_known"
            ),
            models.UniqueConstraint(
                fields=["sheet"], condition=models.Q(withdrawn_at=None), name="pool_difference_carried_once"
            ),
            models.UniqueConstraint(
                fields=["invoice", "line"], condition=models.Q(withdrawn_at=None), name="pool_invoice_line_once"
            ),
        )
        indexes = (models.Index(fields=["pool", "days"], name="pool_entry_days"),)

    def __str__(self) -> str:
        return f"{self.pool_id} {self.amount}"


class PoolShare(foundation_models.TenantTable):
    """What an account bears of a sheet, one row for each member and part; `told` is what its bill says."""

    id = models.BigAutoField(primary_key=True)
    sheet = models.ForeignKey(PoolSheet, on_delete=models.PROTECT, related_name="shares")
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT)
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    told = models.JSONField()

    privileges = WRITE_ONCE
    reached_by = (("account_id", "accounts"),)

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.account_id}"


class PoolCharge(foundation_models.TenantTable):
    """Which run bills a share: none is billed twice, and what a run left out another one takes."""

    id = models.BigAutoField(primary_key=True)
    share = models.OneToOneField(PoolShare, on_delete=models.PROTECT, related_name="charge")
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)

    privileges = WRITE_ONCE
    reached_by = (("account_id", "accounts"),)

    class Meta:
        indexes = (models.Index(fields=["run", "account"], name="pool_charge_by_account"),)

    def __str__(self) -> str:
        return f"{self.share_id} {self.run_id}"


class PoolRebill(foundation_models.TenantModel):
    """That all members of an approved sheet shall be billed again (B-64): proposed by one person, decided by another.

    `digest` is of the sheet that would replace it: approving divides again and refuses another one. `plan` says by
    account what each bill was and would be.
    """

    sheet = models.ForeignKey(PoolSheet, on_delete=models.PROTECT, related_name="rebills")
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=10)
    reason = models.CharField(max_length=1000)
    digest = models.CharField(max_length=64)
    plan = models.JSONField()
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    proposed_by_id = models.BigIntegerField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    is_decided_alone = models.BooleanField(default=False)

    reached_by = (("site_id", "sites"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=["PROPOSED", "DONE", "REJECTED"]), name="pool_rebill_state_known"
            ),
            models.UniqueConstraint(
                fields=["sheet"], condition=models.Q(state="PROPOSED"), name="pool_rebill_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.state}"
