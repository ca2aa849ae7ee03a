"""Where in a time that has been estimated or measured as a sum the use lies: by the usual hours of the meter itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterbook.kernel import allocation

Hour = tuple[int, int]  # weekday (Monday is 0), hour by the clock


@dataclass(frozen=True)
class Mean:
    """What was used in so many hours."""

    total: int
    count: int


def usual(hours: Mapping[Hour, Mean], hour: Hour) -> Fraction:
    """This will return what an hour usually has: of its weekday, else that hour of any day, else of all hours."""
    alike = [mean for key, mean in hours.items() if key == hour]
    alike = alike or [mean for key, mean in hours.items() if key[1] == hour[1]] or list(hours.values())
    return Fraction(sum(each.total for each in alike), sum(each.count for each in alike))


def weigh(hours: Mapping[Hour, Mean], parts: Sequence[tuple[Hour, Fraction]]) -> list[int] | None:
    """This will return whole weights of parts of time by the hours that they lie in; None where nothing is usual.

    A part is the hour in which it begins and how long it is, in hours. Hours of 10 and 30 that are half there weigh 1
    and 3.
    """
    if not hours or any(each.count <= 0 or each.total < 0 for each in hours.values()):
        return None
    known: dict[Hour, Fraction] = {}
    exact = []
    for hour, length in parts:
        if hour not in known:
            known[hour] = usual(hours, hour)
        exact.append(known[hour] * length)
    if not any(exact):
        return None
    common = math.lcm(*(each.denominator for each in exact))
    whole = [int(each * common) for each in exact]
    divisor = math.gcd(*whole)
    return [each // divisor for each in whole]


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """This will split a quantity by weights: whole parts of at least zero that sum to it exactly (largest remainder).

    100 over 1, 1, 1 is 34, 33, 33.

    :raises ValueError: for a negative total
    :raises allocation.WeightsUnusable: when a weight is negative or none is positive
    """
    if total < 0:
        raise ValueError("A quantity of at least zero is needed.")
    width = len(str(len(weights)))
    shares = allocation.allocate(total, {f"{place:0{width}}": each for place, each in enumerate(weights)})
    return [shares[key] for key in sorted(shares)]
