"""Gas: cubic meters to energy by conversion factor and calorific value (B-51), exact to the end (B-50)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import converting, fold, inputs_reading
from meterbook.tariffs.rating.converting import Conversion
from meterbook.tariffs.rating.inputs import NONE
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import UsageMisfit
from tests.unit.tariffs.pricing_cases import energy, plan

HOUR = timedelta(hours=1)
FIRST, MIDDLE, END = date(2026, 10, 1), date(2026, 10, 16), date(2026, 11, 1)
HOURS = 31 * 24


def october(unit: Unit = Unit.M3, decimals: int = 3, document_decimals: int = 0) -> Plan:
    made = plan(energy(price="0.10"), first=FIRST, until=END, unit="KWH", decimals=document_decimals)
    return replace(made, scale=Scale(unit, decimals))


def holds(factor: str, calorific: str, unit: Unit = Unit.KWH, first: date = FIRST, until: date = END) -> Conversion:
    return Conversion(first, until, Decimal(factor), Decimal(calorific), unit, "nord")


def rated(given: Plan, cubic: list[int], *conversions: Conversion) -> Rated:
    """Price thousandths of a cubic meter in the first hours of each half of October."""
    values = np.zeros((1, HOURS), np.int64)
    values[0, : len(cubic)] = cubic
    made, energies = converting.convert(given, values, HOUR, conversions)
    return next(fold.rate_matrix(made, energies, HOUR))


@pytest.mark.spec("B-51")
class TestGas:
    def test_is_factor_times_calorific_value(self) -> None:
        """1,000 m3 x 0.9513 x 11.247 = 10,699.2711 kWh; rounded once, to whole ones as the tariff says."""
        (line,) = rated(october(), [1_000_000], holds("0.9513", "11.247")).lines
        assert (line.quantity, line.unit, str(line.amount)) == ("10699", "KWH", "1069.90")
        (line,) = rated(october(document_decimals=4), [1_000_000], holds("0.9513", "11.247")).lines
        assert line.quantity == "10699.2711"

    def test_in_megajoules_is_divided_by_three_point_six(self) -> None:
        """1,000 m3 x 0.9513 x 40.489 MJ / 3.6 = 10,699.218... kWh."""
        exact = Fraction(1_000) * Fraction("0.9513") * Fraction("40.489") / Fraction("3.6")
        (line,) = rated(october(document_decimals=3), [1_000_000], holds("0.9513", "40.489", Unit.MJ)).lines
        assert line.quantity == "10699.218"
        assert abs(Fraction(line.quantity) - exact) < Fraction(1, 2_000)

    def test_changes_within_the_period_by_days(self) -> None:
        values = np.zeros((1, HOURS), np.int64)
        values[0, 15 * 24 - 1], values[0, 15 * 24] = 100_000, 200_000
        parts = (
            holds("0.9513", "11.247", until=MIDDLE),
            holds("0.9520", "40.1", Unit.MJ, first=MIDDLE),
        )
        given = october(document_decimals=6)
        made, energies = converting.convert(given, values, HOUR, parts)

        (line,) = next(fold.rate_matrix(made, energies, HOUR)).lines
        exact = 100 * Fraction("0.9513") * Fraction("11.247") + 200 * Fraction("0.9520") * Fraction("40.1") / Fraction(
            "3.6"
        )
        assert abs(Fraction(line.quantity) - exact) <= Fraction(1, 2_000_000)

        told = converting.told(given, given.scale, values[0], HOUR, parts)
        assert [(each.measured, each.period.start.date()) for each in told] == [(100_000, FIRST), (200_000, MIDDLE)]
        assert sum(each.energy for each in told) == exact

    def test_counts_from_liters_and_cubic_feet(self) -> None:
        assert rated(october(Unit.L, 0, 4), [1_000_000], holds("0.9513", "11.247")).lines[0].quantity == "10699.2711"
        # 100 ft3 are 2.8316846592 m3
        assert rated(october(Unit.FT3, 0, 6), [100], holds("1", "10")).lines[0].quantity == "28.316847"

    @pytest.mark.parametrize(
        "parts",
        [(), (holds("1", "10", until=MIDDLE),), (holds("1", "10", first=MIDDLE),)],
        ids=["none", "until the middle", "from the middle"],
    )
    def test_without_a_value_for_each_day_is_not_priced(self, parts: tuple[Conversion, ...]) -> None:
        with pytest.raises(UsageMisfit):
            rated(october(), [1], *parts)

    def test_that_cannot_be_exact_is_refused(self) -> None:
        parts = (holds("0.951301", "11.247313", until=MIDDLE), holds("0.952", "40.123457", Unit.MJ, first=MIDDLE))
        with pytest.raises(UsageMisfit):
            rated(october(), [10**9], *parts)


@examples(
    cubic=st.lists(st.integers(0, 10**6), min_size=1, max_size=48),
    factors=st.tuples(st.integers(8_000, 12_000), st.integers(8_000, 12_000)),
    values=st.tuples(st.integers(8_000, 13_000), st.integers(8_000, 13_000)),
)
def test_parts_sum_exactly_and_are_rounded_once(
    cubic: list[int], factors: tuple[int, int], values: tuple[int, int]
) -> None:
    parts = [
        holds(str(Decimal(factor) / 10_000), str(Decimal(value) / 1_000), until=until, first=first)
        for factor, value, first, until in zip(
            factors, values, (FIRST, date(2026, 10, 2)), (date(2026, 10, 2), END), strict=True
        )
    ]
    given = october(document_decimals=3)
    exact = sum(Fraction(each, 1_000) * parts[place // 24].energy for place, each in enumerate(cubic))

    quantity = Fraction(rated(given, cubic, *parts).lines[0].quantity)

    assert abs(quantity - exact) <= Fraction(1, 2_000)


def test_a_factor_of_temperature_and_pressure() -> None:
    """(273.15 / 288.15) x (1005.5 / 1013.25) = 0.94069..., as the field's codes of practice work it out."""
    assert converting.factor_of(celsius=Decimal(15), mbar=Decimal("1005.5")) == Decimal("0.9407")
    assert converting.factor_of(celsius=Decimal(0), mbar=Decimal("1013.25")) == 1
    half = converting.factor_of(celsius=Decimal(15), mbar=Decimal("1005.5"), compressibility=Decimal("0.998"))
    assert half == Decimal("0.9426")


def test_is_written_down_and_read_again() -> None:
    inputs = replace(
        NONE, conversions=(holds("0.9513", "40.489", Unit.MJ), replace(holds("1", "10"), is_estimated=True))
    )
    assert inputs_reading.read(inputs_reading.written(inputs)) == inputs
    with pytest.raises(UsageMisfit, match=r"conversions\[0\].unit"):
        inputs_reading.read(
            {
                "conversions": [
                    {"from": "2026-10-01", "until": "2026-11-01", "factor": "1", "calorific": "10", "unit": "M3"}
                ]
            }
        )
