"""Demand and power factor, each by a figure worked out by hand or printed by others."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from meterbook.tariffs.rating.inputs import (
    History,
    InputMissing,
    Inputs,
    MonthlyDemand,
)
from meterbook.tariffs.rating.terms import Channel
from tests.unit.tariffs.pricing_cases import amounts, component, energy, intervals, plan, totals

TIERS = [{"up_to": "100", "price": "0.10"}, {"up_to": "300", "price": "0.15"}, {"price": "0.20"}]
FLAT = energy(price="0.10")
PEAKS: dict[str, Any] = {
    "periods": [{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off"}],
    "calendar": [
        {
            "windows": [
                {"from": "12:00", "to": "18:00", "period": "peak"},
                {"from": "18:00", "to": "12:00", "period": "off"},
            ]
        }
    ],
}


def facts(**values: str) -> Inputs:
    return Inputs(facts={name: Decimal(value) for name, value in values.items()})


class TestDemand:
    def found(self, terms: dict[str, Any], values: list[int], minutes: int = 5, **more: Any) -> list[str]:  # noqa: ANN401
        given = plan(component("demand", "DEMAND", **({"price": "1"} | more), demand=terms), until=date(2026, 1, 2))
        return [line.quantity for line in intervals(given, values, minutes=minutes).lines]

    @pytest.mark.spec("M-053/1")
    @pytest.mark.spec("G-09")
    def test_block_and_sliding(self) -> None:
        values = [1_000, 1_000, 4_000, 4_000, 4_000, 1_000]

        assert self.found({"interval": 15}, values) == ["36.000"]
        assert self.found({"interval": 15, "sliding_by": 5}, values) == ["48.000"]

    def test_mean_of_highest(self) -> None:
        values = [1_000, 9_000, 9_000] + [0] * 20 + [3_000]
        assert self.found({"take": "MEAN_OF_HIGHEST", "highest": 3}, values, 60) == ["7.000"]
        given = plan(
            component(
                "demand", "DEMAND", price="1", demand={"take": "MEAN_OF_HIGHEST", "highest": 2, "one_a_day": True}
            ),
            until=date(2026, 1, 4),
        )
        rated = intervals(given, [9_000, 8_000] + [0] * 40 + [5_000], minutes=60)
        assert rated.lines[0].quantity == "7.000"
        assert rated.lines[0].trace["at"] == ["2026-01-01T00:00+00:00", "2026-01-02T18:00+00:00"]

    def test_by_price_period_with_the_instant(self) -> None:
        given = plan(
            component("demand", "DEMAND", prices={"peak": "21.19", "off": "1"}), until=date(2026, 1, 2), **PEAKS
        )
        rated = intervals(given, [each * 250 for each in range(96)])
        assert [(line.code, line.quantity) for line in rated.lines] == [
            ("demand.peak", "71.000"),
            ("demand.off", "95.000"),
        ]
        assert rated.lines[0].trace["at"] == ["2026-01-01T17:45+00:00"]

    @pytest.mark.parametrize(
        ("terms", "expected"),
        [
            ({"ratchet": [{"percent": "80", "months": 11}]}, "1040.000"),
            ({"ratchet": [{"percent": "80", "months": 1}]}, "900"),
            ({"ratchet": [{"percent": "80", "months": 11, "of_months": [7]}]}, "900"),
            ({"minimum": "950"}, "950"),
            ({"actual_in_months": [7], "minimum": "500"}, "500"),
        ],
    )
    def test_ratchets_and_minimum(self, terms: dict[str, Any], expected: str) -> None:
        history = History(demand=(MonthlyDemand(date(2025, 11, 1), "demand", Decimal(1300)),))
        given = plan(component("demand", "DEMAND", price="1", demand=terms))

        (line,) = totals(given, "0", Inputs(history=history), demands={"demand": {"": "900"}}).lines
        assert line.quantity == expected
        assert line.trace["actual"] == "900"

    def test_ratchet_of_georgia(self) -> None:
        """NREL's SSC: 95 % of the highest summer month of eleven, 60 % of winter; only summer's own counts in full."""
        peaks = [1200, 1100, 900, 700, 800, 950, 1050, 1150, 850, 400, 600, 750]
        terms = {
            "minimum": "500",
            "actual_in_months": [6, 7, 8, 9],
            "ratchet": [
                {"percent": "95", "months": 11, "of_months": [6, 7, 8, 9], "with_current": True},
                {
                    "percent": "60",
                    "months": 11,
                    "of_months": [1, 2, 3, 4, 5, 10, 11, 12],
                    "with_current": True,
                },
            ],
        }
        before = [MonthlyDemand(date(2025, n + 1, 1), "demand", Decimal(peak)) for n, peak in enumerate(peaks)]
        billed = []
        for month, peak in enumerate(peaks, 1):
            until = date(2026 + month // 12, month % 12 + 1, 1)
            given = plan(
                component("demand", "DEMAND", price="1", demand=terms), first=date(2026, month, 1), until=until
            )
            history = Inputs(history=History(demand=tuple(before)))
            (line,) = totals(given, "0", history, demands={"demand": {"": str(peak)}}).lines
            billed.append(Decimal(line.quantity))
            before.append(MonthlyDemand(date(2026, month, 1), "demand", Decimal(line.trace["actual"])))
        assert billed == [Decimal("1092.5")] * 7 + [Decimal(1150)] + [Decimal("1092.5")] * 4

    def test_contracted_capacity_with_excess(self) -> None:
        excess = [{"above_percent": "100", "price": "20"}, {"above_percent": "110", "price": "30"}]
        terms = {"contracted": {"excess": excess}}
        given = plan(component("demand", "DEMAND", price="10", demand=terms))
        known = facts(contracted_kw="100")
        assert amounts(totals(given, "0", known, demands={"demand": {"": "125"}})) == {
            "demand": "1000.00",
            "demand.excess1": "200.00",
            "demand.excess2": "450.00",
        }
        assert amounts(totals(given, "0", known, demands={"demand": {"": "60"}})) == {"demand": "1000.00"}
        old = {"contracted": {"charge": "MEASURED", "least_percent": "85"}}
        given = plan(component("demand", "DEMAND", price="1", demand=old))
        assert amounts(totals(given, "0", known, demands={"demand": {"": "60"}})) == {"demand": "85.00"}
        with pytest.raises(InputMissing, match="contracted_kw"):
            totals(given, "0", demands={"demand": {"": "60"}})

    def test_tiers_by_period(self) -> None:
        """NREL's SSC: 5 kW at 20 and 10 kW at 10."""
        tiers = {
            "peak": [{"up_to": "100", "price": "20"}, {"price": "15"}],
            "off": [{"up_to": "100", "price": "10"}, {"price": "5"}],
        }
        given = plan(component("demand", "DEMAND", period_tiers=tiers), **PEAKS)
        assert totals(given, ["0", "0"], demands={"demand": {"peak": "5", "off": "10"}}).total == Decimal("200.00")
        assert totals(given, ["0", "0"], demands={"demand": {"peak": "120", "off": "10"}}).total == Decimal("2400.00")

    def test_the_factor_of_dover(self) -> None:
        """City of Dover: 50 kW at a power factor of 0.65 are billed as 73.08 kW."""
        terms = {"decimals": 2, "power_factor": {"target": "0.95"}}
        given = plan(component("demand", "DEMAND", price="13.90", demand=terms))
        reactive = {Channel.REACTIVE_IMPORT: "5845.67"}
        (line,) = totals(given, "5000", channels=reactive, demands={"demand": {"": "50"}}).lines
        assert (line.quantity, str(line.amount), line.trace["power_factor"]) == ("73.08", "1015.81", "0.65")


