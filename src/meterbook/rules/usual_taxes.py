"""The tax that is usually charged on what is supplied in a country, as a proposal: a person looks it over. Pure.

Sources, as of 2026: Spain, Ley 37/1992, articles 90 and 91.Uno.1.4 (water); Germany, UStG section 12; the Netherlands,
Wet op de omzetbelasting 1968, article 9; France, CGI article 278. Where a rate depends on who is supplied, or where
water and its sewerage, which a tariff of water starts with, are taxed differently, nothing is proposed.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

STANDARD, WATER = "STANDARD", "WATER"
# By time zone, as a site has one: the Canary Islands, Ceuta and overseas parts have zones, and taxes, of their own.
RATES = MappingProxyType(
    {
        "Europe/Madrid": {STANDARD: Decimal("0.21"), WATER: Decimal("0.10")},
        "Europe/Berlin": {STANDARD: Decimal("0.19")},
        "Europe/Amsterdam": {STANDARD: Decimal("0.21")},
        "Europe/Paris": {STANDARD: Decimal("0.20")},
    }
)


def rate_of(*, zone: str, is_water: bool) -> Decimal | None:
    """This will return the usual rate of value added tax at a place, such as 0.21; None where none is known.

    :param zone: the time zone of the site, such as Europe/Madrid
    """
    return RATES.get(zone, {}).get(WATER if is_water else STANDARD)
