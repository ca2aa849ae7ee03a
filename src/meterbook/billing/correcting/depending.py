"""Whether a later bill goes on from an earlier one: steps over the year, carried amounts, earlier demand. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from meterbook.billing.correction_values import Dependence

Plain = Mapping[str, Any]


def dependence(earlier: Plain, later: Plain) -> tuple[Dependence, ...]:
    """This will return by what a bill rests on an earlier one, from what its charges say that they took (B-76).

    A bill in whose step ladder 120 kWh of the year had been counted rests on each bill of that year that counted some.
    """
    found: set[Dependence] = set()
    before = dict(_points(earlier))
    for public_id, charges in _points(later):
        own = before.get(public_id, [])
        for charge in charges:
            found |= _of_charge(own, charge.get("inputs", {}).get("history", {}))
    return tuple(each for each in Dependence if each in found)


def _points(plain: Plain) -> Iterator[tuple[str, list[Plain]]]:
    charges: dict[str, list[Plain]] = {}
    for point in plain["meter_points"]:
        charges.setdefault(point["public_id"], []).extend(point["charges"])
    yield from charges.items()


def _of_charge(earlier: list[Plain], history: Plain) -> set[Dependence]:
    lines = [line for charge in earlier for line in charge["lines"]]
    found: set[Dependence] = set()
    if any("year_used" in line["trace"] and line["component"] in history.get("ladder", {}) for line in lines):
        found.add(Dependence.LADDER)
    if any(
        "left" in line["trace"].get("allowance", {}) and line["component"] in history.get("allowance", {})
        for line in lines
    ):
        found.add(Dependence.ALLOWANCE)
    months = {f"{datetime.fromisoformat(charge['from']):%Y-%m}" for charge in earlier}
    if any(each["month"] in months for each in history.get("demand", [])):
        found.add(Dependence.DEMAND)
    if any(line["component"] in history.get("bank", {}) for line in lines):
        found.add(Dependence.BANK)
    return found
