"""`meterbook read --discover`: what has this SunSpec meter? The answer is the document of a meter type."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from meterbook.acquisition import opening
from meterbook.acquisition.contract import errors
from meterbook.acquisition.drivers.modbus_tcp import bus as modbus_tcp
from meterbook.acquisition.drivers.sunspec import discovery
from meterbook.kernel import clock

FOUND, FAILED = 0, 2
SECONDS = 3.0
LINES = {"tcp": "MODBUS_TCP", "rtu": "MODBUS_RTU_TCP", "serial": "MODBUS_SERIAL"}


def run(options: argparse.Namespace) -> int:
    """This will print the document of the meter that was found; it answers 2 when there is none."""
    try:
        found = asyncio.run(_discover(options))
    except errors.DeviceError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return FAILED
    if options.json:
        told = {
            "manufacturer": found.maker,
            "name": found.name,
            "version": found.version,
            "serial_number": found.serial_number,
            "models": list(found.models),
            "document": found.document,
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(found.document)
        models = ", ".join(str(each) for each in found.models)
        sys.stderr.write(f"{found.maker} {found.name}, serial number {found.serial_number}, SunSpec models {models}\n")
    return FOUND


async def _discover(options: argparse.Namespace) -> discovery.Discovered:
    spec = opening.LineSpec(
        protocol=LINES[options.line],
        host=options.host,
        port=0 if options.line == "serial" else options.port or modbus_tcp.PORT,
        baud=options.baud or 9_600,
        parity=options.parity or "N",
        stop_bits=options.stop_bits,
        pause_ms=options.pause,
    )
    bus = opening.open_line(spec, clock=clock.now)
    try:
        return await discovery.discover(bus, options.unit, timeout=options.timeout or SECONDS, retries=options.retries)
    finally:
        await bus.close()
