"""From what is known of a line to an open one: the driver of its protocol. For the collector and for field gateways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from meterbook.acquisition.contract import frames
from meterbook.acquisition.contract.serial_lines import Parity, SerialPort
from meterbook.acquisition.drivers.dsmr.bus import DsmrSerialBus, DsmrTcpBus
from meterbook.acquisition.drivers.mbus.bus import MbusSerialBus, MbusTcpBus
from meterbook.acquisition.drivers.modbus_rtu.bus import ModbusRtuTcpBus, ModbusSerialBus
from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.acquisition.drivers.sml.bus import SmlSerialBus, SmlTcpBus


class ProtocolUnknown(ValueError):
    """There is no driver for the protocol of a bus; install a newer release."""


@dataclass(frozen=True)
class LineSpec:
    """A line as it is dialed. `protocol` as `values.BusProtocol`; `host` of a serial port is its path, its `port` 0.

    `baud` of M-Bus behind a converter is that of the M-Bus itself. `pause_ms` are real milliseconds between exchanges.
    """

    protocol: str
    host: str
    port: int
    baud: int
    parity: str
    stop_bits: int
    pause_ms: int


def open_line(line: LineSpec, *, clock: Callable[[], datetime]) -> frames.Bus:
    """This will return the line; it is opened by the first read.

    :raises ProtocolUnknown: when there is no driver for it
    """
    pause = line.pause_ms / 1000
    port = SerialPort(line.host, line.baud, Parity(line.parity), line.stop_bits)
    match line.protocol:
        case "MODBUS_TCP":
            return ModbusTcpBus(line.host, line.port, clock=clock, pause=pause)
        case "MODBUS_RTU_TCP":
            return ModbusRtuTcpBus(line.host, line.port, clock=clock, pause=pause)
        case "MODBUS_SERIAL":
            return ModbusSerialBus(port, clock=clock, pause=pause)
        case "MBUS_TCP":
            return MbusTcpBus(line.host, line.port, clock=clock, baud=line.baud, pause=pause)
        case "MBUS_SERIAL":
            return MbusSerialBus(port, clock=clock, pause=pause)
        case "DSMR_TCP":
            return DsmrTcpBus(line.host, line.port, clock=clock)
        case "DSMR_SERIAL":
            return DsmrSerialBus(port, clock=clock)
        case "SML_TCP":
            return SmlTcpBus(line.host, line.port, clock=clock)
        case "SML_SERIAL":
            return SmlSerialBus(port, clock=clock)
    raise ProtocolUnknown(f"{line.protocol}: {ProtocolUnknown.__doc__}")
