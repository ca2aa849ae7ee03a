"""Banks of credits for energy fed in, as another system reckons them (tests/golden/billing_cases.json)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from meterbook.tariffs.rating.inputs import Banked
from tests.support import banks
from tests.support.golden import Case, cases

BANK = {"code": "bank", "name": "Bank", "charge": "CREDIT_BANK"}


def energy(code: str, price: str, **more: str) -> dict[str, Any]:
    return {"code": code, "name": code, "charge": "ENERGY", "price": price, **more}


@pytest.mark.parametrize("case", cases("credit_bank"), ids=str)
def test_credits_pay_charges_and_the_rest_waits(case: Case) -> None:
    given, expected = case.inputs, {key: Decimal(value) for key, value in case.expected.items()}
    charges = [
        energy("energy", given["charges"]),
        energy("sun", f"-{given['earned']}", channel="EXPORT"),
        {**BANK, "bank": {}},
    ]

    rated = banks.month(charges, "1", "1", held={"bank": Banked(Decimal(given["opening"]))})

    told = banks.told(rated, "bank")
    assert (told["applied"], told["closing"]) == (expected["applied"], expected["closing"])
    assert banks.due(rated) == expected["cash_due"]


@pytest.mark.parametrize("case", cases("annual_trueup"), ids=str)
def test_a_year_is_settled(case: Case) -> None:
    """The bill that ends the year has no energy of its own; eleven before it used and fed in what the case says."""
    given, expected = case.inputs, {key: Decimal(value) for key, value in case.expected.items()}
    terms = {"year": "02-01", "at_year_end": "CASH_OUT", "cash_out": given["surplus_rate"]}
    charges = [energy("energy", "0"), energy("sun", "0", channel="EXPORT"), {**BANK, "bank": terms}]
    before = Banked(
        balance=Decimal(given["balance"]),
        imported=Decimal(given["imported_kwh"]),
        exported=Decimal(given["exported_kwh"]),
        earned=Decimal(given["credit_earned"]),
    )

    rated = banks.month(charges, "0", "0", held={"bank": before})

    paid = [line for line in rated.lines if line.code == "bank.paid"]
    assert -sum((line.amount for line in paid), Decimal(0)) == expected["cash_out"]
    assert all(Decimal(line.trace["bank_paid"]["surplus"]) == expected["surplus_kwh"] for line in paid)
    assert banks.left(rated)["bank"].balance == expected["closing_balance"]
    # What the bank did not hold of the credits taken back was taken off the payment.
    absorbed = banks.told(rated, "bank").get("reversed", Decimal(0))
    worth = expected["surplus_kwh"] * Decimal(given["surplus_rate"])
    assert max(worth - (expected["reversal"] - absorbed), Decimal(0)) == expected["cash_out"]


@pytest.mark.parametrize("case", cases("credit_scope"), ids=str)
def test_what_no_credit_reduces(case: Case) -> None:
    """Charges that the bank does not name are due, however much it holds."""
    listed = case.inputs["non_offsettable"]
    fixed = [
        {"code": f"fixed-{index}", "name": "Fixed", "charge": "FIXED_PERIOD", "price": price}
        for index, price in enumerate(listed)
    ]
    sun = energy("sun", "-10", channel="EXPORT")
    named = {**BANK, "components": ["energy", "sun"], "bank": {}}

    rated = banks.month([energy("energy", "5"), sun, *fixed, named], "1", "1")

    assert banks.due(rated) == Decimal(case.expected["non_offsettable_total"])
    assert banks.left(rated)["bank"].balance == Decimal("5.00")
