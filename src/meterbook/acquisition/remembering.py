"""Asking a meter for what it remembers, block by block. Pure: who asks gives a way to fetch one block. No clock.

The same for our collector and for field gateways: which blocks, in which order, and when what was answered happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.acquisition import memory
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import RECORDS, Block, Frame
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.library.memories import Memory, Ring

Fetch = Callable[[Block], Awaitable[Frame]]
Now = Callable[[], datetime]
LOOKS = 3  # at a pointer that moves while it is read


class PointerWrong(errors.DeviceError):
    """The meter says that its newest record is at a place where there is none."""

    code = "POINTER"
    remedy = "Correct the place of the pointer in the meter's type, or its base."


@dataclass
class Conversation:
    """What was asked and found so far. What came before a piece failed is kept."""

    asked: int = 0
    ahead: timedelta | None = None
    found: tuple[memory.Remembered, ...] = ()


@dataclass(frozen=True)
class Task:
    """Which instants of a meter lack a reading, and the zone that its clock may keep."""

    model: MeterModel
    zone: ZoneInfo
    missing: Collection[datetime]


@dataclass
class _Slots:
    """The records of a ring that were read, by their number from 1, the newest; `None` for one never written."""

    newest: int
    read: dict[int, tuple[datetime, Frame] | None] = field(default_factory=dict)


async def converse(task: Task, fetch: Fetch, now: Now, conversation: Conversation) -> None:
    """This will read what a meter remembers of the missing instants; `conversation` gets what is found as it comes.

    :param now: product time
    :raises errors.DeviceError: when a block could not be read, the clock is wrong by more than an hour, or the pointer
        points nowhere
    """
    kept = task.model.memory
    if kept is None:
        return
    if kept.is_named:
        await _read_records(task, kept, fetch, conversation)
        return
    conversation.ahead = await _clock(task, kept, fetch)
    if kept.ring is None:
        await _read_list(task, kept, fetch, now, conversation)
    elif kept.stamp is not None:
        await _read_stamped_ring(task, kept, kept.ring, fetch, now, conversation)
    else:
        await _read_plain_ring(task, kept, kept.ring, fetch, now, conversation)


async def _read_records(task: Task, kept: Memory, fetch: Fetch, conversation: Conversation) -> None:
    frame = await fetch(RECORDS)
    shown = memory.clock_zone(kept, task.zone, frame.at)
    wall = memory.clock_of(frame.records)
    if wall is not None:
        conversation.ahead = memory.difference(wall, at=frame.at, shown=shown)
    ahead = conversation.ahead or timedelta(0)
    found = memory.from_records(task.model, kept, frame.records, ahead=ahead, shown=shown)
    conversation.asked, conversation.found = len({each.at for each in found}), tuple(found)


async def _clock(task: Task, kept: Memory, fetch: Fetch) -> timedelta | None:
    """How far the meter's clock is ahead; None where it cannot be read."""
    place, block = kept.clock, memory.clock_block(kept)
    if place is None or block is None:
        return None
    frame = await fetch(block)
    wall = memory.wall_time(frame.words, place)
    if wall is None:
        return None
    return memory.difference(wall, at=frame.at, shown=memory.clock_zone(kept, task.zone, frame.at))


async def _read_list(task: Task, kept: Memory, fetch: Fetch, now: Now, conversation: Conversation) -> None:
    """Record 1 is always the newest one. Which instant each is of the meter's own clock says: just before our midnight
    it may have made one."""
    moments = memory.moments(kept, now() + (conversation.ahead or timedelta(0)), task.zone)
    for number, instant in reversed(list(enumerate(moments, start=1))):
        if instant in task.missing:
            frame = await fetch(memory.block(kept, number))
            conversation.asked += 1
            _take(task, kept, frame, instant, conversation)


