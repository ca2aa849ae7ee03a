"""A line on which a meter sends telegrams that nobody asks for. It implements `contract.frames.Bus`: who reads waits
for the next one.

The line is heard all the time, so that what waits in no buffer is ever taken for new. A telegram for which somebody
waited counts for the other meters of the line, too: a P1 port tells electricity and gas in one.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from meterbook.acquisition.contract import errors, serial_lines
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.frames import RECORDS, Block, Frame, Record
from meterbook.acquisition.contract.modbus import lines

CHUNK = 4_096
CONNECT_SECONDS = 3.0
SHARED_SECONDS = 2.0  # real; a telegram that another meter of the line has just waited for is new enough


class RequestRefused(ValueError):
    """A meter that sends telegrams has no words at addresses; choose a model that speaks what is sent."""


class NoTelegram(errors.DeviceError):
    """Nothing came in time."""

    code = "NO_TELEGRAM"
    remedy = (
        "Check the plug, that the port of the meter is switched on, and that the optical head sits right; a P1 port of"
        " DSMR 4 sends every 10 seconds, allow at least that."
    )


class TelegramDamaged(errors.DeviceError):
    """Something came, but no whole telegram."""

    code = "TELEGRAM"
    remedy = (
        "Check speed, parity and stop bits of the line, and how the optical head sits; light from outside disturbs."
    )


class PartMissing(errors.DeviceError):
    """The telegrams say nothing of that meter."""

    code = "NO_CHANNEL"
    remedy = "Check the address of the meter: 0 is the electricity meter itself, 1 to 4 are those that it hears."

    @property
    def is_passing(self) -> bool:
        """Whether another attempt can cure it: the next telegram holds the same."""
        return False


class Splitter(Protocol):
    """Cuts a stream into telegrams."""

    dropped: int

    def add(self, received: bytes) -> list[bytes]:
        """This will return the telegrams that what was received completes, unchecked."""
        ...


@dataclass(frozen=True)
class Part:
    """What a telegram says of one meter; `at` where it tells itself when that was measured, `told` its clock."""

    records: tuple[Record, ...]
    at: datetime | None = None
    told: datetime | None = None


@dataclass
class _Heard:
    raw: bytes
    parts: Mapping[int, Part]
    at: datetime
    when: float  # monotonic seconds
    taken: set[int] = field(default_factory=set)


class TelegramLine(abc.ABC):
    """Hears one line.

    :param name: how errors call the other end
    :param clock: gives the product's present instant, for the time of each telegram
    """

    def __init__(self, name: str, *, clock: Callable[[], datetime]) -> None:
        self.name, self._clock = name, clock
        self._turn = asyncio.Lock()
        self._pump: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: asyncio.Future[_Heard] | None = None
        self._latest: _Heard | None = None
        self._damage = ""

    @abc.abstractmethod
    async def _open(self) -> lines.Streams:
        """Open the connection, or raise `errors.ConnectionRefused`."""

    @abc.abstractmethod
    def _splitter(self) -> Splitter:
        """What cuts the stream."""

    @abc.abstractmethod
    def _parts(self, raw: bytes, now: datetime) -> Mapping[int, Part]:
        """What a whole telegram says of each meter, or raise `DecodeError`."""

    async def read(self, unit: int, block: Block = RECORDS, *, timeout: float, retries: int = 0) -> Frame:
        """This will wait for what the next telegram says of a meter.

        :param unit: 0 is the meter that sends; others as the driver counts those that it hears
        :param timeout: real seconds until a whole telegram must have come
        :param retries: of no account: nothing is asked that could be asked again
        :raises meterbook.acquisition.contract.errors.DeviceError: NoTelegram, TelegramDamaged, PartMissing,
            ConnectionRefused, ConnectionLost
        :raises RequestRefused: for a block of words
        """
        if block != RECORDS:
            raise RequestRefused(f"{block}: {RequestRefused.__doc__}")
        async with self._turn:
            began = time.monotonic()
            heard = self._shared(unit) or await self._next(unit, timeout)
        heard.taken.add(unit)
        part = heard.parts.get(unit)
        if part is None:
            raise PartMissing(f"the telegrams at {self.name} say nothing of meter {unit}", unit=unit)
        took = round((time.monotonic() - began) * 1000)
        return Frame(
            request="",
            response=heard.raw.hex(),
            at=min(part.at, heard.at) if part.at is not None else heard.at,
            took_ms=took,
            words=(),
            records=part.records,
            told=part.told,
        )

    async def close(self) -> None:
        """This will end the connection; the next read opens it again."""
        pump, self._pump = self._pump, None
        writer, self._writer = self._writer, None
        self._latest = None
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        if writer is not None:
            writer.transport.abort()
            await self._closed(writer)

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _shared(self, unit: int) -> _Heard | None:
        latest = self._latest
        is_new = latest is not None and unit not in latest.taken and time.monotonic() - latest.when <= SHARED_SECONDS
        return latest if is_new else None

    async def _next(self, unit: int, timeout: float) -> _Heard:
        await self._connected()
        self._damage = ""
        waiting: asyncio.Future[_Heard] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        try:
            async with asyncio.timeout(timeout):
                return await waiting
        except TimeoutError as error:
            damage = self._damage
            await self.close()  # the other end may be gone without a word
            if damage:
                raise TelegramDamaged(f"no whole telegram at {self.name} ({damage})", unit=unit) from error
            raise NoTelegram(
                f"no telegram at {self.name} within {timeout:g} s", unit=unit, seconds=f"{timeout:g}"
            ) from error
        except errors.ConnectionLost:
            await self.close()
            raise
        finally:
            self._waiting = None

    async def _connected(self) -> None:
        if self._pump is not None and self._pump.done():
            await self.close()
        if self._pump is None:
            reader, self._writer = await self._open()
            self._pump = asyncio.create_task(self._hear(reader))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        """Read for ever; a telegram is looked at only when somebody waits for one."""
        splitter = self._splitter()
        with contextlib.suppress(OSError):
            while received := await reader.read(CHUNK):
                dropped = splitter.dropped
                for raw in splitter.add(received):
                    self._take(raw)
                if splitter.dropped > dropped:
                    self._damage = self._damage or f"{splitter.dropped - dropped} bytes belong to none"
        self._tell(errors.ConnectionLost(f"{self.name} closed the connection", unit=0))

    def _take(self, raw: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            return
        now = self._clock()
        try:
            parts = self._parts(raw, now)
        except DecodeError as error:
            self._damage = str(error)
        else:
            self._latest = _Heard(raw, parts, now, time.monotonic())
            self._tell(self._latest)

    def _tell(self, outcome: _Heard | errors.DeviceError) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if isinstance(outcome, errors.DeviceError):
            self._waiting.set_exception(outcome)
        else:
            self._waiting.set_result(outcome)


class TcpTelegramLine(TelegramLine):
    """A serial server that passes the bytes of the meter through TCP."""

    def __init__(self, host: str, port: int, *, clock: Callable[[], datetime]) -> None:
        super().__init__(f"{host}:{port}", clock=clock)
        self.host, self.port = host, port

    async def _open(self) -> lines.Streams:
        return await lines.connect(self.host, self.port, CONNECT_SECONDS)


class SerialTelegramLine(TelegramLine):
    """A serial port of this machine. The bus owns the port: no other program may open it."""

    def __init__(self, port: serial_lines.SerialPort, *, clock: Callable[[], datetime]) -> None:
        super().__init__(port.path, clock=clock)
        self._port = port

    async def _open(self) -> lines.Streams:
        return await serial_lines.open_port(self._port)

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        """Nobody is at the other end who would have to learn of it."""
