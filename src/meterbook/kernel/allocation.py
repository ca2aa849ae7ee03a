"""Shares that sum exactly to the whole: largest remainder with a stable tie-break (B-60)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel import rounding
from meterbook.kernel.money import Money

Weight = int | Decimal | Fraction


class WeightsUnusable(ValueError):
    """Weights must not be negative, and at least one must be positive."""


def allocate(amount: int, weights: Mapping[str, Weight]) -> dict[str, int]:
    """This will split an integer amount (cents, or units of a series' scale) by weights, exactly.

    Each share is rounded down to a whole unit; the units left over go one by one to the largest remainders, ties to
    the smaller key. 10000 over a=1, b=1, c=1 gives a 3334, b 3333, c 3333. Negative amounts mirror positive ones.

    :raises WeightsUnusable: when a weight is negative or none is positive
    :raises rounding.NotExact: when the amount or a weight is a float
    """
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise rounding.NotExact(f"{amount!r}: {rounding.NotExact.__doc__}")
    parts = {key: rounding.exact(weight) for key, weight in weights.items()}
    whole = sum(parts.values(), Fraction(0))
    if whole <= 0 or min(parts.values()) < 0:
        raise WeightsUnusable(WeightsUnusable.__doc__)
    sign = -1 if amount < 0 else 1
    ideals = {key: abs(amount) * part / whole for key, part in parts.items()}
    shares = {key: ideal.numerator // ideal.denominator for key, ideal in ideals.items()}
    left = abs(amount) - sum(shares.values())
    for key in sorted(ideals, key=lambda each: (shares[each] - ideals[each], each))[:left]:
        shares[key] += 1
    return {key: sign * share for key, share in shares.items()}


def allocate_money(amount: Money, weights: Mapping[str, Weight]) -> dict[str, Money]:
    """This will split an amount by weights to the currency's smallest unit; the shares sum to the amount.

    1234.57 by areas 120.5, 80.25, 45 and 300 gives 272.59, 181.54, 101.80 and 678.64.

    :raises rounding.NotExact: when the amount is finer than the smallest unit; round it first
    :raises WeightsUnusable: see `allocate`
    """
    shares = allocate(amount.minor, weights)
    return {key: Money.from_minor(share, amount.currency) for key, share in shares.items()}
