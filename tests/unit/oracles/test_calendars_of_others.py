"""Years, zones and named hours as other engines count them (tests/golden/billing_cases.json)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.kernel import civil
from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs
from tests.support.golden import Case, cases
from tests.support.powers import (
    DECIMALS,
    HOUR,
    RAMP,
    WEEKEND,
    WORKDAYS,
    calendar,
    demand,
    of_power,
)
from tests.support.pricing import energy, exact


@pytest.mark.parametrize("case", cases("leap_year_calendar"), ids=str)
def test_years_with_a_day_more(case: Case) -> None:
    given = case.inputs
    if "tariff" not in given:
        # Day 60 is the first of March, or the 29th of February: another month's demand, or the same month's.
        raw = tariffs.document(components=[demand("dem", "18.05", [])])
        for year in given["years"]:
            peaks = {date(year, 1, 1) + timedelta(days=day) for day in (58, 59)}
            due = Decimal(0)
            for month in (2, 3):
                first, until = date(year, month, 1), date(year, month + 1, 1)
                days = [first + timedelta(days=n) for n in range((until - first).days)]
                power = [Decimal(10 if day in peaks and hour == 7 else 0) for day in days for hour in range(24)]
                due += exact(of_power(raw, power, first=first, until=until, step=HOUR))
            assert due == Decimal(case.expected[f"demand_{year}"])
        return
    prices = given["tariff"]
    made = calendar(
        [("Mon-Fri", [("00:00", "24:00")]), ("Sat-Sun", [("00:00", "24:00")]), ("Mon-Fri", [("14:00", "19:00")])]
    )
    held = made.pop("held")
    by_day = {code: prices["weekday_energy"] if 0 in sets else prices["weekend_energy"] for code, sets in held.items()}
    afternoon = [code for code, sets in held.items() if 2 in sets]
    components = [
        energy(prices=by_day),
        demand("all", prices["flat_demand_per_kw"], []),
        demand("afternoon", "10", afternoon),
    ]
    raw = tariffs.document(components=components, decimals=DECIMALS, **made)
    day = date(given["year"], 3, 5)
    power = [Decimal(10) if hour == 15 else Decimal(0) for hour in range(24)]

    rated = of_power(raw, [*power, *[Decimal(0)] * 24], first=day, until=day + timedelta(days=2), step=HOUR)

    assert exact(rated, "energy") == Decimal(case.expected["energy"])
    assert exact(rated, "all") + exact(rated, "afternoon") == Decimal(case.expected["demand"])


@pytest.mark.parametrize("case", cases("export_credit"), ids=str)
def test_what_is_fed_in_is_paid(case: Case) -> None:
    day = date(2026, 1, 1)
    charge = energy(price=f"-{case.inputs['rate_per_kwh']}", channel="EXPORT")
    plan = tariffs.plan(
        tariffs.document(components=[charge], decimals=DECIMALS),
        first=day,
        until=day + timedelta(days=1),
        zone="UTC",
        decimals=DECIMALS,
    )
    given = [int((each / 4).scaleb(DECIMALS)) for each in RAMP]
    state = fold.advance(plan, fold.begin(plan), tariffs.usage(plan, 0))
    state = fold.advance_channel(plan, state, Channel.EXPORT, tariffs.usage(plan, given), plan.scale)

    assert -exact(fold.close(plan, state)) == Decimal(case.expected["credit"])


@pytest.mark.parametrize("case", cases("tariff_effective_dates"), ids=str)
def test_hours_of_each_version(case: Case) -> None:
    """A change of price within the days that are billed: each version has its own part."""
    given = case.inputs
    until = date.fromisoformat(given["to_exclusive"])
    for rate in given["rates"]:
        first = max(date.fromisoformat(rate["from"]), date.fromisoformat(given["from"]))
        end = min(date.fromisoformat(rate["to_inclusive"]) + timedelta(days=1), until)
        raw = tariffs.document(components=[energy(price=rate["rate"])])
        rated = of_power(raw, [Decimal(1)] * ((end - first).days * 24), first=first, until=end, step=HOUR)
        assert sum(each.intervals for each in rated.periods) == case.expected["hours_at_rate"][rate["rate"]]


@pytest.mark.parametrize("case", cases("dst_period", "dst_gap"), ids=str)
def test_days_and_hours_of_a_zone(case: Case) -> None:
    given, zone = case.inputs, ZoneInfo(case.inputs["tz"])
    if case.kind == "dst_gap":
        # Two o'clock does not exist: the instant of it is three o'clock, and the next quarter but one follows.
        first, second = (
            datetime.fromisoformat(each.split(" (")[0]).replace(tzinfo=zone) for each in given["readings_local"]
        )
        step = timedelta(minutes=given["interval_minutes"])
        assert (second.timestamp() - first.timestamp()) == step.total_seconds()
        assert (case.expected["gaps"], case.expected["overlaps"]) == (0, 0)
        return
    first = date.fromisoformat(given["from"])
    until = date.fromisoformat(given["to_inclusive"]) + timedelta(days=1)
    elapsed = civil.start_of_day(until, zone) - civil.start_of_day(first, zone)
    assert ((until - first).days, elapsed // HOUR) == (case.expected["days"], case.expected["elapsed_hours"])
    assert civil.start_of_day(first, zone).astimezone(zone).time() == time(0)


@pytest.mark.parametrize("case", cases("coincident_peak"), ids=str)
def test_the_highest_in_named_hours(case: Case) -> None:
    """Hours of a year that the utility names: special days with a price period of their own."""
    kinds, rows, components = [], [], []
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - wall clock
    periods = [{"code": "rest", "name": "Rest"}]
    for number, each in enumerate(case.inputs["windows"]):
        periods.append({"code": f"w{number}", "name": f"Window {number}"})
        components.append(demand(f"d{number}", each["per_kw"], [f"w{number}"]))
        by_day: dict[date, list[int]] = {}
        for hour in each["hours"]:
            at = start + timedelta(hours=hour - 1)
            by_day.setdefault(at.date(), []).append(at.hour)
        for day, hours in by_day.items():
            code = f"day-{day:%m-%d}"
            kinds.append({"code": code, "name": code, "dates": [day.isoformat()]})
            rows.append({"day_types": [code], "windows": hourly(hours, f"w{number}")})
    kinds.append({"code": "usual", "name": "Usual", "weekdays": WORKDAYS + WEEKEND})
    rows.append({"day_types": ["usual"], "windows": [{"from": "00:00", "to": "24:00", "period": "rest"}]})
    raw = tariffs.document(components=components, periods=periods, day_types=kinds, calendar=rows)

    rated = of_power(raw, [Decimal(1)] * 8760, first=date(2026, 1, 1), until=date(2027, 1, 1), step=HOUR)

    assert exact(rated) == Decimal(case.expected["amount"])


def hourly(hours: list[int], code: str) -> list[dict[str, str]]:
    return [
        {"from": f"{hour:02}:00", "to": f"{hour + 1:02}:00", "period": code if hour in hours else "rest"}
        for hour in range(24)
    ]
