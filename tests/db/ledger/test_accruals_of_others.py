"""A cost that is accrued by the month and settled by the real bill, as another ledger posts it (its own example)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meterbook.foundation import scoping
from meterbook.ledger import models, queries, values
from tests.factories import identity, ledger
from tests.support.golden import Case, cases

SIDES = {
    values.AccountKind.ASSET: 1,
    values.AccountKind.EXPENSE: 1,
    values.AccountKind.LIABILITY: -1,
    values.AccountKind.INCOME: -1,
}


@pytest.mark.parametrize("case", cases("ledger_accrual"), ids=str)
def test_a_cost_accrues_and_the_real_bill_settles_it(case: Case) -> None:
    given = case.inputs
    owner = identity.organization()
    made = {
        code: ledger.account(organization=owner, kind=kind, currency=given["currency"], code=code)
        for code, kind in (
            ("cash", values.AccountKind.ASSET),
            ("expense", values.AccountKind.EXPENSE),
            ("payable", values.AccountKind.LIABILITY),
        )
    }

    for _month in range(given["months"]):
        monthly = given["monthly_accrual"]
        ledger.post((made["expense"], monthly), (made["payable"], f"-{monthly}"))
        assert_balanced(owner.pk, made)
    ledger.post((made["payable"], given["payment"]), (made["cash"], f"-{given['payment']}"))

    held = assert_balanced(owner.pk, made)
    assert held == {code: Decimal(case.expected[code]) for code in made}


def assert_balanced(owner: int, made: dict[str, models.LedgerAccount]) -> dict[str, Decimal]:
    """Assets are liabilities and income less expenses; what each account holds on its side is returned."""
    with scoping.scope([owner], actor=identity.ACTOR):
        held = {
            code: queries.balance(account_id=account.pk).amount * SIDES[values.AccountKind(account.kind)]
            for code, account in made.items()
        }
        assert queries.verify_balances() == []
    assert held["cash"] == held["payable"] - held["expense"]
    return held
