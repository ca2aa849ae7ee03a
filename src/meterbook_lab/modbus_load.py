"""Simulated meters that move along a given load: whole numbers a quarter of an hour, straight lines between them.

What a meter has counted at an instant follows from its load alone, so whoever writes history with the same load ends
exactly where the live register goes on, and a meter whose load is the sum of others shows the sum of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Protocol

from meterbook.acquisition.library.documents import Register
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook_lab.modbus_meter import EPOCH, MICROSECOND, SimulatedMeter

SLOT = timedelta(minutes=15)
SLOT_MICROSECONDS = SLOT // MICROSECOND
SLOTS_A_WEEK = 672
SLOTS_TO_MONDAY = 288  # 1970 began on a Thursday: slot 384 is the first Monday, slot -288 the one before
TREMBLE = timedelta(seconds=2)
LARGEST_TREMBLE = 40  # thousandths


class Load(Protocol):
    """What is used at a meter."""

    def used(self, slot: int) -> int:
        """This will return watt-hours, or liters, used in a quarter of an hour counted from 1970 in UTC; never below 0.

        It gives the same number whenever it is asked.
        """
        ...


@dataclass(frozen=True)
class Week:
    """The same every week: 672 whole numbers of watt-hours, or liters, beginning on Monday 00:00 UTC."""

    table: tuple[int, ...]

    def used(self, slot: int) -> int:
        """This will return what is used in a quarter of an hour."""
        return self.table[(slot + SLOTS_TO_MONDAY) % SLOTS_A_WEEK]


@dataclass(frozen=True)
class Sum:
    """What a meter sees that stands before others."""

    loads: tuple[Load, ...]

    def used(self, slot: int) -> int:
        """This will return what all of them use."""
        return sum(load.used(slot) for load in self.loads)


def slot_of(at: datetime) -> int:
    """This will return the quarter of an hour that holds an instant, counted from 1970 in UTC."""
    return (at - EPOCH) // SLOT


def used_between(load: Load, slots: Iterable[int]) -> int:
    """This will return what is used in some slots."""
    return sum(load.used(slot) for slot in slots)


@dataclass
class LoadedMeter(SimulatedMeter):
    """A meter that moves along a load. It adds up only when it is asked, and remembers how far it came.

    Power is the quarter's mean, trembling by up to 4 % every two seconds around it, so that a live figure lives; a rise
    is followed by an equal fall, and the energy of the quarter stays the load's.
    """

    load: Load = field(default_factory=lambda: Week((0,) * SLOTS_A_WEEK))
    _reached: tuple[int, int] | None = None  # a slot, and what was used from the slot of `since` up to its start

    def watts(self, at: datetime) -> Fraction:
        """This will return the power at an instant."""
        mean = Fraction(self.load.used(slot_of(at)) * 4)
        pair, is_second = divmod((at - EPOCH) // TREMBLE, 2)
        share = zlib.crc32(f"tremble/{self.unit}/{pair}".encode()) % (2 * LARGEST_TREMBLE + 1) - LARGEST_TREMBLE
        return mean * (1000 + (share if not is_second else -share)) / 1000

    def _integral(self, at: datetime) -> Fraction:
        return self._up_to(at) - self._part(self.since)

    def _up_to(self, at: datetime) -> Fraction:
        """What was used from the start of the slot of `since` to an instant that is not before it."""
        slot = slot_of(at)
        reached, total = self._reached or (slot_of(self.since), 0)
        if slot < reached:  # asked for the past: it is added up anew
            reached, total = slot_of(self.since), 0
        total += used_between(self.load, range(reached, slot))
        self._reached = (slot, total)
        return total + self._part(at)

    def _part(self, at: datetime) -> Fraction:
        """What was used from the start of an instant's slot to the instant."""
        rest = (at - EPOCH) // MICROSECOND % SLOT_MICROSECONDS
        return Fraction(self.load.used(slot_of(at)) * rest, SLOT_MICROSECONDS)

    def _counted(self, register: Register, at: datetime) -> Fraction:
        if register.series_code == "volume":
            return self._integral(at) * quantity.factor(Unit.L, register.unit)
        return super()._counted(register, at)
