"""Asking one device for several blocks and decoding what it answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Bus, Frame, Sample
from meterbook.acquisition.library import decode
from meterbook.acquisition.library.documents import Register
from meterbook.acquisition.polling.blocks import PlannedBlock


@dataclass(frozen=True)
class BlockReading:
    """What one request brought: the frame, its samples, and the registers that held no possible value."""

    frame: Frame
    samples: tuple[Sample, ...]
    refused: tuple[tuple[Register, errors.Nonsense], ...]


async def ask_each(
    planned: Iterable[PlannedBlock],
    *,
    ask: Callable[[PlannedBlock], Awaitable[Frame]],
    take: Callable[[PlannedBlock, Frame], None],
    refuse_gaps: Callable[[], None] = lambda: None,
) -> errors.ExceptionAnswer | None:
    """This will ask a device for blocks, one after another, and return the first refusal that nothing cured.

    Each frame is taken as it comes, so that a block that fails does not take the others with it. A device that refuses
    a block with words between its registers is asked for it without them; one that has no such registers is asked for
    the other blocks.

    :param refuse_gaps: is told when the device refused words between registers, so that it need not be tried again
    :raises meterbook.acquisition.contract.errors.DeviceError: when there is no answer, or one that may pass
    """
    refusal: errors.ExceptionAnswer | None = None
    waiting = deque(planned)
    while waiting:
        each = waiting.popleft()
        try:
            frame = await ask(each)
        except errors.ExceptionAnswer as error:
            if error.is_passing:
                raise
            if error.is_of_block and each.has_gaps:
                refuse_gaps()
                waiting.extendleft(reversed(each.runs()))
            else:
                refusal = refusal or error
        else:
            take(each, frame)
    return refusal


async def read(
    bus: Bus,
    unit: int,
    planned: Iterable[PlannedBlock],
    *,
    timeout: float,
    retries: int = 0,
) -> tuple[BlockReading, ...]:
    """This will read the planned blocks of one device, all of them or none.

    :param timeout: real seconds for each attempt of each block
    :raises meterbook.acquisition.contract.errors.DeviceError: when a block could not be read
    """
    readings: list[BlockReading] = []

    def take(block: PlannedBlock, frame: Frame) -> None:
        decoded = decode.decode_frame(block.registers, block.block, frame)
        readings.append(BlockReading(frame, decoded.samples, decoded.refused))

    refusal = await ask_each(
        planned, ask=lambda each: bus.read(unit, each.block, timeout=timeout, retries=retries), take=take
    )
    if refusal is not None:
        raise refusal
    return tuple(readings)
