"""By which rate of a tax that changes: that of the days of delivery, or that of the invoice date (B-34)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from meterbook.kernel import allocation


class TaxPoint(enum.StrEnum):
    """What says which rate holds."""

    DELIVERY = "DELIVERY"  # each day of the period; where the rate changes within it, lines are divided
    INVOICE = "INVOICE"  # the date of the bill


class Dated(Protocol):
    """A tax with its rates by their first days."""

    @property
    def point(self) -> TaxPoint | None:
        """What says which rate holds; None: nothing does, and it is by delivery."""

    @property
    def rates(self) -> tuple[tuple[date, Decimal], ...]:
        """Those after the first one."""

    def rate_on(self, day: date) -> Decimal:
        """This will return the rate of a day."""


@dataclass(frozen=True)
class Stretch:
    """Days [first, until) of a period with one rate of a tax; `places` are those of its sub-periods in the plan."""

    rate: Decimal
    first: date
    until: date
    places: range

    def told(self) -> dict[str, Any]:
        """This will return what a bill says of it."""
        return {"tax_point": TaxPoint.DELIVERY.value, "from": self.first.isoformat(), "until": self.until.isoformat()}


def changes(taxes: Iterable[Dated], days: Sequence[date]) -> tuple[date, ...]:
    """This will return the days within a period from which a tax by delivery has another rate."""
    found = {day for tax in taxes if tax.point is not TaxPoint.INVOICE for day, _rate in tax.rates}
    return tuple(each for each in sorted(found) if days and days[0] < each <= days[-1])


def stretches(tax: Dated, days: Sequence[date], starts: Sequence[date]) -> list[Stretch]:
    """This will cut a period by the rates of one tax.

    :param starts: the first days of all sub-periods but the first (`changes`)
    """
    firsts = [days[0], *starts]
    until = days[-1] + timedelta(days=1)
    found: list[Stretch] = []
    for place, first in enumerate(firsts):
        rate, end = tax.rate_on(first), firsts[place + 1] if place + 1 < len(firsts) else until
        if found and found[-1].rate == rate:
            found[-1] = Stretch(rate, found[-1].first, end, range(found[-1].places.start, place + 1))
        else:
            found.append(Stretch(rate, first, end, range(place, place + 1)))
    return found


def divide(amount: Decimal, weights: Sequence[int], decimals: int) -> list[Decimal]:
    """This will divide an amount exactly: 10.00 by 14 and 14 days is 5.00 twice.

    :param weights: what was used in each part, or its days; at least one of them is positive
    """
    units = int(amount.scaleb(decimals))
    shares = allocation.allocate(units, {f"{place:04}": weight for place, weight in enumerate(weights)})
    return [Decimal(shares[f"{place:04}"]).scaleb(-decimals) for place in range(len(weights))]


def share_of_earlier(total: Decimal, weights: Mapping[Any, Decimal], key: object, decimals: int) -> Decimal:
    """This will return which part of earlier taxes one rate of a tax is on, when several rates share them.

    What cannot be divided, because a credit is among it, stays what each charge said.
    """
    if len(weights) == 1:
        return total
    if min(weights.values()) < 0 or not sum(weights.values()):
        return weights[key]
    order = sorted(weights)
    parts = divide(total, [int(weights[each].scaleb(decimals)) for each in order], decimals)
    return parts[order.index(key)]
