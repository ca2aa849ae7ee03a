"""A bill by service: its meter points in one section each, with what they cost together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Section:
    """The meter points of one service, as their places in the content; `net` is the sum of their rounded lines."""

    service: str
    places: tuple[int, ...]
    net: Decimal


def by_service(content: Mapping[str, Any]) -> list[Section]:
    """This will return the sections of a bill, in the order in which its services first come."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, point in enumerate(content["meter_points"]):
        places[point["service"]].append(place)
    return [
        Section(service, tuple(own), sum((_net(content["meter_points"][each]) for each in own), Decimal(0)))
        for service, own in places.items()
    ]


def are_summed(sections: list[Section]) -> bool:
    """Whether sums by service tell more than the sum of the bill: there are several services."""
    return len(sections) > 1


def _net(point: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(charge["net"]) for charge in point["charges"]), Decimal(0))
