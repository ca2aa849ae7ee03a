"""Random tariffs on random hours against a second, tiny way to price them: thousands in `make soak`.

The second way knows hours as a list, whole documents as dictionaries, and the rules of the format's page; nothing of it
is shared with the product.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.tariffs.rating import fold
from tests.factories import tariffs

HOUR, DECIMALS = timedelta(hours=1), 3
PERIODS = [{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off-peak"}]
KINDS = [
    {"code": "work", "name": "Work", "weekdays": ["MON", "TUE", "WED", "THU", "FRI"]},
    {"code": "rest", "name": "Rest", "weekdays": ["SAT", "SUN"]},
]
CALENDAR = [
    {
        "day_types": ["work"],
        "windows": [
            {"from": "08:00", "to": "20:00", "period": "peak"},
            {"from": "20:00", "to": "08:00", "period": "off"},
        ],
    },
    {"day_types": ["rest"], "windows": [{"from": "00:00", "to": "24:00", "period": "off"}]},
]
prices = st.decimals("-0.05", "2", places=5).map(str)
amounts = st.decimals("0", "60", places=2).map(str)
percents = st.decimals("0", "40", places=2).map(str)


@st.composite
def ladders(draw: st.DrawFn, price: st.SearchStrategy[str] = prices) -> list[dict[str, str]]:
    ends = sorted(draw(st.sets(st.integers(1, 4_000), max_size=3)))
    return [*({"up_to": str(end), "price": draw(price)} for end in ends), {"price": draw(price)}]


@st.composite
def energies(draw: st.DrawFn) -> dict[str, Any]:
    how = draw(st.sampled_from(["price", "prices", "tiers", "slab", "period_tiers"]))
    found: dict[str, Any] = {"code": "energy", "name": "Energy", "charge": "ENERGY"}
    if how == "price":
        return {**found, "price": draw(prices)}
    if how == "prices":
        return {**found, "prices": {each["code"]: draw(prices) for each in PERIODS}}
    reference = draw(st.sampled_from(["BILLING_PERIOD", "CALENDAR_MONTH", {"days": 30}, {"days": 1}]))
    found["tier_reference"] = reference
    if how == "period_tiers":
        return {**found, "period_tiers": {each["code"]: draw(ladders()) for each in PERIODS}}
    if how == "slab":
        found["tier_mode"] = "SLAB"
    return {**found, "tiers": draw(ladders())}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    components = [draw(energies())]
    if draw(st.booleans()):
        priced = draw(st.one_of(amounts.map(lambda each: {"price": each}), ladders(amounts).map(_tiers)))
        least = draw(st.sampled_from(["0", "3", "40"]))
        components.append(
            {"code": "demand", "name": "Demand", "charge": "DEMAND", **priced, "demand": {"minimum": least}}
        )
    if draw(st.booleans()):
        charge = draw(st.sampled_from(["FIXED_DAILY", "FIXED_MONTHLY", "FIXED_YEARLY", "FIXED_PERIOD"]))
        components.append({"code": "fixed", "name": "Fixed", "charge": charge, "price": draw(amounts)})
    for code, charge in (("less", "DISCOUNT"), ("more", "SURCHARGE")):
        if draw(st.booleans()):
            components.append({"code": code, "name": code, "charge": charge, "percent": draw(percents)})
    for code, charge in (("least", "MINIMUM_BILL"), ("most", "MAXIMUM_BILL")):
        if draw(st.booleans()):
            components.append({"code": code, "name": code, "charge": charge, "price": draw(amounts)})
    levy = {"code": "levy", "name": "Levy", "rate": str(draw(st.decimals("0", "0.3", places=4)))}
    vat = {"code": "vat", "name": "VAT", "rate": "0.21", **({"taxes": ["levy"]} if draw(st.booleans()) else {})}
    chosen = draw(st.sampled_from([[], [levy], [levy, vat]]))
    more = {"periods": PERIODS, "day_types": KINDS, "calendar": CALENDAR}
    return tariffs.document(components=components, **more, **({"taxes": chosen} if chosen else {}))


def _tiers(given: list[dict[str, str]]) -> dict[str, Any]:
    return {"tiers": given}


def cents(exact: Fraction, places: int = 2) -> Fraction:
    scaled = abs(exact) * 10**places
    whole = scaled.numerator // scaled.denominator
    whole += scaled - whole >= Fraction(1, 2)
    return Fraction(whole if exact > 0 else -whole, 10**places)


def steps(used: Fraction, ladder: Sequence[dict[str, str]], times: Fraction, *, is_slab: bool = False) -> Fraction:
    """What a ladder charges, each line to the cent."""
    below, total = Fraction(0), Fraction(0)
    for step in ladder:
        end = cents(Fraction(step["up_to"]) * times, DECIMALS) if "up_to" in step else None
        is_last = end is None or used <= end
        if is_slab and is_last:
            return cents(used * Fraction(step["price"]))
        if not is_slab:
            total += cents(((used if is_last else end) - below) * Fraction(step["price"]))  # type: ignore[operator]
        if is_last:
            break
        below = end or below
    return total


class Second:
    """Prices a document by hand."""

    def __init__(self, document: dict[str, Any], first: date, hours: Sequence[int]) -> None:
        self.document, self.first = document, first
        self.days = [first + timedelta(days=each) for each in range(len(hours) // 24)]
        self.hours = [Fraction(each, 10**DECIMALS) for each in hours]
        start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        at = [start + index * HOUR for index in range(len(hours))]
        is_peak = [each.weekday() < 5 and 8 <= each.hour < 20 for each in at]
        self.peak = sum((kwh for kwh, yes in zip(self.hours, is_peak, strict=True) if yes), Fraction(0))
        self.used = {"peak": self.peak, "off": sum(self.hours) - self.peak}
        self.months = sum(Fraction(1, _length(day)) for day in self.days)

    def total(self) -> Fraction:
        net = Fraction(0)
        for each in self.document["components"]:
            net += self.charge(each, net)
        taxes: dict[str, Fraction] = {}
        for each in self.document.get("taxes", ()):
            base = net + sum(taxes[code] for code in each.get("taxes", ()))
            taxes[each["code"]] = cents(base * Fraction(each["rate"]))
        return net + sum(taxes.values())

    def charge(self, each: dict[str, Any], net: Fraction) -> Fraction:
        price, part = Fraction(each.get("price", "0")), Fraction(each.get("percent", "0")) / 100
        charges = {
            "FIXED_DAILY": lambda: cents(price * len(self.days)),
            "FIXED_MONTHLY": lambda: self.monthly(price),
            "FIXED_YEARLY": lambda: self.yearly(price),
            "FIXED_PERIOD": lambda: price,
            "DISCOUNT": lambda: -cents(min(net * part, max(net, Fraction(0)))),
            "SURCHARGE": lambda: cents(net * part),
            "MINIMUM_BILL": lambda: max(price - net, Fraction(0)),
            "MAXIMUM_BILL": lambda: min(price - net, Fraction(0)),
            "DEMAND": lambda: self.demand(each),
            "ENERGY": lambda: self.energy(each),
        }
        return charges[each["charge"]]()

    def monthly(self, price: Fraction) -> Fraction:
        by_month: dict[tuple[int, int], int] = {}
        for day in self.days:
            by_month[day.year, day.month] = by_month.get((day.year, day.month), 0) + 1
        parts = [Fraction(count, _length(date(*month, 1))) for month, count in by_month.items()]
        return cents(price * sum(each == 1 for each in parts)) + sum(cents(price * each) for each in parts if each < 1)

    def yearly(self, price: Fraction) -> Fraction:
        by_year: dict[int, int] = {}
        for day in self.days:
            by_year[day.year] = by_year.get(day.year, 0) + 1
        of = {year: (date(year + 1, 1, 1) - date(year, 1, 1)).days for year in by_year}
        return sum((cents(price * count / of[year]) for year, count in by_year.items()), Fraction(0))

    def demand(self, each: dict[str, Any]) -> Fraction:
        billed = max(*self.hours, Fraction(each["demand"]["minimum"]))
        return steps(billed, each.get("tiers") or [{"price": each["price"]}], Fraction(1))

    def energy(self, each: dict[str, Any]) -> Fraction:
        whole = sum(self.used.values(), Fraction(0))
        if "price" in each:
            return cents(whole * Fraction(each["price"]))
        if "prices" in each:
            return sum(
                (cents(self.used[code] * Fraction(price)) for code, price in each["prices"].items()), Fraction(0)
            )
        reference = each["tier_reference"]
        named = {"BILLING_PERIOD": Fraction(1), "CALENDAR_MONTH": self.months}
        times = Fraction(len(self.days), reference["days"]) if isinstance(reference, dict) else named[reference]
        if "period_tiers" in each:
            listed = each["period_tiers"].items()
            return sum((steps(self.used[code], ladder, times) for code, ladder in listed), Fraction(0))
        return steps(whole, each["tiers"], times, is_slab=each.get("tier_mode") == "SLAB")


def _length(day: date) -> int:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - timedelta(days=1)).day


@examples(
    documents(),
    st.dates(date(2023, 11, 1), date(2025, 3, 1)),
    st.integers(20, 62),
    st.lists(st.integers(0, 60_000), min_size=1, max_size=40),
)
def test_both_ways_come_to_the_same_cent(document: dict[str, Any], first: date, days: int, pattern: list[int]) -> None:
    hours = [pattern[index * 7 % len(pattern)] for index in range(days * 24)]
    plan = tariffs.plan(document, first=first, until=first + timedelta(days=days), zone="UTC", decimals=DECIMALS)

    rated = fold.rate(plan, tariffs.usage(plan, hours, step=HOUR))

    expected = Second(document, first, hours).total()
    assert rated.total == (Decimal(expected.numerator) / expected.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)
