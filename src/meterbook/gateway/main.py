"""`meterbook-gateway`: init enrols this gateway, run reads and sends, status says how it is doing, broker keeps user
and password of the broker through which it sends."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import json
import logging
import signal
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import qrcode

from meterbook.acquisition.push import configuration, signing
from meterbook.gateway import courier, keeping, program, store
from meterbook.kernel import clock

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
    if told.get("carrier"):
        keeping.save(folder, _with_user(kept, configuration.read_carrier(told["carrier"]), options))
    limit = told["most_meters"]
    sys.stdout.write(f"{kept.name} is enrolled. It may read {limit if limit else 'any number of'} meters")
    sys.stdout.write(f": {', '.join(told['meters'])}.\n" if told["meters"] else "; choose them on its page.\n")
    picture = qrcode.QRCode(border=2)
    picture.add_data(f"{server}/push/v1/ {kept.gateway}")
    picture.print_ascii(out=sys.stdout, invert=True)
    sys.stdout.write(f"Put this picture beside the gateway. Start it: meterbook-gateway run --folder {folder}\n")
    return 0


def broker(options: argparse.Namespace, folder: Path) -> int:
    """This will keep user and password of the broker through which this gateway sends; a start takes them over."""
    kept = keeping.load(folder)
    carrier = kept.configuration.carrier
    if carrier is None:
        sys.stdout.write("This gateway sends over HTTPS; its page says otherwise when it should use a broker.\n")
    keeping.save(folder, _with_user(kept, carrier, options))
    return 0


def run(options: argparse.Namespace, folder: Path) -> int:
    """This will read and send until SIGINT or SIGTERM."""
    clock.steady()
    keeping.load(folder)
    asyncio.run(_run(folder))
    return 0


def status(options: argparse.Namespace, folder: Path) -> int:
    """This will print how the gateway is doing, as JSON."""
    kept = keeping.load(folder)
    told: dict[str, object] = {"name": kept.name, "server": kept.server, "gateway": kept.gateway}
    told["configuration"], carrier = kept.number, kept.configuration.carrier
    told["broker"] = f"{carrier.host}:{carrier.port}" if carrier is not None else None
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


def _with_user(kept: keeping.Kept, carrier: configuration.Carrier | None, options: argparse.Namespace) -> keeping.Kept:
    """Ask for what the options do not say, where somebody sits before it."""
    user, password, is_asked = options.broker_user, "", sys.stdin.isatty()
    if carrier is not None:
        way = "encrypted" if carrier.is_encrypted else "not encrypted"
        sys.stdout.write(f"It sends through the broker {carrier.host}:{carrier.port} ({way}), and over HTTPS when")
        sys.stdout.write(" that does not answer.\n")
        if user is None and is_asked:
            user = input("User at the broker, empty for none: ").strip()
    if options.broker_password_file:
        password = Path(options.broker_password_file).expanduser().read_text(encoding="utf-8").strip("\r\n")
    elif user and is_asked:
        password = getpass.getpass("Password at the broker: ")
    if carrier is not None and not user:
        sys.stdout.write("Without a user: when the broker asks for one, run meterbook-gateway broker.\n")
    return replace(kept, broker_user=user or "", broker_password=password)


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
    for name, command in (("init", init), ("run", run), ("status", status), ("broker", broker)):
        made = commands.add_parser(name, help=(command.__doc__ or "").removeprefix("This will ").rstrip("."))
        made.add_argument("--folder", default=DEFAULT_FOLDER, help="where it keeps its key and what it read")
        made.set_defaults(run=command)
        if command in (init, broker):
            made.add_argument("--broker-user", help="by which the broker is entered, where it carries the batches")
            made.add_argument("--broker-password-file", default="", help="file with the password of that user")
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
