"""Divide a whole number of smallest units by weights: exact, the same for any sign, with its leftovers named (B-60)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from meterbook.kernel import allocation

FULL = Fraction(100)  # percent


@dataclass(frozen=True)
class Divided:
    """Shares by key, the exact ones before rounding, and where the units went that rounding down left over.

    `shares` and `kept` together are the amount; `kept` is what nobody of the keys got.
    """

    shares: dict[str, int]
    ideals: dict[str, Fraction]
    extra: dict[str, int]
    kept: int = 0


def divide(amount: int, weights: Mapping[str, Fraction], *, is_residual_kept: bool = False) -> Divided:
    """This will divide an amount of smallest units by weights; ties of remainders go to the smaller key.

    10000 over A, B and C alike gives A 3334, B 3333, C 3333, and names A as the one that got the unit left over.

    :param is_residual_kept: the units left over go to nobody; `kept` is how many
    :raises allocation.WeightsUnusable: when a weight is negative or none is positive
    """
    shares = allocation.allocate(amount, weights)
    whole = sum(weights.values(), Fraction(0))
    ideals = {key: amount * Fraction(weight) / whole for key, weight in weights.items()}
    floors = {key: _toward_zero(ideal) for key, ideal in ideals.items()}
    extra = {key: shares[key] - floors[key] for key in sorted(shares) if shares[key] != floors[key]}
    if is_residual_kept:
        return Divided(floors, ideals, {}, amount - sum(floors.values()))
    return Divided(shares, ideals, extra)


def by_percent(amount: int, percents: Mapping[str, Fraction]) -> dict[str, int]:
    """This will cut an amount into parts by percent, exactly: 30000 at 30 and 70 gives 9000 and 21000."""
    return allocation.allocate(amount, percents)


def capped(shares: Mapping[str, int], most: int) -> tuple[dict[str, int], dict[str, int]]:
    """This will cut shares at `most` smallest units either side of zero; what is above is returned by key as well."""
    kept = {key: max(min(share, most), -most) for key, share in shares.items()}
    over = {key: share - kept[key] for key, share in shares.items() if share != kept[key]}
    return kept, over


def _toward_zero(value: Fraction) -> int:
    whole = abs(value.numerator) // value.denominator
    return -whole if value < 0 else whole
