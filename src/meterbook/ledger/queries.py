"""Reads of the ledger; each needs a running scope of one organization."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from meterbook.foundation import scoping
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel.money import Money
from meterbook.ledger import models, values


class AccountNotFound(LookupError):
    """There is no such ledger account in this organization."""


class TransactionNotFound(LookupError):
    """There is no such transaction in this organization."""


def get_account(account_id: int) -> values.AccountRow:
    """This will return one account.

    :raises AccountNotFound: when it is not there or belongs to another organization
    """
    found = _accounts().filter(pk=account_id).first()
    if found is None:
        raise AccountNotFound(AccountNotFound.__doc__)
    return _account_row(found)


def find_account(code: str) -> values.AccountRow | None:
    """This will return the account with a code, or None."""
    found = _accounts().filter(code=code).first()
    return None if found is None else _account_row(found)


def list_accounts(*, kinds: Iterable[values.AccountKind] = tuple(values.AccountKind)) -> list[values.AccountRow]:
    """This will return the accounts of these kinds, by code."""
    return [_account_row(each) for each in _accounts().filter(kind__in=list(kinds)).order_by("code", "id")]


def balance(account_id: int) -> Money:
    """This will return the signed balance of an account: what is owed to us is positive, what we owe negative.

    :raises AccountNotFound: when it is not there or belongs to another organization
    """
    found = balances([account_id])
    if account_id not in found:
        raise AccountNotFound(AccountNotFound.__doc__)
    return found[account_id]


def balances(account_ids: Iterable[int]) -> dict[int, Money]:
    """This will return the signed balances of many accounts in one query; unknown ones are left out."""
    rows = models.Balance.objects.filter(
        organization_id=scoping.current().organization_id, account_id__in=list(account_ids)
    )
    summed = rows.values_list("account_id", "account__currency").annotate(amount=Sum("amount"))
    return {account_id: _money(amount, currency) for account_id, currency, amount in summed.order_by("account_id")}


def statement(account_id: int, *, starts_on: date | None = None, ends_on: date | None = None) -> values.Statement:
    """This will return an account's entries with posted dates in [starts_on, ends_on), each with the balance after it.

    Ordered by posted date, then as posted; an entry posted later with an earlier date takes its place by date.

    :raises AccountNotFound: when it is not there or belongs to another organization
    """
    account = get_account(account_id)
    entries = models.LedgerEntry.objects.filter(
        organization_id=scoping.current().organization_id, account_id=account_id
    )
    opening = Money.zero(account.currency)
    if starts_on is not None:
        before = entries.filter(posted_date__lt=starts_on).aggregate(amount=Sum("amount"))["amount"]
        opening = _money(before or Decimal(0), account.currency)
        entries = entries.filter(posted_date__gte=starts_on)
    if ends_on is not None:
        entries = entries.filter(posted_date__lt=ends_on)
    running, rows = opening, []
    for entry in entries.select_related("transaction").order_by("posted_date", "transaction_id", "ordinal"):
        amount = _money(entry.amount, account.currency)
        running += amount
        rows.append(_statement_row(entry, amount, running))
    return values.Statement(account=account, opening=opening, rows=tuple(rows), closing=running)


def balance_before(account_id: int, *, transaction_id: int) -> Money:
    """This will return what an account's entries of earlier transactions sum to; it never changes once posted.

    Transactions are numbered as they are posted, and an account's entries are posted one after the other.

    :raises AccountNotFound: when it is not there or belongs to another organization
    """
    account = get_account(account_id)
    entries = models.LedgerEntry.objects.filter(
        organization_id=scoping.current().organization_id, account_id=account_id, transaction_id__lt=transaction_id
    )
    return _money(entries.aggregate(amount=Sum("amount"))["amount"] or Decimal(0), account.currency)


def find_transaction(*, public_id: uuid.UUID) -> values.TransactionRow:
    """This will return one transaction by its public id, with its entries.

    :raises TransactionNotFound: when it is not there or belongs to another organization
    """
    found = _transaction_rows(Q(public_id=public_id))
    if not found:
        raise TransactionNotFound(TransactionNotFound.__doc__)
    return found[0]


def get_transaction(transaction_id: int) -> values.TransactionRow:
    """This will return one transaction with its entries.

    :raises TransactionNotFound: when it is not there or belongs to another organization
    """
    found = _transaction_rows(Q(pk=transaction_id))
    if not found:
        raise TransactionNotFound(TransactionNotFound.__doc__)
    return found[0]


def list_transactions_of(source_id: uuid.UUID) -> list[values.TransactionRow]:
    """This will return the transactions that an object caused, such as a bill, in the order of posting."""
    return _transaction_rows(Q(source_id=source_id))


def transactions_after(*, after_id: int, limit: int, account_id: int | None = None) -> list[values.TransactionRow]:
    """This will return transactions in the order of posting, those behind an id; for programs.

    :param account_id: only those that touch this account
    """
    wanted = Q(pk__gt=after_id)
    if account_id is not None:
        touching = models.LedgerEntry.objects.filter(
            organization_id=scoping.current().organization_id, account_id=account_id
        )
        wanted &= Q(pk__in=touching.values("transaction_id"))
    found = models.LedgerTransaction.objects.filter(wanted, organization_id=scoping.current().organization_id)
    return _transaction_rows(Q(pk__in=list(found.order_by("pk").values_list("pk", flat=True)[:limit])))


def transactions_on(*, account_ids: Iterable[int], starts_on: date, ends_on: date) -> list[values.TransactionRow]:
    """This will return the transactions with posted dates in [starts_on, ends_on) that touch one of these accounts."""
    touching = models.LedgerEntry.objects.filter(
        organization_id=scoping.current().organization_id,
        account_id__in=list(account_ids),
        posted_date__gte=starts_on,
        posted_date__lt=ends_on,
    )
    return _transaction_rows(Q(pk__in=touching.values("transaction_id")))


def trial_balance() -> dict[str, Money]:
    """This will return the sum of all entries by currency: every figure is zero, or the books are wrong."""
    entries = models.LedgerEntry.objects.filter(organization_id=scoping.current().organization_id)
    summed = entries.values_list("currency").annotate(amount=Sum("amount")).order_by("currency")
    return {currency: _money(amount, currency) for currency, amount in summed}


def verify_balances() -> list[values.BalanceFault]:
    """This will compare every kept balance with the sum of its entries and return those that differ."""
    with connection.cursor() as cursor:
        cursor.execute(VERIFY, {"organization": scoping.current().organization_id})
        return [values.BalanceFault(*row) for row in cursor.fetchall()]


VERIFY = """
SELECT coalesce(kept.account_id, summed.account_id), coalesce(kept.amount, 0), coalesce(summed.amount, 0),
    coalesce(kept.entries, 0), coalesce(summed.entries, 0)
