"""A simulated Modbus TCP gateway with meters behind it, as a process or inside a test.

    python -m meterbook_lab.gateway_sim --port 5020 --units "1=eastron_sdm630,2=carlo_gavazzi_em24" --control-port 5021

It prints one JSON line with its ports when it is ready, and serves until it is interrupted.

A whole building, each gateway at a port of its own, in one process:

    shop = Meter(unit=1, model="abb_b23", since=then, registers={"energy_import": 4_711_00}, load=Week(table))
    async with contextlib.AsyncExitStack() as stack:
        ports = await start(stack, [(15020, [shop, ...]), (15021, [...])])

`since` is the instant at which `registers` (stored integers, 471100 of ABB's two decimals are 4711.00 kWh) were shown;
from there on the meter counts what `load` says (`modbus_load.Load`: whole watt-hours or liters a quarter of an hour).
Registers that are not given began at zero; reactive energy follows from the load. Nothing runs between two questions.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from types import TracebackType
from typing import Self

from meterbook.acquisition.library import documents
from meterbook.kernel import clock as kernel_clock
from meterbook.kernel.clock import AcceleratedClock
from meterbook_lab.modbus_control import Control
from meterbook_lab.modbus_faults import FaultBoard
from meterbook_lab.modbus_load import Load, LoadedMeter
from meterbook_lab.modbus_meter import SimulatedMeter
from meterbook_lab.modbus_rtu import RtuServer, SerialLine
from meterbook_lab.modbus_server import ModbusServer

LOOPBACK = "127.0.0.1"


class UnitsUnreadable(ValueError):
    """Units are written as 1=eastron_sdm630,2=carlo_gavazzi_em24 or, for several alike, 1-30=eastron_sdm630."""


@dataclass(frozen=True)
class Meter:
    """A meter behind a gateway: what it showed at `since`, as stored integers, and what is used there from then on."""

    unit: int
    model: str
    since: datetime
    registers: Mapping[str, int]
    load: Load

    def simulated(self) -> LoadedMeter:
        """This will return the meter as it lives.

        :raises KeyError: when the model has no such register
        """
        model = documents.load(self.model)
        start = {code: Fraction(value, 10 ** model.register(code).decimals) for code, value in self.registers.items()}
        return LoadedMeter(model, self.unit, self.since, start, load=self.load)


class SimulatedGateway:
    """A gateway on a loopback port; `async with SimulatedGateway({1: "eastron_sdm630"}) as gateway`.

    `port` and `control_port` are known inside the block; `faults`, `meters` and `control` change what happens;
    `server.requests` lists what was asked.

    :param units: model codes by unit, or the meters themselves
    :param clock: gives the time that the meters live in, the product's by default
    :param start: register values at the beginning, by unit and register code, in each register's own unit
    :param speaks: how it frames what it says: Modbus TCP, or `modbus_rtu.RtuServer`
    """

    def __init__(
        self,
        units: Mapping[int, str] | Iterable[Meter],
        *,
        clock: Callable[[], datetime] = kernel_clock.now,
        host: str = LOOPBACK,
        port: int = 0,
        control_port: int | None = None,
        seed: int = 1,
        start: Mapping[int, Mapping[str, Fraction]] | None = None,
        speaks: type[ModbusServer] = ModbusServer,
    ) -> None:
        self.meters: dict[int, SimulatedMeter]
        if isinstance(units, Mapping):
            since, values = clock(), start or {}
            self.meters = {
                unit: SimulatedMeter(documents.load(code), unit, since, values.get(unit, _worn(unit)))
                for unit, code in units.items()
            }
        else:
            self.meters = {meter.unit: meter.simulated() for meter in units}
        self.host, self.port, self.control_port = host, port, control_port
        self.serial: SerialLine | None = None  # meters that speak RTU hang on a serial port too
        self.faults = FaultBoard(seed)
        self.server = speaks(self.meters, self.faults, clock)
        self.control = Control(self.meters, self.faults, self.server, clock)

    async def __aenter__(self) -> Self:
        self.port = await self.server.start(self.host, self.port)
        if isinstance(self.server, RtuServer):
            self.serial = SerialLine(self.server)
            await self.serial.start()
        if self.control_port is not None:
            self.control_port = await self.control.start(self.host, self.control_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.control.stop()
        if self.serial is not None:
            await self.serial.stop()
        await self.server.stop()


def read_units(text: str) -> dict[int, str]:
    """This will read "1=eastron_sdm630,5-7=carlo_gavazzi_em24" into model codes by unit.

    :raises UnitsUnreadable: when it is written otherwise
    """
    units: dict[int, str] = {}
    try:
        for part in text.split(","):
            numbers, code = part.split("=")
            first, _, last = numbers.partition("-")
            for unit in range(int(first), int(last or first) + 1):
                units[unit] = code.strip()
    except ValueError as error:
        raise UnitsUnreadable(f"{text}: {UnitsUnreadable.__doc__}") from error
    return units


async def start(
    stack: contextlib.AsyncExitStack, gateways: Iterable[tuple[int, Iterable[Meter]]], *, others: Iterable[int] = (0,)
) -> list[int]:
    """This will start gateways that serve until the stack is closed, and return their ports in the same order.

    :param gateways: the port that each would like to have, and its meters
    :param others: the ports to try one after the other when another program has that one; 0 takes any
    :raises OSError: when none of them is free
    """
    return [await _start_one(stack, SimulatedGateway(meters), (port, *others)) for port, meters in gateways]


async def _start_one(stack: contextlib.AsyncExitStack, gateway: SimulatedGateway, ports: tuple[int, ...]) -> int:
    for port in ports[:-1]:
        gateway.port = port
        with contextlib.suppress(OSError):
            await stack.enter_async_context(gateway)
            return gateway.port
    gateway.port = ports[-1]
    await stack.enter_async_context(gateway)
    return gateway.port


def main(arguments: list[str] | None = None) -> int:
    """This will serve a simulated gateway until it is interrupted."""
    parser = argparse.ArgumentParser(prog="gateway_sim", description="A simulated Modbus TCP gateway with meters.")
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--units", required=True, type=read_units, help="1=eastron_sdm630,2=carlo_gavazzi_em24")
    parser.add_argument("--seed", type=int, default=1, help="which requests get lost, when some shall")
    parser.add_argument(
        "--begin-at", type=datetime.fromisoformat, help="the meters' time at the start, with its offset"
    )
    parser.add_argument("--speed", type=int, default=1, help="how many times faster than real time, with --begin-at")
    options = parser.parse_args(arguments)
    if options.begin_at:
        kernel_clock.install(AcceleratedClock(kernel_clock.real_now(), options.begin_at, options.speed))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    gateway = SimulatedGateway(
        options.units, host=options.host, port=options.port, control_port=options.control_port, seed=options.seed
    )
    async with gateway:
        sys.stdout.write(json.dumps({"port": gateway.port, "control_port": gateway.control_port}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def _worn(unit: int) -> dict[str, Fraction]:
    """Counters of meters that have been in use for a while, different from unit to unit."""
    return {
        "energy_import": Fraction(12_000 + unit * 1_375),
        "energy_export": Fraction(unit % 3),
        "energy_reactive_import": Fraction(3_100 + unit * 310),
    }


if __name__ == "__main__":
    sys.exit(main())
