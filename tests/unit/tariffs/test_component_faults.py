"""What does not make sense in an extended document is told when it is saved, with its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.document import CalendarDays
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import tariffs
from tests.unit.tariffs.pricing_cases import component, energy

DEMAND = component("demand", "DEMAND", price="1")
PRICED = {
    "periods": [{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off"}],
    "calendar": [{"windows": tariffs.PEAK_WINDOWS}],
}


def faults(*components: dict[str, Any], **more: Any) -> list[str]:  # noqa: ANN401 - parts of a document
    with pytest.raises(TariffInvalid) as caught:
        reading.read(tariffs.document(components=list(components), **more))
    return [str(each) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (energy(price="1", seasons=["summer"]), ".seasons[0]: there is no season “summer”"),
        (energy(price="1", times="area"), ".times: a component of charge ENERGY has no times"),
        (energy(price="1", tier_mode="SLAB"), ".tier_mode: only a component with tiers has this"),
        (energy(price="1", tiers=[{"price": "1"}]), ": an ENERGY component needs exactly one of price"),
        (
            energy(tiers=[{"up_to": "1", "hours": "1", "price": "1"}, {"price": "2"}]),
            ".tiers[0]: give either up_to or hours",
        ),
        (energy(tiers=[{"hours": "200", "price": "1"}, {"price": "2"}]), ": tiers by hours of use need hours_of"),
        (
            energy(tiers=[{"hours": "200", "price": "1"}, {"price": "2"}], hours_of="later"),
            ".hours_of: there is no DEMAND component “later” before this one",
        ),
        (
            energy(tiers=[{"up_to": "1", "prices": {"all": "1"}}, {"price": "2"}]),
            ".tiers[1]: either all tiers have a price, or all have prices by period",
        ),
        (
            energy(tiers=[{"up_to": "1", "price": "1"}, {"price": "2"}], tier_year="02-29"),
            ".tier_year: 02-29 is not a day",
        ),
        (
            energy(tiers=[{"up_to": "1", "price": "1"}, {"price": "2"}], tier_sharing="TIME_ORDER"),
            ".tier_sharing: only tiers with prices by period",
        ),
        (
            energy(price="1", only_if={"usage_above": "5", "usage_up_to": "5"}),
            ".only_if: nothing is above 5 and up to 5",
        ),
        (
            component("demand", "DEMAND", price="1", demand={"interval": 15, "sliding_by": 10}),
            ".demand.sliding_by: 10 minutes",
        ),
        (component("demand", "DEMAND", price="1", demand={"take": "MEAN_OF_HIGHEST"}), ".demand: MEAN_OF_HIGHEST"),
        (
            component("demand", "DEMAND", price="1", demand={"periods": ["peak"]}),
            ".demand.periods[0]: there is no such price",
        ),
        (
            component(
                "demand",
                "DEMAND",
                price="1",
                demand={"contracted": {"excess": [{"above_percent": "105", "price": "1"}] * 2}},
            ),
            ".demand.contracted.excess[1].above_percent: 105 is not above 105",
        ),
        (
            component("pf", "POWER_FACTOR", price="1", power_factor={"rule": "STEPS"}),
            ".power_factor: “steps” is missing",
        ),
        (
            component(
                "pf", "POWER_FACTOR", price="1", power_factor={"rule": "REACTIVE_ABOVE", "tan_phi": "1", "step": "0.01"}
            ),
            ".power_factor.step: the rule REACTIVE_ABOVE has no step",
        ),
        (component("less", "DISCOUNT", percent="5", price="1"), ": give either percent or price"),
        (component("less", "DISCOUNT", percent="5", least="2", most="1"), ".least: 2 is above 1"),
        (
            component("less", "DISCOUNT", percent="5", components=["tax"]),
            ".components[0]: there is no component “tax” before",
        ),
        (component("once", "ONE_OFF", price="5"), ": a component of charge ONE_OFF needs due"),
        (component("once", "ONE_OFF", price="5", due="2026-02-30"), ".due: 2026-02-30 is not a date"),
        (component("cap", "COST_CAP", components=[]), ".components: at least 1 must be there"),
        (energy(prices={"all": "1"}, minimum={"quantity": "5"}), ".minimum: only a component with price or tiers"),
    ],
)
def test_names_the_place_of_a_component(given: dict[str, Any], told: str) -> None:
    found = faults(given)

    assert any(each.startswith(f"components[0]{told}") for each in found), found


def test_names_unequal_ladders_and_missing_prices() -> None:
    found = faults(
        energy(period_tiers={"peak": [{"price": "1", "prices": {"peak": "1", "off": "1"}}], "night": [{"price": "1"}]}),
        energy(code="other", tiers=[{"up_to": "5", "prices": {"peak": "1"}}, {"prices": {"peak": "1", "off": "2"}}]),
        **PRICED,
    )

    assert "components[0].period_tiers.night: there is no such price period" in found
    assert "components[0].period_tiers: price period “off” has no tiers" in found
    assert "components[0].period_tiers.peak[0].prices: tiers of one price period have a price each" in found
    assert any(each.startswith("components[1].tiers[0].prices: price period “off” has no price") for each in found)


def test_a_base_holds_earlier_lines_and_taxes_only() -> None:
    first = component("less", "DISCOUNT", percent="5", components=["energy", "less"])
    assert [each.split(":")[0] for each in faults(first, energy(price="1"))] == [
        "components[0].components[0]",
        "components[0].components[1]",
    ]
    vat = {"code": "vat", "name": "VAT", "rate": "0.2"}
    assert faults(energy(price="1"), taxes=[{**vat, "taxes": ["levy"]}, {**vat, "code": "levy"}]) == [
        "taxes[0].taxes[0]: there is no tax “levy” before this one: a tax is on earlier taxes only"
    ]
    assert faults(energy(price="1"), taxes=[vat, {**vat, "code": "b", "taxes": ["vat"], "inclusive": True}]) == [
        "taxes[1].inclusive: a tax that the prices hold is on lines alone, and is not reversed"
    ]


def test_power_is_of_energy() -> None:
    assert faults(DEMAND, unit="M3") == ["components[0].charge: only a tariff for energy, such as KWH, can charge this"]


def test_calendars_come_from_outside() -> None:
    rest = [
        {"code": "work", "name": "Work", "weekdays": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]},
        {"code": "free", "name": "Free", "is_holiday": True},
        {"code": "critical", "name": "Critical", "dates": ["2026-07-14"]},
    ]
    raw = tariffs.document(components=[energy(price="1")], holiday_calendar="es", day_types=rest)
    with pytest.raises(TariffInvalid, match="there is no calendar of holidays “es”"):
        reading.read(raw)
    document = reading.read(raw, {"es": CalendarDays(frozenset({date(2026, 1, 6), date(2026, 7, 14)}))}.get)

    days = [date(2026, 1, 6), date(2026, 1, 7), date(2026, 7, 14)]
    assert [document.day_types[document.day_type_of(day)].code for day in days] == ["free", "work", "critical"]
