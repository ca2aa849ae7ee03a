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
    return RegisterValue(_scaled(raw * scale, decimals), is_coarse=False)


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
    value = Fraction(exact) * scale
    return RegisterValue(
        _scaled(value, decimals), is_coarse=_step_of(Fraction(exact), bits) * scale > Fraction(1, 10**decimals)
    )


def _step_of(value: Fraction, bits: int) -> Fraction:
    """The distance from a float to the next larger one."""
    if value == 0:
        return Fraction(0)
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    return Fraction(2) ** (exponent + 1 - bits)


def _scaled(value: Fraction, decimals: int) -> int:
    scaled = value * Fraction(10) ** decimals
    result = rounding.divide(scaled.numerator, scaled.denominator)
    if abs(result) > LARGEST:
        raise RegisterTooLarge(f"{result}: {RegisterTooLarge.__doc__}")
    return result