class TestPowerFactor:
    STEPS: ClassVar[dict[str, Any]] = {
        "rule": "STEPS",
        "steps": [{"below": "0.85", "percent": "1.5"}, {"below": "0.75", "percent": "3"}],
    }
    FORMULA: ClassVar[dict[str, Any]] = {
        "rule": "FORMULA",
        "reference": [{"from": "2020-01-01", "value": "0.90"}, {"from": "2026-02-01", "value": "0.95"}],
        "penalty": {"share": "3/5", "most": "120"},
        "bonus": {"share": "1/4", "most": "2.5"},
    }

    @pytest.mark.spec("G-10")
    @pytest.mark.parametrize(
        ("kvarh", "rule", "expected"),
        [
            ("6000", STEPS, "7.5"),
            ("6000", FORMULA, "7.5"),
            ("8161.63", STEPS, "30.0"),  # 0.70: ten steps of 1.5 and five of 3 more
            ("8161.63", FORMULA, "17.1"),
            ("0", FORMULA, "-2.5"),
        ],
    )
    def test_steps_and_formula(self, kvarh: str, rule: dict[str, Any], expected: str) -> None:
        given = plan(FLAT, component("pf", "POWER_FACTOR", components=["energy"], power_factor=rule))

        line = totals(given, "8000", channels={Channel.REACTIVE_IMPORT: kvarh}).lines[1]
        assert Decimal(line.quantity) == Decimal(expected)
        assert line.amount == Decimal(8) * Decimal(expected)

    def test_guards_leading_and_excess_reactive(self) -> None:
        above = {"rule": "REACTIVE_ABOVE", "tan_phi": "0.5", "least_usage": "100"}
        given = plan(FLAT, component("kvarh", "POWER_FACTOR", price="0.04", power_factor=above))
        assert amounts(totals(given, "1000", channels={Channel.REACTIVE_IMPORT: "750"}))["kvarh"] == "10.00"
        assert len(totals(given, "99", channels={Channel.REACTIVE_IMPORT: "750"}).lines) == 1
        added = plan(FLAT, component("kvarh", "POWER_FACTOR", price="0.04", power_factor={**above, "leading": "ADD"}))
        channels = {Channel.REACTIVE_IMPORT: "750", Channel.REACTIVE_EXPORT: "50"}
        assert amounts(totals(added, "1000", channels=channels))["kvarh"] == "12.00"
        with pytest.raises(InputMissing, match="REACTIVE_IMPORT"):
            totals(given, "1000")
