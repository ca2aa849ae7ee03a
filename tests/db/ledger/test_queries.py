"""Balances and statements."""

from __future__ import annotations

from datetime import date

import pytest

from meterbook.foundation import scoping
from meterbook.ledger import posting, queries
from meterbook.ledger.values import AccountKind
from tests.factories import identity, ledger


class TestStatement:
    def test_runs_from_opening_to_closing_by_posted_date(self) -> None:
        organization = identity.organization()
        owed = ledger.account(organization=organization)
        sold = ledger.account(organization=organization, kind=AccountKind.INCOME)
        days = {
            date(2026, 3, 31): ("10.00", "-10.00"),
            date(2026, 2, 28): ("3.00", "-3.00"),
            date(2026, 3, 1): ("-4.05", "4.05"),
            date(2026, 4, 1): ("1.00", "-1.00"),
        }
        plans = [ledger.plan((owed, mine), (sold, other), posted_date=day) for day, (mine, other) in days.items()]

        with scoping.scope([organization.id], actor=identity.ACTOR):
            posting.post_many(actor=identity.ACTOR, at=ledger.AT, plans=plans)
            found = queries.statement(owed.pk, starts_on=date(2026, 3, 1), ends_on=date(2026, 4, 1))
            whole = queries.statement(owed.pk)

        assert str(found.opening) == "3.00 EUR"
        assert [(str(row.amount), str(row.balance)) for row in found.rows] == [
            ("-4.05 EUR", "-1.05 EUR"),
            ("10.00 EUR", "8.95 EUR"),
        ]
        assert str(found.closing) == "8.95 EUR"
        assert (str(whole.opening), str(whole.closing), len(whole.rows)) == ("0.00 EUR", "9.95 EUR", 4)

    def test_of_a_foreign_account_is_not_found(self) -> None:
        account = ledger.account(organization=identity.organization())

        with scoping.scope([identity.organization().id], actor=identity.ACTOR):
            with pytest.raises(queries.AccountNotFound):
                queries.statement(account.pk)
            with pytest.raises(queries.AccountNotFound):
                queries.balance(account.pk)
            assert queries.balances([account.pk]) == {}


class TestTransactions:
    def test_are_found_by_what_caused_them(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        posted = ledger.post((owed, "1.00"), (sold, "-1.00"))

        with scoping.scope([organization.id], actor=identity.ACTOR):
            (found,) = queries.list_transactions_of(ledger.SOURCE)

        assert found.id == posted.id
        assert [(each.account_code, str(each.amount)) for each in found.entries] == [
            (owed.code, "1.00 EUR"),
            (sold.code, "-1.00 EUR"),
        ]


class TestAccounts:
    def test_are_listed_by_code_and_found_by_it(self) -> None:
        organization = identity.organization()
        second = ledger.account(organization=organization, code="2", kind=AccountKind.INCOME)
        first = ledger.account(organization=organization, code="1", floor="0.50")

        with scoping.scope([organization.id], actor=identity.ACTOR):
            listed = queries.list_accounts()
            income = queries.list_accounts(kinds=[AccountKind.INCOME])
            found, missing = queries.find_account("1"), queries.find_account("3")

        assert [each.id for each in listed] == [first.pk, second.pk]
        assert [each.id for each in income] == [second.pk]
        assert (found, missing) == (listed[0], None)
        assert str(listed[0].floor) == "0.50 EUR"
