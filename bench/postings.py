"""Entries a second posted in lots against bare COPY of the same rows, and single postings (`make bench-postings`).

Baseline: transactions and entries by COPY into tables with the same columns, keys, indexes and checks, without
triggers and row security, committed. Ours: `post_many` from plans to the commit: checks, digests, both tables,
balances, deferred check, audit. A lot is 2,500 transactions of 4 entries: account, revenue, two taxes. Singles are a
scope and a `post` each, one after the other, each committed.
"""

from __future__ import annotations

import gc
import itertools
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench import measure

if TYPE_CHECKING:
    from meterbook.ledger import posting

LOTS = 8
LOT = 2_500
ACCOUNTS = 10_000
SINGLES = 1_000
AT = datetime(2026, 4, 1, tzinfo=UTC)
DAY = date(2026, 4, 1)
RUNS = measure.PAIRS + 1

BARE = """
CREATE TABLE bench_transaction (LIKE ledger_ledgertransaction INCLUDING ALL);
CREATE TABLE bench_entry (LIKE ledger_ledgerentry INCLUDING ALL);
"""
COPY_TRANSACTIONS = """
COPY bench_transaction (id, public_id, organization_id, key, input_digest, at, posted_at, posted_date, text,
    source_kind, source_id, gives_money_away, reverses_id, entry_count) FROM STDIN
"""
COPY_ENTRIES = """
COPY bench_entry (transaction_id, ordinal, organization_id, account_id, amount, currency, posted_date) FROM STDIN
"""


def main() -> None:
    """This will print both rates."""
    with measure.database():
        organization_id, accounts, shared = _accounts()
        from django.db import connections

        with connections["owner"].cursor() as cursor:
            cursor.execute(BARE)
            cursor.execute("ANALYZE ledger_ledgeraccount; ANALYZE ledger_balance")
        numbers = itertools.count()
        lots = [[_plans(accounts, shared, numbers) for _ in range(LOTS)] for _ in range(RUNS)]
        rows = [[_rows(organization_id, plans) for plans in run] for run in lots]
        theirs, ours = iter(rows), iter(lots)
        gc.collect()
        gc.freeze()  # what waits to be posted is not the posting's garbage

        def copy() -> int:
            return sum(_copy(*lot) for lot in next(theirs))

        def post() -> int:
            return sum(_post_many(organization_id, plans) for plans in next(ours))

        copy(), post()  # caches and plans are there then
        pairs = measure.interleaved(copy, post)
        measure.report_pairs(
            "postings", "entries/s", pairs, against="COPY of the same transactions and entries", lot=LOT, entries=4
        )
        singles = _plans(accounts, shared, numbers)[:SINGLES]
        measure.report("postings-single", "transactions/s", measure.rate(lambda: _post(organization_id, singles)))
        _verify(organization_id)


def _accounts() -> tuple[int, list[int], list[int]]:
    """An organization with a receivable a customer, revenue and two taxes."""
    from meterbook.foundation import scoping
    from meterbook.ledger import models, values
    from tests.factories import identity, ledger

    organization = identity.organization()
    own: dict[str, Any] = {"organization_id": organization.pk, "name": "Bench", "currency": "EUR", "decimals": 2}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = models.LedgerAccount.objects.bulk_create(
            models.LedgerAccount(**own, code=f"R{number}", kind=values.AccountKind.ASSET) for number in range(ACCOUNTS)
        )
    shared = [ledger.account(organization=organization, is_control=True) for _ in range(3)]
    return organization.pk, [each.pk for each in made], [each.pk for each in shared]


def _plans(accounts: list[int], shared: list[int], numbers: itertools.count[int]) -> list[posting.TransactionPlan]:
    from meterbook.kernel.money import Money
    from meterbook.ledger import posting

    plans = []
    for number in itertools.islice(numbers, LOT):
        parts = [Money.from_minor(-each, "EUR") for each in (5_000 + number % 977, 1_050, 255)]
        owed = Money.from_minor(-sum(each.minor for each in parts), "EUR")
        plans.append(
            posting.TransactionPlan(
                key=f"bill:{number:08}",
                at=AT,
                posted_date=DAY,
                text=f"Bill 2026-{number:06}",
                source_kind="billing.bill",
                source_id=uuid.uuid4(),
                postings=(
                    posting.Posting(accounts[number % len(accounts)], owed),
                    *(posting.Posting(account, part) for account, part in zip(shared, parts, strict=True)),
                ),
            )
        )
    return plans


def _rows(
    organization_id: int, plans: list[posting.TransactionPlan]
) -> tuple[list[tuple[object, ...]], list[tuple[int, int, int, int, Decimal, str, date]]]:
    transactions: list[tuple[object, ...]] = []
    entries = []
    for plan in plans:
        number = int(plan.key[5:])
        words = (plan.text, plan.source_kind, plan.source_id, False, None, len(plan.postings))
        transactions.append((number, uuid.uuid4(), organization_id, plan.key, bytes(32), AT, AT, DAY, *words))
        entries += [
            (number, ordinal, organization_id, each.account_id, each.amount.amount, "EUR", DAY)
            for ordinal, each in enumerate(plan.postings, start=1)
        ]
    return transactions, entries


def _copy(transactions: list[tuple[object, ...]], entries: list[tuple[int, int, int, int, Decimal, str, date]]) -> int:
    from django.db import connections, transaction

    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for query, rows in ((COPY_TRANSACTIONS, transactions), (COPY_ENTRIES, entries)):
            with cursor.copy(query) as stream:
                for row in rows:
                    stream.write_row(row)
    return len(entries)


def _post_many(organization_id: int, plans: list[posting.TransactionPlan]) -> int:
    from meterbook.foundation import scoping
    from meterbook.ledger import posting
    from tests.factories import identity

    with scoping.scope([organization_id], actor=identity.ACTOR):
        posted = posting.post_many(actor=identity.ACTOR, at=AT, plans=plans)
    assert all(each.is_new for each in posted)
    return sum(len(each.postings) for each in plans)


def _post(organization_id: int, plans: list[posting.TransactionPlan]) -> int:
    from meterbook.foundation import scoping
    from meterbook.ledger import posting
    from tests.factories import identity

    for plan in plans:
        with scoping.scope([organization_id], actor=identity.ACTOR):
            posting.post(actor=identity.ACTOR, at=AT, plan=plan)
    return len(plans)


def _verify(organization_id: int) -> None:
    from meterbook.foundation import scoping
    from meterbook.ledger import queries
    from tests.factories import identity

    with scoping.scope([organization_id], actor=identity.ACTOR):
        assert queries.verify_balances() == []
        assert not any(queries.trial_balance().values())


if __name__ == "__main__":
    main()
