"""Posting stays linear: a query planned while the ledger was empty must serve a full one."""

from __future__ import annotations

import pytest
from django.db import connection

from meterbook.foundation import scoping
from meterbook.kernel.money import Money
from meterbook.ledger import models, posting
from tests.factories import identity, ledger

MANY = 400
FETCHED = """
SELECT sum(idx_tup_fetch) FROM pg_stat_xact_all_tables
WHERE relname IN ('ledger_balance', 'ledger_ledgertransaction', 'ledger_ledgerentry')
"""


def fetched() -> int:
    """Rows that this transaction fetched by an index."""
    with connection.cursor() as cursor:
        cursor.execute(FETCHED)
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("empty_database")
def test_a_plan_made_for_an_empty_ledger_reads_each_row_a_few_times_only() -> None:
    organization = identity.organization()
    first = [ledger.account(organization=organization) for _ in range(2)]
    with scoping.scope([organization.id], actor=identity.ACTOR):
        single = ledger.plan((first[0], "1.00"), (first[1], "-1.00"))
        for _ in range(2):
            posting.post(actor=identity.ACTOR, at=ledger.AT, plan=single)
        made = models.LedgerAccount.objects.bulk_create(
            models.LedgerAccount(
                organization_id=organization.id, code=f"M{n}", name="Many", kind="ASSET", currency="EUR", decimals=2
            )
            for n in range(MANY)
        )
        plans = [ledger.plan((each, "5.00"), (first[1], "-5.00")) for each in made]
        before = fetched()

        posting.post_many(actor=identity.ACTOR, at=ledger.AT, plans=plans)

        assert fetched() - before <= 5 * MANY + 50
        before = fetched()
        again = posting.post_many(actor=identity.ACTOR, at=ledger.AT, plans=plans)
        assert not any(each.is_new for each in again)
        assert fetched() - before <= 5 * MANY + 50
        balances = models.Balance.objects.filter(organization_id=organization.id, account__in=made)
        assert {Money(each.amount, "EUR") for each in balances} == {Money.of("5.00", "EUR")}
