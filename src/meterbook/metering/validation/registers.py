"""From what a device sent to the integer that is stored (B-09)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel import rounding

SINGLE_BITS, DOUBLE_BITS = 24, 53  # binary digits that a 32-bit and a 64-bit float hold
LARGEST = 2**63 - 1


class NotANumber(ValueError):
    """The register held NaN or infinity: the device has no value there; check its address and word order."""


class RegisterTooLarge(ValueError):
    """The register does not fit into 64 bits at this resolution; lower the number of decimals."""


@dataclass(frozen=True)
class RegisterValue:
    """`value` in units of 10^-decimals; `is_coarse` when the float that carried it can no longer count in that unit.

    A coarse register bills in jumps: its type must be changed to an integer or 64-bit register of the device.
    """

    value: int
    is_coarse: bool


def from_integer(raw: int, scale: Fraction, decimals: int) -> RegisterValue:
    """This will convert an integer register: raw 123456 with scale 1/10 at 1 decimal is 123456.

    :raises RegisterTooLarge: when it does not fit into 64 bits
    """
    return RegisterValue(_scaled(raw * scale.numerator, scale.denominator, decimals), is_coarse=False)


def from_float(
    raw: Decimal | str, decimals: int, *, bits: int = SINGLE_BITS, scale: Fraction = Fraction(1)
) -> RegisterValue:
    """This will convert a float register, given as the decimal that a device's display would show.

    "16777218" kWh from a 32-bit float steps by 2 kWh: at any number of decimals it is coarse.

    :param raw: the shortest decimal text of the float, so that no binary noise enters
    :param bits: 24 for 32-bit floats, 53 for 64-bit floats
    :raises NotANumber: for NaN and infinity
    :raises RegisterTooLarge: when it does not fit into 64 bits
    """
    exact = Decimal(raw)
    if not exact.is_finite():
        raise NotANumber(f"{raw}: {NotANumber.__doc__}")
    numerator, denominator = exact.as_integer_ratio()
    return RegisterValue(
        _scaled(numerator * scale.numerator, denominator * scale.denominator, decimals),
        is_coarse=numerator != 0 and _is_coarse(_step_exponent(abs(numerator), denominator, bits), scale, decimals),
    )


def _step_exponent(numerator: int, denominator: int, bits: int) -> int:
    """The power of two by which a float of this magnitude differs from the next larger one."""
    exponent = numerator.bit_length() - denominator.bit_length()
    if denominator << max(exponent, 0) > numerator << max(-exponent, 0):
        exponent -= 1
    return exponent + 1 - bits


def _is_coarse(exponent: int, scale: Fraction, decimals: int) -> bool:
    """Whether 2^exponent times scale is more than 10^-decimals."""
    step, unit = scale.numerator << max(exponent, 0), scale.denominator << max(-exponent, 0)
    return bool(step * 10 ** max(decimals, 0) > unit * 10 ** max(-decimals, 0))


def _scaled(numerator: int, denominator: int, decimals: int) -> int:
    result = rounding.divide(numerator * 10 ** max(decimals, 0), denominator * 10 ** max(-decimals, 0))
    if abs(result) > LARGEST:
        raise RegisterTooLarge(f"{result}: {RegisterTooLarge.__doc__}")
    return result
