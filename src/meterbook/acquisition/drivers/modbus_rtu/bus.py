"""Modbus RTU over a TCP connection and on a serial port, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from meterbook.acquisition.contract import serial_lines
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.contract.modbus import lines, registers
from meterbook.acquisition.drivers.modbus_rtu import codec, rtu


class ModbusRtuLine(lines.ModbusLine[registers.Request]):
    """What RTU frames have in common, whatever carries them. A frame has no number: only its content tells whose it is.

    After a failure the line must be calm before the next request: what still comes belongs to the former one.
    """

    def _request(self, unit: int, block: Block) -> registers.Request:
        return codec.request(unit, block)

    async def _receive(self, asked: registers.Request, reader: asyncio.StreamReader, received: bytearray) -> None:
        taken = bytearray()
        try:
            while (frame := codec.find(asked, bytes(taken))) is None:
                if len(taken) > 2 * rtu.LONGEST or reader.at_eof():
                    raise codec.damaged(asked, bytes(taken)) if taken else asyncio.IncompleteReadError(b"", 1)
                taken += await reader.read(rtu.LONGEST)
        except asyncio.CancelledError:
            received += taken  # the time is over: what came so far is told
            raise
        received += frame

    def _accept(self, asked: registers.Request, answer: bytes) -> tuple[int, ...]:
        return codec.accept(asked, answer)


class ModbusRtuTcpBus(ModbusRtuLine):
    """RTU frames within TCP, as simple converters pass them through."""

    def __init__(
        self, host: str, port: int, *, clock: Callable[[], datetime], connect_timeout: float = 3.0, pause: float = 0.0
    ) -> None:
        super().__init__(f"{host}:{port}", clock=clock, pause=pause)
        self.host, self.port = host, port
        self._connect_timeout = connect_timeout

    async def _open(self) -> lines.Streams:
        return await lines.connect(self.host, self.port, self._connect_timeout)


class ModbusSerialBus(ModbusRtuLine):
    """A serial port of this machine. The bus owns the port: no other program may open it."""

    def __init__(self, port: serial_lines.SerialPort, *, clock: Callable[[], datetime], pause: float = 0.0) -> None:
        super().__init__(port.path, clock=clock, pause=max(pause, float(rtu.silence(port.baud))))
        self._port = port

    async def close(self) -> None:
        """This will give the port back; the next read opens it again."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()  # nobody is at the other end who would have to learn of it

    async def _open(self) -> lines.Streams:
        return await serial_lines.open_port(self._port)