async def _read_plain_ring(
    task: Task, kept: Memory, ring: Ring, fetch: Fetch, now: Now, conversation: Conversation
) -> None:
    """Records without a time: the newest is of the latest whole step, and the pointer says where it lies.

    The oldest are overwritten while we read: what the pointer passed meanwhile is not believed.
    """
    newest, moments = await _newest(kept, ring, fetch, lambda: _moments(task, kept, now, conversation))
    taken: list[tuple[int, tuple[memory.Remembered, ...]]] = []
    for number, instant in reversed(list(enumerate(moments, start=1))):
        if instant in task.missing:
            frame = await fetch(memory.ring_block(kept, newest, number))
            conversation.asked += 1
            before = len(conversation.found)
            _take(task, kept, frame, instant, conversation)
            taken.append((number, conversation.found[before:]))
    if taken:
        passed = (await _pointed(kept, ring, fetch) - newest) % kept.records
        lost = {each for number, found in taken if number > kept.records - passed for each in found}
        conversation.found = tuple(each for each in conversation.found if each not in lost)


async def _read_stamped_ring(
    task: Task, kept: Memory, ring: Ring, fetch: Fetch, now: Now, conversation: Conversation
) -> None:
    """Records with a time. A meter without supply made none, so older ones may lie nearer than their age says: the
    newest that is wanted is found by halving, and the older ones one after another."""
    if not task.missing:
        return
    slots = _Slots(await _pointed(kept, ring, fetch))
    latest, earliest = max(task.missing), min(task.missing)
    moments = _moments(task, kept, now, conversation)
    low, high = 1, sum(each >= latest for each in moments) + 1
    while low < high:
        middle = (low + high) // 2
        found = await _slot(task, kept, slots, middle, fetch, conversation)
        if found is not None and found[0] > latest:
            low = middle + 1
        else:
            high = middle
    for number in range(low, kept.records + 1):
        found = await _slot(task, kept, slots, number, fetch, conversation)
        if found is None or found[0] < earliest:
            return
        if found[0] in task.missing:
            _take(task, kept, found[1], found[0], conversation)


async def _slot(
    task: Task, kept: Memory, slots: _Slots, number: int, fetch: Fetch, conversation: Conversation
) -> tuple[datetime, Frame] | None:
    """A record with its time by the meter's clock, read once; None for one that was never written."""
    if not 1 <= number <= kept.records:
        return None
    if number not in slots.read:
        frame = await fetch(memory.ring_block(kept, slots.newest, number))
        conversation.asked += 1
        instant = memory.stamped_at(kept, frame.words, shown=memory.clock_zone(kept, task.zone, frame.at))
        slots.read[number] = None if instant is None else (instant, frame)
    return slots.read[number]


async def _newest(
    kept: Memory, ring: Ring, fetch: Fetch, moments: Callable[[], tuple[datetime, ...]]
) -> tuple[int, tuple[datetime, ...]]:
    """Where the newest record lies, and of which instants the records are; looked at again when a step began."""
    for _look in range(LOOKS):
        before = moments()
        newest = await _pointed(kept, ring, fetch)
        if moments()[0] == before[0]:
            break
    return newest, before


async def _pointed(kept: Memory, ring: Ring, fetch: Fetch) -> int:
    """The place of the newest record, counted from 0."""
    frame = await fetch(memory.pointer_block(kept, ring))
    newest = memory.pointed(kept, ring, frame.words)
    if newest is None:
        raise PointerWrong(f"its pointer says 0x{frame.words[0]:04x}", pointer=frame.words[0], records=kept.records)
    return newest


def _moments(task: Task, kept: Memory, now: Now, conversation: Conversation) -> tuple[datetime, ...]:
    return memory.moments(kept, now() + (conversation.ahead or timedelta(0)), task.zone)


def _take(task: Task, kept: Memory, frame: Frame, instant: datetime, conversation: Conversation) -> None:
    shown, ahead = memory.clock_zone(kept, task.zone, instant), conversation.ahead or timedelta(0)
    conversation.found += tuple(memory.from_words(task.model, kept, frame.words, at=instant, ahead=ahead, shown=shown))
