"""What of a sound document is worth a second look: it may be meant, and more often it is a slip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from meterbook.tariffs.rating.document import Component, TariffDocument


@dataclass(frozen=True)
class NegativePrice:
    """A price below zero pays the customer; `period` is the code of its price period, empty where it has none."""

    component: Component
    period: str
    price: Decimal


def negative_prices(document: TariffDocument) -> tuple[NegativePrice, ...]:
    """This will return the prices below zero, in the order of the document."""
    return tuple(each for component in document.components for each in _negative(component))


def _negative(component: Component) -> Iterator[NegativePrice]:
    prices = (
        ("", component.price),
        *component.prices,
        *(("", tier.price) for tier in component.tiers),
    )
    for period, price in prices:
        if price < 0:
            yield NegativePrice(component, period, price)
