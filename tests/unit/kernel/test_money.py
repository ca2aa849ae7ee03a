from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import currency, money, rounding
from meterbook.kernel.money import Money
from meterbook.kernel.rounding import RoundingMode

CURRENCIES = st.sampled_from(["EUR", "MXN", "JPY", "KWD", "CLF"])
MINOR = st.integers(min_value=-(10**15), max_value=10**15)


class TestMoney:
    @pytest.mark.parametrize("amount", [0.1, 1.0, float("nan"), True])
    def test_refuses_floats_and_booleans(self, amount: object) -> None:
        with pytest.raises(rounding.NotExact):
            Money.of(amount, "EUR")  # type: ignore[arg-type]
        with pytest.raises(rounding.NotExact):
            Money(amount, "EUR")  # type: ignore[arg-type]
        with pytest.raises(rounding.NotExact):
            Money.of(1, "EUR") * amount  # type: ignore[operator]

    @pytest.mark.parametrize("amount", ["NaN", "Infinity"])
    def test_refuses_what_is_not_a_number(self, amount: str) -> None:
        with pytest.raises(rounding.NotExact):
            Money.of(amount, "EUR")

    def test_does_not_add_or_compare_different_currencies(self) -> None:
        with pytest.raises(money.CurrencyMismatch):
            Money.of("1.00", "EUR") + Money.of("1.00", "USD")
        with pytest.raises(money.CurrencyMismatch):
            _ = Money.of("1.00", "EUR") < Money.of("2.00", "USD")
        assert Money.of("1.00", "EUR") != Money.of("1.00", "USD")

    def test_refuses_a_currency_that_does_not_exist(self) -> None:
        with pytest.raises(currency.CurrencyUnknown):
            Money.of("1", "EURO")

    @pytest.mark.parametrize(
        ("code", "minor", "text"),
        [
            ("EUR", 1250, "12.50 EUR"),
            ("JPY", 1250, "1250 JPY"),
            ("KWD", 1250, "1.250 KWD"),
            ("CLF", 1250, "0.1250 CLF"),
        ],
    )
    def test_counts_in_the_currency_s_smallest_unit(self, code: str, minor: int, text: str) -> None:
        assert str(Money.from_minor(minor, code)) == text
        assert Money.from_minor(minor, code).minor == minor

    def test_has_no_minor_count_while_it_is_finer_than_the_smallest_unit(self) -> None:
        with pytest.raises(rounding.NotExact):
            _ = Money.of("1.005", "EUR").minor

    @given(a=MINOR, b=MINOR, c=MINOR, code=CURRENCIES)
    def test_adds_exactly_whatever_the_order(self, a: int, b: int, c: int, code: str) -> None:
        one, two, three = (Money.from_minor(each, code) for each in (a, b, c))

        assert (one + two) + three == one + (two + three)
        assert ((one + two) + three).minor == a + b + c
        assert one - one == Money.zero(code)
        assert (-one) + one == Money.zero(code)
        assert money.total([one, two, three], code).minor == a + b + c

    def test_refuses_a_sum_that_would_lose_digits(self) -> None:
        with pytest.raises(Exception, match="Inexact"):
            Money.of("1e40", "EUR") + Money.of("1e-40", "EUR")


class TestRounding:
    @pytest.mark.parametrize(
        ("mode", "expected"),
        [
            (RoundingMode.HALF_UP, ["1.01", "-1.01", "1.02"]),
            (RoundingMode.HALF_EVEN, ["1.00", "-1.00", "1.02"]),
            (RoundingMode.HALF_DOWN, ["1.00", "-1.00", "1.01"]),
            (RoundingMode.UP, ["1.01", "-1.01", "1.02"]),
            (RoundingMode.DOWN, ["1.00", "-1.00", "1.01"]),
            (RoundingMode.CEILING, ["1.01", "-1.00", "1.02"]),
            (RoundingMode.FLOOR, ["1.00", "-1.01", "1.01"]),
        ],
    )
    def test_follows_the_named_mode(self, mode: RoundingMode, expected: list[str]) -> None:
        amounts = ["1.005", "-1.005", "1.015"]

        assert [str(Money.of(each, "EUR").rounded(mode).amount) for each in amounts] == expected

    @pytest.mark.spec("G-20")
    def test_sums_the_rounded_lines(self) -> None:
        lines = [Money.of("1.005", "EUR").rounded() for _ in range(3)]

        assert money.total(lines, "EUR") == Money.of("3.03", "EUR")

    @pytest.mark.parametrize(("code", "text"), [("JPY", "13"), ("EUR", "12.50"), ("KWD", "12.500")])
    def test_uses_the_decimals_of_the_currency(self, code: str, text: str) -> None:
        assert str(Money.of("12.4999", code).rounded(RoundingMode.UP).amount) == text

    @given(
        numerator=st.integers(-(10**20), 10**20),
        denominator=st.integers(1, 10**9),
        mode=st.sampled_from(list(RoundingMode)),
    )
    def test_of_integers_agrees_with_decimal(self, numerator: int, denominator: int, mode: RoundingMode) -> None:
        doubled = 2 * numerator  # an even denominator makes real ties likely
        exact = rounding.divide(doubled, 2 * denominator, mode)

        assert exact == rounding.divide(-doubled, -2 * denominator, mode)
        assert abs(exact * denominator - numerator) <= denominator
        if denominator in (1, 2, 4, 5, 8, 10):
            assert exact == rounding.round_decimal(Decimal(numerator) / Decimal(denominator), 0, mode)

    @given(tenths=st.integers(-(10**9), 10**9), mode=st.sampled_from(list(RoundingMode)))
    def test_of_halves_agrees_with_decimal(self, tenths: int, mode: RoundingMode) -> None:
        assert rounding.divide(tenths, 10, mode) == rounding.round_decimal(Decimal(tenths).scaleb(-1), 0, mode)

    @given(
        numerators=st.lists(st.integers(-(10**12), 10**12) | st.integers(-30, 30)),
        denominator=st.integers(1, 12) | st.integers(1, 10**9),
        mode=st.sampled_from(list(RoundingMode)),
    )
    def test_of_many_integers_is_that_of_each(
        self, numerators: list[int], denominator: int, mode: RoundingMode
    ) -> None:
        found = rounding.divide_all(np.array(numerators, np.int64), denominator, mode)

        assert found.tolist() == [rounding.divide(each, denominator, mode) for each in numerators]
