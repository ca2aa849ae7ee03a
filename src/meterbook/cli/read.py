"""`meterbook read`: what does this meter say right now? It needs no database."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Iterable
from typing import Any

from meterbook.acquisition import opening
from meterbook.acquisition.contract import errors, telegram_lines
from meterbook.acquisition.contract.frames import Sample
from meterbook.acquisition.contract.modbus import registers as meter_address
from meterbook.acquisition.drivers.mbus import bus as mbus
from meterbook.acquisition.drivers.mbus import codec
from meterbook.acquisition.drivers.modbus_tcp import bus as modbus_tcp
from meterbook.acquisition.library import documents
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.polling import blocks, reading
from meterbook.cli import discover
from meterbook.kernel import clock

READ, FAILED = 0, 2
BAUDS = (300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200)
SECONDARY = re.compile(r"[0-9F]{8}(?:[0-9A-F]{8})?")
# What the model speaks, and what --line says.
PROTOCOLS = {
    ("MODBUS", "tcp"): "MODBUS_TCP",
    ("MODBUS", "rtu"): "MODBUS_RTU_TCP",
    ("MODBUS", "serial"): "MODBUS_SERIAL",
    ("MBUS", "tcp"): "MBUS_TCP",
    ("MBUS", "serial"): "MBUS_SERIAL",
    ("DSMR", "tcp"): "DSMR_TCP",
    ("DSMR", "serial"): "DSMR_SERIAL",
    ("SML", "tcp"): "SML_TCP",
    ("SML", "serial"): "SML_SERIAL",
}
PORTS = {"MODBUS": modbus_tcp.PORT, "MBUS": mbus.PORT, "DSMR": 23, "SML": 23}
BAUDS_OF = {"MBUS": 2_400, "DSMR": 115_200}
CAPTIONS = {"MBUS": "M-Bus", "MODBUS": "Modbus"}
COLUMNS = ("Register", "Value", "Unit", "Address", "Raw")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.description = (
        "Read all registers of one meter, over Modbus or M-Bus, or from the DSMR or SML telegrams that it sends,"
        " as its model speaks, and print them;"
        " exit status 2 when it cannot be read."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", choices=documents.codes(), help="the meter model")
    what.add_argument(
        "--discover",
        action="store_true",
        help="ask a SunSpec meter what it has, and print the document of a meter type, to be imported in the library",
    )
    parser.add_argument(
        "--line",
        choices=("tcp", "rtu", "serial"),
        default="tcp",
        help="tcp: Modbus TCP, or an M-Bus converter; rtu: Modbus RTU through TCP; serial: a port of this machine",
    )
    parser.add_argument(
        "--host", required=True, help="name or address of the gateway, or of the meter itself; /dev/ttyUSB0 of a port"
    )
    parser.add_argument(
        "--port", type=_port, help="502 with Modbus, 10001 with M-Bus, 23 with telegrams where it is left out"
    )
    parser.add_argument(
        "--unit",
        type=_unit,
        required=True,
        metavar="ADDRESS",
        help="1 to 255, M-Bus 0 to 250 or 8 or 16 digits, 0 or a channel with telegrams",
    )
    parser.add_argument(
        "--baud", type=int, choices=BAUDS, help="9600, with M-Bus 2400, with DSMR 115200 where it is left out"
    )
    parser.add_argument("--parity", choices=("N", "E", "O"), help="N with Modbus, E with M-Bus where it is left out")
    parser.add_argument("--stop-bits", type=int, choices=(1, 2), default=1)
    parser.add_argument("--pause", type=_pause, default=0, metavar="MS", help="milliseconds between two questions")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="for each attempt; 1, with telegrams 12")
    parser.add_argument("--retries", type=_retries, default=2, help="further attempts for each request")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(options: argparse.Namespace) -> int:
    """This will read the meter and print its values; it answers 2 when the meter could not be read."""
    if options.discover:
        return discover.run(options)
    model = documents.load(options.model)
    if (model.protocol, options.line) not in PROTOCOLS:
        lines = [line for protocol, line in PROTOCOLS if protocol == model.protocol]
        words = f"choose --line {' or '.join(lines)}" if lines else "it sends by itself and cannot be asked"
        sys.stderr.write(f"{model.code} speaks {CAPTIONS.get(model.protocol, model.protocol)}: {words}.\n")
        return FAILED
    try:
        readings = asyncio.run(_read(model, options))
    except (meter_address.RequestRefused, codec.RequestRefused, telegram_lines.RequestRefused) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except errors.DeviceError as error:
        _tell(error, as_json=options.json)
        return FAILED
    if options.json:
        sys.stdout.write(json.dumps(_report(model, options, readings), ensure_ascii=False, indent=2) + "\n")
    else:
        _print_table(model, options, readings)
    refused = [error for each in readings for _, error in each.refused]
    if refused and not options.json:
        sys.stderr.writelines(f"{error.code}: {error}\n" for error in refused)
    return FAILED if refused else READ


async def _read(model: MeterModel, options: argparse.Namespace) -> tuple[reading.BlockReading, ...]:
    plan, line = blocks.plan_model(model), _line(model, options)
    bus = opening.open_line(line, clock=clock.now)
    try:
        return await reading.read(
            bus, options.unit, plan.everything, timeout=options.timeout or _patience(model), retries=options.retries
        )
    finally:
        await bus.close()


def _patience(model: MeterModel) -> float:
    return 12.0 if model.protocol in ("DSMR", "SML") else 1.0


def _line(model: MeterModel, options: argparse.Namespace) -> opening.LineSpec:
    is_serial = options.line == "serial"
    protocol = PROTOCOLS[model.protocol, options.line]
    return opening.LineSpec(
        protocol=protocol,
        host=options.host,
        port=0 if is_serial else _place_port(model, options),
        baud=options.baud or BAUDS_OF.get(model.protocol, 9_600),
        parity=options.parity or ("E" if model.is_mbus else "N"),
        stop_bits=options.stop_bits,
        pause_ms=options.pause,
    )


def _place_port(model: MeterModel, options: argparse.Namespace) -> int:
    return int(options.port or PORTS[model.protocol])


def _place(model: MeterModel, options: argparse.Namespace) -> str:
    return str(options.host) if options.line == "serial" else f"{options.host}:{_place_port(model, options)}"


def _tell(error: errors.DeviceError, *, as_json: bool) -> None:
    if as_json:
        data = {"error": {"code": error.code, "what": error.what, "remedy": error.remedy, **error.data}}
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
    sys.stderr.write(f"{error.code}: {error}\n")


def _samples(readings: Iterable[reading.BlockReading]) -> list[Sample]:
    return [sample for each in readings for sample in each.samples]


def _report(
    model: MeterModel, options: argparse.Namespace, readings: tuple[reading.BlockReading, ...]
) -> dict[str, Any]:
    return {
        "model": model.code,
        "host": options.host,
        "port": None if options.line == "serial" else _place_port(model, options),
        "unit": _unit_words(options.unit),
        "at": readings[0].frame.at.isoformat(),
        "values": [_value(model, sample) for sample in _samples(readings)],
        "refused": [
            {"code": register.code, "address": register.record or register.address, "error": str(error)}
            for each in readings
            for register, error in each.refused
        ],
        "frames": [
            {
                "request": each.frame.request,
                "response": each.frame.response,
                "at": each.frame.at.isoformat(),
                "took_ms": each.frame.took_ms,
                "attempts": each.frame.attempts,
            }
            for each in readings
        ],
    }


def _value(model: MeterModel, sample: Sample) -> dict[str, Any]:
    register = model.register(sample.code)
    return {
        "code": sample.code,
        "caption": register.caption["en"],
        "value": f"{sample.quantity.number:f}",  # a text: a JSON number would be read as a float
        "unit": sample.unit.value,
        "symbol": sample.unit.symbol,
        "address": register.record or register.address,
        "raw": sample.raw,
        "is_coarse": sample.is_coarse,
    }


def _print_table(model: MeterModel, options: argparse.Namespace, readings: tuple[reading.BlockReading, ...]) -> None:
    rows = [COLUMNS]
    for sample in _samples(readings):
        register = model.register(sample.code)
        coarse = " (coarse: the float steps by more)" if sample.is_coarse else ""
        number = f"{sample.quantity.number:f}"
        rows.append((register.caption["en"], number, sample.unit.symbol, _where(register), f"{sample.raw}{coarse}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    last = readings[-1].frame
    sys.stdout.write(
        f"{model.manufacturer} {model.name}, unit {_unit_words(options.unit)} at {_place(model, options)}\n"
    )
    sys.stdout.write(f"{last.at:%Y-%m-%d %H:%M:%S} UTC, {sum(each.frame.took_ms for each in readings)} ms\n\n")
    for name, value, unit, address, raw in rows:
        line = f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {address:>{widths[3]}}  {raw}"
        sys.stdout.write(line.rstrip() + "\n")


def _port(text: str) -> int:
    return _number(text, 1, 65_535)


def _unit(text: str) -> int:
    """An address on the line, or the digits of a secondary one as the number by which the driver knows it."""
    plain = text.upper()
    if SECONDARY.fullmatch(plain):
        return int(plain.ljust(16, "F"), 16)
    return _number(text, 0, 255)


def _unit_words(unit: int) -> int | str:
    return codec.digits(unit) if codec.is_secondary(unit) else unit


def _where(register: documents.Register) -> str:
    return register.record or str(register.address)


def _pause(text: str) -> int:
    return _number(text, 0, 5_000)


def _retries(text: str) -> int:
    return _number(text, 0, 10)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text}: write a whole number from {least} to {most}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text}: write seconds above 0 and up to 60, such as 1.5")
    return seconds
