"""What a simulated Modbus meter remembers: its records and its clock, at the addresses that its model declares.

A record is given out as one block only, from its first word on, as real meters do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

from meterbook.acquisition import memory
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.library import checks
from meterbook.acquisition.library.documents import MeterModel, Register
from meterbook.acquisition.library.memories import Place
from meterbook_lab.modbus_meter import EPOCH, SimulatedMeter

Encode = Callable[[Register, Fraction], list[int]]


def is_asked(model: MeterModel, block: Block) -> bool:
    """This will say whether a request is for a record of the memory, or for the clock."""
    kept = model.memory
    return kept is not None and (block == memory.clock_block(kept) or _number(model, block) is not None)


def words(meter: SimulatedMeter, block: Block, at: datetime, encode: Encode) -> list[int] | None:
    """This will return the words of a record or of the clock; None when the request is for something else."""
    kept = meter.model.memory
    if kept is None:
        return None
    shown = memory.clock_zone(kept, meter.zone, at)
    if kept.clock is not None and block == memory.clock_block(kept):
        return written((at + meter.ahead).astimezone(shown), kept.clock)
    number = _number(meter.model, block)
    if number is None:
        return None
    instant = memory.moments(kept, at + meter.ahead, meter.zone)[number - 1]
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


def _number(model: MeterModel, block: Block) -> int | None:
    kept = model.memory
    if kept is None or kept.is_named:
        return None
    return next((number for number in range(1, kept.records + 1) if memory.block(kept, number) == block), None)
