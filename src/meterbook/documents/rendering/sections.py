"""A bill by service: its meter points in one section each, with what they cost together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """The meter points of one service, as their places in the content; `net` is the sum of their rounded lines."""

    service: str
    places: tuple[int, ...]
    net: Decimal


def by_service(content: Plain) -> list[Section]:
    """This will return the sections of a bill, in the order in which its services first come.

    A meter point whose lines are for several services, such as water and sewer, has a part in each of their sections.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, point in enumerate(content["meter_points"]):
        for service in _services(point):
            places[service].append(place)
    told = {each["service"]: Decimal(each["net"]) for each in content.get("services", ())}
    return [
        Section(service, tuple(own), told[service] if service in told else _net(content, service, own))
        for service, own in places.items()
    ]


def are_summed(sections: list[Section]) -> bool:
    """Whether sums by service tell more than the sum of the bill: there are several services."""
    return len(sections) > 1


def part_of(point: Plain, service: str) -> Plain:
    """This will return a meter point with its lines for one service alone, under that service."""
    if _services(point) == [service] and service == point["service"]:
        return point
    charges = [
        {**charge, "lines": [each for each in charge["lines"] if of_line(point, each) == service]}
        for charge in point["charges"]
    ]
    return {**point, "service": service, "charges": [each for each in charges if each["lines"]]}


def of_line(point: Plain, line: Plain) -> str:
    """This will return the service that a line of a meter point is for."""
    service: str = line.get("service", point["service"])
    return service


def _services(point: Plain) -> list[str]:
    named = [of_line(point, line) for charge in point["charges"] for line in charge["lines"]]
    return list(dict.fromkeys(named)) or [point["service"]]


def _net(content: Plain, service: str, places: list[int]) -> Decimal:
    """Of a document that does not tell its sums by service."""
    return sum((_cost(content["meter_points"][each], service) for each in places), Decimal(0))


def _cost(point: Plain, service: str) -> Decimal:
    if _services(point) == [service]:
        return sum((Decimal(charge["net"]) for charge in point["charges"]), Decimal(0))
    lines = [line for charge in point["charges"] for line in charge["lines"] if of_line(point, line) == service]
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))
