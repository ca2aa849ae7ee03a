"""Posting through the operations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import CurrencyMismatch, Money
from meterbook.ledger import books, models, operations, posting, queries
from meterbook.ledger.values import AccountKind
from tests.factories import identity, ledger

PERSON = Actor.user(7, "Ada Fields")


def balance(account: models.LedgerAccount) -> Money:
    with scoping.scope([account.organization_id], actor=identity.ACTOR):
        assert queries.verify_balances() == []
        assert not any(queries.trial_balance().values())
        return queries.balance(account.pk)


def undo(posted: posting.PostedTransaction, key: str, *, posted_date: date | None = None) -> posting.PostedTransaction:
    """Reverses inside the running scope."""
    return posting.reverse(
        actor=PERSON, at=ledger.AT, transaction_id=posted.id, reason="Read twice", key=key, posted_date=posted_date
    )


class TestOpenAccount:
    def test_starts_at_nothing_in_its_currency(self) -> None:
        account = ledger.account(organization=identity.organization(), currency="KWD")

        assert str(balance(account)) == "0.000 KWD"

    def test_refuses_a_code_in_use(self) -> None:
        organization = identity.organization()
        ledger.account(organization=organization, code="1200")

        with pytest.raises(operations.AccountCodeTaken, match="1200"):
            ledger.account(organization=organization, code="1200")

    def test_refuses_a_floor_on_a_control_account(self) -> None:
        with pytest.raises(operations.FloorNotPossible):
            ledger.account(organization=identity.organization(), is_control=True, floor="0")

    def test_refuses_a_floor_of_another_currency(self) -> None:
        organization = identity.organization()

        with scoping.scope([organization.id], actor=PERSON), pytest.raises(CurrencyMismatch):
            operations.open_account(
                actor=PERSON,
                at=ledger.AT,
                code="till",
                name="Till",
                kind=AccountKind.ASSET,
                currency="EUR",
                floor=Money.of(0, "USD"),
            )


class TestPost:
    @pytest.mark.parametrize(("currency", "amount"), [("EUR", "12.10"), ("JPY", "1210"), ("KWD", "12.105")])
    def test_moves_both_balances(self, currency: str, amount: str) -> None:
        organization = identity.organization()
        owed = ledger.account(organization=organization, currency=currency)
        sold = ledger.account(organization=organization, currency=currency, kind=AccountKind.INCOME, is_control=True)

        ledger.post((owed, amount), (sold, "-" + amount))

        assert str(balance(owed)) == f"{amount} {currency}"
        assert str(balance(sold)) == f"-{amount} {currency}"

    def test_exchanges_through_an_account_of_each_currency(self) -> None:
        organization = identity.organization()
        euro, dollar, euro_clearing, dollar_clearing = (
            ledger.account(organization=organization, currency=each) for each in ("EUR", "USD", "EUR", "USD")
        )

        ledger.post((euro, "-10.00"), (euro_clearing, "10.00"), (dollar_clearing, "-11.00"), (dollar, "11.00"))

        assert balance(dollar) == Money.of("11.00", "USD")

    def test_answers_the_same_for_the_same_key_and_plan(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))

        first = ledger.post((owed, "1.00"), (sold, "-1.00"), key="once")
        second = ledger.post((owed, "1.00"), (sold, "-1.00"), key="once")

        assert (first.is_new, second.is_new) == (True, False)
        assert (first.id, first.public_id) == (second.id, second.public_id)
        assert balance(owed) == Money.of("1.00", "EUR")

    def test_refuses_the_same_key_for_another_plan(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        ledger.post((owed, "1.00"), (sold, "-1.00"), key="once")

        with pytest.raises(posting.IdempotencyConflict, match="once"):
            ledger.post((owed, "2.00"), (sold, "-2.00"), key="once")

        assert balance(owed) == Money.of("1.00", "EUR")

    def test_lets_two_organizations_use_the_same_key(self) -> None:
        for _ in range(2):
            organization = identity.organization()
            owed, sold = (ledger.account(organization=organization) for _ in range(2))

            assert ledger.post((owed, "1.00"), (sold, "-1.00"), key="shared").is_new

    def test_refuses_an_account_of_another_organization(self) -> None:
        own, foreign = (ledger.account(organization=identity.organization()) for _ in range(2))

        with pytest.raises(books.AccountNotPostable):
            ledger.post((own, "1.00"), (foreign, "-1.00"))

        assert not balance(own)
        assert not balance(foreign)

    def test_refuses_another_currency_than_the_account_has(self) -> None:
        organization = identity.organization()
        euro, other = (ledger.account(organization=organization) for _ in range(2))
        plan = ledger.plan((euro, "1.00"), (other, "-1.00"))
        dollars = tuple(replace(each, amount=Money(each.amount.amount, "USD")) for each in plan.postings)

        with scoping.scope([organization.id], actor=PERSON), pytest.raises(books.AccountNotPostable):
            posting.post(actor=PERSON, at=ledger.AT, plan=replace(plan, postings=dollars))

    def test_of_a_person_is_in_the_audit_and_of_the_system_is_not(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        ledger.post((owed, "1.00"), (sold, "-1.00"), key="by the system")

        with scoping.scope([organization.id], actor=PERSON):
            plan = ledger.plan((owed, "1.00"), (sold, "-1.00"), key="by a person")
            posting.post(actor=PERSON, at=ledger.AT, plan=plan)
            posting.post(actor=PERSON, at=ledger.AT, plan=plan)
            found = [each.subject_label for each in audit_queries.list_entries() if each.action == "ledger:post"]

        assert found == ["by a person"]


class TestPostMany:
    def test_answers_in_the_order_of_the_plans_and_skips_what_was_posted(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        ledger.post((owed, "2.00"), (sold, "-2.00"), key="b")
        plans = [
            ledger.plan((owed, f"{n}.00"), (sold, f"-{n}.00"), key=key) for n, key in ((3, "c"), (2, "b"), (1, "a"))
        ]

        with scoping.scope([organization.id], actor=PERSON):
            posted = posting.post_many(actor=PERSON, at=ledger.AT, plans=plans)
            again = posting.post_many(actor=PERSON, at=ledger.AT, plans=plans)
            rows = [each for each in audit_queries.list_entries() if each.action == "ledger:post_many"]

        assert [(each.key, each.is_new) for each in posted] == [("c", True), ("b", False), ("a", True)]
        assert [each.id for each in again] == [each.id for each in posted]
        assert [each.row_count for each in rows] == [2]
        assert balance(owed) == Money.of("6.00", "EUR")

    def test_posts_a_key_that_comes_twice_once(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        plan = ledger.plan((owed, "1.00"), (sold, "-1.00"))

        with scoping.scope([organization.id], actor=PERSON):
            posted = posting.post_many(actor=PERSON, at=ledger.AT, plans=[plan, plan])

        assert [each.is_new for each in posted] == [True, False]
        assert posted[0].id == posted[1].id
        assert balance(owed) == Money.of("1.00", "EUR")

    def test_posts_nothing_when_one_conflicts(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        ledger.post((owed, "2.00"), (sold, "-2.00"), key="b")
        plans = [ledger.plan((owed, "1.00"), (sold, "-1.00"), key=key) for key in ("a", "b")]

        with scoping.scope([organization.id], actor=PERSON), pytest.raises(posting.IdempotencyConflict):
            posting.post_many(actor=PERSON, at=ledger.AT, plans=plans)

        assert balance(owed) == Money.of("2.00", "EUR")

    def test_of_nothing_answers_nothing(self) -> None:
        organization = identity.organization()

        with scoping.scope([organization.id], actor=PERSON):
            assert posting.post_many(actor=PERSON, at=ledger.AT, plans=[]) == []


class TestReverse:
    def test_mirrors_once_and_keeps_both(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        posted = ledger.post((owed, "1.00"), (sold, "-1.00"))

        with scoping.scope([organization.id], actor=PERSON):
            undone = undo(posted, "undo")
            again = undo(posted, "undo", posted_date=date(2026, 4, 1))
            row, original = queries.get_transaction(undone.id), queries.get_transaction(posted.id)

        assert (undone.is_new, again.is_new, again.id) == (True, False, undone.id)
        assert [each.amount.amount for each in row.entries] == [Decimal("-1.00"), Decimal("1.00")]
        assert (row.reverses_id, original.reversed_by_id) == (posted.id, undone.id)
        assert not balance(owed)

    def test_is_refused_under_another_key(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        posted = ledger.post((owed, "1.00"), (sold, "-1.00"))

        with scoping.scope([organization.id], actor=PERSON):
            undo(posted, "undo")
            with pytest.raises(books.AlreadyReversed):
                undo(posted, "undo again")

        assert not balance(owed)

    def test_of_a_reversal_is_refused(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        posted = ledger.post((owed, "1.00"), (sold, "-1.00"))

        with scoping.scope([organization.id], actor=PERSON):
            undone = undo(posted, "undo")
            with pytest.raises(posting.NotReversible):
                undo(undone, "redo")

    def test_of_a_foreign_transaction_is_not_found(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        posted = ledger.post((owed, "1.00"), (sold, "-1.00"))

        with scoping.scope([identity.organization().id], actor=PERSON), pytest.raises(queries.TransactionNotFound):
            undo(posted, "undo")


class TestFloor:
    @pytest.mark.parametrize(("kind", "in_"), [(AccountKind.ASSET, "5.00"), (AccountKind.LIABILITY, "-5.00")])
    def test_holds_for_what_gives_money_away_and_for_nothing_else(self, kind: AccountKind, in_: str) -> None:
        organization = identity.organization()
        held = ledger.account(organization=organization, kind=kind, floor="0")
        bank = ledger.account(organization=organization)
        out = str(-Decimal(in_) * 2)
        ledger.post((held, in_), (bank, str(-Decimal(in_))))

        with pytest.raises(books.FloorReached):
            ledger.post((held, out), (bank, str(-Decimal(out))), gives_money_away=True)
        ledger.post((held, out), (bank, str(-Decimal(out))))

        assert balance(held) == Money.of(str(-Decimal(in_)), "EUR")

    def test_does_not_hinder_the_receiver(self) -> None:
        organization = identity.organization()
        giver, receiver = (ledger.account(organization=organization, floor="0") for _ in range(2))
        bank = ledger.account(organization=organization)
        ledger.post((giver, "5.00"), (receiver, "-50.00"), (bank, "45.00"))

        ledger.post((giver, "-5.00"), (receiver, "5.00"), gives_money_away=True)

        assert balance(receiver) == Money.of("-45.00", "EUR")
