"""Rounding, shares, taxes and parts of periods as other systems compute them (tests/golden/billing_cases.json)."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from meterbook.billing import cycles
from meterbook.kernel import allocation, currency, rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.lines import Line, Rated
from tests.support.golden import Case, cases, kinds
from tests.support.pricing import FIRST, energy, exact, priced

NINE = 9  # decimals of a factor
BOOKS = Path(__file__).parents[2] / "db" / "ledger" / "test_accruals_of_others.py"


@pytest.mark.parametrize("case", cases("allocate_largest_remainder"), ids=str)
def test_shares_by_the_largest_remainder(case: Case) -> None:
    given = case.inputs
    amount = int(Decimal(given["amount"]).scaleb(given["scale"]))
    keys = given.get("keys") or [f"{index:03}" for index, _each in enumerate(given["weights"])]

    shares = allocation.allocate(amount, dict(zip(keys, map(Decimal, given["weights"]), strict=True)))

    found = {key: Decimal(share).scaleb(-given["scale"]) for key, share in shares.items()}
    if "shares_by_key" in case.expected:
        assert found == {key: Decimal(each) for key, each in case.expected["shares_by_key"].items()}
    else:
        assert list(found.values()) == [Decimal(each) for each in case.expected["shares"]]


@pytest.mark.parametrize("case", cases("allocate_sum_preserving"), ids=str)
def test_shares_sum_to_the_whole(case: Case) -> None:
    """Others give what is left to other shares; that the sum is exact and each share is near holds for all."""
    given = case.inputs
    amount = int(Decimal(given["amount"]).scaleb(given["scale"]))
    weights = {f"{index:03}": Decimal(each) for index, each in enumerate(given["weights"])}

    shares = allocation.allocate(amount, weights)

    whole = sum(weights.values(), Decimal(0))
    assert sum(shares.values()) == amount
    assert all(abs(share - Fraction(amount) * Fraction(weights[key] / whole)) < 1 for key, share in shares.items())
    assert all(shares[key] == 0 for key, weight in weights.items() if not weight)


@pytest.mark.parametrize("case", cases("currency_rounding"), ids=str)
def test_amounts_of_a_currency(case: Case) -> None:
    given = case.inputs
    mode = {"half_up": RoundingMode.HALF_UP, "half_even": RoundingMode.HALF_EVEN}[given["mode"]]
    places = currency.minor_units(given["currency"])
    assert rounding.round_decimal(Decimal(given["amount"]), places, mode) == Decimal(case.expected["rounded"])


@pytest.mark.parametrize("case", cases("round_half_away_from_zero"), ids=str)
def test_half_goes_away_from_zero(case: Case) -> None:
    assert rounding.round_decimal(Decimal(case.inputs["value"]), 0) == case.expected["rounded"]


@pytest.mark.parametrize("case", cases("quantise"), ids=str)
def test_multiples_of_a_step(case: Case) -> None:
    """As cash is rounded: to 5 cents."""
    given = case.inputs
    value, step = Decimal(given["value"]), given["base"]
    directed = {"up": ROUND_CEILING, "down": ROUND_FLOOR}
    if given["mode"] in directed:
        found = int((value / step).to_integral_value(directed[given["mode"]])) * step
    else:
        mode = {"half_even": RoundingMode.HALF_EVEN, "half_up": RoundingMode.HALF_UP}[given["mode"]]
        found = rounding.divide(int(value), step, mode) * step
    assert found == case.expected["rounded"]


@pytest.mark.parametrize("case", cases("line_rounding_then_sum"), ids=str)
def test_lines_are_rounded_before_they_are_summed(case: Case) -> None:
    given = case.inputs
    charges = [energy(f"line-{index}", price=price) for index, price in enumerate(given["lines"])]
    assert priced(charges, "1", currency=given["currency"]).net == Decimal(case.expected["total"])


@pytest.mark.parametrize("case", cases("tax_parallel"), ids=str)
def test_taxes_side_by_side(case: Case) -> None:
    given = case.inputs
    taxes = [
        {"code": f"tax-{index}", "name": "Tax", "rate": str(Decimal(percent) / 100), "components": ["energy"]}
        for index, percent in enumerate(given["tax_percent"])
    ]
    rated = priced([energy(price=str(Decimal(given["base_cents"]) / 100))], "1", taxes=taxes)

    amounts = [int(each.amount * 100) for each in rated.taxes]
    assert sum(amounts) == case.expected["tax_cents"]
    assert amounts == case.expected.get("tax_cents_each", amounts)


@pytest.mark.parametrize("case", cases("discount_allocation"), ids=str)
def test_a_discount_over_lines(case: Case) -> None:
    given = case.inputs
    weights = {f"{index:03}": each for index, each in enumerate(given["lines_cents"])}
    assert list(allocation.allocate(given["discount_cents"], weights).values()) == case.expected["line_discount_cents"]


@pytest.mark.parametrize("case", cases("discount_allocation_and_tax"), ids=str)
def test_a_discount_is_never_more_than_there_is(case: Case) -> None:
    given = case.inputs
    (cents,), (percent,) = given["lines_cents"], given["tax_percent"]
    off = {
        "code": "off",
        "name": "Off",
        "charge": "DISCOUNT",
        "price": str(Decimal(given["invoice_discount_cents"]) / 100),
    }
    tax = {"code": "vat", "name": "VAT", "rate": str(Decimal(percent) / 100), "components": ["energy", "off"]}

    rated = priced([energy(price=str(Decimal(cents) / 100)), off], "1", taxes=[tax])

    assert [int(-line.amount * 100) for line in rated.lines if line.component == "off"] == case.expected[
        "line_discount_cents"
    ]
    assert [int(each.amount * 100) for each in rated.taxes] == case.expected["line_tax_cents"]
    assert int(rated.total * 100) == case.expected["total_cents"]


@pytest.mark.parametrize("case", cases("multiplier"), ids=str)
def test_a_cost_that_is_passed_on_with_a_factor(case: Case) -> None:
    price = Decimal(case.inputs["cost"]) * Decimal(case.inputs["multiplier"])
    assert priced([energy(price=f"{price}")], "1").net == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("multi_service"), ids=str)
def test_two_services_are_one_sum(case: Case) -> None:
    given = case.inputs
    tiers = [
        {**({"up_to": each["up_to"]} if each["up_to"] else {}), "price": each["unit"]} for each in given["gas_tiers"]
    ]
    gas = exact(priced([energy(tiers=tiers)], given["gas_therms"]))
    assert gas == Decimal(case.expected["gas"])
    assert abs(gas + Decimal(given["electric_energy"]) - Decimal(case.expected["total"])) <= Decimal(
        case.expected["tolerance"]
    )


@pytest.mark.parametrize("case", cases("percentage", "percentage_min_max"), ids=str)
def test_a_percentage_of_amounts(case: Case) -> None:
    """A surcharge on each amount, with a least and a most; what is free is taken off before."""
    given = case.inputs
    if "per_event" in given:
        more = {"least": given["min_per_event"], "most": given["max_per_event"]}
        due = sum(
            (exact(on_amount(Decimal(each), given["rate_percent"], **more), "fee") for each in given["per_event"]),
            Decimal(0),
        )
        assert due == Decimal(case.expected["amount"])
        return
    variable = exact(on_amount(Decimal(given["base"]) - Decimal(given["free_base"]), given["rate_percent"]), "fee")
    fixed = Decimal(given["fixed_per_event"]) * (int(given["events"]) - int(given["free_events"]))
    assert (variable, variable + fixed) == (Decimal(case.expected["variable"]), Decimal(case.expected["amount"]))


def on_amount(amount: Decimal, percent: str, **limits: str) -> Rated:
    fee = {"code": "fee", "name": "Fee", "charge": "SURCHARGE", "percent": percent, "components": ["energy"], **limits}
    return priced([energy(price=f"{amount}"), fee], "1")


@pytest.mark.parametrize("case", cases("daily_fixed_charge"), ids=str)
def test_days_are_counted_with_both_ends(case: Case) -> None:
    given = case.inputs
    first, until = date.fromisoformat(given["from"]), date.fromisoformat(given["to_inclusive"]) + timedelta(days=1)
    charge = {"code": "day", "name": "Day", "charge": "FIXED_DAILY", "price": given["per_day"]}
    rated = priced([charge], "0", first=first, until=until)
    assert (int(rated.lines[0].quantity), rated.net) == (case.expected["days"], Decimal(case.expected["amount"]))


@pytest.mark.parametrize("case", cases("proration_amount"), ids=str)
def test_a_part_of_a_period_by_days_of_the_whole(case: Case) -> None:
    given, expected = case.inputs, case.expected
    first, until = date.fromisoformat(given["from"]), date.fromisoformat(given["to_inclusive"]) + timedelta(days=1)
    whole = (date.fromisoformat(given["period_end_inclusive"]) - date.fromisoformat(given["period_start"])).days + 1
    in_cents = "amount_cents" in given
    price = Decimal(given["amount_cents"]) / 100 if in_cents else Decimal(given["amount"])
    charge = {"code": "fixed", "name": "Fixed", "charge": "FIXED_PERIOD", "price": f"{price}"}

    rated = priced([charge], "0", first=first, until=until, inputs=Inputs(whole_days=whole))

    assert rated.net == (Decimal(expected["amount_cents"]) / 100 if in_cents else Decimal(expected["amount"]))


@pytest.mark.parametrize("case", cases("minimum_charge_prorated"), ids=str)
def test_a_minimum_by_the_days_of_the_period(case: Case) -> None:
    given, expected = case.inputs, case.expected
    least = {
        "code": "min",
        "name": "Minimum",
        "charge": "MINIMUM_BILL",
        "price": cents(given["minimum_cents"]),
        "proration": "PERIOD_DAYS",
    }
    tax = {"code": "vat", "name": "VAT", "rate": share(given["tax_percent"])}
    until = FIRST + timedelta(days=given["days_active"])
    charges = [energy(price=cents(given["charge_cents"])), least]

    rated = priced(charges, "1", until=until, inputs=Inputs(whole_days=given["days_in_period"]), taxes=[tax])

    (missing,) = [line.amount for line in rated.lines if line.component == "min"]
    assert int(missing * 100) == expected["minimum_topup_cents"]
    assert (int(rated.net * 100), int(rated.taxes[0].amount * 100)) == (
        expected["subtotal_cents"],
        expected["tax_cents"],
    )
    alone = {"code": "top-up", "name": "Top-up", "charge": "ENERGY", "price": str(missing)}
    assert int(priced([alone], "1", taxes=[tax]).taxes[0].amount * 100) == expected["topup_tax_cents"]


def cents(number: int | Decimal) -> str:
    return str(Decimal(number) / 100)


def share(percent: str) -> str:
    return str(Decimal(percent) / 100)


def part_of(price: str, days: int, whole: int, taxes: Sequence[dict[str, str]] = ()) -> Rated:
    """A fixed price of a billing period of which the account has some days."""
    charge = {"code": "fixed", "name": "Fixed", "charge": "FIXED_PERIOD", "price": price}
    until = FIRST + timedelta(days=days)
    return priced([charge], "0", until=until, inputs=Inputs(whole_days=whole), taxes=list(taxes))


@pytest.mark.parametrize("case", cases("tariff_change_proration"), ids=str)
def test_a_fixed_charge_that_changes_within_the_period(case: Case) -> None:
    """What is left of the old price comes back, the new one is due for the same days."""
    given, expected = case.inputs, case.expected
    start, change = date.fromisoformat(given["period_start"]), date.fromisoformat(given["change_at"])
    if "interval" in given:
        end = _next(start, months=12 if given["interval"] == "year" else 1)
        rest, whole = (end - change).days, (end - start).days
        old, new = (part_of(cents(given[key]), rest, whole).net * 100 for key in ("old_cents", "new_cents"))
        assert (int(old), int(new)) == (expected["credit_cents"], expected["debit_cents"])
        return
    end = date.fromisoformat(given["period_end_inclusive"]) + timedelta(days=1)
    back, due = (
        priced(
            [{"code": "fixed", "name": "Fixed", "charge": "FIXED_PERIOD", "price": given[key]}],
            "0",
            first=change,
            until=end,
            inputs=Inputs(whole_days=(end - start).days),
        ).net
        for key in ("old", "new")
    )
    assert (-back, due, due - back) == tuple(Decimal(expected[key]) for key in ("credit", "charge", "net"))


def _next(day: date, *, months: int) -> date:
    """The same day some months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@pytest.mark.parametrize("case", cases("proration_factor"), ids=str)
