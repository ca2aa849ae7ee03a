"""Asking one device for several blocks and decoding what it answers."""

from __future__ import annotations

from collections.abc import Iterable
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


async def read(
    bus: Bus,
    unit: int,
    planned: Iterable[PlannedBlock],
    *,
    timeout: float,
    retries: int = 0,
) -> tuple[BlockReading, ...]:
    """This will read the planned blocks of one device, one after another, and stop at the first that fails.

    :param timeout: real seconds for each attempt of each block
    :raises meterbook.acquisition.contract.errors.DeviceError: when a block could not be read
    """
    readings: list[BlockReading] = []
    for each in planned:
        frame = await bus.read(unit, each.block, timeout=timeout, retries=retries)
        decoded = decode.decode_frame(each.registers, each.block, frame)
        readings.append(BlockReading(frame, decoded.samples, decoded.refused))
    return tuple(readings)
