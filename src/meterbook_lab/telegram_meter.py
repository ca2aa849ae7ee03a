"""A simulated meter that sends telegrams of DSMR or SML by itself, behind a serial server and on a serial port.

python -m meterbook_lab.telegram_meter --port 2001 --file telegram.bin --every 1
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"


@dataclass
class TelegramFaults:
    """What goes wrong with the telegrams from now on."""

    is_silent: bool = False
    is_cut: bool = False  # half of each is lost
    is_garbled: bool = False  # a byte in the middle is another one
    hangs_up: bool = False  # the serial server ends each connection
    noise: bytes = b""  # what comes before each


class TelegramMeter:
    """Pushes a telegram to everybody who is connected, again and again; nobody can ask it.

    :param telegram: gives the next telegram
    :param every: real seconds between two of them
    """

    def __init__(self, telegram: Callable[[], bytes], *, every: float = 0.05, port: int = 0) -> None:
        self._telegram, self._every = telegram, every
        self.port, self.connections = port, 0
        self.faults = TelegramFaults()
        self._server: asyncio.Server | None = None
        self._pushing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._push, LOOPBACK, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in self._pushing:
            task.cancel()
        await asyncio.gather(*self._pushing, return_exceptions=True)

    async def _push(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        if task is not None:
            self._pushing.add(task)
            task.add_done_callback(self._pushing.discard)
        try:
            with contextlib.suppress(OSError):
                while not self.faults.hangs_up:
                    await self._send(writer)
        finally:
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        for piece in self._pieces():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # a serial server sends what it has: pieces of any length
        await asyncio.sleep(self._every)

    def _pieces(self) -> list[bytes]:
        faults = self.faults
        if faults.is_silent:
            return []
        raw = bytearray(self._telegram())
        if faults.is_garbled:
            raw[len(raw) // 2] ^= 0x15
        if faults.is_cut:
            del raw[len(raw) // 3 : len(raw) // 2]
        sent = faults.noise + bytes(raw)
        return [sent[:7], sent[7:100], sent[100:]]


async def _serve(path: Path, every: float, port: int) -> None:
    async with TelegramMeter(path.read_bytes, every=every, port=port):
        await asyncio.Event().wait()


def main() -> None:
    """This will push the telegram of a file until the process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=2001)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--every", type=float, default=1.0)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.file, options.every, options.port))


if __name__ == "__main__":
    main()
