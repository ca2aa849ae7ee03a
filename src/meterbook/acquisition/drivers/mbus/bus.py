"""M-Bus through a TCP converter and on a serial port with a level converter, one conversation at a time.

A readout of a primary address is SND_NKE (E5), then REQ_UD2 with its frame count bit turned until no telegram follows.
A secondary address is selected first (E5), which clears the frame count bit of 253 at which the meter answers then.
What another meter says meanwhile is passed over: it was asked earlier and answers late.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from meterbook.acquisition.contract import errors, serial_lines
from meterbook.acquisition.contract.frames import RECORDS, Block, Frame
from meterbook.acquisition.contract.modbus import lines
from meterbook.acquisition.drivers.mbus import codec, framing, telegrams
from meterbook.acquisition.drivers.mbus.codec import RequestRefused

PORT = 10_001
CHARACTER = 11  # bits: start, eight bits, parity, stop
WAIT_BITS, WAIT_SECONDS = 330, 0.05  # EN 13757-2, 5.5.1: after so many bits and 50 ms nobody will answer any more
QUIET_BITS = 33
MOST_TELEGRAMS = 16
LAST_PRIMARY = 250


@dataclass
class _Readout:
    """What went over the line for one meter."""

    unit: int
    timeout: float
    retries: int
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)
    attempts: int = 1
    took: float = 0.0


class MbusLine(abc.ABC):
    """Reads out the meters on one line. It implements `contract.frames.Bus`.

    Readouts queue up in the order of their calls. The connection is opened by the first one and kept; after a failure
    it is closed, and the next one waits until the line is calm.

    :param name: how errors call the other end
    :param baud: of the M-Bus itself, also behind a converter: how long an answer may take follows from it
    :param clock: gives the product's present instant, for the time of each answer
    :param pause: real seconds between two exchanges
    """

    def __init__(self, name: str, *, baud: int, clock: Callable[[], datetime], pause: float = 0.0) -> None:
        self.name, self._baud, self._clock = name, baud, clock
        self._pause = max(pause, QUIET_BITS / baud)
        self._turn = asyncio.Lock()
        self._streams: lines.Streams | None = None
        self._is_disturbed = False
        self._ended = 0.0

    @abc.abstractmethod
    async def _open(self) -> lines.Streams:
        """Open the connection, or raise `errors.ConnectionRefused`."""

    async def read(self, unit: int, block: Block = RECORDS, *, timeout: float, retries: int = 0) -> Frame:
        """This will read out one meter.

        :param unit: its primary address (0 to 250), or the 64 bits of a secondary one (`secondary`)
        :param block: all that it says: M-Bus knows no parts
        :param timeout: real seconds until an answer must begin; the standard's wait where that is longer
        :param retries: how often each request may be repeated
        :raises meterbook.acquisition.contract.errors.DeviceError: Timeout, FrameMismatch, ConnectionRefused,
            ConnectionLost, or what the meter says (`telegrams`)
        :raises RequestRefused: for an address that cannot be, or a block of words
        """
        if block != RECORDS:
            raise RequestRefused(f"{block}: M-Bus meters have no words at addresses; choose a model that speaks M-Bus")
        if not 0 <= unit <= LAST_PRIMARY and not codec.is_secondary(unit):
            raise RequestRefused(f"address {unit}: 0 to {LAST_PRIMARY}, or the 16 digits of a secondary address")
        async with self._turn:
            readout = _Readout(unit, timeout, retries)
            is_clean = False
            try:
                frames = await self._read_out(readout)
                is_clean = True
            finally:
                if not is_clean:  # also when the caller was cancelled: the answer may still be on the way
                    self._is_disturbed = True
                    await self.close()
        return Frame(
            request=readout.sent.hex(),
            response=readout.received.hex(),
            at=self._clock(),
            took_ms=round(readout.took * 1000),
            words=(),
            attempts=readout.attempts,
            records=telegrams.joined(frames),
            kin=_kin(frames[0]),
        )

    async def close(self) -> None:
        """This will end the connection; the next readout opens it again."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()
            await self._closed(streams[1])

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _read_out(self, readout: _Readout) -> list[bytes]:
        unit = readout.unit
        if codec.is_secondary(unit):
            address = codec.BY_SELECTION
            await self._exchange(readout, codec.select_octets(unit), framing.is_acknowledgement)
        else:
            address = unit
            await self._exchange(readout, codec.reset_link(address), framing.is_acknowledgement)
        frames: list[bytes] = []
        is_followed, frame_count = True, True
        while is_followed and len(frames) < MOST_TELEGRAMS:
            request = codec.request_data(address, frame_count=frame_count)
            frame = await self._exchange(readout, request, lambda answer: framing.is_answer_of(unit, answer))
            part = telegrams.content(frame)
            frames.append(frame)
            is_followed = isinstance(part, codec.Telegram) and part.is_followed
            frame_count = not frame_count  # turned: the next telegram; the same again would bring this one again
        return frames

    async def _exchange(self, readout: _Readout, request: bytes, belongs: Callable[[bytes], bool]) -> bytes:
        attempt = 1
        while True:
            try:
                return await self._ask(readout, request, belongs)
            except errors.ConnectionRefused:
                raise
            except errors.DeviceError as error:
                if attempt > readout.retries or not error.is_passing:
                    raise
                self._is_disturbed = True
                await self.close()
            attempt += 1
            readout.attempts = max(readout.attempts, attempt)

    async def _ask(self, readout: _Readout, request: bytes, belongs: Callable[[bytes], bool]) -> bytes:
        reader, writer = await self._connected()
        await asyncio.sleep(max(0.0, self._ended + self._pause - time.monotonic()))
        began = time.monotonic()
        taken = bytearray()
        try:
            writer.write(request)
            await writer.drain()
            answer = await self._receive(reader, request, readout.timeout, belongs, taken)
        except TimeoutError as error:
            partly = f"; {len(taken)} bytes of an answer came" if taken else ""
            raise errors.Timeout(
                f"{called(readout.unit)} at {self.name} did not answer in time{partly}",
                unit=codec.digits(readout.unit) if codec.is_secondary(readout.unit) else readout.unit,
                seconds=f"{self._wait(readout.timeout):.2g}",
                request=request.hex(),
                response=taken.hex(),
            ) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise errors.ConnectionLost(
                f"{self.name} closed the connection while {called(readout.unit)} was asked",
                unit=codec.digits(readout.unit) if codec.is_secondary(readout.unit) else readout.unit,
                request=request.hex(),
            ) from error
        finally:
            self._ended = time.monotonic()
            readout.took += self._ended - began
        readout.sent += request
        readout.received += answer
        return answer

    async def _receive(
        self,
        reader: asyncio.StreamReader,
        request: bytes,
        timeout: float,
        belongs: Callable[[bytes], bool],
        taken: bytearray,
    ) -> bytes:
        """The first whole frame that belongs to the request: neither its echo nor what another meter says."""
        until = time.monotonic() + self._wait(timeout) + self._seconds(len(request))
        has_begun = False
        while True:
            frame = framing.cut(taken)
            if frame is None:
                async with asyncio.timeout(max(0.0, until - time.monotonic())):
                    received = await reader.read(framing.LONGEST)
                if not received:
                    raise asyncio.IncompleteReadError(bytes(taken), 1)
                taken += received
                if not has_begun and framing.has_begun(taken):  # the longest frame takes its time on a slow line
                    has_begun, until = True, until + self._seconds(framing.LONGEST)
            elif frame != request and belongs(frame):
                return frame

    def _wait(self, timeout: float) -> float:
        return max(timeout, WAIT_BITS / self._baud + WAIT_SECONDS)

    def _seconds(self, count: int) -> float:
        return count * CHARACTER / self._baud

    async def _connected(self) -> lines.Streams:
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await self._open()
            if self._is_disturbed:
                await serial_lines.calm(self._streams[0], serial_lines.QUIET + QUIET_BITS / self._baud)
                self._is_disturbed = False
        return self._streams