def test_factors_by_conventions(case: Case) -> None:
    """By the days of the month that ends where the part ends, or by months of 30 or 28 days."""
    given, expected = case.inputs, case.expected
    first, until = date.fromisoformat(given["from"]), date.fromisoformat(given["to"])
    if given["convention"] == "actual_days":
        found = part_of("1", (until - first).days, (until - _next(until, months=-1)).days).lines[0]
    else:
        length = int(given["convention"].split("_")[1])
        monthly = {"code": "fixed", "name": "Fixed", "charge": "FIXED_MONTHLY", "price": "1"}
        proration = {"days": length, "count": "EQUAL_MONTHS"}
        found = priced([{**monthly, "proration": proration}], "0", first=first, until=until).lines[0]
        assert found.trace["days"] == expected["days"]
    if "factor" in expected:
        assert rounding.round_decimal(found.exact, NINE) == Decimal(expected["factor"])


@pytest.mark.parametrize("case", cases("proration_cycles"), ids=str)
def test_cycles_with_parts_at_both_ends(case: Case) -> None:
    given, expected = case.inputs, case.expected
    parts = _cycles(given)

    assert [Fraction(line.quantity) for line in parts] == [Fraction(each) for each in expected["parts"]]
    assert sum((rounding.round_decimal(line.exact, NINE) for line in parts), Decimal(0)) == Decimal(expected["cycles"])


