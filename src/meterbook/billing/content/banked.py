"""What banks of energy fed in hold after a bill, and by how much a true-up changes that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating import inputs_reading, pricing_bank
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked

Plain = Mapping[str, Any]
KEY, MORE = "banks", "bank_more"
_SUMS = ("balance", "imported", "exported", "earned")


def difference(before: Plain, now: Plain) -> list[dict[str, Any]]:
    """This will say by how much banks would hold more, by meter point and component; those that stay are left out.

    11.33 was kept of what was estimated, 15.00 of what was fed in: 3.67 more.
    """
    old, new = _states(before), _states(now)
    found = []
    for point, component in sorted(old.keys() | new.keys()):
        more = _less(new.get((point, component), NOTHING_BANKED), old.get((point, component), NOTHING_BANKED))
        if more != NOTHING_BANKED:
            held = pricing_bank.written(more)
            found.append({"meter_point": point, "component": component, **held})
    return found


def settled(content: Plain, point: str) -> list[Plain]:
    """This will return what the true-ups on a bill change in banks of a meter point, as lines with a trace alone."""
    return [
        {
            "component": each["component"],
            "trace": {MORE: {key: value for key, value in each.items() if key not in ("meter_point", "component")}},
        }
        for section in content.get("settlements", ())
        if "account" not in section
        for each in section.get(KEY, ())
        if each["meter_point"] == point
    ]


def after(held: Banked, lines: Sequence[Plain], component: str) -> Banked:
    """This will return what a bank holds after lines of a component, in their order."""
    for line in lines:
        if line["component"] != component:
            continue
        if pricing_bank.STATE in line["trace"]:
            held = inputs_reading.banked(component, line["trace"][pricing_bank.STATE])
        if MORE in line["trace"]:
            held = _more(held, inputs_reading.banked(component, line["trace"][MORE]))
    return held


def components(lines: Sequence[Plain]) -> set[str]:
    """This will return the components of lines that have a bank."""
    return {each["component"] for each in lines if each.get("trace", {}).keys() & {pricing_bank.STATE, MORE}}


def _states(content: Plain) -> dict[tuple[str, str], Banked]:
    found: dict[tuple[str, str], Banked] = {}
    for point in content["meter_points"]:
        for charge in point["charges"]:
            for component in components(charge["lines"]):
                key = point["public_id"], component
                found[key] = after(found.get(key, NOTHING_BANKED), charge["lines"], component)
    return found


def _more(one: Banked, other: Banked) -> Banked:
    sums = {key: getattr(one, key) + getattr(other, key) for key in _SUMS}
    return replace(one, periods=_periods(one.periods, other.periods, 1), **sums)


def _less(one: Banked, other: Banked) -> Banked:
    """Without the day on which the year began: it is that of the bill."""
    sums = {key: getattr(one, key) - getattr(other, key) for key in _SUMS}
    return Banked(periods=_periods(one.periods, other.periods, -1), **sums)


def _periods(one: Mapping[str, Decimal], other: Mapping[str, Decimal], sign: int) -> dict[str, Decimal]:
    codes = sorted(one.keys() | other.keys())
    sums = {code: one.get(code, Decimal(0)) + sign * other.get(code, Decimal(0)) for code in codes}
    return {code: value for code, value in sums.items() if value}
