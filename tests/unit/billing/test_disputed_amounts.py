"""Lines of a bill that may be disputed, shared costs among them, and what is disputed with its taxes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing.operations import disputing
from meterbook.web.disputes import forms

ENERGY = {"amount": "40.00", "text": {"en": "Energy"}}
LIFT = {
    "pool": {"name": "Lift"},
    "member": {"name": "Flat 2", "code": "F2"},
    "key": "EQUAL",
    "own": "1",
    "whole": "3",
    "unit": "",
    "is_daily": False,
    "percent": "33.333",
    "total": "180.00",
    "amount": "60.00",
    "sheet": {"id": "s"},
    "tax": {"code": "vat", "rate": "0.21"},
}
VAT = {"code": "vat", "rate": "0.21", "base": "100.00", "amount": "21.00"}
CONTENT: dict[str, Any] = {
    "currency": "EUR",
    "net": "100.00",
    "total": "121.00",
    "meter_points": [{"name": "Flat 2", "charges": [{"lines": [ENERGY]}]}],
    "shared_costs": [LIFT],
    "taxes": [VAT],
}


@pytest.mark.spec("B-79")
def test_shared_costs_are_lines_that_are_disputed_with_their_taxes() -> None:
    chosen = forms.lines_of(CONTENT, ["shared/0"])

    assert [(each.place, each.name, each.amount, each.is_chosen) for each in chosen] == [
        ("0/0/0", "Energy", "40.00", False),
        ("shared/0", "Lift", "60.00", True),
    ]
    assert set(disputing.places_of(CONTENT)) == {each.place for each in chosen}
    assert disputing.disputed_of(CONTENT, ["shared/0"]) == Decimal("72.60")
    assert disputing.disputed_of(CONTENT, ["0/0/0", "shared/0"]) == Decimal("121.00")


def test_each_line_has_the_tax_of_its_own_service() -> None:
    """As on a bill with electricity at 21 % and water at 10 %, both below and above the mean."""
    stairs = {**LIFT, "amount": "2.52", "tax": {"code": "vat", "rate": "0.21"}}
    garden = {**LIFT, "amount": "3.70", "tax": {"code": "vat", "rate": "0.10"}}
    water = {"name": "Water", "service": "COLD_WATER", "charges": [{"lines": [{"amount": "22.96"}]}]}
    energy = {"name": "Energy", "service": "ELECTRICITY", "charges": [{"lines": [{"amount": "28.45"}]}]}
    content = CONTENT | {
        "net": "57.63",
        "total": "66.80",
        "meter_points": [energy, water],
        "shared_costs": [stairs, garden],
        "taxes": [VAT, {**VAT, "rate": "0.10"}],
        "services": [
            {"service": "ELECTRICITY", "net": "28.45", "total": "34.42"},
            {"service": "COLD_WATER", "net": "22.96", "total": "25.26"},
        ],
    }

    assert disputing.disputed_of(content, ["shared/0"]) == Decimal("3.05")
    assert disputing.disputed_of(content, ["shared/1"]) == Decimal("4.07")
    assert disputing.disputed_of(content, ["0/0/0"]) == Decimal("34.42")
    assert disputing.disputed_of(content, ["1/0/0", "shared/1"]) == Decimal("29.33")
    exempt = content | {"taxes": [{**VAT, "amount": "0.00"}]}
    assert disputing.disputed_of(exempt, ["shared/0"]) == Decimal("2.52")
