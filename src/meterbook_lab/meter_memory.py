"""What a simulated Modbus meter remembers: its records and its clock, at the addresses that its model declares.

A record is given out as one block only, from its first word on, as real meters do. In a ring the places are written in
turn; while the meter was without supply it made no records.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction

from meterbook.acquisition import memory
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.library import checks
from meterbook.acquisition.library.documents import MeterModel, Register
from meterbook.acquisition.library.memories import NEWEST, Memory, Place, Ring
from meterbook_lab.modbus_meter import EPOCH, SimulatedMeter

Encode = Callable[[Register, Fraction], list[int]]


def is_asked(model: MeterModel, block: Block) -> bool:
    """This will say whether a request is for a record of the memory, or for the clock."""
    kept = model.memory
    if kept is None:
        return False
    is_pointer = kept.ring is not None and block == memory.pointer_block(kept, kept.ring)
    return is_pointer or block == memory.clock_block(kept) or _place(model, block) is not None


def words(meter: SimulatedMeter, block: Block, at: datetime, encode: Encode) -> list[int] | None:
    """This will return the words of a record or of the clock; None when the request is for something else."""
    kept = meter.model.memory
    if kept is None:
        return None
    shown = memory.clock_zone(kept, meter.zone, at)
    if kept.clock is not None and block == memory.clock_block(kept):
        return written((at + meter.ahead).astimezone(shown), kept.clock)
    if kept.ring is not None and block == memory.pointer_block(kept, kept.ring):
        return [_pointer(meter, kept, kept.ring, at)]
    place = _place(meter.model, block)
    if place is None:
        return None
    number = place if kept.ring is None else (newest_place(meter, kept, at) - place) % kept.records
    instant = made(meter, kept, at)[number]
    found = [0] * kept.words
    if instant - meter.ahead < meter.since:  # it was not there yet
        return found
    if kept.stamp is not None:
        start = kept.stamp.address
        found[start : start + kept.stamp.words] = written(instant.astimezone(shown), kept.stamp)
    for each in kept.registers:
        live = meter.model.register(each.code)
        kind = each.type or live.type
        register = dataclasses.replace(live, type=kind, scale=each.scale or live.scale, words=checks.WORDS[kind])
        value = encode(register, meter.value(live, instant - meter.ahead))
        found[each.offset : each.offset + len(value)] = value
    return found


def written(wall: datetime, place: Place) -> list[int]:
    """This will write an instant as a meter does, by the clock on its wall."""
    if place.format == "UNIX":
        seconds = int((wall.replace(tzinfo=EPOCH.tzinfo) - EPOCH).total_seconds())
        return [seconds >> 16, seconds & 0xFFFF]
    parts = [wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second]
    if place.format == "SIX_WORDS":
        return parts
    octets = bytes([parts[0] - 2000, *parts[1:]])
    return [int.from_bytes(octets[index : index + 2], "big") for index in range(0, 6, 2)]


def made(meter: SimulatedMeter, kept: Memory, at: datetime) -> list[datetime]:
    """This will return the instants of its records by its own clock, the newest first; none of while it was dark."""
    longer = dataclasses.replace(kept, records=kept.records + len(meter.dark) * kept.records)
    every = memory.moments(longer, at + meter.ahead, meter.zone)
    return [each for each in every if not _is_dark(meter, each)][: kept.records]


def newest_place(meter: SimulatedMeter, kept: Memory, at: datetime) -> int:
    """This will return at which place of a ring the newest record lies, counted from 0."""
    step = timedelta(minutes=int(kept.step))
    newest = made(meter, kept, at)[0]
    missed = sum(-((first - last) // step) for first, last in meter.dark if last <= newest)
    return ((newest - EPOCH) // step - missed) % kept.records


def _pointer(meter: SimulatedMeter, kept: Memory, ring: Ring, at: datetime) -> int:
    place = newest_place(meter, kept, at)
    return (place if ring.names == NEWEST else (place + 1) % kept.records) + ring.base


def _is_dark(meter: SimulatedMeter, instant: datetime) -> bool:
    return any(first <= instant - meter.ahead < last for first, last in meter.dark)


def _place(model: MeterModel, block: Block) -> int | None:
    """Which of the places a request is for, counted from 0."""
    kept = model.memory
    if kept is None or kept.is_named or (block.function, block.count) != (kept.function, kept.words):
        return None
    place, rest = divmod(block.address - kept.address, kept.stride)
    return place if not rest and 0 <= place < kept.records else None
