"""Chilled water: what a low temperature difference costs, and capacity that was declared (B-54), by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import inputs_reading
from meterbook.tariffs.rating import intervals as rating_intervals
from meterbook.tariffs.rating.inputs import History, InputMissing, Inputs, MonthlyDemand
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.terms import Channel
from tests.unit.tariffs.pricing_cases import amounts, component, energy, intervals, plan, totals
from tests.unit.tariffs.test_component_faults import faults

COLD = energy(price="0.09")
STEPS = [{"below": "8", "percent": "2"}, {"below": "6", "percent": "4"}]
# A kilowatt hour warms so many cubic meters of water by one kelvin: 3600 / (999.70 x 4.1954).
ONE = Fraction(3600) / (Fraction("999.70") * Fraction("4.1954"))


def low(**terms: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    return component("delta", "LOW_DELTA_T", components=["energy"], delta_t={"rule": "STEPS", "steps": STEPS, **terms})


def above(target: str, **terms: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    rule = {"rule": "VOLUME_ABOVE", "target": target, **terms}
    return component("water", "LOW_DELTA_T", price="0.05", delta_t=rule)


def charged(one: dict[str, Any], kwh: str, cubic: str, **more: Any) -> list[Line]:  # noqa: ANN401 - of a document
    rated = totals(plan(COLD, one, **more), kwh, channels={Channel.VOLUME: cubic})
    return [line for line in rated.lines if line.component != "energy"]


class TestLowDifference:
    @pytest.mark.spec("B-54")
    @pytest.mark.parametrize(
        ("count", "percent", "amount"),
        [("BEGUN", "8", "72.00"), ("FULL", "4", "36.00"), ("PROPORTION", "6.4", "57.60")],
    )
    def test_costs_a_percentage_for_each_kelvin(self, count: str, percent: str, amount: str) -> None:
        """10,000 x ONE / 1,600 = 5.365, so 5.4 K: 2 K at 2 %, 0.6 K at 4 %, of 900.00."""
        (line,) = charged(low(count=count), "10000", "1600")

        assert (line.quantity, line.unit, str(line.amount)) == (percent, "PERCENT", amount)
        assert (line.trace["delta_t"], line.trace["base"], line.text["en"]) == ("5.4", "900.00", "delta (5.4 K)")
        assert (line.trace["volume"], line.trace["density"], line.trace["specific_heat"]) == (
            "1600",
            "999.70",
            "4.1954",
        )

    @pytest.mark.spec("B-54")
    def test_costs_water_above_what_the_energy_needs(self) -> None:
        """At 8 K 10,000 kWh need 10,000 x ONE / 8 = 1,072.925 m3; 1,600 are 527.075 more, at 0.05."""
        (line,) = charged(above("8"), "10000", "1600")

        needed = Fraction(10_000) * ONE / 8
        assert round(needed, 3) == Fraction("1072.925")
        assert (line.quantity, line.unit, str(line.amount)) == ("527.075", "M3", "26.35")
        assert charged(above("5"), "10000", "1600") == []

    def test_is_the_same_in_tons_of_refrigeration(self) -> None:
        (in_kwh,) = charged(low(decimals=3), "10000", "1600")
        (in_rth,) = charged(low(decimals=3), "10000", "1600", unit="RTH", decimals=6)

        assert in_rth.trace["delta_t"] == in_kwh.trace["delta_t"] == "5.365"
        assert in_rth.trace["energy_unit"] == "RTH"
        assert Fraction(in_rth.trace["energy"]) == pytest.approx(10_000 / 3.516852842)

    def test_goes_by_the_figures_of_a_mixture(self) -> None:
        """30 % of glycol: 1,040 kg/m3 and 3.70 kJ/(kg K) carry 1.0689 kWh a K: 10,000 / 1,600 / 1.0689 = 5.847."""
        (line,) = charged(low(density="1040", specific_heat="3.70", decimals=2), "10000", "1600")

        assert line.trace["delta_t"] == "5.85"

    def test_is_not_charged_without_flow_or_below_the_least_use(self) -> None:
        assert charged(low(), "0", "0") == charged(low(), "10", "0") == []
        assert charged(low(least_usage="10000.001"), "10000", "1600") == []
        assert len(charged(low(least_usage="10000"), "10000", "1600")) == 1

    def test_waits_for_a_volume(self) -> None:
        with pytest.raises(InputMissing, match="VOLUME"):
            totals(plan(COLD, low()), "10000")

    def test_a_volume_can_have_a_price_of_its_own(self) -> None:
        flow = component("flow", "ENERGY", channel="VOLUME", price="0.02")
        assert amounts(totals(plan(COLD, flow), "100", channels={Channel.VOLUME: "160.5"}))["flow"] == "3.21"

    def test_a_column_of_a_file_holds_the_water(self) -> None:
        rows = "".join(f"2026-01-01T{hour:02}:00,10,{hour}.5\n" for hour in range(24))
        period = plan(COLD, until=date(2026, 1, 2)).period
        text = f"start,kwh,m3\n{rows}"
        found = rating_intervals.channels_from_csv(
            text, {Channel.VOLUME}, zone=ZoneInfo("UTC"), period=period, unit=Unit.KWH
        )

        assert set(found) == {Channel.VOLUME}
        assert found[Channel.VOLUME].scale.unit is Unit.M3

    @given(
        kwh=st.integers(1, 10**9),
        cubic=st.integers(1, 10**8),
        target=st.decimals(min_value="0.5", max_value=20, places=1),
    )
    def test_water_above_is_charged_exactly_where_the_difference_is_below(
        self, kwh: int, cubic: int, target: Decimal
    ) -> None:
        numbers = [str(Decimal(each).scaleb(-3)) for each in (kwh, cubic)]
        over = Fraction(cubic, 1_000) - Fraction(kwh, 1_000) * ONE / Fraction(target)
        found = charged(above(str(target)), *numbers)

        assert bool(found) == (over >= Fraction(1, 2_000))
        for line in found:
            assert abs(Fraction(line.quantity) - over) <= Fraction(1, 2_000)

    @given(kwh=st.integers(1, 10**8), cubic=st.integers(1, 10**7))
    def test_parts_of_kelvins_lie_between_full_and_begun(self, kwh: int, cubic: int) -> None:
        numbers = [str(Decimal(each).scaleb(-3)) for each in (kwh, cubic)]
        full, part, begun = (
            sum(Decimal(line.quantity) for line in charged(low(count=count), *numbers))
            for count in ("FULL", "PROPORTION", "BEGUN")
        )
        assert full <= part <= begun


class TestCapacity:
    def found(self, terms: dict[str, Any], values: list[int], inputs: Inputs | None = None) -> Line:
        demand = {"interval": 60, "unit": "RT", **terms}
        capacity = component("capacity", "DEMAND", price="21.50", demand=demand)
        given_plan = plan(capacity, until=date(2026, 1, 2), unit="RTH")
        (line,) = intervals(given_plan, values, inputs or Inputs(facts={"declared_rt": Decimal(150)}), minutes=60).lines
        return line

    @pytest.mark.spec("B-54")
    def test_is_measured_in_tons_and_billed_at_least_as_declared(self) -> None:
        """351.685 kWh in an hour are 100 RT; 80 % of 150 declared are 120, at 21.50."""
        contract = {"contracted": {"fact": "declared_rt", "charge": "MEASURED", "least_percent": "80"}}
        line = self.found(contract, [351_685])

        assert (line.quantity, line.unit, str(line.amount)) == ("120.000", "RT", "2580.00")
        assert (line.trace["actual"], line.trace["rt"]) == ("100.000", "120.000")
        assert self.found(contract, [527_528]).quantity == "150.000"
        assert self.found({"minimum": "110"}, [351_685]).quantity == "110"

    def test_of_all_that_is_declared_has_a_key_of_its_unit(self) -> None:
        with pytest.raises(InputMissing, match="contracted_rt"):
            self.found({"contracted": {}}, [351_685])

    def test_looks_back_at_months_in_kilowatts(self) -> None:
        """703.370568 kW of last month are 200 RT."""
        before = MonthlyDemand(date(2025, 12, 1), "capacity", Decimal("703.370568"))
        told = Inputs(history=History(demand=(before,)))
        line = self.found({"ratchet": [{"percent": "100", "months": 11}]}, [351_685], told)

        assert line.quantity == "200.000"

    def test_months_in_tons_go_through_the_inputs_of_a_bill(self) -> None:
        before = MonthlyDemand(date(2025, 12, 1), "capacity", Decimal(200), Unit.RT)
        told = Inputs(history=History(demand=(before,)))

        assert inputs_reading.read(inputs_reading.written(told)) == told
        assert self.found({"ratchet": [{"percent": "50", "months": 1}]}, [35_168], told).quantity == "100.000"

    def test_hours_of_use_are_those_of_a_ton(self) -> None:
        """200 hours of 100 RT are 20,000 RTh."""
        tiers = [{"hours": "200", "price": "0.10"}, {"price": "0.05"}]
        given_plan = plan(
            component("capacity", "DEMAND", price="1", demand={"unit": "RT"}),
            energy(tiers=tiers, hours_of="capacity"),
            unit="RTH",
        )
        rated = totals(given_plan, "100000", demands={"capacity": {"": "100"}})
        first, second = (line for line in rated.lines if line.component == "energy")

        assert first.quantity == "20000.000"
        assert Decimal(second.quantity) == Decimal("8434.514")  # 100,000 kWh are 28,434.514 RTh


@pytest.mark.parametrize(
    ("given_one", "told"),
    [
        (low(steps=[STEPS[1], STEPS[0]]), ".delta_t.steps[1].below: 8 is not below 6"),
        (low(target="8"), ".delta_t.target: the rule STEPS has no target"),
        (
            component("delta", "LOW_DELTA_T", price="1", delta_t={"rule": "VOLUME_ABOVE"}),
            ".delta_t: “target” is missing",
        ),
        (component("delta", "LOW_DELTA_T", price="1"), ": a component of charge LOW_DELTA_T needs delta_t"),
        (
            component("delta", "LOW_DELTA_T", price="1", delta_t={"rule": "STEPS", "steps": STEPS}),
            ": the rule STEPS needs components, and no price",
        ),
        (
            component("capacity", "DEMAND", price="1", demand={"of": "APPARENT", "unit": "RT"}),
            ".demand.unit: apparent power is in kVA",
        ),
    ],
    ids=["order", "other-rule", "no-target", "no-rule", "price", "apparent"],
)
def test_faults_name_their_place(given_one: dict[str, Any], told: str) -> None:
    found = faults(COLD, given_one)

    assert any(each.startswith(f"components[1]{told}") for each in found), found


def test_water_is_no_energy() -> None:
    cold = component("delta", "LOW_DELTA_T", components=["energy"], delta_t={"rule": "STEPS", "steps": STEPS})
    flow = component("flow", "ENERGY", channel="VOLUME", price="1")

    told = [each for each in faults(COLD, cold, flow, unit="M3") if "only a tariff for energy" in each]
    assert [each.split(":")[0] for each in told] == ["components[1].charge", "components[2].channel"]
