"""What may be asked for: never what is disputed under protection, never less than what is not disputed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.arrears import asking
from meterbook.arrears.asking import Claim, what_is_asked
from meterbook.kernel.money import Money


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.spec("B-79")
@pytest.mark.spec("M-090/1")
def test_the_disputed_part_is_not_asked_for_and_the_rest_stays_due() -> None:
    found = what_is_asked(euros("100.00"), [Claim(euros("30.00"), is_protected=True)])

    assert (found.owed, found.withheld, found.asked) == (euros("100.00"), euros("30.00"), euros("70.00"))
    assert found.is_disputed


@pytest.mark.spec("B-79")
@pytest.mark.spec("M-090/1")
def test_what_is_disputed_beyond_the_rules_is_asked_for_all_the_same() -> None:
    claims = [Claim(euros("30.00"), is_protected=True), Claim(euros("50.00"), is_protected=False)]

    found = what_is_asked(euros("100.00"), claims)

    assert (found.withheld, found.unprotected, found.asked) == (euros("30.00"), euros("50.00"), euros("70.00"))


def test_who_paid_or_has_a_credit_has_nothing_withheld() -> None:
    claim = Claim(euros("30.00"), is_protected=True)

    assert what_is_asked(euros("-5.00"), [claim]).asked == euros("0")
    assert what_is_asked(euros("20.00"), [claim]).asked == euros("0")
    assert not what_is_asked(euros("20.00"), []).is_disputed


@given(
    balance=st.decimals(-1000, 1000, places=2),
    claims=st.lists(st.tuples(st.decimals(0, 500, places=2), st.booleans()), max_size=6),
)
def test_withheld_and_asked_are_what_is_owed(balance: Decimal, claims: list[tuple[Decimal, bool]]) -> None:
    found = what_is_asked(
        Money(balance, "EUR"), [Claim(Money(amount, "EUR"), is_protected=kept) for amount, kept in claims]
    )

    assert found.withheld + found.asked == found.owed
    assert min(found.withheld.amount, found.asked.amount, found.unprotected.amount) >= 0
    assert found.asked.amount >= found.owed.amount - sum(amount for amount, kept in claims if kept)


def test_what_is_paid_settles_the_oldest_bills_first() -> None:
    bills = [("3", Decimal("50.00")), ("credit", Decimal("-9.00")), ("2", Decimal("100.00")), ("1", Decimal("80.00"))]

    assert asking.unpaid(Decimal("50.00"), bills) == {"3"}
    assert asking.unpaid(Decimal("50.01"), bills) == {"3", "2"}
    assert asking.unpaid(Decimal(0), bills) == set()
