"""What banks of energy fed in hold after a bill, and by how much a true-up changes that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from meterbook.tariffs.rating import bank_states, inputs_reading
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked

Plain = Mapping[str, Any]
KEY, MORE = "banks", "bank_more"


def difference(before: Plain, now: Plain) -> list[dict[str, Any]]:
    """This will say by how much banks would hold more, by meter point and component; those that stay are left out.

    11.33 was kept of what was estimated, 15.00 of what was fed in: 3.67 more.
    """
    old, new = _states(before), _states(now)
    found = []
    for point, component in sorted(old.keys() | new.keys()):
        more = _less(new.get((point, component), NOTHING_BANKED), old.get((point, component), NOTHING_BANKED))
        if more != NOTHING_BANKED:
            held = bank_states.written(more)
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
    """This will return what a bank holds after lines of a component, in their order; nothing once it was taken over."""
    for line in lines:
        if line["trace"].get(bank_states.TAKEN) == component:
            held = NOTHING_BANKED
        if line["component"] != component:
            continue
        if bank_states.STATE in line["trace"]:
            held = inputs_reading.banked(component, line["trace"][bank_states.STATE])
        if MORE in line["trace"]:
            held = bank_states.added(held, inputs_reading.banked(component, line["trace"][MORE]))
    return held


def components(lines: Sequence[Plain]) -> set[str]:
    """This will return the components of lines that have a bank."""
    return {each["component"] for each in lines if each.get("trace", {}).keys() & {bank_states.STATE, MORE}}


def _states(content: Plain) -> dict[tuple[str, str], Banked]:
    found: dict[tuple[str, str], Banked] = {}
    for point in content["meter_points"]:
        for charge in point["charges"]:
            for component in components(charge["lines"]):
                key = point["public_id"], component
                found[key] = after(found.get(key, NOTHING_BANKED), charge["lines"], component)
    return found


def _less(one: Banked, other: Banked) -> Banked:
    """Without the day on which the year began: it is that of the bill."""
    return replace(bank_states.added(one, other, sign=-1), year_from=None)