class MbusTcpBus(MbusLine):
    """M-Bus behind a converter that passes bytes through TCP."""

    def __init__(
        self,
        host: str,
        port: int = PORT,
        *,
        clock: Callable[[], datetime],
        baud: int = 2_400,
        connect_timeout: float = 3.0,
        pause: float = 0.0,
    ) -> None:
        super().__init__(f"{host}:{port}", baud=baud, clock=clock, pause=pause)
        self.host, self.port = host, port
        self._connect_timeout = connect_timeout

    async def _open(self) -> lines.Streams:
        return await lines.connect(self.host, self.port, self._connect_timeout)


class MbusSerialBus(MbusLine):
    """A serial port of this machine with a level converter. The bus owns the port: no other program may open it."""

    def __init__(self, port: serial_lines.SerialPort, *, clock: Callable[[], datetime], pause: float = 0.0) -> None:
        super().__init__(port.path, baud=port.baud, clock=clock, pause=pause)
        self._port = port

    async def _open(self) -> lines.Streams:
        return await serial_lines.open_port(self._port)

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        """Nobody is at the other end who would have to learn of it."""


def called(unit: int) -> str:
    """This will return how people call a meter: its address, or the digits of its secondary one."""
    return f"meter {codec.digits(unit)}" if codec.is_secondary(unit) else f"address {unit}"


def _kin(frame: bytes) -> tuple[str, str, int, int] | None:
    part = telegrams.content(frame)
    who = part.header.identity if isinstance(part, codec.Telegram) else None
    return (who.manufacturer, who.number, who.version, who.type) if who is not None else None
