"""What the database refuses, whoever asks: the application, and the owner of the tables with plain SQL."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.ledger import books, models, posting, queries
from tests.factories import identity, ledger

_numbers = itertools.count(1)
TABLES = ("ledger_ledgeraccount", "ledger_ledgertransaction", "ledger_ledgerentry", "ledger_balance")


INSERT_TRANSACTION = """
INSERT INTO ledger_ledgertransaction (public_id, organization_id, key, input_digest, at, posted_at, posted_date, text,
        source_kind, source_id, gives_money_away, reverses_id, entry_count)
    VALUES (%s, %s, %s, '', now(), now(), '2026-03-01', 'x', 'x', %s, false, %s, %s) RETURNING id
"""
INSERT_ENTRIES = """
INSERT INTO ledger_ledgerentry (transaction_id, ordinal, organization_id, account_id, amount, currency, posted_date)
    SELECT {id}, e.ordinal, %s, e.account, e.amount, e.currency, %s
    FROM {source} (VALUES (%s, %s::bigint, %s::numeric, %s), (%s, %s, %s, %s)) AS e (ordinal, account, amount, currency)
"""


class Sql:
    """Plain SQL as the owner of the tables, in one transaction."""

    def __init__(self, cursor: CursorWrapper, organization: identity_models.Organization) -> None:
        self.cursor, self.organization = cursor, organization

    def transaction(self, count: int = 2, *, reverses: int | None = None) -> None:
        self.cursor.execute(INSERT_TRANSACTION, self._of_transaction(count, reverses))

    def entries(self, transaction_id: int, *rows: tuple[int, models.LedgerAccount, str]) -> None:
        query = INSERT_ENTRIES.format(id="%s", source="")
        self.cursor.execute(query, [transaction_id, *self._of_entries(rows, ("EUR", "EUR"), 1)])

    def both(
        self,
        *rows: tuple[int, models.LedgerAccount, str],
        count: int = 2,
        reverses: int | None = None,
        currencies: tuple[str, str] = ("EUR", "EUR"),
        day: int = 1,
    ) -> int:
        query = f"WITH made AS ({INSERT_TRANSACTION}) {INSERT_ENTRIES} RETURNING transaction_id"
        self.cursor.execute(
            query.format(id="made.id", source="made,"),
            [*self._of_transaction(count, reverses), *self._of_entries(rows, currencies, day)],
        )
        return int(self.cursor.fetchone()[0])

    def _of_transaction(self, count: int, reverses: int | None) -> list[Any]:
        return [uuid.uuid4(), self.organization.id, f"raw {next(_numbers)}", uuid.uuid4(), reverses, count]

    def _of_entries(
        self, rows: tuple[tuple[int, models.LedgerAccount, str], ...], currencies: tuple[str, str], day: int
    ) -> list[Any]:
        values = [
            field
            for (ordinal, account, amount), currency in zip(rows, currencies, strict=True)
            for field in (ordinal, account.pk, amount, currency)
        ]
        return [self.organization.id, f"2026-03-{day:02}", *values]


@contextmanager
def owner(organization: identity_models.Organization) -> Iterator[Sql]:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        yield Sql(cursor, organization)


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def pair(organization: identity_models.Organization) -> tuple[models.LedgerAccount, models.LedgerAccount]:
    return ledger.account(organization=organization), ledger.account(organization=organization)


Pair = tuple[models.LedgerAccount, models.LedgerAccount]


@pytest.fixture(autouse=True)
def _sound(organization: identity_models.Organization) -> Iterator[None]:
    """Whatever was tried, the books are right afterwards."""
    yield
    with scoping.scope([organization.id], actor=identity.ACTOR):
        assert queries.verify_balances() == []
        assert not any(queries.trial_balance().values())


class TestTransactionOfTheOwner:
    def test_is_taken_when_all_is_right(self, organization: identity_models.Organization, pair: Pair) -> None:
        with owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, pair[1], "-5"))

        with scoping.scope([organization.id], actor=identity.ACTOR):
            assert str(queries.balance(pair[0].pk)) == "5.00 EUR"

    def test_is_refused_unbalanced(self, organization: identity_models.Organization, pair: Pair) -> None:
        with pytest.raises(DatabaseError, match="do not sum to zero"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, pair[1], "-4.99"))

    def test_is_refused_balanced_over_two_currencies(
        self, organization: identity_models.Organization, pair: Pair
    ) -> None:
        dollar = ledger.account(organization=organization, currency="USD")

        with pytest.raises(DatabaseError, match="do not sum to zero"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, dollar, "-5"), currencies=("EUR", "USD"))

    def test_is_refused_with_not_a_number(self, organization: identity_models.Organization, pair: Pair) -> None:
        with pytest.raises(DatabaseError, match="do not sum to zero"), owner(organization) as sql:
            sql.both((1, pair[0], "NaN"), (2, pair[1], "NaN"))

    def test_is_refused_with_a_zero(self, organization: identity_models.Organization, pair: Pair) -> None:
        with pytest.raises(DatabaseError, match="ledger_entry_not_zero"), owner(organization) as sql:
            sql.both((1, pair[0], "0"), (2, pair[1], "0"))

    def test_is_refused_without_entries(self, organization: identity_models.Organization) -> None:
        with pytest.raises(DatabaseError, match="has no entries"), owner(organization) as sql:
            sql.transaction()

    def test_is_refused_with_fewer_entries_than_it_says(
        self, organization: identity_models.Organization, pair: Pair
    ) -> None:
        with pytest.raises(DatabaseError, match="not all of its entries"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, pair[1], "-5"), count=3)

    def test_is_refused_with_another_date_than_its_entries(
        self, organization: identity_models.Organization, pair: Pair
    ) -> None:
        with pytest.raises(DatabaseError, match="or not of its organization and date"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, pair[1], "-5"), day=2)

    def test_is_refused_in_another_currency_than_its_accounts(
        self, organization: identity_models.Organization, pair: Pair
    ) -> None:
        with pytest.raises(DatabaseError, match="2 of 2 accounts are unknown here"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, pair[1], "-5"), currencies=("USD", "USD"))

    def test_is_refused_finer_than_its_currency(self, organization: identity_models.Organization, pair: Pair) -> None:
        with pytest.raises(DatabaseError, match="cannot hold so many decimals"), owner(organization) as sql:
            sql.both((1, pair[0], "5.001"), (2, pair[1], "-5.001"))

    def test_is_refused_with_an_account_of_another_organization(
        self, organization: identity_models.Organization, pair: Pair
    ) -> None:
        foreign = ledger.account(organization=identity.organization())

        with pytest.raises(DatabaseError, match="1 of 2 accounts are unknown here"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, foreign, "-5"))


class TestEntriesAddedLater:
    def test_are_refused_after_the_commit(self, organization: identity_models.Organization, pair: Pair) -> None:
        posted = ledger.post((pair[0], "5.00"), (pair[1], "-5.00"))

        with pytest.raises(DatabaseError, match="duplicate key"), owner(organization) as sql:
            sql.entries(posted.id, (1, pair[0], "5"), (2, pair[1], "-5"))
        with pytest.raises(DatabaseError, match="not all of its entries"), owner(organization) as sql:
            sql.entries(posted.id, (3, pair[0], "5"), (4, pair[1], "-5"))

    def test_are_refused_in_a_second_statement(self, organization: identity_models.Organization, pair: Pair) -> None:
        with owner(organization) as sql:
            number = sql.both((1, pair[0], "5"), (2, pair[1], "-5"))

            with pytest.raises(DatabaseError, match="not all of its entries"), transaction.atomic(using="owner"):
                sql.entries(number, (3, pair[0], "5"), (4, pair[1], "-5"))
            with pytest.raises(DatabaseError, match="duplicate key"), transaction.atomic(using="owner"):
                sql.entries(number, (1, pair[0], "5"), (2, pair[1], "-5"))

    def test_are_refused_without_a_transaction(self, organization: identity_models.Organization, pair: Pair) -> None:
        with pytest.raises(DatabaseError, match="not all of its entries"), owner(organization) as sql:
            sql.entries(2**60, (1, pair[0], "5"), (2, pair[1], "-5"))


class TestReversalOfTheOwner:
    def test_is_refused_when_it_is_no_mirror(self, organization: identity_models.Organization, pair: Pair) -> None:
        posted = ledger.post((pair[0], "5.00"), (pair[1], "-5.00"))

        with pytest.raises(DatabaseError, match="does not undo"), owner(organization) as sql:
            sql.both((1, pair[0], "-4"), (2, pair[1], "4"), reverses=posted.id)

    def test_is_refused_for_a_reversal(self, organization: identity_models.Organization, pair: Pair) -> None:
        posted = ledger.post((pair[0], "5.00"), (pair[1], "-5.00"))
        with owner(organization) as sql:
            undone = sql.both((1, pair[0], "-5"), (2, pair[1], "5"), reverses=posted.id)

        with pytest.raises(DatabaseError, match="does not undo"), owner(organization) as sql:
            sql.both((1, pair[0], "5"), (2, pair[1], "-5"), reverses=undone)

    def test_is_refused_for_a_foreign_transaction(self, organization: identity_models.Organization, pair: Pair) -> None:
        other = identity.organization()
        posted = ledger.post(*((ledger.account(organization=other), amount) for amount in ("5.00", "-5.00")))

        with pytest.raises(DatabaseError, match="does not undo"), owner(organization) as sql:
            sql.both((1, pair[0], "-5"), (2, pair[1], "5"), reverses=posted.id)


class TestChangesByTheOwner:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_ledgerentry SET amount = -amount WHERE organization_id = %s",
            "DELETE FROM ledger_ledgerentry WHERE organization_id = %s",
            "UPDATE ledger_ledgertransaction SET text = 'y' WHERE organization_id = %s",
            "DELETE FROM ledger_ledgertransaction WHERE organization_id = %s",
            "UPDATE ledger_ledgeraccount SET currency = 'USD' WHERE organization_id = %s",
            "UPDATE ledger_ledgeraccount SET name = 'y' WHERE organization_id = %s",
            "UPDATE ledger_ledgeraccount SET name = code, currency = 'USD' WHERE organization_id = %s",
            "DELETE FROM ledger_ledgeraccount WHERE organization_id = %s",
            "UPDATE ledger_balance SET amount = 0 WHERE organization_id = %s",
            "DELETE FROM ledger_balance WHERE organization_id = %s",
        ],
    )
    def test_are_refused(self, organization: identity_models.Organization, pair: Pair, statement: str) -> None:
        ledger.post((pair[0], "5.00"), (pair[1], "-5.00"))

        with pytest.raises(DatabaseError, match="never changed or removed"), owner(organization) as sql:
            sql.cursor.execute(statement, [organization.id])

    @pytest.mark.parametrize("table", TABLES)
    def test_are_refused_as_truncate(self, organization: identity_models.Organization, table: str) -> None:
        with pytest.raises(DatabaseError, match="never changed or removed"), owner(organization) as sql:
            sql.cursor.execute(f"TRUNCATE {table} CASCADE")


class TestApplication:
    @pytest.mark.parametrize("table", TABLES)
    def test_may_not_change_anything(self, organization: identity_models.Organization, table: str) -> None:
        for statement in ("UPDATE {} SET organization_id = 1", "DELETE FROM {}", "TRUNCATE {}"):
            with (
                pytest.raises(DatabaseError, match="permission denied"),
                scoping.scope([organization.id], actor=identity.ACTOR),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement.format(table))

    def test_sees_nothing_of_another_organization(self, organization: identity_models.Organization, pair: Pair) -> None:
        ledger.post((pair[0], "5.00"), (pair[1], "-5.00"))

        kinds = (models.LedgerAccount, models.LedgerTransaction, models.LedgerEntry, models.Balance)
        with scoping.scope([identity.organization().id], actor=identity.ACTOR):
            seen = [kind.objects.filter(organization_id=organization.id).count() for kind in kinds]

        assert seen == [0, 0, 0, 0]

    def test_may_not_post_for_another_organization(
        self, organization: identity_models.Organization, pair: Pair
    ) -> None:
        lot = posting.lot_of(ledger.plan((pair[0], "5.00"), (pair[1], "-5.00")))

        with (
            scoping.scope([identity.organization().id], actor=identity.ACTOR),
            pytest.raises(DatabaseError, match="row-level security"),
            transaction.atomic(),
        ):
            books.write(organization.id, ledger.AT, [lot])
