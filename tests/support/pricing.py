"""Usage priced by a few components, for tests against figures that others computed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.inputs import NONE, Inputs
from meterbook.tariffs.rating.lines import Rated
from tests.factories import tariffs

DECIMALS = 6
FIRST, UNTIL = date(2026, 1, 1), date(2026, 2, 1)
HOUR = timedelta(hours=1)


def energy(code: str = "energy", **more: object) -> dict[str, Any]:
    """This will return a charge for energy whose tiers hold for the billing period."""
    tiered = {"tier_reference": "BILLING_PERIOD"} if "tiers" in more else {}
    return {"code": code, "name": "Energy", "charge": "ENERGY", **tiered, **more}


def tiers(given: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """This will write tiers with `up_to`, `unit` and `flat` as a document does; the final one takes what is left."""
    return [
        {
            **({"up_to": each["up_to"]} if each is not given[-1] else {}),
            "price": each["unit"],
            **({"fixed": each["flat"]} if Decimal(each.get("flat", 0)) else {}),
        }
        for each in given
    ]


def priced(
    components: list[dict[str, Any]],
    quantity: str | Decimal,
    *,
    first: date = FIRST,
    until: date = UNTIL,
    inputs: Inputs = NONE,
    **more: object,
) -> Rated:
    """This will price a quantity that was used in the first hour of a period."""
    raw = tariffs.document(components=components, decimals=DECIMALS, **more)  # type: ignore[arg-type]
    plan = tariffs.plan(raw, first=first, until=until, zone="UTC", decimals=DECIMALS)
    hours = [0] * (plan.period.duration // HOUR)
    hours[0] = int(Decimal(quantity).scaleb(DECIMALS))
    return fold.rate(plan, tariffs.usage(plan, hours, step=HOUR), inputs)


def exact(rated: Rated, component: str = "") -> Decimal:
    """This will return what lines come to before each is rounded."""
    return sum((line.exact for line in rated.lines if component in ("", line.component)), Decimal(0))
