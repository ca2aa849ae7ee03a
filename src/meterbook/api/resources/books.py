"""The books: accounts of the ledger, transactions, statements, and the trial balance."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Query, Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.ledger import permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.ledger import values as ledger_values

router = Router(tags=["Ledger"])
FirstDay = Annotated[values.DayGiven | None, Query(alias="from", description="The first day.")]
UntilDay = Annotated[values.DayGiven | None, Query(description="The first day that no longer belongs to it.")]


class LedgerAccount(values.Told):
    """An account of the books; a balance above zero is a debit."""

    id: uuid.UUID
    code: str
    name: str
    kind: ledger_values.AccountKind
    currency: str
    balance: values.Money


class LedgerEntry(values.Told):
    """One debit (above zero) or credit (below) of a transaction."""

    account_code: str
    account_name: str
    amount: values.Money


class Transaction(values.Told):
    """A transaction: its entries sum to zero. `source` is the object that caused it, such as a bill."""

    id: uuid.UUID
    key: str
    at: values.InstantTold
    posted_at: values.InstantTold
    posted_date: date
    text: str
    source_kind: str
    source: uuid.UUID
    is_reversal: bool
    is_reversed: bool
    entries: list[LedgerEntry]


class StatementLine(values.Told):
    """One entry of an account, and the balance after it."""

    transaction: uuid.UUID
    posted_date: date
    at: values.InstantTold
    text: str
    source_kind: str
    source: uuid.UUID
    amount: values.Money
    balance: values.Money


class Statement(values.Told):
    """An account's entries of some days: `opening` and all amounts together are `closing`."""

    opening: values.Money
    lines: list[StatementLine]
    closing: values.Money


class TrialBalance(values.Told):
    """The sum of all entries by currency: every figure is zero, or the books are wrong."""

    sums: list[values.Money]


@endpoint(
    router,
    "GET",
    "/ledger/accounts",
    permission=permissions.VIEW_LEDGER,
    module=Module.BILLING,
    answers=paging.Page[LedgerAccount],
)
def list_ledger_accounts(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[LedgerAccount]:
    """This will return the accounts of the books with their balances."""
    rows = ledger_queries.list_accounts()
    balances = ledger_queries.balances([each.id for each in rows])
    return paging.cut(
        request,
        rows,
        key=lambda each: each.id,
        cursor=cursor,
        limit=limit,
        tell=lambda each: LedgerAccount(
            id=each.public_id,
            code=each.code,
            name=each.name,
            kind=each.kind,
            currency=each.currency,
            balance=values.money(balances[each.id]),
        ),
    )


@endpoint(
    router,
    "GET",
    "/ledger/accounts/{uuid:ledger_account}/statement",
    permission=permissions.VIEW_LEDGER,
    module=Module.BILLING,
    answers=Statement,
)
def get_ledger_statement(
    request: entry.Request, ledger_account: uuid.UUID, since: FirstDay = None, until: UntilDay = None
) -> Statement:
    """This will return the entries of an account of the books on the days [from, until)."""
    return told_statement(_find(ledger_account).id, since, until)


@endpoint(
    router,
    "GET",
    "/ledger/transactions",
    permission=permissions.VIEW_LEDGER,
    module=Module.BILLING,
    answers=paging.Page[Transaction],
)
def list_transactions(
    request: entry.Request,
    ledger_account: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[Transaction]:
    """This will return transactions in the order of posting, of all accounts or of one."""
    rows = ledger_queries.transactions_after(
        after_id=paging.after(request, cursor),
        limit=limit + 1,
        account_id=_find(ledger_account).id if ledger_account else None,
    )
    return paging.page(request, [(each.id, each) for each in rows], limit, _transaction)


@endpoint(
    router,
    "GET",
    "/ledger/transactions/{uuid:transaction}",
    permission=permissions.VIEW_LEDGER,
    module=Module.BILLING,
    answers=Transaction,
)
def get_transaction(request: entry.Request, transaction: uuid.UUID) -> Transaction:
    """This will return one transaction with its entries."""
    return _transaction(ledger_queries.find_transaction(public_id=transaction))


@endpoint(
    router,
    "GET",
    "/ledger/trial-balance",
    permission=permissions.VIEW_LEDGER,
    module=Module.BILLING,
    answers=TrialBalance,
)
def get_trial_balance(request: entry.Request) -> TrialBalance:
    """This will return the sum of all entries by currency."""
    return TrialBalance(sums=[values.money(each) for each in ledger_queries.trial_balance().values()])


def told_statement(account_id: int, since: date | None, until: date | None) -> Statement:
    """This will tell the entries of an account on the days [since, until).

    :raises problems.Problem: when the days are not in order
    """
    if since is not None and until is not None and not since < until:
        raise problems.invalid("/query/until", _("The end must lie after the start."))
    found = ledger_queries.statement(account_id, starts_on=since, ends_on=until)
    lines = [
        StatementLine(
            transaction=each.transaction_public_id,
            posted_date=each.posted_date,
            at=values.instant(each.at),
            text=each.text,
            source_kind=each.source_kind,
            source=each.source_id,
            amount=values.money(each.amount),
            balance=values.money(each.balance),
        )
        for each in found.rows
    ]
    return Statement(opening=values.money(found.opening), lines=lines, closing=values.money(found.closing))


def _find(public_id: uuid.UUID) -> ledger_values.AccountRow:
    found = next((each for each in ledger_queries.list_accounts() if each.public_id == public_id), None)
    if found is None:
        raise problems.not_found()
    return found


def _transaction(row: ledger_values.TransactionRow) -> Transaction:
    return Transaction(
        id=row.public_id,
        key=row.key,
        at=values.instant(row.at),
        posted_at=values.instant(row.posted_at),
        posted_date=row.posted_date,
        text=row.text,
        source_kind=row.source_kind,
        source=row.source_id,
        is_reversal=row.reverses_id is not None,
        is_reversed=row.reversed_by_id is not None,
        entries=[
            LedgerEntry(
                account_code=each.account_code, account_name=each.account_name, amount=values.money(each.amount)
            )
            for each in row.entries
        ],
    )