FROM (SELECT account_id, sum(amount) AS amount, sum(entry_count)::bigint AS entries FROM ledger_balance
      WHERE organization_id = %(organization)s GROUP BY account_id) AS kept
FULL JOIN (SELECT account_id, sum(amount) AS amount, count(*) AS entries FROM ledger_ledgerentry
      WHERE organization_id = %(organization)s GROUP BY account_id) AS summed ON summed.account_id = kept.account_id
WHERE (coalesce(kept.amount, 0), coalesce(kept.entries, 0))
    IS DISTINCT FROM (coalesce(summed.amount, 0), coalesce(summed.entries, 0))
ORDER BY 1
"""


def _accounts() -> QuerySet[models.LedgerAccount]:
    return models.LedgerAccount.objects.filter(organization_id=scoping.current().organization_id)


def _account_row(account: models.LedgerAccount) -> values.AccountRow:
    return values.AccountRow(
        id=account.pk,
        public_id=account.public_id,
        code=account.code,
        name=account.name,
        kind=values.AccountKind(account.kind),
        currency=account.currency,
        floor=None if account.floor is None else _money(account.floor, account.currency),
    )


def _transaction_rows(condition: Q) -> list[values.TransactionRow]:
    organization_id = scoping.current().organization_id
    found = list(models.LedgerTransaction.objects.filter(condition, organization_id=organization_id).order_by("id"))
    ids = [each.pk for each in found]
    entries: dict[int, list[values.EntryRow]] = {each: [] for each in ids}
    lines = models.LedgerEntry.objects.filter(organization_id=organization_id, transaction_id__in=ids)
    for entry in lines.select_related("account").order_by("transaction_id", "ordinal"):
        entries[entry.transaction_id].append(_entry_row(entry))
    undone = dict(
        models.LedgerTransaction.objects.filter(organization_id=organization_id, reverses_id__in=ids).values_list(
            "reverses_id", "id"
        )
    )
    return [_transaction_row(each, undone.get(each.pk), tuple(entries[each.pk])) for each in found]


def _transaction_row(
    row: models.LedgerTransaction, reversed_by_id: int | None, entries: tuple[values.EntryRow, ...]
) -> values.TransactionRow:
    return values.TransactionRow(
        id=row.pk,
        public_id=row.public_id,
        key=row.key,
        at=row.at,
        posted_at=row.posted_at,
        posted_date=row.posted_date,
        text=row.text,
        source_kind=row.source_kind,
        source_id=row.source_id,
        reverses_id=row.reverses_id,
        reversed_by_id=reversed_by_id,
        entries=entries,
    )


def _entry_row(entry: models.LedgerEntry) -> values.EntryRow:
    return values.EntryRow(
        ordinal=entry.ordinal,
        account_id=entry.account_id,
        account_code=entry.account.code,
        account_name=entry.account.name,
        amount=_money(entry.amount, entry.currency),
    )


def _statement_row(entry: models.LedgerEntry, amount: Money, running: Money) -> values.StatementRow:
    return values.StatementRow(
        transaction_id=entry.transaction_id,
        transaction_public_id=entry.transaction.public_id,
        ordinal=entry.ordinal,
        at=entry.transaction.at,
        posted_date=entry.posted_date,
        text=entry.transaction.text,
        source_kind=entry.transaction.source_kind,
        source_id=entry.transaction.source_id,
        amount=amount,
        balance=running,
    )


def _money(stored: Decimal, currency: str) -> Money:
    """Columns have four decimals; the amount gets those of its currency back, and nothing may be lost."""
    places = currencies.minor_units(currency)
    return Money(stored.quantize(Decimal(1).scaleb(-places), context=rounding.EXACT), currency)
