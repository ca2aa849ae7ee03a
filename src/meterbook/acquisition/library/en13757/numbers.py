"""Numbers as EN 13757-3, annex A sends them, lowest byte first, into exact decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

LONGEST = 20  # digits before the point, from which on no place behind it can be told in 28


def integer(raw: bytes) -> int:
    """This will read type B, a signed integer in two's complement."""
    return int.from_bytes(raw, "little", signed=True)


def bcd(raw: bytes) -> int | None:
    """This will read type A: 45 23 01 is 12345; F in the first digit is the sign; None when a digit is none."""
    digits = raw[::-1].hex()
    sign = 1
    if digits[:1] == "f":
        sign, digits = -1, digits[1:]
    return sign * int(digits) if digits.isdecimal() else None


def bcd_as_sent(raw: bytes) -> int:
    """This will read what is no BCD number as libmbus does: high digits above 9 count nothing, low ones as they are."""
    value = 0
    for octet in reversed(raw):
        high = octet >> 4
        value = (value * 10 + (high if high < 10 else 0)) * 10 + (octet & 0x0F)
    return -value if raw and raw[-1] >> 4 == 0x0F else value


def real(raw: bytes) -> Decimal | None:
    """This will read type H (IEEE 754, 4 or 8 bytes) exactly; None for infinity and for what is no number."""
    exponent_bits, fraction_bits, bias = (8, 23, 127) if len(raw) == 4 else (11, 52, 1023)
    bits = int.from_bytes(raw, "little")
    fraction = bits & (1 << fraction_bits) - 1
    exponent = bits >> fraction_bits & (1 << exponent_bits) - 1
    if exponent == (1 << exponent_bits) - 1:
        return None
    mantissa = fraction if exponent == 0 else fraction | 1 << fraction_bits
    power = max(exponent, 1) - bias - fraction_bits
    size = Decimal(mantissa << power) if power >= 0 else _divided(mantissa, -power)
    return size.copy_negate() if bits >> (exponent_bits + fraction_bits) else size  # a minus would round


def plain(value: Decimal, places: Decimal) -> Decimal:
    """This will round to so many places as libmbus and others print, half to even; whole numbers carry no exponent."""
    if value == value.to_integral_value() or value.adjusted() >= LONGEST:
        return Decimal(int(value))
    short = value.quantize(places, ROUND_HALF_EVEN)
    return Decimal(int(short)) if short == short.to_integral_value() else short


def _divided(mantissa: int, power: int) -> Decimal:
    while mantissa and power and mantissa % 2 == 0:
        mantissa, power = mantissa // 2, power - 1
    if not mantissa:
        return Decimal(0)
    return Decimal((0, tuple(int(digit) for digit in str(mantissa * 5**power)), -power))  # scaleb would round
