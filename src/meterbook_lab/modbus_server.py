"""The socket side of the simulated gateway: Modbus TCP in, answers and faults out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime

from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.pdu import ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse

from meterbook_lab import modbus_registers
from meterbook_lab.modbus_faults import FaultBoard, Faults
from meterbook_lab.modbus_meter import SimulatedMeter

HEADER = 7
MOST_REQUESTS = 100_000
ILLEGAL_FUNCTION, TARGET_SILENT = 1, 11
RESPONSES: dict[int, type[ModbusPDU]] = {3: ReadHoldingRegistersResponse, 4: ReadInputRegistersResponse}
NOT_A_NUMBER = 0x7FC0, 0x0000


class ModbusServer:
    """Serves the meters of one gateway to any number of connections."""

    def __init__(self, meters: Mapping[int, SimulatedMeter], faults: FaultBoard, clock: Callable[[], datetime]) -> None:
        self.requests: list[tuple[int, int, int, int]] = []  # unit, function, address, count: what was asked lately
        self.connections = 0  # how many were opened so far
        self._meters, self._faults, self._clock = meters, faults, clock
        self._writers: set[asyncio.StreamWriter] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """This will start listening and return the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """This will stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        self.disconnect()
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, *self._serving, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def disconnect(self) -> None:
        """This will break all open connections, as a gateway does when it restarts."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        self._writers.add(writer)
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self.converse(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """This will answer what comes on a connection until it ends."""
        while True:
            header = await reader.readexactly(HEADER)
            body = await reader.readexactly(int.from_bytes(header[4:6], "big") - 1)
            _, asked = FramerSocket(DecodePDU(True)).handleFrame(header + body, 0, 0)
            if asked is not None:
                self.take(asked, writer)
            await writer.drain()

    def frame(self, answer: ModbusPDU) -> bytes:
        """This will put around an answer what the line needs."""
        return FramerSocket(DecodePDU(True)).buildFrame(answer)

    def take(self, asked: ModbusPDU, writer: asyncio.StreamWriter) -> None:
        """This will answer one request, or do what the faults of its unit say."""
        if len(self.requests) >= MOST_REQUESTS:  # a demonstration serves for weeks
            del self.requests[: MOST_REQUESTS // 2]
        self.requests.append((asked.dev_id, asked.function_code, asked.address, asked.count))
        faults = self._faults.of(asked.dev_id)
        if self._faults.loses(asked.dev_id):
            return
        octets = self._answer(asked, faults)
        if not faults.late_seconds:
            writer.write(octets)
            return
        self.keep(asyncio.create_task(send_late(writer, octets, faults.late_seconds)))

    def keep(self, task: asyncio.Task[None]) -> None:
        """This will let something go on that ends with the server."""
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def faults_of(self, unit: int) -> Faults:
        """This will return what is wrong with a meter."""
        return self._faults.of(unit)

    def loses(self, unit: int) -> bool:
        """This will decide whether the next answer of a meter gets lost."""
        return self._faults.loses(unit)

    def _answer(self, asked: ModbusPDU, faults: Faults) -> bytes:
        if faults.is_garbled:
            return b"\xff" * 16
        answer = self._pdu(asked, faults)
        answer.dev_id = asked.dev_id % 255 + 1 if faults.has_wrong_unit else asked.dev_id
        step = 1 if faults.has_wrong_transaction else 0
        answer.transaction_id = (asked.transaction_id - step) % 65_536
        octets = self.frame(answer)
        return octets[:-3] if faults.is_cut else octets

    def _pdu(self, asked: ModbusPDU, faults: Faults) -> ModbusPDU:
        meter = self._meters.get(asked.dev_id)
        if faults.exception is not None:
            return ExceptionResponse(asked.function_code, faults.exception)
        if meter is None:  # the gateway asked its line and nobody answered
            return ExceptionResponse(asked.function_code, TARGET_SILENT)
        if asked.function_code not in RESPONSES:
            return ExceptionResponse(asked.function_code, ILLEGAL_FUNCTION)
        if faults.is_strict and modbus_registers.spans_nothing(meter, asked.function_code, asked.address, asked.count):
            return ExceptionResponse(asked.function_code, modbus_registers.ILLEGAL_ADDRESS)
        try:
            words = modbus_registers.read(meter, asked.function_code, asked.address, asked.count, self._clock())
        except modbus_registers.Refused as refusal:
            return ExceptionResponse(asked.function_code, refusal.code)
        if faults.is_nonsense:
            words = [NOT_A_NUMBER[index % 2] for index in range(len(words))]
        return RESPONSES[asked.function_code](registers=words[:-1] if faults.is_short else words)


async def send_late(writer: asyncio.StreamWriter, octets: bytes, seconds: float) -> None:
    """This will send an answer after a while, when its connection still stands."""
    await asyncio.sleep(seconds)
    if not writer.is_closing():
        writer.write(octets)
