"""Shared costs on the printed bill: a section of lines that anybody can work out again."""

from __future__ import annotations

from typing import Any

import pytest

from meterbook.documents.rendering import shared, words

COST: dict[str, Any] = {
    "pool": {"code": "LIFT", "name": "Lift", "kind": "ELEVATOR", "version": 1},
    "total": "300.00",
    "part": "90.00",
    "key": "AREA",
    "unit": "m²",
    "is_daily": True,
    "member": {"code": "1.02", "name": "Shop 1.02"},
    "is_vacancy": False,
    "own": "1205",
    "whole": "6029/3",
    "percent": "59.960",
    "amount": "53.96",
}


@pytest.mark.spec("B-70/1")
@pytest.mark.spec("M-062/1")
@pytest.mark.parametrize(
    ("language", "name", "price"),
    [
        ("en", "Lift, €300.00, by area: 1,205 of ≈ 2,009.666667 m² × days (Shop 1.02)", "90.00"),
        ("es", "Lift, 300,00 €, por superficie: 1.205 de ≈ 2.009,666667 m² × días (Shop 1.02)", "90,00"),
    ],
)
def test_a_line_says_whole_key_own_value_and_share(language: str, name: str, price: str) -> None:
    (group,) = shared.groups({"currency": "EUR", "shared_costs": [COST]}, words.of(language))

    (row,) = group["rows"]
    assert row["name"].replace(words.HARD_SPACE, " ") == name
    assert (row["quantity"].replace(",", "."), row["unit"], row["price"]) == ("59.96", "%", price)
    assert len(group["sum"]) == 2


def test_a_bill_without_shared_costs_has_no_section() -> None:
    content = {"currency": "EUR"}

    assert (shared.groups(content, words.of("en")), shared.sums(content)) == ([], {})


def test_what_the_landlord_bears_says_why() -> None:
    cost = {"pool": COST["pool"], "total": "300.00", "why": "CAP", "amount": "3.00", "is_vacancy": False}

    (group,) = shared.groups({"currency": "EUR", "shared_costs": [cost]}, words.of("en"))

    assert group["rows"][0]["name"] == "Lift, €300.00: above the most that a member bears"
    assert group["rows"][0]["amount"] == "3.00"


@pytest.mark.spec("B-76")
def test_a_credit_note_takes_the_amount_back_and_leaves_how_it_came_about_to_the_bill() -> None:
    taken = {"pool": COST["pool"], "sheet": {"number": 1}, "amount": "-53.96"}

    (group,) = shared.groups({"currency": "EUR", "shared_costs": [taken]}, words.of("es"))

    (row,) = group["rows"]
    assert (row["name"], row["quantity"], row["price"], row["amount"]) == ("Lift", "", "", "\N{MINUS SIGN}53,96")
