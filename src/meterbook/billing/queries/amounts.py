"""Stored amounts as money."""

from __future__ import annotations

from decimal import Decimal

from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel.money import Money


def money(stored: Decimal, currency: str) -> Money:
    """This will give an amount the decimals of its currency back: columns have four, and nothing may be lost."""
    places = currencies.minor_units(currency)
    return Money(stored.quantize(Decimal(1).scaleb(-places), context=rounding.EXACT), currency)
