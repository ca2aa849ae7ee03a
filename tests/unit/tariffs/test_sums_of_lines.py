"""What lines come to: tiers hold all that was used, each line is rounded once, tax is on the sum of rounded lines."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tariffs.pricing_cases import energy, plan, totals

CENT = Decimal("0.01")
FIRST = date(2025, 12, 17)
LIMITS = st.lists(st.integers(1, 900), min_size=1, max_size=4, unique=True).map(sorted)
PRICES = st.integers(0, 99_999).map(lambda each: f"{Decimal(each).scaleb(-5):f}")
RATES = st.integers(0, 2_500).map(lambda each: f"{Decimal(each).scaleb(-4):f}")


def ladder(limits: list[int], prices: list[str]) -> list[dict[str, str]]:
    steps = [{"up_to": str(limit), "price": price} for limit, price in zip(limits, prices, strict=False)]
    return [*steps, {"price": prices[len(limits)]}]


@pytest.mark.spec("B-30")
@given(
    limits=LIMITS, prices=st.lists(PRICES, min_size=5, max_size=5), days=st.integers(1, 400), mwh=st.integers(0, 10**6)
)
def test_tiers_hold_all_that_was_used_and_the_last_one_what_rounding_leaves(
    limits: list[int], prices: list[str], days: int, mwh: int
) -> None:
    given_plan = plan(energy(tiers=ladder(limits, prices)), first=FIRST, until=FIRST + timedelta(days=days))
    used = Decimal(mwh).scaleb(-3)

    rated = totals(given_plan, f"{used:f}")

    edges = [Decimal(edge).scaleb(-3) for edge in given_plan.edges(given_plan.document.components[0])]
    for edge, limit in zip(edges, limits, strict=True):  # to the resolution of energy, and no further off
        assert abs(Fraction(edge) - Fraction(limit * days, 30)) <= Fraction(1, 2000)
    widths = [after - before for before, after in pairwise([Decimal(0), *edges])]
    quantities = [Decimal(line.quantity) for line in rated.lines]
    assert sum(quantities) == used
    by_code = {line.code: Decimal(line.quantity) for line in rated.lines}
    for number, width in enumerate(widths, start=1):
        assert by_code.get(f"energy.{number}", Decimal(0)) <= width
    above = by_code.get(f"energy.{len(limits) + 1}", Decimal(0))
    assert above == max(Decimal(0), used - edges[-1])


@pytest.mark.spec("B-30")
@pytest.mark.parametrize(
    ("reference", "days", "limits"),
    [
        ({"days": 365}, 73, ["20.000", "40.000"]),
        ("CALENDAR_YEAR", 15 + 73, ["24.110", "48.219"]),  # 15 of 365 days of one year and 73 of the next
        ("CALENDAR_MONTH", 15 + 31 + 14, ["198.387", "396.774"]),  # 15/31 + 31/31 + 14/28
        ("BILLING_PERIOD", 45, ["100.000", "200.000"]),
    ],
)
def test_limits_hold_for_what_the_document_says(reference: object, days: int, limits: list[str]) -> None:
    steps = ladder([100, 300], ["0.10", "0.15", "0.20"])
    found = plan(energy(tiers=steps, tier_reference=reference), first=FIRST, until=FIRST + timedelta(days=days))

    rated = totals(found, "5000")

    assert [line.quantity for line in rated.lines][:2] == limits
    assert sum(Decimal(line.quantity) for line in rated.lines) == 5000


@pytest.mark.spec("B-67")
@given(
    limits=LIMITS,
    prices=st.lists(PRICES, min_size=5, max_size=5),
    fixed=PRICES,
    rates=st.tuples(RATES, RATES),
    wh=st.integers(0, 10**6),
)
def test_each_line_is_rounded_once_and_taxes_are_on_their_sum(
    limits: list[int], prices: list[str], fixed: str, rates: tuple[str, str], wh: int
) -> None:
    taxes: list[dict[str, Any]] = [
        {"code": code, "name": code, "rate": rate} for code, rate in zip(("vat", "levy"), rates, strict=True)
    ]
    daily = {"code": "daily", "name": "Daily", "charge": "FIXED_DAILY", "price": fixed}

    rated = totals(plan(energy(tiers=ladder(limits, prices)), daily, taxes=taxes), f"{Decimal(wh).scaleb(-3):f}")

    for line in rated.lines:
        assert line.amount == (line.price * Decimal(line.quantity)).quantize(CENT, ROUND_HALF_UP)
    assert rated.net == sum(line.amount for line in rated.lines)
    for tax, rate in zip(rated.taxes, rates, strict=True):
        assert tax.base == rated.net
        assert tax.amount == (rated.net * Decimal(rate)).quantize(CENT, ROUND_HALF_UP)
    assert rated.total == rated.net + sum(tax.amount for tax in rated.taxes)
