from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import quantity, rounding
from meterbook.kernel.quantity import Quantity, Unit

UNITS = st.sampled_from(list(Unit))


class TestQuantity:
    @pytest.mark.spec("G-14")
    @pytest.mark.parametrize(
        ("value", "source", "target", "decimals", "expected"),
        [
            (12_000, Unit.BTU, Unit.KWH, 6, "3.516853"),
            (1, Unit.MWH, Unit.BTU, 3, "3412141.633"),
            (100, Unit.GAL_US, Unit.M3, 10, "0.3785411784"),
            (1, Unit.CCF, Unit.M3, 10, "2.8316846592"),
            (1, Unit.CCF, Unit.GAL_US, 4, "748.0519"),
            (1, Unit.RTH, Unit.KWH, 9, "3.516852842"),
            (1, Unit.KWH, Unit.MJ, 1, "3.6"),
            (1, Unit.GJ, Unit.KWH, 6, "277.777778"),
            (1, Unit.THERM_IT, Unit.KWH, 8, "29.30710702"),
            (1, Unit.THERM_US, Unit.KWH, 8, "29.30011111"),
        ],
    )
    def test_converts_by_exact_constants(
        self, value: int, source: Unit, target: Unit, decimals: int, expected: str
    ) -> None:
        assert Quantity(value, source).to(target, decimals).number == Decimal(expected)

    @pytest.mark.parametrize("value", [1.0, True, Decimal(1)])
    def test_refuses_what_is_not_an_integer(self, value: object) -> None:
        with pytest.raises(rounding.NotExact):
            Quantity(value, Unit.KWH)  # type: ignore[arg-type]

    def test_does_not_mix_dimensions(self) -> None:
        with pytest.raises(quantity.UnitMismatch):
            Quantity(1, Unit.KWH).to(Unit.KVARH, 0)
        with pytest.raises(quantity.UnitMismatch):
            Quantity(1, Unit.KWH) + Quantity(1, Unit.WH)

    def test_is_written_with_its_decimals_and_unit(self) -> None:
        assert str(Quantity(12_300, Unit.KWH, 2)) == "123.00 kWh"
        assert str(Quantity(5, Unit.COUNT)) == "5"

    @pytest.mark.spec("B-50")
    @given(unit=UNITS, other=UNITS, value=st.integers(-(10**12), 10**12))
    def test_comes_back_exactly(self, unit: Unit, other: Unit, value: int) -> None:
        if unit.dimension is not other.dimension:
            return
        there = Quantity(value, unit).exact(other)

        assert there * quantity.factor(other, unit) == Fraction(value)
