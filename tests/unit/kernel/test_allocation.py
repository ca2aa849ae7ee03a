from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterbook.kernel import allocation, rounding
from meterbook.kernel.money import Money

WEIGHTS = st.dictionaries(
    st.text(min_size=1, max_size=6),
    st.one_of(
        st.integers(0, 10**6),
        st.fractions(min_value=0, max_value=1000),
        st.decimals(min_value=0, max_value=1000, places=3),
    ),
    min_size=1,
    max_size=12,
).filter(lambda weights: any(weights.values()))


class TestAllocate:
    @pytest.mark.spec("G-12")
    def test_splits_a_hundred_into_three_equal_parts(self) -> None:
        shares = allocation.allocate_money(Money.of("100.00", "EUR"), {"a": 1, "b": 1, "c": 1})

        assert {key: str(share.amount) for key, share in shares.items()} == {"a": "33.34", "b": "33.33", "c": "33.33"}

    @pytest.mark.spec("G-12")
    def test_splits_by_areas(self) -> None:
        areas: dict[str, allocation.Weight] = {"1A": Decimal("120.5"), "1B": Decimal("80.25"), "2A": 45, "2B": 300}

        shares = allocation.allocate_money(Money.of("1234.57", "EUR"), areas)

        assert [str(share.amount) for share in shares.values()] == ["272.59", "181.54", "101.80", "678.64"]

    @pytest.mark.spec("B-60")
    def test_breaks_ties_by_the_key_whatever_the_order(self) -> None:
        assert allocation.allocate(1, {"b": 1, "a": 1}) == {"b": 0, "a": 1}
        assert allocation.allocate(-1, {"b": 1, "a": 1}) == {"b": 0, "a": -1}

    @pytest.mark.spec("B-60")
    @pytest.mark.spec("4.10/3")
    @settings(max_examples=400)
    @given(amount=st.integers(-(10**15), 10**15), weights=WEIGHTS)
    def test_sums_exactly_and_stays_within_one_unit(self, amount: int, weights: dict[str, Any]) -> None:
        shares = allocation.allocate(amount, weights)

        whole = sum((Fraction(each) for each in weights.values()), Fraction(0))
        assert sum(shares.values()) == amount
        assert shares.keys() == weights.keys()
        for key, share in shares.items():
            assert abs(share - amount * Fraction(weights[key]) / whole) < 1
            assert weights[key] or share == 0

    @pytest.mark.spec("4.10/3")
    @settings(max_examples=150)
    @given(minor=st.integers(-(10**12), 10**12), weights=WEIGHTS, code=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
    def test_sums_exactly_in_any_currency(self, minor: int, weights: dict[str, Any], code: str) -> None:
        shares = allocation.allocate_money(Money.from_minor(minor, code), weights)

        assert sum(share.minor for share in shares.values()) == minor
        assert {share.currency for share in shares.values()} == {code}

    @pytest.mark.spec("B-60")
    @given(amount=st.integers(0, 10**12), weights=WEIGHTS)
    def test_mirrors_negative_amounts(self, amount: int, weights: dict[str, Any]) -> None:
        shares = allocation.allocate(amount, weights)

        assert allocation.allocate(-amount, weights) == {key: -share for key, share in shares.items()}

    @pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": -1, "b": 2}])
    def test_refuses_weights_that_divide_nothing(self, weights: dict[str, int]) -> None:
        with pytest.raises(allocation.WeightsUnusable):
            allocation.allocate(100, weights)

    @pytest.mark.parametrize(("amount", "weight"), [(1.0, 1), (1, 0.5), (True, 1), (1, Decimal("NaN"))])
    def test_refuses_floats(self, amount: object, weight: object) -> None:
        with pytest.raises(rounding.NotExact):
            allocation.allocate(amount, {"a": weight})  # type: ignore[arg-type,dict-item]

    def test_refuses_money_finer_than_the_smallest_unit(self) -> None:
        with pytest.raises(rounding.NotExact):
            allocation.allocate_money(Money.of("0.005", "EUR"), {"a": 1})
