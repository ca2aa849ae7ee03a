"""Time of use and demand as other engines compute them (tests/golden/billing_cases.json)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.tariffs.rating.inputs import History, Inputs, MonthlyDemand
from meterbook.tariffs.rating.lines import Rated
from tests.factories import tariffs
from tests.support.golden import Case, cases
from tests.support.powers import (
    DECIMALS,
    HOUR,
    RAMP,
    calendar,
    demand,
    of_power,
    windows_of,
)
from tests.support.pricing import energy, exact, priced


@pytest.mark.parametrize("case", cases("tou_energy"), ids=str)
def test_energy_by_time(case: Case) -> None:
    given = case.inputs
    if "kwh" in given:
        charges = [energy(code.replace("_", "-"), price=given["rate"][code]) for code in given["kwh"]]
        due = sum(
            (exact(priced([charge], used)) for charge, used in zip(charges, given["kwh"].values(), strict=True)),
            Decimal(0),
        )
    elif "rate_per_kwh" in given:
        day = date(2026, 1, 1)
        raw = tariffs.document(components=[energy(price=given["rate_per_kwh"])], decimals=DECIMALS)
        due = exact(of_power(raw, RAMP, first=day, until=day + timedelta(days=1)))
    else:
        made = calendar([windows_of(each) for each in given["periods"]])
        prices = {code: given["periods"][held[0]]["rate"] for code, held in made.pop("held").items()}
        raw = tariffs.document(components=[energy(prices=prices)], decimals=DECIMALS, **made)
        day = date.fromisoformat(given["date"])
        due = exact(of_power(raw, RAMP, first=day, until=day + timedelta(days=1)))

    assert abs(due - Decimal(case.expected["amount"])) <= Decimal(case.expected.get("tolerance", 0))


@pytest.mark.parametrize("case", cases("tou_energy_tiered"), ids=str)
def test_tiers_that_fill_in_order_of_time(case: Case) -> None:
    given = case.inputs
    limit = re.findall(r"\d+", given["tier_limit_kwh"])[0]
    periods = [f"p{index}" for index, _each in enumerate(given["periods"])]
    windows = [
        {"from": each["from"], "to": each["to"], "period": code}
        for each, code in zip(given["periods"], periods, strict=True)
    ]
    steps = [
        {
            **({"up_to": limit} if not tier else {}),
            "prices": {code: each["tier_rates"][tier] for code, each in zip(periods, given["periods"], strict=True)},
        }
        for tier in (0, 1)
    ]
    raw = tariffs.document(
        components=[energy(tiers=steps, tier_sharing="TIME_ORDER")],
        decimals=DECIMALS,
        periods=[{"code": code, "name": code} for code in periods],
        calendar=[{"windows": windows}],
    )
    day = date(2026, 1, 1)

    rated = of_power(raw, [Decimal(100)] * 96, first=day, until=day + timedelta(days=1))

    assert exact(rated) == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("tou_demand", "tou_demand_incremental"), ids=str)
def test_demand_by_time(case: Case) -> None:
    given = case.inputs
    charges = given["tariff"]["demand"]
    made = calendar([windows_of(each) for each in charges])
    held = made.pop("held")
    day = date.fromisoformat(given["date"])
    components = [
        demand(f"d{index}", each["per_kw"], codes)
        for index, each in enumerate(charges)
        if (codes := [code for code, sets in held.items() if index in sets])
    ]
    raw = tariffs.document(components=components, decimals=DECIMALS, **made)

    rated = of_power(raw, RAMP, first=day, until=day + timedelta(days=1))

    if "increment" in case.expected:
        already = sum(map(Decimal, given["already_billed_demand_cost"].values()), Decimal(0))
        assert exact(rated) - already == Decimal(case.expected["increment"])
    else:
        assert exact(rated) == Decimal(case.expected["amount"])


@pytest.mark.parametrize("case", cases("demand_incremental"), ids=str)
def test_demand_of_sets_of_intervals(case: Case) -> None:
    def clock(number: int) -> str:
        return f"{number // 4:02}:{number % 4 * 15:02}"

    sets = [
        (
            "all",
            [(clock(int(low)), clock(int(high) + 1)) for low, high in re.findall(r"(\d+)-(\d+)", each["intervals"])],
        )
        for each in case.inputs["components"]
    ]
    made = calendar(sets)
    held = made.pop("held")
    components = [
        demand(f"d{index}", each["per_kw"], [code for code, sets in held.items() if index in sets])
        for index, each in enumerate(case.inputs["components"])
    ]
    day = date(2026, 1, 1)

    rated = of_power(
        tariffs.document(components=components, decimals=DECIMALS, **made),
        RAMP,
        first=day,
        until=day + timedelta(days=1),
    )

    assert exact(rated) == Decimal(case.expected["increment"])


@pytest.mark.parametrize("case", cases("demand_ratchet"), ids=str)
def test_ratchets(case: Case) -> None:
    given = case.inputs
    if "actual_monthly_peaks" in given:
        # Each month at least 35 % of the year's highest; a winter of six months from November, summer from May.
        peaks = [Decimal(each) for each in given["actual_monthly_peaks"]]
        price = {month: "10.5" if month in (11, 12, 1, 2, 3, 4) else "11.5" for month in range(1, 13)}
        ratchet = {"percent": given["lookback_percent"], "months": 11}
        due = sum(
            (exact(month_of(peaks, peaks, month, price[month], ratchet=[ratchet])) for month in range(1, 13)),
            Decimal(0),
        )
        assert due == Decimal(case.expected["annual_amount"])
        return
    before, peaks = ([Decimal(each) for each in given[key]] for key in ("previous_year_peaks", "this_year_peaks"))
    summer = [month for month, each in enumerate(given["percent_by_month"], 1) if each == 95]
    winter = [month for month in range(1, 13) if month not in summer]
    ratchets = [
        {"percent": "95", "months": 11, "of_months": summer, "with_current": True},
        {"percent": "60", "months": 11, "of_months": winter, "with_current": True},
    ]
    actual = [month for month, each in enumerate(given["include_actual_peak"], 1) if each]
    for month, wanted in enumerate(case.expected["billing_demand_kw"], 1):
        rated = month_of(
            before, peaks, month, "1", ratchet=ratchets, minimum=given["minimum_kw"], actual_in_months=actual
        )
        assert abs(exact(rated) - Decimal(wanted)) <= Decimal(case.expected["tolerance"]), month


def month_of(before: list[Decimal], peaks: list[Decimal], month: int, price: str, **terms: object) -> Rated:
    """A month's demand charge with the maxima of the months before, the year before included."""
    first = date(2026, month, 1)
    until = date(2026 + month // 12, month % 12 + 1, 1)
    earlier = [(date(2025, n, 1), each) for n, each in enumerate(before, 1)]
    earlier += [(date(2026, n, 1), each) for n, each in enumerate(peaks, 1) if n < month]
    known = tuple(MonthlyDemand(start, "dem", value) for start, value in earlier if value)
    raw = tariffs.document(components=[demand("dem", price, [], **terms)], decimals=DECIMALS)
    power = [Decimal(0)] * ((until - first).days * 24)
    power[30] = peaks[month - 1]
    return of_power(raw, power, first=first, until=until, step=HOUR, inputs=Inputs(history=History(demand=known)))


@pytest.mark.parametrize("case", cases("demand_ratchet_tou", "tou_demand_tiered"), ids=str)
def test_tiers_of_demand_by_time(case: Case) -> None:
    given = case.inputs
    made = calendar([("all", [("08:00", "16:00")]), ("all", [("16:00", "24:00"), ("00:00", "08:00")])])
    held = made.pop("held")
    components, known = [], []
    for index, (code, steps) in enumerate(given["rates"].items()):
        of = [each for each, sets in held.items() if index in sets]
        terms: dict[str, Any] = {"periods": of}
        ratchet = given.get("ratchet")
        if ratchet and ratchet["applies_to_period"] == code:
            terms |= {"ratchet": [{"percent": ratchet["percent"], "months": 11}], "minimum": ratchet["minimum_kw"]}
            known = [MonthlyDemand(date(2025, 7, 1), f"d{code}", Decimal(ratchet["highest_previous_kw"]))]
        tiers = [{**({"up_to": each["up_to"]} if each["up_to"] else {}), "price": each["per_kw"]} for each in steps]
        components.append({"code": f"d{code}", "name": code, "charge": "DEMAND", "tiers": tiers, "demand": terms})
    day = date(2026, 1, 1)
    power = [Decimal(0)] * 24
    power[10], power[20] = (Decimal(each) for each in given["peaks_kw"].values())

    rated = of_power(
        tariffs.document(components=components, **made),
        power,
        first=day,
        until=day + timedelta(days=1),
        step=HOUR,
        inputs=Inputs(history=History(demand=tuple(known))),
    )

    assert abs(exact(rated) - Decimal(case.expected["amount"])) <= Decimal(case.expected["tolerance"])


@pytest.mark.parametrize("case", cases("hours_use_bill", "kwh_per_kw_blocks"), ids=str)
def test_steps_by_hours_of_use(case: Case) -> None:
    given = case.inputs
    has_kwh_steps = "no kWh steps" not in given.get("blocks", "")
    steps = (*(("3000", "10000") if has_kwh_steps else ()), "200 h", "400 h", "600 h")
    rates = [each["unit"] for each in given["tiers"]] if "tiers" in given else case.expected["rates"]
    tiers = [
        {("hours" if " h" in end else "up_to"): end.removesuffix(" h"), "price": price}
        for end, price in zip(steps, rates, strict=False)
    ]
    tiers.append({"price": rates[-1]})
    power = Decimal(given["billing_demand_kw"])
    components = [demand("dem", "0", [], decimals=6), energy(tiers=tiers, hours_of="dem")]
    first = date(2026, 7, 1)
    used = Decimal(given.get("kwh", "450000"))
    hours = 744
    rest = (used - power) / (hours - 1)
    raw = tariffs.document(components=components, decimals=DECIMALS)

    rated = of_power(raw, [power, *[rest] * (hours - 1)], first=first, until=date(2026, 8, 1), step=HOUR)

    lines = [line for line in rated.lines if line.component == "energy"]
    if "tier_kwh" in case.expected:
        found = [Decimal(line.quantity) for line in lines]
        wanted = [Decimal(each) for each in case.expected["tier_kwh"]]
        assert all(abs(a - b) <= Decimal("0.01") for a, b in zip(found, wanted, strict=True))
        due = exact(rated) + Decimal(given["fixed_monthly"])
        assert abs(due - Decimal(case.expected["amount"])) <= Decimal(case.expected["tolerance"])
        return
    ends = [line.trace["up_to"] for line in lines]
    wanted = case.expected["upper_bounds_kwh"]
    assert [None if each is None else Decimal(each) for each in ends] == [
        None if each is None else Decimal(each) for each in wanted
    ][: len(ends)]
    assert [str(line.price) for line in lines] == case.expected["rates"][: len(lines)]


@pytest.mark.parametrize("case", cases("seasonal_demand", "flat_energy_demand"), ids=str)
def test_demand_of_months(case: Case) -> None:
    given = case.inputs
    if case.kind == "flat_energy_demand":
        mean = Decimal(given["annual_kwh"]) / 8760
        raw = tariffs.document(
            components=[
                energy(price=given["energy_per_kwh"]),
                demand("dem", given["demand_per_kw_month"], [], per="MONTH", decimals=6),
            ],
            decimals=DECIMALS,
        )
        rated = of_power(raw, [mean] * 8760, first=date(2026, 1, 1), until=date(2027, 1, 1), step=HOUR)
        assert abs(exact(rated, "energy") - Decimal(case.expected["annual_energy"])) < Decimal("0.01")
        assert abs(exact(rated, "dem") - Decimal(case.expected["annual_demand"])) < Decimal("0.01")
        return
    seasons = [{"code": "cold", "name": "Cold", "starts": "10-01"}, {"code": "warm", "name": "Warm", "starts": "06-01"}]
    seasons.sort(key=lambda each: each["starts"])
    charge = {**demand("dem", given["monthly_flat_per_kw"]["6"], []), "seasons": ["warm"]}
    raw = tariffs.document(components=[charge], seasons=seasons)
    for month, name in ((1, "january"), (6, "june")):
        days = 31 if month == 1 else 30
        power = [Decimal(given["daily_peak_kw"]) if hour % 24 == 12 else Decimal(0) for hour in range(24 * days)]
        rated = of_power(raw, power, first=date(2026, month, 1), until=date(2026, month + 1, 1), step=HOUR)
        assert abs(exact(rated) - Decimal(case.expected[name])) <= Decimal(case.expected["tolerance"])
