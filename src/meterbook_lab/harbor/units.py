"""The units of the mall and who rented them (data/harbor_units.json)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

Day = tuple[int, int]  # of the mall's calendar: month and day
START: Day = (-12, 1)  # before everything


@dataclass(frozen=True)
class Kind:
    """What a kind of shop uses: watts a square meter in the mean, a rhythm, and liters an hour where it has them."""

    profile: str
    watts: int
    season: str = "shop"
    cooling: bool = False  # has a meter for cooling after hours
    water: int = 0
    gas: int = 0


KINDS = {
    "fashion": Kind("shop", 13),
    "electronics": Kind("shop", 19, cooling=True),
    "service": Kind("shop", 16),
    "pharmacy": Kind("shop", 21, cooling=True),
    "bakery": Kind("kitchen", 46, "level", water=28),
    "cafe": Kind("crowd", 34, "level", water=41),
    "restaurant": Kind("kitchen", 52, "level", water=66, gas=540),
    "grocery": Kind("crowd", 31, "warm", cooling=True, water=54),
    "salon": Kind("shop", 27, "level", water=37),
    "laundry": Kind("shop", 58, "level", water=88),
    "office": Kind("office", 15, cooling=True),
    "clinic": Kind("office", 22, cooling=True, water=22),
    "cinema": Kind("leisure", 12, "level", cooling=True),
    "gym": Kind("leisure", 14, "level", cooling=True, water=75),
}


@dataclass(frozen=True)
class Stay:
    """A tenant in a unit from the beginning of one day to the beginning of another; None: still there."""

    tenant: str
    language: str
    begins: Day
    ends: Day | None


@dataclass(frozen=True)
class Unit:
    """A unit with its area in square meters. Between stays it is empty."""

    code: str
    kind: str
    area: int
    stays: tuple[Stay, ...]

    @property
    def number(self) -> str:
        """The code as it stands in numbers: 101 for unit 1.01."""
        return self.code.replace(".", "")

    @property
    def level(self) -> int:
        """The floor."""
        return int(self.code[0])


@functools.cache
def units() -> tuple[Unit, ...]:
    """This will return all units in the order of their codes."""
    text = (resources.files("meterbook_lab") / "data" / "harbor_units.json").read_text(encoding="utf-8")
    return tuple(
        Unit(each["unit"], each["kind"], each["area"], tuple(_stay(stay) for stay in each["stays"]))
        for each in json.loads(text)["units"]
    )


def _stay(raw: Mapping[str, Any]) -> Stay:
    ends = raw.get("ends")
    begins = raw.get("begins")
    return Stay(
        tenant=raw["tenant"],
        language=raw["language"],
        begins=START if begins is None else (begins[0], begins[1]),
        ends=None if ends is None else (ends[0], ends[1]),
    )
