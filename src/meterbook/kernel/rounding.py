"""Rounding with a named mode, exact: integers, fractions and decimals in, no float anywhere."""

from __future__ import annotations

import decimal
import enum
import functools
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

# Wide enough that sums and products of amounts stay exact; what would not be exact is refused, never rounded silently.
EXACT = decimal.Context(prec=60, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
_WIDE = decimal.Context(prec=120, traps=[decimal.InvalidOperation, decimal.Overflow])


class RoundingMode(enum.StrEnum):
    """How a tie and a remainder are treated. HALF_UP goes away from zero, as bills do by default (B-66)."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    HALF_DOWN = "HALF_DOWN"
    UP = "UP"
    DOWN = "DOWN"
    CEILING = "CEILING"
    FLOOR = "FLOOR"


_DECIMAL = {mode: f"ROUND_{mode.value}" for mode in RoundingMode}


class NotExact(TypeError):
    """Only int, Decimal and Fraction enter arithmetic on money and quantities; floats are refused."""


def exact(value: int | Decimal | Fraction) -> Fraction:
    """This will turn an exact number into a fraction.

    :raises NotExact: for floats, booleans and decimals that are not finite
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise NotExact(f"{value!r}: {NotExact.__doc__}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise NotExact(f"{value}: {NotExact.__doc__}")
    return Fraction(value)


def divide(numerator: int, denominator: int, mode: RoundingMode = RoundingMode.HALF_UP) -> int:
    """This will divide two integers and round the quotient to an integer.

    divide(5, 2) is 3, divide(-5, 2) is -3, divide(5, 2, HALF_EVEN) is 2.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    negative = numerator < 0
    whole, rest = divmod(abs(numerator), denominator)
    if rest and _goes_up(whole, 2 * rest - denominator, negative, mode):
        whole += 1
    return -whole if negative else whole


def divide_all(numerators: NDArray[np.int64], denominator: int, mode: RoundingMode) -> NDArray[np.int64]:
    """This will divide integers of any shape as `divide` does; neither they nor the denominator leave 62 bits.

    :param denominator: greater than zero
    """
    whole, rest = np.divmod(np.abs(numerators), denominator)
    rounded = whole + ((rest > 0) & _all_go_up(whole, 2 * rest - denominator, numerators < 0, mode))
    return np.where(numerators < 0, -rounded, rounded).astype(np.int64)


def _all_go_up(
    whole: NDArray[np.int64], past_half: NDArray[np.int64], is_negative: NDArray[np.bool_], mode: RoundingMode
) -> NDArray[np.bool_]:
    if mode in {RoundingMode.UP, RoundingMode.DOWN}:
        return np.full(whole.shape, mode is RoundingMode.UP)
    if mode in {RoundingMode.CEILING, RoundingMode.FLOOR}:
        return is_negative if mode is RoundingMode.FLOOR else ~is_negative
    if mode is RoundingMode.HALF_DOWN:
        return past_half > 0
    return (past_half >= 0) if mode is RoundingMode.HALF_UP else (past_half > 0) | ((past_half == 0) & (whole % 2 == 1))


def _goes_up(whole: int, past_half: int, negative: bool, mode: RoundingMode) -> bool:
    if mode is RoundingMode.UP:
        return True
    if mode is RoundingMode.DOWN:
        return False
    if mode is RoundingMode.CEILING:
        return not negative
    if mode is RoundingMode.FLOOR:
        return negative
    if past_half != 0:
        return past_half > 0
    if mode is RoundingMode.HALF_EVEN:
        return whole % 2 == 1
    return mode is RoundingMode.HALF_UP


def round_fraction(value: Fraction, places: int = 0, mode: RoundingMode = RoundingMode.HALF_UP) -> Decimal:
    """This will round a fraction to a number of decimal places. 1/3 to 2 places is 0.33, 5/2 to 0 places is 3."""
    scaled = value * 10**places if places >= 0 else value / 10**-places
    return Decimal(divide(scaled.numerator, scaled.denominator, mode)).scaleb(-places, context=_WIDE)


def round_decimal(value: Decimal, places: int, mode: RoundingMode = RoundingMode.HALF_UP) -> Decimal:
    """This will round a decimal to a number of decimal places, and keep trailing zeros. 1.005 to 2 places is 1.01.

    :raises NotExact: when the value is not a finite Decimal
    """
    if not isinstance(value, Decimal) or not value.is_finite():
        raise NotExact(f"{value!r}: {NotExact.__doc__}")
    return value.quantize(_unit(places), rounding=_DECIMAL[mode], context=_WIDE)


@functools.lru_cache(maxsize=128)
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)
