"""Usage given as totals, and the numbers and units of usage from outside. Errors name place and remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.fold import State
from meterbook.tariffs.rating.plan import Scale
from meterbook.tariffs.rating.problems import UsageMisfit

DECIMALS = 6  # of a unit: finer figures in a file are refused, not rounded
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
UNITS = {unit.symbol.lower(): unit for unit in Unit if unit.symbol} | {unit.value.lower(): unit for unit in Unit}
SHOWN = 40  # letters of a wrong cell that a message repeats


def from_determinants(raw: object, document: TariffDocument) -> tuple[State, Scale]:
    """This will read totals: {"unit": "KWH", "total": "500"} or {"unit": "KWH", "periods": {"peak": "160", ...}}.

    :raises UsageMisfit: when totals are missing, unknown or not exact numbers
    """
    if not isinstance(raw, dict) or not (raw.keys() <= {"unit", "total", "periods"}):
        raise UsageMisfit('Determinants are {"unit": "KWH", "total": "500"} or {"unit": ..., "periods": {...}}.')
    unit = _unit(raw.get("unit", document.unit.value), document.unit)
    codes = [each.code for each in document.periods]
    if "periods" in raw:
        given = _by_period(raw["periods"], codes)
        if "total" in raw and sum(given) != number("total", raw["total"]):
            raise UsageMisfit(f"The periods add up to something else than the total {raw['total']}.")
    elif "total" not in raw:
        raise UsageMisfit(f"Determinants need a “total”, or “periods” with {', '.join(codes)}.")
    elif len(codes) == 1:
        given = [number("total", raw["total"])]
    elif any(component.prices for component in document.components):
        raise UsageMisfit(f"This tariff has prices by time: give “periods” with {', '.join(codes)}.")
    else:
        given = [number("total", raw["total"]), *[0] * (len(codes) - 1)]
    return State(totals=tuple(given), counts=(1,) * len(codes)), Scale(unit, DECIMALS)


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """This will make an object of JSON's pairs, for `object_pairs_hook`.

    :raises UsageMisfit: when a key is there twice; one of the two figures would be lost
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _value in pairs).items() if times > 1)
        raise UsageMisfit(f"“{twice}” is there twice in one object.")
    return found


def _by_period(raw: object, codes: list[str]) -> list[int]:
    if not isinstance(raw, Mapping) or raw.keys() != set(codes):
        raise UsageMisfit(f"Give exactly these price periods: {', '.join(codes)}.")
    return [number(f"periods.{code}", raw[code]) for code in codes]


def _unit(code: object, wanted: Unit) -> Unit:
    found = UNITS.get(code.strip().lower()) if isinstance(code, str) else None
    if found is None:
        raise UsageMisfit(f"“{code}” is not a unit; take one such as KWH or M3.")
    if found.dimension is not wanted.dimension:
        raise UsageMisfit(f"{found.symbol} does not convert to {wanted.symbol}, the unit of the tariff.")
    return found


def number(place: str, raw: object) -> int:
    """This will return an exact number of units as an integer of 10^-DECIMALS.

    :param place: where it stands, for the message
    :raises UsageMisfit: when it is not a number, is negative or finer than DECIMALS
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise UsageMisfit(f"{place}: {raw!r} is not an exact number in quotation marks.")
    text = str(raw).strip() if isinstance(raw, str) else f"{raw:d}"
    if not _NUMBER.fullmatch(text):
        raise UsageMisfit(f"{place}: “{text[:SHOWN]}” is not a number such as 12.5.")
    if len(text) > SHOWN:
        raise UsageMisfit(f"{place}: “{text[:SHOWN]}…” is too long for a number.")
    scaled = Decimal(text).scaleb(DECIMALS, context=rounding.EXACT)
    if scaled < 0 or scaled != scaled.to_integral_value() or scaled >= 2**62:
        raise UsageMisfit(f"{place}: “{text}” must be a number from 0 on with at most {DECIMALS} decimals.")
    return int(scaled)
