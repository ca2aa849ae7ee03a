"""`meterbook demo`: everything on one machine, with simulated meters, in a folder of its own."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from meterbook.cli import bind, demo_clock, demo_folder, demo_gateways, demo_messages, machine, surroundings
from meterbook.foundation.server import account, errors, folder
from meterbook.kernel import clock

DEFAULT_FOLDER = Path("meterbook-demo")
DEFAULT_FOLDER_OF_ROOT = Path("/var/lib/meterbook/demo")
FARTHEST = timedelta(days=400)
# A demonstration reaches nothing but this machine, whatever the surroundings say.
NOT_TAKEN_OVER = (
    "DATABASE_URL",
    "MB_ALLOWED_NETWORKS",
    "MB_SERIAL_PORTS",
    "MB_MAIL_NETWORKS",
    "MB_SIGN_IN_NETWORKS",
    "MB_TELEGRAM_ADDRESS",
    "MB_PUBLIC_ADDRESS",
    "MB_ALLOWED_HOSTS",
    "MB_BIND",
    "MB_HTTPS",
)


class NotForward(errors.ServerError):
    """Time in a demonstration goes forward only; name a later instant."""

    code = "NOT_FORWARD"


class TooFar(errors.ServerError):
    """A demonstration moves at most 400 days at once; name an earlier instant."""

    code = "TOO_FAR"


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
    actions = parser.add_subparsers(dest="action", metavar="{advance}")
    text = "move the time of a stopped demonstration forward: its meters are read and its jobs run on the way"
    advance = actions.add_parser("advance", help=text, description=text[0].upper() + text[1:])
    advance.add_argument("--to", type=instant, required=True, metavar="TIME", help="such as 2026-12-01T08:00+01:00")
    advance.add_argument("--data", metavar="FOLDER", default=argparse.SUPPRESS, help="the folder of the demonstration")


def instant(text: str) -> datetime:
    """This will read an instant with its offset.

    :raises argparse.ArgumentTypeError: when it is none
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text} is no instant; write date, time and offset, such as 2026-12-01T08:00+01:00 or 2026-12-01T07:00Z"
        )
    return found


def run(options: argparse.Namespace) -> int:
    """This will make the demonstration when the folder is new, and run it until SIGINT or SIGTERM; or move its time.

    :raises demo_folder.IsNoDemo: when the folder holds something else
    """
    data_dir = Path(options.data).absolute() if options.data else default_folder()
    environ = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER} | {"MB_DEMO": "1"}
    if options.action == "advance":
        return _advance(data_dir, options.to, environ)
    _content(data_dir)
    # Filling it takes a while, during which no meter is read: time runs at its usual pace until that is done.
    environ |= _go_on(data_dir, 1)
    environ["MB_TELEGRAM_ADDRESS"] = demo_messages.address(demo_folder.message_ports(demo_folder.mark(data_dir)))
    try:
        return machine.run(
            machine.Machine(
                data_dir,
                bind.HOST,
                options.port,
                environ,
                prepare=_prepared(demo_folder.mark(data_dir)),
                more_children={
                    "gateway": (*machine.COMMAND, "demo-gateway", "--port", str(options.port)),
                    "messages": (*machine.COMMAND, "demo-messages"),
                },
                when_prepared=partial(_go_on, data_dir, options.speed),
                may_stay_root=True,
                opens_browser=not options.headless and sys.stdout.isatty(),
            )
        )
    finally:
        _go_on(data_dir, 1)  # time does not race while it is stopped


def _prepared(content: Mapping[str, object]) -> tuple[str, ...]:
    """Where what is simulated will be reached."""
    gateways = demo_gateways.write(demo_folder.ports(content))
    return "--demo-gateways", gateways, "--demo-devices", demo_gateways.write(demo_folder.device_ports(content))


def _advance(data_dir: Path, until: datetime, environ: Mapping[str, str]) -> int:
    now = demo_clock.reached(demo_folder.read(data_dir), real_at=clock.real_now())
    if until <= now:
        raise NotForward(
            f"The demonstration in {data_dir} is at {now:%Y-%m-%d %H:%M:%S} UTC already. Time goes forward only: name a"
            " later instant with --to."
        )
    if until - now > FARTHEST:
        raise TooFar(
            f"From {now:%Y-%m-%d} to {until:%Y-%m-%d} are more than {FARTHEST.days} days. Name an earlier instant with"
            " --to."
        )
    one = machine.Machine(data_dir, bind.HOST, bind.PORT, environ, may_stay_root=True)
    return machine.once(one, "demo-advance", "--to", until.isoformat())


def _go_on(data_dir: Path, speed: int) -> dict[str, str]:
    """The clock from now on, kept in the folder and as the processes are told it."""
    content = demo_folder.mark(data_dir)
    content[demo_clock.KEY] = demo_clock.go_on(content, real_at=clock.real_now(), speed=speed)
    demo_folder.write(data_dir, content)
    return {surroundings.CLOCK: json.dumps(content[demo_clock.KEY])}


def default_folder() -> Path:
    """This will return ./meterbook-demo, or for root, where the service user could not enter that, one that it can."""
    here = DEFAULT_FOLDER.absolute()
    return here if account.closed_folder(here, account.wanted(os.environ)) is None else DEFAULT_FOLDER_OF_ROOT


def _content(data_dir: Path) -> None:
    from meterbook_lab import demo_devices
    from meterbook_lab.harbor import gateways

    try:
        content = demo_folder.mark(data_dir)
    except OSError as error:
        raise folder.refused(data_dir, error) from error
    lock = folder.hold(data_dir)  # whoever runs with it already keeps the ports that it has
    try:
        if not content.get("is_complete"):
            # A first start that was cut short has left half a demonstration; nothing of it is worth keeping.
            shutil.rmtree(data_dir / folder.CLUSTER_NAME, ignore_errors=True)
        former = [demo_folder.ports(content), demo_folder.message_ports(content), demo_folder.device_ports(content)]
        until = gateways.GATEWAYS + demo_messages.COUNT
        chosen = demo_gateways.choose([port for each in former for port in each], until + demo_devices.PORTS)
        content[demo_folder.PORTS] = chosen[: gateways.GATEWAYS]
        content[demo_folder.MESSAGE_PORTS] = chosen[gateways.GATEWAYS : until]
        content[demo_folder.DEVICE_PORTS] = chosen[until:]
        demo_folder.write(data_dir, content)
    finally:
        lock.release()
