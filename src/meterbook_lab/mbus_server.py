"""A simulated M-Bus: meters behind a TCP converter, or behind a level converter on a serial port.

python -m meterbook_lab.mbus_server --port 10001 --meters "1=kamstrup_multical_601,2=siemens_wfh21"
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from meterbook.acquisition.drivers.mbus import codec, framing
from meterbook.acquisition.library.en13757 import wired
from meterbook.kernel import clock as kernel_clock
from meterbook_lab.mbus_meter import MbusMeter, recorded, sealed
from meterbook_lab.modbus_faults import FaultBoard, Faults
from meterbook_lab.modbus_rtu import SerialLine
from meterbook_lab.modbus_server import MOST_REQUESTS, ModbusServer, send_late

ACKNOWLEDGEMENT = bytes([wired.ACKNOWLEDGE])
LOOPBACK = "127.0.0.1"


class MbusServer(ModbusServer):
    """Serves the meters of one M-Bus. `faults` are by primary address; `echoes` sends back what it hears first."""

    echoes = False

    def __init__(self, meters: Iterable[MbusMeter], faults: FaultBoard) -> None:
        super().__init__({}, faults, kernel_clock.now)
        self.bus = list(meters)
        self.heard: list[bytes] = []  # what was asked lately

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """This will answer what comes on a line until it ends."""
        taken = bytearray()
        while True:
            while (frame := framing.cut(taken)) is None:
                received = await reader.read(framing.LONGEST)
                if not received:
                    return
                taken += received
            self.hear(frame, writer)
            await writer.drain()

    def hear(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        """This will have every meter hear a frame; those whom it concerns answer, all at once."""
        if len(self.heard) >= MOST_REQUESTS:  # a demonstration serves for weeks
            del self.heard[: MOST_REQUESTS // 2]
        self.heard.append(frame)
        if self.echoes:
            writer.write(frame)
        asked = wired.parse(frame)
        answers = [(each, answer) for each in self.bus if (answer := self._reply(each, asked)) is not None]
        if len(answers) > 1 and any(answer != ACKNOWLEDGEMENT for _, answer in answers):
            writer.write(_collided(answers[0][1], answers[1][1]))
            return
        for meter, answer in answers[:1]:
            self._send(meter, answer, writer)

    def _send(self, meter: MbusMeter, answer: bytes, writer: asyncio.StreamWriter) -> None:
        faults = self.faults_of(meter.address)
        if self.loses(meter.address):
            return
        octets = self._damaged(meter, answer, faults)
        if faults.late_seconds:
            self.keep(asyncio.create_task(send_late(writer, octets, faults.late_seconds)))
        else:
            writer.write(octets)

    def _damaged(self, meter: MbusMeter, answer: bytes, faults: Faults) -> bytes:
        if faults.is_garbled:
            return b"\xff" * 16
        if answer == ACKNOWLEDGEMENT:
            return answer
        if faults.exception is not None:
            return codec.long(codec.RSP_UD, meter.address, 0x70, bytes([faults.exception]))
        if faults.is_nonsense:
            answer = meter.spoil()
        if faults.has_wrong_unit:
            body = bytearray(answer)
            body[5] = meter.address % 250 + 1
            answer = sealed(body)
        if faults.is_short:  # a bit fell over on the way: the checksum tells
            answer = answer[:-3] + bytes([answer[-3] ^ 0xFF]) + answer[-2:]
        return answer[:-3] if faults.is_cut else answer

    def _reply(self, meter: MbusMeter, asked: wired.Link) -> bytes | None:
        control, address = asked.control or 0, asked.address
        if asked.ci == codec.SELECT and address == codec.BY_SELECTION:
            meter.is_selected = meter.ignores_masks or framing.matches(asked.data, meter.secondary)
            meter.begin()
            return ACKNOWLEDGEMENT if meter.is_selected else None
        is_meant = address in (meter.address, codec.TO_ALL_ANSWERED)
        if not is_meant and not (address == codec.BY_SELECTION and meter.is_selected):
            return None
        if control == codec.SND_NKE:
            meter.is_selected = False
            meter.begin()
            return ACKNOWLEDGEMENT
        if control & ~codec.FCB == codec.REQ_UD2:
            return meter.answer(control & codec.FCB)
        return ACKNOWLEDGEMENT if control & ~codec.FCB in (codec.SND_UD, codec.REQ_UD1) else None


class SimulatedMbus:
    """An M-Bus on a loopback port and on a pseudo terminal; `async with SimulatedMbus({1: "siemens_wfh21"}) as bus`.

    :param meters: model codes by primary address, or the meters themselves
    """

    def __init__(
        self,
        meters: Mapping[int, str] | Iterable[MbusMeter],
        *,
        host: str = LOOPBACK,
        port: int = 0,
        seed: int = 1,
    ) -> None:
        if isinstance(meters, Mapping):
            meters = [MbusMeter(recorded(code), address) for address, code in meters.items()]
        present = list(meters)
        self.meters = {each.address: each for each in present}
        self.host, self.port, self.faults = host, port, FaultBoard(seed)
        self.server = MbusServer(present, self.faults)
        self.serial = SerialLine(self.server)

    async def __aenter__(self) -> Self:
        self.port = await self.server.start(self.host, self.port)
        await self.serial.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.serial.stop()
        await self.server.stop()


def _collided(first: bytes, second: bytes) -> bytes:
    """Two meters that pull at the line at once: a zero wins."""
    return bytes(one & other for one, other in zip(first, second, strict=False))


def main(arguments: list[str] | None = None) -> int:
    """This will serve a simulated M-Bus until it is interrupted."""
    parser = argparse.ArgumentParser(prog="mbus_server", description="A simulated M-Bus behind a TCP converter.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--meters", required=True, help="1=kamstrup_multical_601,2=siemens_wfh21")
    options = parser.parse_args(arguments)
    pairs = (part.split("=") for part in options.meters.split(","))
    meters = {int(address): code.strip() for address, code in pairs}
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(SimulatedMbus(meters, port=options.port)))
    return 0


async def _serve(bus: SimulatedMbus) -> None:
    async with bus:
        sys.stdout.write(json.dumps({"port": bus.port, "serial": bus.serial.path}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
