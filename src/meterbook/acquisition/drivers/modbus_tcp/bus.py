"""One connection to a Modbus TCP gateway or meter, one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Frame
from meterbook.acquisition.drivers.modbus_tcp import codec

PORT = 502
LAST_TRANSACTION = 65_535


class ModbusTcpBus:
    """Reads blocks of the devices behind one host and port. It implements `contract.frames.Bus`.

    Requests queue up in the order of their calls. The connection is opened by the first read and kept. After a
    time-out or an answer that does not belong to the request it is closed, so that whatever still arrives for the old
    request reaches nobody; the transaction number goes on over all connections.

    :param clock: gives the product's present instant, for the time of each answer
    :param connect_timeout: real seconds that opening the connection may take
    :param pause: real seconds between the end of one exchange and the next request, for slow lines behind a gateway
    """

    def __init__(
        self,
        host: str,
        port: int = PORT,
        *,
        clock: Callable[[], datetime],
        connect_timeout: float = 3.0,
        pause: float = 0.0,
    ) -> None:
        self.host, self.port = host, port
        self._clock, self._connect_timeout, self._pause = clock, connect_timeout, pause
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._transaction = 0
        self._ended = 0.0

    async def read(self, unit: int, block: Block, *, timeout: float, retries: int = 0) -> Frame:
        """This will fetch a block of 16-bit words of one device.

        :param timeout: real seconds that one attempt may take, from sending to the last byte
        :param retries: further attempts after a failure that another attempt can cure
        :raises meterbook.acquisition.contract.errors.DeviceError: Timeout, ExceptionAnswer, FrameMismatch,
            ConnectionRefused or ConnectionLost of the last attempt
        :raises meterbook.acquisition.drivers.modbus_tcp.codec.RequestRefused: when the protocol has no such request
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
        self._transaction = self._transaction % LAST_TRANSACTION + 1
        asked = codec.request(self._transaction, unit, block)
        reader, writer = await self._connected()
        await asyncio.sleep(max(0.0, self._ended + self._pause - time.monotonic()))
        began = time.monotonic()
        is_clean = False
        try:
            answer = await self._answer(asked, reader, writer, limit)
            is_clean = True  # a whole frame was taken: nothing of it is left in the connection
            words = codec.accept(asked, answer)
        except errors.FrameMismatch:
            is_clean = False
            raise
        finally:
            self._ended = time.monotonic()
            if not is_clean:  # also when the caller was cancelled: its answer may still be on the way
                await self.close()
        took_ms = round((self._ended - began) * 1000)
        return Frame(asked.octets.hex(), answer.hex(), self._clock(), took_ms, words, attempt)

    async def _answer(
        self, asked: codec.Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: float
    ) -> bytes:
        received = bytearray()
        try:
            async with asyncio.timeout(limit):
                writer.write(asked.octets)
                await writer.drain()
                received += await reader.readexactly(codec.HEADER)
                received += await reader.readexactly(codec.rest_of(bytes(received)))
        except TimeoutError as error:
            partly = f"; {len(received)} bytes of an answer came" if received else ""
            raise errors.Timeout(
                f"unit {asked.unit} at {self.host}:{self.port} did not answer within {limit:g} s{partly}",
                unit=asked.unit,
                seconds=limit,
                request=asked.octets.hex(),
                response=received.hex(),
            ) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise errors.ConnectionLost(
                f"{self.host}:{self.port} closed the connection while unit {asked.unit} was asked",
                unit=asked.unit,
                request=asked.octets.hex(),
            ) from error
        return bytes(received)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            try:
                async with asyncio.timeout(self._connect_timeout):
                    self._streams = await asyncio.open_connection(self.host, self.port)
            except (OSError, UnicodeError, TimeoutError) as error:  # UnicodeError: "a..b" is no host name
                reason = str(error) or f"no answer within {self._connect_timeout:g} s"
                raise errors.ConnectionRefused(
                    f"no connection to {self.host}:{self.port} ({reason})", host=self.host, port=self.port
                ) from error
        return self._streams
