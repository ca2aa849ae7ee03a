"""One connection on which Modbus devices are asked, one request at a time; what differs is the driver's."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Frame
from meterbook.acquisition.contract.modbus import registers

R = TypeVar("R", bound=registers.Request)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ModbusLine(abc.ABC, Generic[R]):
    """Reads blocks of the devices on one line. It implements `contract.frames.Bus`.

    Requests queue up in the order of their calls. The connection is opened by the first read and kept. After a
    time-out or an answer that does not belong to the request it is closed, so that whatever still arrives for the old
    request reaches nobody.

    :param name: how errors call the other end, such as 10.0.0.7:502
    :param clock: gives the product's present instant, for the time of each answer
    :param pause: real seconds between the end of one exchange and the next request
    """

    def __init__(self, name: str, *, clock: Callable[[], datetime], pause: float = 0.0) -> None:
        self.name = name
        self._clock, self._pause = clock, pause
        self._turn = asyncio.Lock()
        self._streams: Streams | None = None
        self._ended = 0.0

    @abc.abstractmethod
    async def _open(self) -> Streams:
        """Open the connection, or raise `errors.ConnectionRefused`."""

    @abc.abstractmethod
    def _request(self, unit: int, block: Block) -> R:
        """Build the next request."""

    @abc.abstractmethod
    async def _receive(self, asked: R, reader: asyncio.StreamReader, received: bytearray) -> None:
        """Add to `received` until it is one whole frame."""

    @abc.abstractmethod
    def _accept(self, asked: R, answer: bytes) -> tuple[int, ...]:
        """Return the words of an answer that belongs to the request."""

    async def read(self, unit: int, block: Block, *, timeout: float, retries: int = 0) -> Frame:
        """This will fetch a block of 16-bit words of one device.

        :param timeout: real seconds that one attempt may take, from sending to the last byte
        :param retries: further attempts after a failure that another attempt can cure
        :raises meterbook.acquisition.contract.errors.DeviceError: Timeout, ExceptionAnswer, FrameMismatch,
            ConnectionRefused or ConnectionLost of the last attempt
        :raises meterbook.acquisition.contract.modbus.registers.RequestRefused: when the protocol has no such request
        """
        async with self._turn:
            attempt = 1
            while True:
                try:
                    return await self._exchange(unit, block, timeout, attempt)
                except errors.ConnectionRefused:
                    raise
                except errors.DeviceError as error:
                    if attempt > retries or not error.is_passing:
                        raise
                attempt += 1

    async def close(self) -> None:
        """This will end the connection; the next read opens it again."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()  # not close(): it would wait until a dead peer has taken what is unsent
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _exchange(self, unit: int, block: Block, limit: float, attempt: int) -> Frame:
        asked = self._request(unit, block)
        streams = await self._connected()
        await asyncio.sleep(max(0.0, self._ended + self._pause - time.monotonic()))
        began = time.monotonic()
        is_clean = False
        try:
            answer = await self._answer(asked, streams, limit)
            is_clean = True  # a whole frame was taken: nothing of it is left in the connection
            words = self._accept(asked, answer)
        except errors.FrameMismatch:
            is_clean = False
            raise
        finally:
            self._ended = time.monotonic()
            if not is_clean:  # also when the caller was cancelled: its answer may still be on the way
                await self.close()
        took_ms = round((self._ended - began) * 1000)
        return Frame(asked.octets.hex(), answer.hex(), self._clock(), took_ms, words, attempt)

    async def _answer(self, asked: R, streams: Streams, limit: float) -> bytes:
        reader, writer = streams
        received = bytearray()
        try:
            async with asyncio.timeout(limit):
                writer.write(asked.octets)
                await writer.drain()
                await self._receive(asked, reader, received)
        except TimeoutError as error:
            partly = f"; {len(received)} bytes of an answer came" if received else ""
            raise errors.Timeout(
                f"unit {asked.unit} at {self.name} did not answer within {limit:g} s{partly}",
                unit=asked.unit,
                seconds=limit,
                request=asked.octets.hex(),
                response=received.hex(),
            ) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise errors.ConnectionLost(
                f"{self.name} closed the connection while unit {asked.unit} was asked",
                unit=asked.unit,
                request=asked.octets.hex(),
            ) from error
        return bytes(received)

    async def _connected(self) -> Streams:
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await self._open()
        return self._streams


async def connect(host: str, port: int, limit: float) -> Streams:
    """This will open a TCP connection within `limit` real seconds.

    :raises meterbook.acquisition.contract.errors.ConnectionRefused: when it cannot be had
    """
    try:
        async with asyncio.timeout(limit):
            return await asyncio.open_connection(host, port)
    except (OSError, UnicodeError, TimeoutError) as error:  # UnicodeError: "a..b" is no host name
        reason = str(error) or f"no answer within {limit:g} s"
        raise errors.ConnectionRefused(f"no connection to {host}:{port} ({reason})", host=host, port=port) from error
