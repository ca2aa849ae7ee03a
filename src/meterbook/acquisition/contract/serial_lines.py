"""A serial port of this machine as a pair of streams, and the silence that a line needs before it is used again."""

from __future__ import annotations

import asyncio
import enum
import termios
import time
from dataclasses import dataclass

import serial
from pymodbus.transport.serialtransport import SerialTransport

from meterbook.acquisition.contract import errors

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
QUIET = 0.05  # real seconds without a byte after which a disturbed line is taken for calm
LONGEST_NOISE = 1.0
CHUNK = 512


class Parity(enum.StrEnum):
    """The ninth bit of a character."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@dataclass(frozen=True)
class SerialPort:
    """A serial port and how it is set: /dev/ttyUSB0, 9600 baud, 8N1."""

    path: str
    baud: int = 9_600
    parity: Parity = Parity.NONE
    stop_bits: int = 1


async def open_port(port: SerialPort) -> Streams:
    """This will open a serial port; what an earlier request still brings is thrown away.

    :raises meterbook.acquisition.contract.errors.ConnectionRefused: when it cannot be had
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    try:
        transport = _Transport(loop, protocol, port.path, port.baud, 8, port.parity.value, port.stop_bits, 0)
    except (OSError, ValueError, termios.error, serial.SerialException) as error:
        raise errors.ConnectionRefused(f"no serial port {port.path} ({error})", host=port.path, port=0) from error
    transport.setup()
    await calm(reader)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def calm(reader: asyncio.StreamReader, quiet: float = QUIET) -> None:
    """This will throw away what comes until the line has been silent for `quiet` real seconds."""
    until = time.monotonic() + LONGEST_NOISE
    while time.monotonic() < until:
        try:
            async with asyncio.timeout(quiet):
                if not await reader.read(CHUNK):
                    return
        except TimeoutError:
            return


class _Transport(SerialTransport):
    """Pymodbus' transport never says that it is closed, so that a writer closes it once more when it is collected."""

    def is_closing(self) -> bool:
        return not self.sync_serial
