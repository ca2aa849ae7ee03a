"""What somebody wants of a device besides its usual turns: one piece between two of them, so neither waits long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Frame
from meterbook.acquisition.polling import blocks

Key = TypeVar("Key")
Reader = TypeVar("Reader")


class DeviceGone(LookupError):
    """The device is not asked any more; switch it on."""


@dataclass(frozen=True)
class Errand(Generic[Key]):
    """A block of a device; `done` gets the frame or the error."""

    device: Key
    planned: blocks.PlannedBlock
    done: asyncio.Future[Frame]


class Errands(Generic[Key, Reader]):
    """The errands of one bus. `find` and `ask` are the bus's own; `woken` tells it of a new one."""

    def __init__(
        self,
        find: Callable[[Key], Reader | None],
        ask: Callable[[Reader, blocks.PlannedBlock], Awaitable[Frame]],
        woken: asyncio.Event,
    ) -> None:
        self._find, self._ask, self._woken = find, ask, woken
        self._waiting: deque[Errand[Key]] = deque()
        self._was_latest = False

    async def fetch(self, device: Key, block: Block) -> Frame:
        """This will fetch a block of a device between two usual turns, and return when it is there.

        :raises errors.DeviceError: when it could not be read
        :raises DeviceGone: when the device was switched off meanwhile
        """
        done: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting.append(Errand(device, blocks.PlannedBlock(block, ()), done))
        self._woken.set()
        return await done

    async def run_one(self, *, has_turn: bool) -> bool:
        """This will run an errand where it is one's turn: when nothing else is due, or was done since the latest one.

        Who waits for it gets its error: the bus has only lent its line.
        """
        if not self._waiting or (has_turn and self._was_latest):
            self._was_latest = False
            return False
        self._was_latest = True
        errand = self._waiting.popleft()
        try:
            reader = self._find(errand.device)
            if reader is None:
                raise DeviceGone(DeviceGone.__doc__)
            frame = await self._ask(reader, errand.planned)
        except (errors.DeviceError, DeviceGone) as error:
            if not errand.done.done():
                errand.done.set_exception(error)
        else:
            if not errand.done.done():
                errand.done.set_result(frame)
        return True
