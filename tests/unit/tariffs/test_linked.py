"""Quantities that follow from what is measured: sewer from water, heat from hot water (B-52, B-53)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import inputs_reading, needs, reading
from meterbook.tariffs.rating.inputs import NONE, Amount, InputMissing
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import tariffs
from tests.unit.tariffs.pricing_cases import component, energy, plan, totals

LITERS = Decimal("0.001")


def of_water(*components: dict[str, Any], **more: Any) -> Plan:  # noqa: ANN401 - parts of a document
    """Water at 1.20 a cubic meter, counted in liters, and what goes with it."""
    return replace(plan(energy(price="1.20"), *components, unit="M3", **more), scale=Scale(Unit.M3, 3))


def water(
    linked: dict[str, Any],
    *,
    first: date = date(2026, 1, 1),
    until: date = date(2026, 1, 31),
    **more: Any,  # noqa: ANN401 - parts of a document
) -> Plan:
    """Water at 1.20 a cubic meter, and sewer that follows from it at 2.00."""
    terms = {"price": "2.00", **more}
    return of_water(
        component("sewer", "ENERGY", service="SEWER", linked=linked, **terms),
        first=first,
        until=until,
    )


def sewer(rated: Rated) -> tuple[str, str]:
    (line,) = [each for each in rated.lines if each.component == "sewer"]
    return line.quantity, str(line.amount)


@pytest.mark.spec("B-52")
class TestSewer:
    def test_is_a_share_of_the_water(self) -> None:
        rated = totals(water({"factor": "0.95"}), "31.250")

        # 31.250 x 0.95 = 29.6875
        assert sewer(rated) == ("29.688", "59.38")
        line = rated.lines[1]
        assert (line.unit, line.trace["service"]) == ("M3", "SEWER")
        assert line.trace["linked"] == {"measured": "31.25", "unit": "M3", "factor": "0.95"}
        assert "service" not in rated.lines[0].trace

    def test_leaves_out_what_waters_the_garden(self) -> None:
        linked = {"factor": "0.9", "less": "irrigation_meter"}
        inputs = replace(NONE, deducted={"irrigation_meter": Amount(Decimal("2000"), Unit.L, ("IRR-1",))})

        assert sewer(totals(water(linked), "31.250", inputs)) == ("26.325", "52.65")
        # More than all of it is nothing, and no account without such a meter loses anything.
        assert sewer(totals(water(linked), "1.500", inputs)) == ("0.000", "0.00")
        assert sewer(totals(water(linked), "31.250")) == ("28.125", "56.25")

    def test_is_no_more_than_the_cap(self) -> None:
        linked = {"factor": "1", "most": {"quantity": "20", "reference": {"days": 30}}}

        assert sewer(totals(water(linked), "31.250")) == ("20.000", "40.00")
        assert sewer(totals(water(linked, until=date(2026, 1, 16)), "31.250")) == ("10.000", "20.00")
        assert sewer(totals(water(linked), "19.999")) == ("19.999", "40.00")

    def test_is_no_more_than_in_winter(self) -> None:
        linked = {"factor": "0.9", "winter": {"months": [12, 1, 2]}}
        summer = water(linked, first=date(2026, 7, 1), until=date(2026, 7, 31))
        inputs = replace(NONE, winter={"sewer": Amount(Decimal("27.000"), Unit.M3, days=90)})

        # 0.3 a day for 30 days are 9 of water, and 8.1 of sewer.
        rated = totals(summer, "31.250", inputs)
        assert sewer(rated) == ("8.100", "16.20")
        assert rated.lines[1].trace["linked"]["winter"] == {"a_day": "0.3", "days": 30, "percent": "100", "most": "9"}
        # In winter itself there is no such limit.
        assert sewer(totals(water(linked), "31.250", inputs)) == ("28.125", "56.25")

    def test_asks_for_the_winter_of_who_had_none(self) -> None:
        linked = {"factor": "1", "winter": {"months": [12, 1, 2], "percent": "110"}}
        summer = water(linked, first=date(2026, 7, 1), until=date(2026, 7, 31))

        with pytest.raises(InputMissing) as caught:
            totals(summer, "31.250")
        assert (caught.value.need, caught.value.name) == ("FACT", "winter_average")
        noted = replace(NONE, facts={"winter_average": Decimal("10")})
        assert sewer(totals(summer, "31.250", noted)) == ("11.000", "22.00")
        linked["winter"]["without"] = "NO_CAP"
        summer = water(linked, first=date(2026, 7, 1), until=date(2026, 7, 31))
        assert sewer(totals(summer, "31.250")) == ("31.250", "62.50")

    def test_has_tiers_of_its_own(self) -> None:
        given = of_water(
            component(
                "sewer", "ENERGY", linked={"factor": "0.5"}, tiers=[{"up_to": "10", "price": "1"}, {"price": "3"}]
            ),
        )
        rated = totals(given, "31.250")
        assert [(each.quantity, str(each.amount)) for each in rated.lines[1:]] == [
            ("10.000", "10.00"),
            ("5.625", "16.88"),
        ]


@pytest.mark.spec("B-53")
def test_the_heat_of_hot_water_is_in_another_unit() -> None:
    given = of_water(
        component("heat", "ENERGY", service="HEATING", linked={"factor": "58.15", "unit": "KWH"}, price="0.11")
    )
    heat = totals(given, "3.500").lines[1]
    assert (heat.quantity, heat.unit, str(heat.amount)) == ("203.525", "KWH", "22.39")


@examples(
    used=st.integers(0, 10**9),
    less=st.integers(0, 10**9),
    factor=st.decimals("0.001", "2", places=3),
    most=st.integers(0, 10**6),
)
def test_is_exact_and_rounded_once(used: int, less: int, factor: Decimal, most: int) -> None:
    linked = {"factor": str(factor), "less": "garden", "most": {"quantity": str(most)}}
    inputs = replace(NONE, deducted={"garden": Amount(less * LITERS, Unit.M3)})
    exact = min(max(Fraction(used - less, 1_000), Fraction(0)) * Fraction(factor), Fraction(most))

    quantity, amount = sewer(totals(water(linked), str(used * LITERS), inputs))

    assert abs(Fraction(quantity) - exact) <= Fraction(1, 2_000)
    assert Fraction(amount) == Fraction(round(Fraction(quantity) * 200 + Fraction(1, 10**9)), 100)


def test_what_it_needs_is_written_down_and_read_again() -> None:
    linked = {
        "factor": "1",
        "less": "garden",
        "winter": {"months": [1]},
        "most": {"quantity": "9", "scale": {"fact": "people"}},
    }
    found = needs.of(water(linked).document)
    assert (found.deducts, found.winters) == ({"garden"}, {("sewer", frozenset({1}))})
    assert found.facts == {"winter_average", "people"}

    inputs = replace(
        NONE,
        deducted={"garden": Amount(Decimal("2.500"), Unit.M3, ("IRR-1",))},
        winter={"sewer": Amount(Decimal("9"), Unit.M3, days=31)},
    )
    assert inputs_reading.read(inputs_reading.written(inputs)) == inputs


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"channel": "EXPORT"}, "channel"),
        ({"tiers": [{"price": "1"}], "tier_year": "01-01"}, "tier_year"),
        ({"price": "1", "loss": {"factor": "1.1"}}, "loss"),
    ],
    ids=["channel", "year", "loss"],
)
def test_what_does_not_go_with_it_is_told_with_its_place(more: dict[str, Any], place: str) -> None:
    terms = {"linked": {"factor": "1"}, **({} if "tiers" in more else {"price": "1"}), **more}
    with pytest.raises(TariffInvalid) as caught:
        reading.read(tariffs.document(components=[component("sewer", "ENERGY", **terms)]))
    assert [each.place for each in caught.value.problems] == [f"components[0].{place}"]
