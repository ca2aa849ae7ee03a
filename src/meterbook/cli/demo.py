"""`meterbook demo`: everything on one machine, with simulated meters, in a folder of its own."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from meterbook.cli import bind, demo_folder, machine, surroundings
from meterbook.foundation.server import account, folder
from meterbook.kernel import clock

DEFAULT_FOLDER = Path("meterbook-demo")
DEFAULT_FOLDER_OF_ROOT = Path("/var/lib/meterbook/demo")
GATEWAY_PORTS = range(15_020, 15_220)
# A demonstration reaches nothing but this machine, whatever the surroundings say.
NOT_TAKEN_OVER = ("DATABASE_URL", "MB_ALLOWED_NETWORKS", "MB_PUBLIC_ADDRESS", "MB_ALLOWED_HOSTS", "MB_BIND")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument(
        "--port", type=bind.port, default=bind.PORT, help=f"the port to listen at (default: {bind.PORT})"
    )
    parser.add_argument(
        "--speed",
        type=int,
        default=1,
        choices=range(1, clock.FASTEST + 1),
        metavar="N",
        help=f"let the product's time run N times as fast (1 to {clock.FASTEST})",
    )
    parser.add_argument("--headless", action="store_true", help="do not open a browser")


def run(options: argparse.Namespace) -> int:
    """This will make the demonstration when the folder is new, and run it until SIGINT or SIGTERM.

    :raises demo_folder.IsNoDemo: when the folder holds something else
    """
    data_dir = Path(options.data).absolute() if options.data else default_folder()
    content = _content(data_dir)
    content["clock"] = _clock(content.get("clock"), options.speed)
    demo_folder.write(data_dir, content)
    environ = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER}
    environ |= {"MB_DEMO": "1", surroundings.CLOCK: json.dumps(content["clock"])}
    gateway = f"{bind.HOST}:{content['gateway_port']}"
    return machine.run(
        machine.Machine(
            data_dir,
            bind.HOST,
            options.port,
            environ,
            prepare=("--demo-gateway", gateway),
            more_children={"gateway": (*machine.COMMAND, "demo-gateway")},
            may_stay_root=True,
            opens_browser=not options.headless and sys.stdout.isatty(),
        )
    )


def default_folder() -> Path:
    """This will return ./meterbook-demo, or for root, where the service user could not enter that, one that it can."""
    here = DEFAULT_FOLDER.absolute()
    return here if account.closed_folder(here, account.wanted(os.environ)) is None else DEFAULT_FOLDER_OF_ROOT


def _content(data_dir: Path) -> dict[str, object]:
    try:
        content = demo_folder.mark(data_dir)
    except OSError as error:
        raise folder.refused(data_dir, error) from error
    if not content.get("is_complete"):
        _start_over(data_dir)
        content["gateway_port"] = _free_port()
    return content


def _start_over(data_dir: Path) -> None:
    """A first start that was cut short has left half a demonstration; nothing of it is worth keeping."""
    lock = folder.hold(data_dir)
    try:
        shutil.rmtree(data_dir / folder.CLUSTER_NAME, ignore_errors=True)
    finally:
        lock.release()


def _clock(former: object, speed: int) -> dict[str, object]:
    """The product's time never goes back: a slower clock goes on from where a faster one was."""
    real = clock.real_now()
    product = real
    if isinstance(former, Mapping):
        known = clock.AcceleratedClock(
            datetime.fromisoformat(former["real"]), datetime.fromisoformat(former["product"]), int(former["speed"])
        )
        product = max(real, known.now())
    return {"real": real.isoformat(), "product": product.isoformat(), "speed": speed}


def _free_port() -> int:
    for port in GATEWAY_PORTS:
        with socket.socket() as probe:
            try:
                probe.bind((bind.HOST, port))
            except OSError:
                continue
            return port
    raise machine.PortTaken(f"No port from {GATEWAY_PORTS[0]} to {GATEWAY_PORTS[-1]} is free for simulated meters.")
