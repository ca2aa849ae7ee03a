"""Which meter hangs where and since when, what it showed then, and what went wrong with its readings."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from meterbook_lab.harbor import loads, points
from meterbook_lab.harbor.calendar import Calendar
from meterbook_lab.harbor.points import Point
from meterbook_lab.harbor.shapes import QUARTERS_A_DAY

# What somebody finds to look at in the month that is billed next: month, day, hours and minutes of the mall's calendar.
EXCHANGED, EXCHANGED_AT, NEW_SERIAL = "MP-101", (-1, 23, 11, 15), "25070126"
SILENT, SILENT_FROM, SILENT_UNTIL = "MP-102", (-1, 26, 2), (-1, 26, 9)
RESET, RESET_AT = "MP-304-G", (-1, 19, 11, 30)
GLITCHED, GLITCHED_AT = "MP-207", (-1, 9, 15, 15)
GONE, GONE_FROM = "MP-118-W", (-1, 26, 17, 45)
MAINS_WORN, WORN, WORN_SPREAD = 900_000, 4_000, 26_000  # kWh or m³ on the counters at the beginning


@dataclass(frozen=True)
class Hanging:
    """A meter at a meter point from `since` on; `opening` is what its counter showed then, as it is stored."""

    point: Point
    serial: str
    since: datetime
    opening: int
    until: datetime | None = None

    @property
    def step(self) -> int:
        """What one stored count is: watt-hours or liters."""
        return points.step_of(self.point.model, self.point.counter)


@dataclass(frozen=True)
class Oddity:
    """What readings of a point do not show as it was: `silent` [start, end) slots, a `zero` read once, a `reset`, and
    the slot from which on its meter is `gone`: it answers no more."""

    silent: tuple[int, int] | None = None
    zero: int | None = None
    reset: int | None = None
    gone: int | None = None


@functools.cache
def hanging(calendar: Calendar) -> tuple[Hanging, ...]:
    """This will return all meters of the mall in the order in which they came, those of one instant by point."""
    exchanged = calendar.instant(*EXCHANGED_AT)
    found, came = [], []
    for meter in (_first(point, calendar) for point in points.points(calendar)):
        if meter.point.code == EXCHANGED:
            came.append(Hanging(meter.point, NEW_SERIAL, exchanged, 0))
            meter = replace(meter, until=exchanged)
        found.append(meter)
    return (*found, *came)


def oddity(point: Point, calendar: Calendar) -> Oddity:
    """This will return what went wrong with the readings of a point."""

    def slot(*when: int) -> int:
        return loads.slot_of(calendar.instant(*when))

    if point.code == SILENT:
        return Oddity(silent=(slot(*SILENT_FROM), slot(*SILENT_UNTIL)))
    if point.code == RESET:
        return Oddity(reset=slot(*RESET_AT))
    if point.code == GLITCHED:
        return Oddity(zero=slot(*GLITCHED_AT))
    if point.code == GONE:
        return Oddity(gone=slot(*GONE_FROM))
    return Oddity()


def counted(meter: Hanging, at: datetime, calendar: Calendar) -> int:
    """This will return what a meter's counter shows at the start of a quarter of an hour, as it is stored."""
    reset = oddity(meter.point, calendar).reset
    if reset is not None and loads.slot_of(at) >= reset:
        return used(meter.point.load, loads.instant_of(reset), at) // meter.step
    return meter.opening + used(meter.point.load, meter.since, at) // meter.step


def used(load: loads.Load, start: datetime, end: datetime) -> int:
    """This will return what is used between two starts of quarters of an hour."""
    first, until = loads.slot_of(start), loads.slot_of(end)
    day = first // QUARTERS_A_DAY
    count = -(-until // QUARTERS_A_DAY) - day
    if count <= 0:
        return 0
    table = load.days(day, count).reshape(-1)
    return int(table[first - day * QUARTERS_A_DAY : until - day * QUARTERS_A_DAY].sum())


def present(calendar: Calendar) -> Iterator[Hanging]:
    """This will yield the meters that hang there now, by point."""
    return (each for each in sorted(hanging(calendar), key=lambda each: each.point.code) if each.until is None)


def _first(point: Point, calendar: Calendar) -> Hanging:
    mark = zlib.crc32(f"serial {point.code}".encode())
    worn = WORN + mark % WORN_SPREAD + (MAINS_WORN if point in points.points(calendar)[: len(points.MAINS)] else 0)
    step = points.step_of(point.model, point.counter)
    serial = "20184412" if point.code == EXCHANGED else f"{2018 + mark % 7}{mark // 7 % 1_000_000:06d}"
    return Hanging(point, serial, calendar.begins_at, worn * 1_000 // step)
