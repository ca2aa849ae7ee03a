"""A simulated Modbus TCP gateway with meters behind it, as a process or inside a test.

    python -m meterbook_lab.gateway_sim --port 5020 --units "1=eastron_sdm630,2=carlo_gavazzi_em24" --control-port 5021

It prints one JSON line with its ports when it is ready, and serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from types import TracebackType
from typing import Self

from meterbook.acquisition.library import documents
from meterbook.kernel import clock as kernel_clock
from meterbook.kernel.clock import AcceleratedClock
from meterbook_lab.modbus_control import Control
from meterbook_lab.modbus_faults import FaultBoard
from meterbook_lab.modbus_meter import SimulatedMeter
from meterbook_lab.modbus_server import ModbusServer

LOOPBACK = "127.0.0.1"


class UnitsUnreadable(ValueError):
    """Units are written as 1=eastron_sdm630,2=carlo_gavazzi_em24 or, for several alike, 1-30=eastron_sdm630."""


class SimulatedGateway:
    """A gateway on a loopback port; `async with SimulatedGateway({1: "eastron_sdm630"}) as gateway`.

    `port` and `control_port` are known inside the block; `faults`, `meters` and `control` change what happens;
    `server.requests` lists what was asked.

    :param units: model codes by unit
    :param clock: gives the time that the meters live in, the product's by default
    :param start: register values at the beginning, by unit and register code, in each register's own unit
    """

    def __init__(
        self,
        units: Mapping[int, str],
        *,
        clock: Callable[[], datetime] = kernel_clock.now,
        host: str = LOOPBACK,
        port: int = 0,
        control_port: int | None = None,
        seed: int = 1,
        start: Mapping[int, Mapping[str, Fraction]] | None = None,
    ) -> None:
        since, values = clock(), start or {}
        self.meters = {
            unit: SimulatedMeter(documents.load(code), unit, since, values.get(unit, _worn(unit)))
            for unit, code in units.items()
        }
        self.host, self.port, self.control_port = host, port, control_port
        self.faults = FaultBoard(seed)
        self.server = ModbusServer(self.meters, self.faults, clock)
        self.control = Control(self.meters, self.faults, self.server, clock)

    async def __aenter__(self) -> Self:
        self.port = await self.server.start(self.host, self.port)
        if self.control_port is not None:
            self.control_port = await self.control.start(self.host, self.control_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.control.stop()
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
