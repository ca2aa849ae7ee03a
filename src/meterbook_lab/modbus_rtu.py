"""A simulated line of Modbus RTU: meters behind a converter that passes RTU frames through TCP, or on a serial port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from typing import Protocol

from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.pdu import ModbusPDU

from meterbook_lab.modbus_server import ModbusServer

REQUEST = 8  # unit, function, address, count, CRC: a read
AROUND = 5  # unit, function, byte count, CRC: what is around the words of an answer
BITS = 10  # of a character: start, eight bits, stop


class RtuServer(ModbusServer):
    """Serves the meters of one line. `noise` goes before each answer, as when a line changes its direction."""

    noise = b""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """This will answer the reads that come on a line until it ends."""
        while True:
            request = await reader.readexactly(REQUEST)
            _, asked = FramerRTU(DecodePDU(True)).handleFrame(request, 0, 0)
            if asked is not None:
                await self.travel(asked)
                self.take(asked, writer)
            await writer.drain()

    async def travel(self, asked: ModbusPDU) -> None:
        """This will take the time that question and answer need on the line: here none."""

    def frame(self, answer: ModbusPDU) -> bytes:
        """This will put unit and CRC around an answer."""
        return self.noise + FramerRTU(DecodePDU(True)).buildFrame(answer)


class SlowRtuServer(RtuServer):
    """A line whose frames take the time of 9600 baud, and whose meters think for 30 ms."""

    baud, turnaround = 9_600, 0.03

    async def travel(self, asked: ModbusPDU) -> None:
        """This will take the time that question and answer need on the line."""
        size = REQUEST + AROUND + 2 * asked.count
        await asyncio.sleep(self.turnaround + size * BITS / self.baud)


class Conversing(Protocol):
    """What answers on a line."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """This will answer what comes on a line until it ends."""
        ...


class SerialLine:
    """A pair of pseudo terminals: the meters at one end, `path` for the reader at the other."""

    def __init__(self, server: Conversing) -> None:
        self._server = server
        self._near, self._far = os.openpty()
        tty.setraw(self._near)
        tty.setraw(self._far)
        self.path = os.ttyname(self._far)
        self._task: asyncio.Task[None] | None = None
        self._transports: list[asyncio.BaseTransport] = []

    async def start(self) -> None:
        """This will begin to answer."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        entering, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(self._near), "rb", 0)
        )
        leaving, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(os.dup(self._near), "wb", 0)
        )
        self._transports = [entering, leaving]
        writer = asyncio.StreamWriter(leaving, protocol, reader, loop)
        self._task = asyncio.create_task(self._server.converse(reader, writer))

    async def stop(self) -> None:
        """This will end the line."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
                await self._task
        for each in self._transports:
            each.close()
        os.close(self._near)
        os.close(self._far)
