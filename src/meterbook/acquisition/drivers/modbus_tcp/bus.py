"""One connection to a Modbus TCP gateway or meter, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.contract.modbus import lines
from meterbook.acquisition.drivers.modbus_tcp import codec

PORT = 502
LAST_TRANSACTION = 65_535


class ModbusTcpBus(lines.ModbusLine[codec.Request]):
    """Reads blocks of the devices behind one host and port; the transaction number goes on over all connections.

    :param connect_timeout: real seconds that opening the connection may take
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
        super().__init__(f"{host}:{port}", clock=clock, pause=pause)
        self.host, self.port = host, port
        self._connect_timeout = connect_timeout
        self._transaction = 0

    async def _open(self) -> lines.Streams:
        return await lines.connect(self.host, self.port, self._connect_timeout)

    def _request(self, unit: int, block: Block) -> codec.Request:
        self._transaction = self._transaction % LAST_TRANSACTION + 1
        return codec.request(self._transaction, unit, block)

    async def _receive(self, asked: codec.Request, reader: asyncio.StreamReader, received: bytearray) -> None:
        received += await reader.readexactly(codec.HEADER)
        received += await reader.readexactly(codec.rest_of(bytes(received)))

    def _accept(self, asked: codec.Request, answer: bytes) -> tuple[int, ...]:
        return codec.accept(asked, answer)
