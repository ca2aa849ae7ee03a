"""`meterbook-gateway`: init enrols this gateway, run reads and sends, status says how it is doing."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import qrcode

from meterbook.acquisition.push import configuration, signing
from meterbook.gateway import courier, keeping, program, store

DEFAULT_FOLDER = "~/.meterbook-gateway"


def main(arguments: Sequence[str] | None = None) -> int:
    """This will run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    folder = Path(options.folder).expanduser()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        return int(options.run(options, folder))
    except (keeping.NotEnrolled, courier.Unreachable, courier.Refused, configuration.ConfigurationRefused) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def init(options: argparse.Namespace, folder: Path) -> int:
    """This will enrol this gateway with a code, and write what it keeps into its folder."""
    if (folder / keeping.FILE).exists() and not options.again:
        sys.stderr.write(f"This gateway has enrolled already ({folder}); --again enrols it anew.\n")
        return 1
    server = (
        (options.server or input("Address of the server, such as https://meters.example.com: ")).strip().rstrip("/")
    )
    code = (options.code or input("Code, as the page of the gateway shows it: ")).strip()
    if not server.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        sys.stderr.write("The address begins with https://; without it anybody on the way reads what is sent.\n")
        return 1
    kept, told = _enrol(server, code, options)
    keeping.save(folder, kept)
    limit = told["most_meters"]
    sys.stdout.write(f"{kept.name} is enrolled. It may read {limit if limit else 'any number of'} meters")
    sys.stdout.write(f": {', '.join(told['meters'])}.\n" if told["meters"] else "; choose them on its page.\n")
    picture = qrcode.QRCode(border=2)
    picture.add_data(f"{server}/push/v1/ {kept.gateway}")
    picture.print_ascii(out=sys.stdout, invert=True)
    sys.stdout.write(f"Put this picture beside the gateway. Start it: meterbook-gateway run --folder {folder}\n")
    return 0


def run(options: argparse.Namespace, folder: Path) -> int:
    """This will read and send until SIGINT or SIGTERM."""
    keeping.load(folder)
    asyncio.run(_run(folder))
    return 0


def status(options: argparse.Namespace, folder: Path) -> int:
    """This will print how the gateway is doing, as JSON."""
    kept = keeping.load(folder)
    told: dict[str, object] = {"name": kept.name, "server": kept.server, "gateway": kept.gateway}
    told["configuration"] = kept.number
    with contextlib.suppress(sqlite3.OperationalError):
        buffer = store.Store(folder / keeping.BUFFER)
        waiting = buffer.waiting()
        told["waiting"] = waiting.rows
        if waiting.oldest_at is not None:
            oldest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=waiting.oldest_at)
            told["oldest"] = oldest.isoformat()
        for name in ("dropped", "rejected", "offset_ms", "running"):
            told[name] = buffer.fact(name)
        buffer.close()
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0


async def _run(folder: Path) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    await program.Gateway(folder).run(stop)


def _enrol(server: str, code: str, options: argparse.Namespace) -> tuple[keeping.Kept, dict[str, Any]]:
    algorithm, secret = signing.Algorithm(options.algorithm), signing.new_secret()
    given: dict[str, object] = {"code": code, "algorithm": algorithm.value}
    if algorithm is signing.Algorithm.ED25519:
        given["public_key"] = signing.encode(signing.public_half(secret))
    if options.meters:
        given["meters"] = [each.strip() for each in options.meters.split(",") if each.strip()]
    answer = courier.post(server, "/push/v1/enrol", json.dumps(given).encode(), {}, options.authority)
    told = dict(answer.content)
    if answer.status != 201:
        raise courier.Refused(answer.status, str(told.get("code", "")), str(told.get("detail", "")))
    kept = keeping.Kept(
        server=server,
        gateway=str(told["gateway"]),
        name=str(told["name"]),
        key=str(told["key"]),
        secret=str(told["secret"] or signing.encode(secret)),
        algorithm=algorithm.value,
        server_key=str(told["server_key"]),
        authority=options.authority,
    )
    return kept, told


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="meterbook-gateway", description=__doc__)
    parser.set_defaults(run=run, folder=DEFAULT_FOLDER)
    commands = parser.add_subparsers(required=True)
    for name, command in (("init", init), ("run", run), ("status", status)):
        made = commands.add_parser(name, help=(command.__doc__ or "").removeprefix("This will ").rstrip("."))
        made.add_argument("--folder", default=DEFAULT_FOLDER, help="where it keeps its key and what it read")
        made.set_defaults(run=command)
        if command is init:
            made.add_argument("--server", help="address of the server")
            made.add_argument("--code", help="what the page of the gateway shows")
            made.add_argument("--meters", default="", help="serial numbers of its meters, with commas between")
            made.add_argument("--algorithm", default="ed25519", choices=[each.value for each in signing.Algorithm])
            made.add_argument("--authority", default="", help="file with the certificate of the server's authority")
            made.add_argument("--again", action="store_true", help="enrol although it has enrolled already")
    return parser


if __name__ == "__main__":
    sys.exit(main())
