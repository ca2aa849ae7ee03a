"""Charges entered by the form as a price sheet prints them; a month of each against arithmetic of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.http import QueryDict

from meterbook.tariffs.rating.inputs import Exemption, Inputs
from meterbook.tariffs.rating.terms import Channel
from meterbook.web.tariffs.editor import loose, sheet, starts, structure
from tests.factories import tariffs
from tests.unit.tariffs.pricing_cases import totals

USED = "8000"
ENERGY = Decimal(USED) * Decimal("0.10")
REACTIVE = {Channel.REACTIVE_IMPORT: "6000"}  # 8000 kWh and 6000 kvarh are 10000 kVAh: a power factor of 0.8
FACTS = {"area": "120.5", "subscribed_kw": "4.6", "contracted_kw": "100"}
EXEMPT = (Exemption("vat", "A-17", date(2026, 1, 1)),)
NO_TAX = Decimal(1)
VAT = Decimal("1.21")
Typed = Mapping[str, str]


def cents(exact: Decimal) -> Decimal:
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Case:
    """What is added and typed, page by page; and what comes to the bill beside the energy, before tax."""

    shape: str
    pages: tuple[Typed, ...]
    expected: Decimal
    channels: Mapping[Channel, str] = field(default_factory=dict)
    peak: str = ""
    tax: Decimal = VAT
    exemptions: tuple[Exemption, ...] = ()


CASES = {
    # Ten hundredths below 0.90, of which the five below 0.85 cost 2 % and the five above it 1 %
    "power-factor-in-steps": Case(
        "POWER_FACTOR",
        ({"power_factor.steps[1].below": "0.85", "power_factor.steps[1].percent": "2"},),
        ENERGY * (5 * Decimal(1) + 5 * Decimal(2)) / 100,
        REACTIVE,
    ),
    # (0.90 - 0.80) / 0.80 is 12.5 %, and 3/5 of it 7.5 %
    "power-factor-by-formula": Case(
        "POWER_FACTOR",
        ({"power_factor.rule": "FORMULA"}, {"power_factor.penalty.share": "3/5"}),
        ENERGY * (Decimal("0.90") / Decimal("0.80") - 1) * 3 / 5,
        REACTIVE,
    ),
    "reactive-above-a-share": Case(
        "POWER_FACTOR",
        ({"power_factor.rule": "REACTIVE_ABOVE"}, {"power_factor.tan_phi": "0.33", "price": "0.041554"}),
        (Decimal(6000) - Decimal(8000) * Decimal("0.33")) * Decimal("0.041554"),
        REACTIVE,
    ),
    "reactive-energy-whole": Case(
        "FLAT",
        ({"channel": "REACTIVE_IMPORT"}, {"price": "0.0123"}),
        Decimal(6000) * Decimal("0.0123"),
        REACTIVE,
    ),
    "fixed-each-day": Case("DAILY", ({"price": "0.4031"},), 31 * Decimal("0.4031")),
    "fixed-each-kilowatt-and-day": Case(
        "DAILY", ({"price": "0.103944", "times": "subscribed_kw"},), 31 * Decimal("4.6") * Decimal("0.103944")
    ),
    "fixed-each-square-meter": Case(
        "MONTHLY", ({"price": "2.15", "times": "area", "proration": "NONE"},), Decimal("120.5") * Decimal("2.15")
    ),
    # 131 kW where 100 are contracted: 105 at the usual price, 26 at the other
    "contracted-with-excess": Case(
        "DEMAND",
        (
            {
                "price": "13.90",
                "demand.contracted.charge": "HIGHER",
                "demand.contracted.excess[0].above_percent": "105",
                "demand.contracted.excess[0].price": "27.80",
            },
        ),
        105 * Decimal("13.90") + 26 * Decimal("27.80"),
        peak="131",
    ),
    "the-mean-of-the-highest-below-a-contract": Case(
        "DEMAND",
        (
            {"price": "13.90", "demand.take": "MEAN_OF_HIGHEST", "demand.contracted.charge": "HIGHER"},
            {"demand.highest": "3", "demand.one_a_day": "on"},
        ),
        100 * Decimal("13.90"),
        peak="71",
    ),
    # 71 kW where 100 are contracted, of which 80 % are billed in any case
    "least-of-a-contract": Case(
        "DEMAND",
        ({"price": "13.90", "demand.contracted.charge": "MEASURED", "demand.contracted.least_percent": "80"},),
        80 * Decimal("13.90"),
        peak="71",
    ),
    # 8000 kWh are 81 packages of 99 begun; the 8000 fill the year's steps, of which 900 are cheap
    "packages-begun": Case("FLAT", ({"price": "3.5", "package": "99"},), 81 * Decimal("3.5")),
    "steps-over-a-year": Case(
        "TIERS",
        ({"climbs": "YEAR", "tiers[0].up_to": "900", "tiers[0].price": "0.10", "tiers[1].price": "0.20"},),
        900 * Decimal("0.10") + 7100 * Decimal("0.20"),
    ),
    # 40 of 8000 free at the average of (1000 x 0.10 + 7000 x 0.20) / 8000
    "free-at-the-average-price": Case(
        "TIERS",
        (
            {
                "tier_reference": "BILLING_PERIOD",
                "tiers[0].up_to": "1000",
                "tiers[0].price": "0.10",
                "tiers[1].price": "0.20",
                "allowance.quantity": "40",
                "allowance.mode": "AVERAGE_PRICE",
            },
        ),
        Decimal(1500) - 40 * Decimal(1500) / 8000,
    ),
    "exempt-of-the-tax": Case("MONTHLY", ({"price": "9.99"},), Decimal("9.99"), tax=NO_TAX, exemptions=EXEMPT),
}


def entered(case: Case) -> tuple[loose.Raw, str]:
    """A document made as on the page: each dictionary is one page that is sent, with all fields it then has."""
    raw = starts.document("flat")
    structure.act(raw, "remove:components[1]")
    place = structure.act(raw, f"add:components:{case.shape}")
    first: Typed = {"name": "Sheet", "code": "sheet", "components[0].price": "0.10", "taxes[0].rate": "21"}
    for typed in (first, *({f"{place}.{name}": value for name, value in page.items()} for page in case.pages)):
        form = sheet.of(raw)
        posted = QueryDict(mutable=True)
        for each in form.fields():
            posted.setlist(each.path, each.shown)
        assert typed.keys() <= posted.keys(), sorted(typed.keys() - posted.keys())
        for name, value in typed.items():
            posted.setlist(name, [value])
        sheet.take(form, posted)
    return raw, raw["components"][1]["code"]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_a_month_of_what_was_typed(case: Case) -> None:
    raw, code = entered(case)
    plan = tariffs.plan(raw, first=date(2026, 1, 1), until=date(2026, 2, 1), zone="UTC")
    inputs = Inputs(facts={name: Decimal(value) for name, value in FACTS.items()}, exemptions=case.exemptions)

    rated = totals(plan, USED, inputs, channels=case.channels, demands={code: {"": case.peak}} if case.peak else {})

    added = sum((line.amount for line in rated.lines[1:]), Decimal(0))
    assert (rated.lines[0].amount, added) == (ENERGY, cents(case.expected))
    assert rated.total == cents((ENERGY + cents(case.expected)) * case.tax)


def test_how_many_of_the_highest_comes_and_goes_with_the_choice() -> None:
    raw, _code = entered(CASES["the-mean-of-the-highest-below-a-contract"])
    fields = {each.path: each for each in sheet.of(raw).fields()}
    take = fields["components[1].demand.take"]
    assert take.is_submitting  # the page asks anew, as other choices of the form do
    assert raw["components"][1]["demand"]["highest"] == 3

    take.take(["MAXIMUM"])

    assert "components[1].demand.highest" not in {each.path for each in sheet.of(raw).fields()}
    assert raw["components"][1]["demand"].keys() == {"interval", "contracted"}
