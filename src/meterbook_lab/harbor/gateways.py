"""The simulated gateways of the mall: six, each with the meters of a part of the building."""

from __future__ import annotations

from datetime import datetime

from meterbook_lab import gateway_sim
from meterbook_lab.harbor import meters
from meterbook_lab.harbor.calendar import Calendar
from meterbook_lab.harbor.meters import Hanging

NAMES = (
    "Gateway, switch room and plant",
    "Gateway, level 1 west",
    "Gateway, level 1 east",
    "Gateway, level 2",
    "Gateway, food court",
    "Gateway, level 3",
)
GATEWAYS = len(NAMES)
LEVELS = ((0, 0), (1, 2), (3, 3), (4, 5))  # the gateways of each level, of its first units and of the others
FIRST_UNITS = (0, 12, 0, 8)


def gateway_of(meter: Hanging) -> int:
    """This will return which gateway a meter is reached through."""
    number = meter.point.code.split("-")[1]
    level, place = int(number[0]), int(number[1:])
    return LEVELS[level][place > FIRST_UNITS[level]]


def addressed(calendar: Calendar) -> tuple[tuple[tuple[int, Hanging], ...], ...]:
    """This will return the present meters of each gateway with their unit addresses, which go from 1 up."""
    found: tuple[list[Hanging], ...] = tuple([] for _name in NAMES)
    for meter in meters.present(calendar):
        found[gateway_of(meter)].append(meter)
    return tuple(tuple(enumerate(each, start=1)) for each in found)


def gateways(since: datetime) -> tuple[tuple[gateway_sim.Meter, ...], ...]:
    """This will return the meters behind each gateway as they hang now, without the one that answers no more.

    :param since: where the history of the demonstration begins
    """
    calendar = Calendar.since(since)
    return tuple(
        tuple(simulated(meter, unit, calendar) for unit, meter in each if meter.point.code != meters.GONE)
        for each in addressed(calendar)
    )


def simulated(meter: Hanging, unit: int, calendar: Calendar) -> gateway_sim.Meter:
    """This will return a meter as the simulator knows it, counting from the beginning of the present month."""
    start = calendar.counted_from
    registers = {meter.point.counter: meters.counted(meter, start, calendar)}
    return gateway_sim.Meter(unit, meter.point.model, start, registers, meter.point.load)
