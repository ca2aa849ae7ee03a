"""The tax that is usually charged on what is supplied in a country, as a proposal: a person looks it over. Pure.

Sources, as of 2026: Spain, Ley 37/1992, articles 90 and 91.Uno.1.4 (water); Germany, UStG section 12 and annex 2
number 34 (water); the Netherlands, Wet op de omzetbelasting 1968, article 9 and table I a.30 (water); France, CGI
articles 278 (energy) and 278-0 bis (water). Where a country's rate depends on who is supplied nothing is proposed.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

STANDARD, WATER = "STANDARD", "WATER"
# By time zone, as a site has one: the Canary Islands, Ceuta and overseas parts have zones, and taxes, of their own.
RATES = MappingProxyType(
    {
        "Europe/Madrid": {STANDARD: Decimal("0.21"), WATER: Decimal("0.10")},
        "Europe/Berlin": {STANDARD: Decimal("0.19"), WATER: Decimal("0.07")},
        "Europe/Amsterdam": {STANDARD: Decimal("0.21"), WATER: Decimal("0.09")},
        "Europe/Paris": {STANDARD: Decimal("0.20"), WATER: Decimal("0.055")},
    }
)


def rate_of(*, zone: str, is_water: bool) -> Decimal | None:
    """This will return the usual rate of value added tax at a place, such as 0.21; None where none is known.

    :param zone: the time zone of the site, such as Europe/Madrid
    """
    known = RATES.get(zone)
    return None if known is None else known[WATER if is_water else STANDARD]
