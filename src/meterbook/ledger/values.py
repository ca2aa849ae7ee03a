"""Words of the ledger, and the rows its queries answer. Amounts are signed: a debit is positive, a credit negative."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from meterbook.kernel.money import Money


class AccountKind(enum.StrEnum):
    """What a ledger account stands for; it decides the side on which the account grows."""

    ASSET = "ASSET"
    LIABILITY = "LIABILITY"
    INCOME = "INCOME"
    EXPENSE = "EXPENSE"


ACCOUNT_KIND_CAPTIONS = {
    AccountKind.ASSET: _("Asset"),
    AccountKind.LIABILITY: _("Liability"),
    AccountKind.INCOME: _("Income"),
    AccountKind.EXPENSE: _("Expense"),
}

# Rows over which the balance of a control account is spread, so that writers at the same time do not wait in a line.
CONTROL_STRIPES = 8


@dataclass(frozen=True)
class AccountRow:
    """An account as screens and other domains see it."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    kind: AccountKind
    currency: str
    floor: Money | None


@dataclass(frozen=True)
class EntryRow:
    """One debit (positive) or credit (negative) of a transaction, with its account."""

    ordinal: int
    account_id: int
    account_code: str
    account_name: str
    amount: Money


@dataclass(frozen=True)
class TransactionRow:
    """A transaction with all its entries; `reversed_by_id` is set when it was undone."""

    id: int
    public_id: uuid.UUID
    key: str
    at: datetime
    posted_at: datetime
    posted_date: date
    text: str
    source_kind: str
    source_id: uuid.UUID
    reverses_id: int | None
    reversed_by_id: int | None
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True)
class StatementRow:
    """One entry of an account and the balance after it, both signed: debit positive."""

    transaction_id: int
    transaction_public_id: uuid.UUID
    ordinal: int
    at: datetime
    posted_date: date
    text: str
    source_kind: str
    source_id: uuid.UUID
    amount: Money
    balance: Money


@dataclass(frozen=True)
class Statement:
    """An account's entries of a stretch of days; opening plus all amounts is the closing balance."""

    account: AccountRow
    opening: Money
    rows: tuple[StatementRow, ...]
    closing: Money


@dataclass(frozen=True)
class BalanceFault:
    """An account whose kept balance is not the sum of its entries, or whose entries were not all counted."""

    account_id: int
    kept: Decimal
    summed: Decimal
    kept_entries: int
    counted_entries: int
