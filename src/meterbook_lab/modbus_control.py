"""The control port of the simulated gateway: one JSON object a line in, one a line out.

    {"do": "drop", "unit": 3, "percent": 10}          {"do": "late", "unit": 3, "seconds": 2}
    {"do": "silent", "unit": 3, "on": true}           {"do": "exception", "unit": 3, "code": 6}   (code null: off)
    {"do": "wrong_unit" | "wrong_transaction" | "short" | "cut" | "nonsense" | "garbled", "unit": 3, "on": true}
    {"do": "set", "unit": 3, "register": "energy_import", "value": "1234.5"}
    {"do": "reset", "unit": 3}                        all counters from zero
    {"do": "rollover", "unit": 3, "register": "energy_import", "before": "0.5"}
    {"do": "disconnect"}                              breaks all connections
    {"do": "clear"}  {"do": "clear", "unit": 3}       all faults off
    {"do": "show"}                                    units, their models and register values

Without a unit, drop, late, silent and the other faults hold for all units.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from meterbook.kernel import rounding
from meterbook_lab.modbus_faults import FaultBoard
from meterbook_lab.modbus_meter import SimulatedMeter
from meterbook_lab.modbus_server import ModbusServer

Command = Mapping[str, Any]
SWITCHES = {
    "silent": "is_silent",
    "wrong_unit": "has_wrong_unit",
    "wrong_transaction": "has_wrong_transaction",
    "short": "is_short",
    "cut": "is_cut",
    "nonsense": "is_nonsense",
    "garbled": "is_garbled",
    "strict": "is_strict",
}


class CommandUnknown(ValueError):
    """The control port has no such command; the module's docstring lists them."""


class Control:
    """Carries out commands on a gateway's meters, faults and connections."""

    def __init__(
        self,
        meters: Mapping[int, SimulatedMeter],
        faults: FaultBoard,
        server: ModbusServer,
        clock: Callable[[], datetime],
    ) -> None:
        self._meters, self._faults, self._server, self._clock = meters, faults, server, clock
        self._listener: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """This will start listening and return the port."""
        self._listener = await asyncio.start_server(self._serve, host, port)
        found: int = self._listener.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """This will stop listening."""
        if self._listener is not None:
            self._listener.close()

    def carry_out(self, command: Command) -> dict[str, Any]:
        """This will carry out one command and return what it answers.

        :raises CommandUnknown: when there is no such command
        :raises KeyError: when a unit or a register does not exist, or a field is missing
        """
        do, units = command.get("do"), [command["unit"]] if "unit" in command else list(self._meters)
        if do in SWITCHES:
            return self._fault(units, **{SWITCHES[do]: bool(command.get("on", True))})
        if do == "drop":
            return self._fault(units, drop_percent=int(command["percent"]))
        if do == "late":
            return self._fault(units, late_seconds=command["seconds"])
        if do == "exception":
            return self._fault(units, exception=command["code"])
        if do == "clear":
            self._faults.clear(command.get("unit"))
            return {}
        if do == "disconnect":
            self._server.disconnect()
            return {}
        if do == "show":
            return {"units": {str(unit): self._show(meter) for unit, meter in self._meters.items()}}
        return self._move(command)

    def _move(self, command: Command) -> dict[str, Any]:
        do, at = command.get("do"), self._clock()
        if do == "reset":
            self._meters[command["unit"]].reset(at)
        elif do == "set":
            self._meters[command["unit"]].set(command["register"], Fraction(str(command["value"])), at)
        elif do == "rollover":
            before = Fraction(str(command.get("before", "0.5")))
            self._meters[command["unit"]].roll_over(command["register"], at, before=before, wrap=command.get("wrap"))
        else:
            raise CommandUnknown(f"{do}: {CommandUnknown.__doc__}")
        return {}

    def _fault(self, units: list[int], **faults: object) -> dict[str, Any]:
        for unit in units:
            self._faults.change(unit, **faults)
        return {}

    def _show(self, meter: SimulatedMeter) -> dict[str, Any]:
        at = self._clock()
        values = {
            register.code: f"{rounding.round_fraction(meter.value(register, at), register.decimals)} {register.unit}"
            for register in meter.model.registers
        }
        return {"model": meter.model.code, "at": at.isoformat(), "values": values}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                answer = {"ok": True, **self.carry_out(json.loads(line))}
            except (ValueError, KeyError, TypeError) as error:
                answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()
