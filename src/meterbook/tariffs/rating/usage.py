"""Usage given as totals, and the numbers and units of usage from outside. Errors name place and remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import inputs_reading
from meterbook.tariffs.rating.demand import Found
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.fold import State
from meterbook.tariffs.rating.measured import UNITS as UNITS_OF_CHANNELS
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import Channel

DECIMALS = 6  # of a unit: finer figures in a file are refused, not rounded
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
UNITS = {unit.symbol.lower(): unit for unit in Unit if unit.symbol} | {unit.value.lower(): unit for unit in Unit}
_TOTALS = {"unit", "total", "periods"}
_OWN = {Channel.IMPORT, Channel.NET}  # IMPORT is the usage itself, NET is worked out
SHOWN = 40  # letters of a wrong cell that a message repeats


def from_determinants(raw: object, document: TariffDocument) -> tuple[State, Scale]:
    """This will read totals: {"unit": "KWH", "total": "500"} or {"unit": "KWH", "periods": {"peak": "160", ...}}.

    Beside them may stand `channels`, each with totals of its own, and `demand` in kW or kVA by component, or by
    component and price period; and what `inputs_reading` reads.

    :raises UsageMisfit: when totals are missing, unknown or not exact numbers
    """
    if not isinstance(raw, dict) or not (raw.keys() <= {*_TOTALS, "channels", "demand", *inputs_reading.KEYS}):
        raise UsageMisfit('Determinants are {"unit": "KWH", "total": "500"} or {"unit": ..., "periods": {...}}.')
    given = _read_totals(raw, document, document.unit, {Channel.IMPORT, Channel.NET})
    state = State(totals=tuple(given), counts=(1,) * len(document.periods))
    others = {}
    for name, each in _object("channels", raw.get("channels", {})).items():
        channel = next((found for found in Channel if found.value == name and found not in _OWN), None)
        if channel is None or not isinstance(each, dict) or not (each.keys() <= _TOTALS):
            known = ", ".join(found.value for found in Channel if found not in _OWN)
            raise UsageMisfit(f"channels.{name}: give totals like those of the energy for one of {known}.")
        unit = UNITS_OF_CHANNELS.get(channel, document.unit)
        read_by: set[Channel] = {channel, Channel.NET} if channel is Channel.EXPORT else {channel}
        totals = _read_totals(each, document, unit, read_by)
        own = Scale(_unit(each.get("unit", unit.value), unit), DECIMALS)
        others[channel] = (State(totals=tuple(totals), counts=(1,) * len(totals)), own)
    found = replace(state, others=others, demands=_demands(raw.get("demand", {}), document))
    return found, Scale(_unit(raw.get("unit", document.unit.value), document.unit), DECIMALS)


def _read_totals(raw: Mapping[str, object], document: TariffDocument, unit: Unit, channels: set[Channel]) -> list[int]:
    _unit(raw.get("unit", unit.value), unit)
    codes = [each.code for each in document.periods]
    if "periods" in raw:
        given = _by_period(raw["periods"], codes)
        if "total" in raw and sum(given) != number("total", raw["total"]):
            raise UsageMisfit(f"The periods add up to something else than the total {raw['total']}.")
        return given
    if "total" not in raw:
        raise UsageMisfit(f"Determinants need a “total”, or “periods” with {', '.join(codes)}.")
    if len(codes) > 1 and any(_is_by_time(each) for each in document.components if each.channel in channels):
        raise UsageMisfit(f"This tariff has prices by time: give “periods” with {', '.join(codes)}.")
    return [number("total", raw["total"]), *[0] * (len(codes) - 1)]


def _is_by_time(component: Component) -> bool:
    if component.demand is not None:
        return False
    return bool(component.prices or component.period_tiers or any(tier.prices for tier in component.tiers))


def _demands(raw: object, document: TariffDocument) -> dict[str, dict[str, Found]]:
    known = {each.code for each in document.components if each.demand is not None}
    found: dict[str, dict[str, Found]] = {}
    for code, each in _object("demand", raw).items():
        if code not in known:
            raise UsageMisfit(
                f"demand.{code}: there is no such DEMAND component; there is {', '.join(known) or 'none'}."
            )
        by_period = each if isinstance(each, dict) else {"": each}
        found[code] = {
            period: Found(inputs_reading.decimal(f"demand.{code}", value), (), 0, 0)
            for period, value in by_period.items()
        }
    return found


def placed(plan: Plan, state: State) -> State:
    """This will put totals of price periods into the plan's classes.

    :raises UsageMisfit: when they would have to be divided between seasons or years, for which intervals are needed
    """
    width = len(plan.document.periods)
    if plan.class_count == width:
        return state
    seasons = {plan.document.season_of(day) for day in plan.days}
    if plan.year_starts or len(seasons) > 1:
        raise UsageMisfit("The period holds two seasons or years of this tariff: give intervals, not totals.")
    before = min(seasons, default=0) * width

    def wide(given: tuple[int, ...]) -> tuple[int, ...]:
        return (*[0] * before, *given, *[0] * (plan.class_count - before - width))

    others = {
        channel: (replace(each, totals=wide(each.totals), counts=wide(each.counts)), scale)
        for channel, (each, scale) in state.others.items()
    }
    return replace(state, totals=wide(state.totals), counts=wide(state.counts), others=others)


def _object(place: str, raw: object) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise UsageMisfit(f"{place}: this must be an object: keys with values, in braces.")
    return raw


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