def _cycles(given: dict[str, Any]) -> list[Line]:
    """A price of 1 in the periods of a calendar from start on; in advance that of the target day is one of them."""
    start, target = date.fromisoformat(given["start"]), date.fromisoformat(given["target"])
    end = date.fromisoformat(given["end"]) if given["end"] else date.max
    day = given["billing_day"]
    rhythm = cycles.Rhythm(1, day - 1 if day > 1 else cycles.LAST_DAY, start - timedelta(days=31))
    found: list[Line] = []
    for span in cycles.spans(rhythm):
        if span.first_day > target or span.first_day >= end:
            return found
        first, until = max(span.first_day, start), min(span.until_day, end)
        if until > first:
            found.extend(part_of("1", (until - first).days, (span.until_day - span.first_day).days).lines)
    return found


@pytest.mark.parametrize("case", cases("credit_note"), ids=str)
def test_a_credit_note_of_a_part(case: Case) -> None:
    """Rounded net and rounded tax make its total: a fixed price that is given back for days."""
    given, expected = case.inputs, case.expected
    days, whole = map(int, given["unused"].split("/"))
    taxes = [{"code": "vat", "name": "VAT", "rate": share(given["tax_percent"])}]
    bill = part_of(cents(given["fee_cents"]), whole, whole, taxes=taxes)
    back = part_of(cents(-given["fee_cents"]), days, whole, taxes=taxes)

    assert int(bill.total * 100) == expected.get("invoice_total_cents", int(bill.total * 100))
    assert int(bill.taxes[0].amount * 100) == expected.get("invoice_tax_cents", int(bill.taxes[0].amount * 100))
    found = (back.net, back.taxes[0].amount, back.total)
    assert found == tuple(Decimal(-expected[f"credit_{key}_cents"]) / 100 for key in ("excl", "tax", "total"))


LATER = {
    # Told in docs/reference/oracles.md, each with its reason.
    "invoice_numbering": "a series for each customer; ours are by site and year",
    "full_year_bill": "its load is in a file that is not here",
}


def test_every_kind_is_tried_or_named() -> None:
    tried = {
        kind
        for name, found in globals().items()
        if name.startswith("test_")
        for mark in getattr(found, "pytestmark", [])
        for each in mark.args[1]
        for kind in [each.kind]
    }
    in_books = {kind for kind in kinds() if f'cases("{kind}")' in BOOKS.read_text(encoding="utf-8")}
    assert kinds() - tried - kinds_of_other_files() - in_books == set(LATER)
    assert in_books == {"ledger_accrual"}


def kinds_of_other_files() -> set[str]:
    from tests.unit.oracles import (
        test_banks_of_others,
        test_calendars_of_others,
        test_tiers_of_others,
        test_time_and_power_of_others,
    )

    modules = (
        test_banks_of_others,
        test_calendars_of_others,
        test_tiers_of_others,
        test_time_and_power_of_others,
    )
    return {
        each.kind
        for module in modules
        for name, found in vars(module).items()
        if name.startswith("test_")
        for mark in getattr(found, "pytestmark", [])
        for each in mark.args[1]
    }
