"""Accounts, transactions, entries and kept balances.

Rows of transactions and entries are written by the database function `ledger_post` only (`books`), never one by one.
The rules of double entry are triggers of the migration `0002_guard_the_books`.
"""

from __future__ import annotations

import uuid

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.ledger import values


class LedgerAccount(foundation_models.TenantModel):
    """Where money is counted. Its currency, kind and floor never change; each has one row or several in `Balance`.

    Of its rows nothing is ever changed or removed, by a trigger of its own (migration 0003): but the name of a person
    who is erased becomes the code.
    """

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    decimals = models.SmallIntegerField()
    stripes = models.SmallIntegerField(default=1)
    floor = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)

    privileges = foundation_models.APPEND

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "code"], name="ledger_account_code_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.AccountKind]),
                name="ledger_account_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(decimals__gte=0, decimals__lte=4), name="ledger_account_decimals_sane"
            ),
            models.CheckConstraint(
                condition=models.Q(stripes__gte=1, stripes__lte=64)
                & (models.Q(floor__isnull=True) | models.Q(stripes=1)),
                name="ledger_account_floor_needs_one_stripe",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class LedgerTransaction(foundation_models.TenantTable):
    """One movement of money: its entries sum to zero in every currency. `key` makes it happen once."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    key = models.CharField(max_length=200)
    input_digest = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    posted_at = models.DateTimeField()
    posted_date = models.DateField()
    text = models.CharField(max_length=300)
    source_kind = models.CharField(max_length=60)
    source_id = models.UUIDField()
    gives_money_away = models.BooleanField(default=False)
    # Own organization and exact mirror are checked by the trigger that also asks for entries.
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False
    )
    entry_count = models.IntegerField()

    privileges = foundation_models.APPEND
    append_only = True
    has_foreign_keys = False

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "key"], name="ledger_transaction_key_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=models.Q(reverses__isnull=False), name="ledger_transaction_reversed_once"
            ),
            models.CheckConstraint(condition=models.Q(entry_count__gte=2), name="ledger_transaction_has_two_sides"),
        )
        indexes = (models.Index(fields=["organization_id", "source_id"], name="ledger_transaction_source"),)

    def __str__(self) -> str:
        return self.key


class LedgerEntry(foundation_models.TenantTable):
    """A debit (positive) or credit (negative) of one account; numbered from 1 within its transaction.

    Account, currency and organization are held together by the trigger in one pass over all rows of a statement: a
    foreign key costs more than the entry itself and locks the account's row.
    """

    pk = models.CompositePrimaryKey("transaction_id", "ordinal")
    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="entries"
    )
    ordinal = models.IntegerField()
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="entries"
    )
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    currency = models.CharField(max_length=3)
    posted_date = models.DateField()

    privileges = foundation_models.APPEND
    append_only = True
    has_foreign_keys = False

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~models.Q(amount=0), name="ledger_entry_not_zero"),
            models.CheckConstraint(condition=models.Q(ordinal__gte=1), name="ledger_entry_ordinal_from_one"),
        )
        indexes = (
            models.Index(fields=["account", "posted_date", "transaction", "ordinal"], name="ledger_entry_of_account"),
        )

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount} {self.currency}"


class Balance(foundation_models.TenantTable):
    """The kept sum of an account's entries, in one row or in stripes; written by trigger only.

    `gives_money_away` tells whether the latest change took money out by a posting that gives it away: only then the
    floor holds. What was used is owed, whatever the balance.
    """

    pk = models.CompositePrimaryKey("account_id", "stripe")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, db_index=False, related_name="balances")
    stripe = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=24, decimal_places=4, default=0)
    entry_count = models.BigIntegerField(default=0)
    # Copied from the account, so that posting reads one table; there an account never changes.
    currency = models.CharField(max_length=3)
    decimals = models.SmallIntegerField()
    stripes = models.SmallIntegerField()
    side = models.SmallIntegerField()
    floor = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    gives_money_away = models.BooleanField(default=False)

    privileges = ("SELECT",)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(gives_money_away=False)
                | models.Q(floor__isnull=True)
                | models.Q(floor__lte=models.F("amount") * models.F("side")),
                name="ledger_balance_floor",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"
