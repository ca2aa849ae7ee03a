"""Taxes of several charges on one bill: each once, compound ones on what the merged earlier ones come to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import taxing
from meterbook.tariffs.rating.inputs import Exemption, Inputs
from meterbook.tariffs.rating.lines import Rated, TaxLine
from tests.unit.tariffs.pricing_cases import energy, plan, totals

LEVY = {"code": "levy", "name": "Levy", "rate": "0.05"}
VAT = {"code": "vat", "name": "VAT", "rate": "0.21", "taxes": ["levy"]}
HELD = {"code": "held", "name": "Held", "rate": "0.19", "inclusive": True}


def merged(*rated: Rated) -> dict[str, TaxLine]:
    listed = [(tax, RoundingMode.HALF_UP) for each in rated for tax in each.taxes]
    return {each.code: each for each in taxing.merge(listed, 2)}


def test_compound_taxes_are_on_the_merged_ones() -> None:
    # A levy of 0.05 on 0.90 is 0.045 twice, and 0.09 on both together
    rated = [totals(plan(energy(price="0.90"), taxes=[LEVY, VAT]), "1") for _each in range(2)]
    assert [str(tax.amount) for tax in rated[0].taxes] == ["0.05", "0.20"]

    found = merged(*rated)
    assert (found["levy"].base, found["levy"].amount) == (Decimal("1.80"), Decimal("0.09"))
    assert (found["vat"].base, found["vat"].amount) == (Decimal("1.89"), Decimal("0.40"))


def test_held_taxes_are_taken_out_of_the_sum_and_exempt_ones_stay_apart() -> None:
    held = [totals(plan(energy(price="1.00"), taxes=[HELD]), "1") for _each in range(3)]
    assert (merged(*held)["held"].base, merged(*held)["held"].amount) == (Decimal("3.00"), Decimal("0.48"))

    paper = Inputs(exemptions=(Exemption("levy", "A-1", date(2026, 1, 1)),))
    both = [totals(plan(energy(price="1.00"), taxes=[LEVY]), "1", inputs) for inputs in (paper, Inputs())]
    listed = [(tax, RoundingMode.HALF_UP) for each in both for tax in each.taxes]
    assert [(str(each.base), str(each.amount)) for each in taxing.merge(listed, 2)] == [
        ("1.00", "0.05"),
        ("1.00", "0.00"),
    ]
