"""Plans are checked before the database sees them; no database here."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.audit import chain
from meterbook.kernel import rounding
from meterbook.kernel.money import Money
from meterbook.ledger import posting
from meterbook.ledger.posting import Posting, TransactionPlan

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
AMOUNTS = st.integers(-(10**15), 10**15).filter(bool)


def plan(*postings: Posting) -> TransactionPlan:
    return TransactionPlan(
        key="bill 7",
        at=AT,
        posted_date=date(2026, 3, 1),
        text="Bill 2026-0001",
        source_kind="billing.bill",
        source_id=uuid.UUID(int=7),
        postings=postings,
    )


def sale() -> TransactionPlan:
    return plan(Posting(1, Money.of("12.10", "EUR")), Posting(2, Money.of("-12.10", "EUR")))


def digest(given: TransactionPlan) -> bytes:
    return posting.lot_of(given).digest


class TestBalancedPlan:
    @given(st.lists(AMOUNTS, min_size=1, max_size=8), st.sampled_from(["EUR", "JPY", "KWD"]))
    def test_is_accepted_when_the_last_posting_takes_the_rest(self, minors: list[int], currency: str) -> None:
        rest = -sum(minors)
        amounts = [*minors, rest] if rest else [*minors, 1, -1]

        lot = posting.lot_of(plan(*(Posting(1, Money.from_minor(each, currency)) for each in amounts)))

        assert sum(Money.of(text, unit).minor for _, text, unit in lot.entries) == 0

    @given(st.lists(AMOUNTS, min_size=2, max_size=8).filter(sum))
    def test_is_refused_when_off_by_anything(self, minors: list[int]) -> None:
        with pytest.raises(posting.PlanUnbalanced):
            posting.lot_of(plan(*(Posting(1, Money.from_minor(each, "EUR")) for each in minors)))

    def test_is_balanced_in_each_currency_by_itself(self) -> None:
        with pytest.raises(posting.PlanUnbalanced):
            posting.lot_of(plan(Posting(1, Money.of(5, "EUR")), Posting(2, Money.of(-5, "USD"))))


class TestIncompletePlan:
    @pytest.mark.parametrize(
        "made",
        [
            plan(),
            plan(Posting(1, Money.of(0, "EUR")), Posting(2, Money.of(0, "EUR"))),
            replace(sale(), key=""),
            replace(sale(), key="k" * 201),
            replace(sale(), text=""),
            replace(sale(), text="a\0b"),
            replace(sale(), source_kind=""),
        ],
    )
    def test_is_refused(self, made: TransactionPlan) -> None:
        with pytest.raises(posting.PlanIncomplete):
            posting.lot_of(made)

    @pytest.mark.parametrize(("amount", "currency"), [("0.001", "EUR"), ("0.1", "JPY"), ("0.0001", "KWD")])
    def test_is_refused_when_finer_than_the_currency(self, amount: str, currency: str) -> None:
        with pytest.raises(rounding.NotExact):
            posting.lot_of(plan(Posting(1, Money.of(amount, currency)), Posting(2, Money.of("-" + amount, currency))))


class TestDigest:
    def test_is_the_same_for_a_later_try_and_for_trailing_zeros(self) -> None:
        again = replace(
            sale(),
            at=AT + timedelta(hours=1),
            postings=(Posting(1, Money.of("12.1", "EUR")), Posting(2, Money.of("-12.100", "EUR"))),
        )

        assert digest(again) == digest(sale())

    def test_of_lots_is_the_one_of_the_audit(self) -> None:
        lots = [posting.lot_of(sale()), posting.lot_of(replace(sale(), key="bill 8"))]

        assert posting.digest_of_lots(lots) == chain.digest_of_rows([each.digest.hex() for each in lots])

    @pytest.mark.parametrize(
        "other",
        [
            replace(sale(), posted_date=date(2026, 3, 2)),
            replace(sale(), text="Bill 2026-0002"),
            replace(sale(), source_kind="billing.note"),
            replace(sale(), source_id=uuid.UUID(int=8)),
            replace(sale(), gives_money_away=True),
            replace(sale(), postings=sale().postings[::-1]),
            plan(Posting(1, Money.of("12.11", "EUR")), Posting(2, Money.of("-12.11", "EUR"))),
            plan(Posting(3, Money.of("12.10", "EUR")), Posting(2, Money.of("-12.10", "EUR"))),
            plan(Posting(1, Money.of("12.10", "USD")), Posting(2, Money.of("-12.10", "USD"))),
        ],
    )
    def test_differs_for_anything_else(self, other: TransactionPlan) -> None:
        assert digest(other) != digest(sale())
