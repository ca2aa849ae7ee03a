"""Tiers, packages, minimums and caps as other billing systems compute them (tests/golden/billing_cases.json)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.tariffs.rating import fold
from tests.factories import tariffs
from tests.support.golden import Case, cases
from tests.support.pricing import DECIMALS, FIRST, HOUR, energy, exact, priced, tiers


def package_tiers(given: list[dict[str, str]]) -> list[dict[str, str]]:
    ends = [str(Decimal(each["blocks"]) * Decimal(each["block_size"])) for each in given]
    return [
        {
            **({} if index == len(given) - 1 else {"up_to": end}),
            "price": each["price_per_block"],
            "package": each["block_size"],
        }
        for index, (each, end) in enumerate(zip(given, ends, strict=True))
    ]


def component(case: Case) -> dict[str, Any]:
    given = case.inputs
    slab = {"tier_mode": "SLAB"} if case.kind in ("volume", "block_tier_volume") else {}
    if case.kind.startswith("block_tier"):
        return energy(tiers=package_tiers(given["tiers"]), **slab)
    if "tiers" in given:
        return energy(tiers=tiers(given["tiers"]), **slab)
    if "volume_tiers" in given:
        return energy(tiers=tiers(given["volume_tiers"]), tier_mode="SLAB")
    return energy(price=given["unit"])


@pytest.mark.parametrize(
    "case", cases("graduated", "volume", "flat_unit", "block_tier_graduated", "block_tier_volume"), ids=str
)
def test_a_quantity_has_the_amount(case: Case) -> None:
    rated = priced([component(case)], case.inputs["quantity"], currency=case.inputs.get("currency", "USD"))

    if "average_unit_price" in case.expected:
        average = exact(rated) / Decimal(case.inputs["quantity"])
        assert abs(average - Decimal(case.expected["average_unit_price"])) <= Decimal(case.expected["tolerance"])
        return
    due = rated.net if "currency" in case.inputs else exact(rated)
    assert due == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("package"), ids=str)
def test_packages(case: Case) -> None:
    given = case.inputs
    free = given["free_units"]
    allowance = {"allowance": {"quantity": free, "reference": "BILLING_PERIOD"}} if Decimal(free) else {}
    begun = {"package_rounding": "DOWN"} if given.get("rounding") == "down" else {}

    rated = priced(
        [energy(price=given["package_price"], package=given["package_size"], **allowance, **begun)], given["quantity"]
    )

    assert exact(rated) == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("unit_conversion"), ids=str)
def test_units_are_converted_and_rounded_up_before_they_are_priced(case: Case) -> None:
    """Liters on the meter, cubic meters in the tariff: whole ones that were begun."""
    given = case.inputs
    begun = {"quantity_rounding": {"to": "1", "mode": "UP"}}
    charge = energy(tiers=tiers(given["tiers"]), **begun) if "tiers" in given else energy(price=given["unit"], **begun)

    rated = priced([charge], Decimal(given["quantity"]) / Decimal(given["divide_by"]))

    assert sum(Decimal(line.quantity) for line in rated.lines) == Decimal(case.expected["billed_quantity"])
    assert exact(rated) == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("graduated_incremental", "package_incremental", "rebill_delta"), ids=str)
def test_the_next_part_costs_the_difference(case: Case) -> None:
    """Rated cumulatively, the difference is due (field lessons 5.6)."""
    given = case.inputs
    if "usage" in given:
        before, more = (Decimal(each) for each in given["usage"])
    else:
        before, more = Decimal(given["already_rated_quantity"]), Decimal(given["quantity"])
    charge = (
        energy(price=given["package_price"], package=given["package_size"])
        if "package_size" in given
        else energy(tiers=tiers(given["tiers"]))
    )
    whole = exact(priced([charge], before + more))
    invoiced = given.get("already_invoiced")
    earlier = Decimal(invoiced) if invoiced else exact(priced([charge], before))

    assert whole - earlier == Decimal(case.expected.get("amount") or case.expected["delta"])


@pytest.mark.parametrize("case", cases("minimum_charge"), ids=str)
def test_a_minimum_adds_what_is_missing(case: Case) -> None:
    given, expected = case.inputs, case.expected
    in_cents = "minimum_cents" in given
    least = Decimal(given["minimum_cents"]) / 100 if in_cents else Decimal(given["minimum"])
    charge = charged(given)
    minimum = {
        "code": "min",
        "name": "Minimum",
        "charge": "MINIMUM_BILL",
        "price": f"{least}",
        "components": ["energy"],
    }

    rated = priced([charge, minimum], given.get("quantity", "1"), currency=given.get("currency", "USD"))

    # What was billed before in the same period counts: it is part of the whole.
    wanted = expected.get("minimum_topup")
    missing = Decimal(expected["minimum_topup_cents"]) / 100 if wanted is None else Decimal(wanted)
    assert sum((line.amount for line in rated.lines if line.component == "min"), Decimal(0)) == missing
    if "amount" in expected:
        assert rated.net == Decimal(expected["amount"])


def charged(given: dict[str, Any]) -> dict[str, Any]:
    if "charge_unrounded" in given:
        return energy(price=given["charge_unrounded"])
    if "charge_cents" in given:
        return energy(price=str(Decimal(given["charge_cents"]) / 100))
    return component(Case("", "minimum_charge", given, {}))


@pytest.mark.parametrize("case", cases("maximum_charge"), ids=str)
def test_a_maximum_takes_off_what_is_above(case: Case) -> None:
    """The whole under the maximum, less the whole of before: what the next part still costs."""
    given = case.inputs
    before, more = Decimal(given["already_rated_quantity"]), Decimal(given["quantity"])
    charge = energy(tiers=tiers(given["tiers"])) if "tiers" in given else energy(price=given["unit"])
    most = {"code": "max", "name": "Most", "charge": "MAXIMUM_BILL", "price": given["maximum"]}
    less: list[dict[str, Any]] = []
    if "discount_percent" in given:
        less = [{"code": "less", "name": "Less", "charge": "DISCOUNT", "percent": given["discount_percent"]}]

    both, earlier = (priced([charge, *less, most], each).net for each in (before + more, before))

    assert both - earlier == Decimal(case.expected["amount"])
    assert earlier == Decimal(given["previously_billed"])


@pytest.mark.parametrize("case", cases("tier_cap"), ids=str)
def test_a_charge_is_capped(case: Case) -> None:
    (tier,) = case.inputs["tiers"]
    most = {"code": "max", "name": "Most", "charge": "MAXIMUM_BILL", "price": tier["cap"], "components": ["energy"]}

    assert priced([energy(price=tier["unit"]), most], case.inputs["quantity"]).net == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("bucketed_max"), ids=str)
def test_each_bucket_is_priced_by_itself(case: Case) -> None:
    """A day's highest demand each, its tiers from zero again: a demand charge by the day."""
    given = case.inputs
    charge: dict[str, Any] = {"code": "dem", "name": "Demand", "charge": "DEMAND", "demand": {"take": "EACH_DAY"}}
    charge |= {"tiers": tiers(given["tiers"])} if "tiers" in given else {"price": given["unit"]}
    if given.get("mode") == "volume":
        charge["tier_mode"] = "SLAB"
    rated = daily_demand(charge, [Decimal(each) for each in given["bucket_max"]])

    assert rated == Decimal(case.expected["amount"])


def daily_demand(charge: dict[str, Any], highest: list[Decimal]) -> Decimal:
    raw = tariffs.document(components=[charge])
    plan = tariffs.plan(raw, first=FIRST, until=FIRST + timedelta(days=len(highest)), zone="UTC", decimals=DECIMALS)
    hours = [0] * (24 * len(highest))
    for day, value in enumerate(highest):
        hours[24 * day + 9] = int(value.scaleb(DECIMALS))
    return exact(fold.rate(plan, tariffs.usage(plan, hours, step=HOUR)))
