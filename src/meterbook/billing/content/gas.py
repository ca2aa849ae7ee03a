"""How gas became energy, as a charge tells it (B-51): an optional key of "meterbook-bill/1"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.billing.content.parts import Charge
from meterbook.tariffs.rating import lines
from meterbook.tariffs.rating.converting import Converted


def section(converted: Sequence[Converted], zone: ZoneInfo) -> dict[str, Any]:
    """This will return what is added to a charge: for each time what was measured, both factors, and its energy."""
    return {"conversion": [_part(each, zone) for each in converted]} if converted else {}


def is_estimated(charge: Charge) -> bool:
    """This will tell whether a value of earlier days stands for one that was not known."""
    return any(each.conversion.is_estimated for each in charge.converted)


def _part(part: Converted, zone: ZoneInfo) -> dict[str, Any]:
    conversion = part.conversion
    return {
        "from": part.period.start.astimezone(zone).isoformat(),
        "until": part.period.end.astimezone(zone).isoformat(),
        "measured": part.measured,
        "factor": str(conversion.factor),
        "calorific": str(conversion.calorific),
        "unit": conversion.unit.value,
        "energy": str(lines.decimal(part.energy)),
        "area": conversion.area,
        **({"is_estimated": True} if conversion.is_estimated else {}),
    }
