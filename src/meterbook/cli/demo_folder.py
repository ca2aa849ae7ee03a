"""A demonstration's data folder carries a mark, for ever: simulated readings must never meet real ones."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from meterbook.foundation.server import errors, folder

PORTS, MESSAGE_PORTS, DEVICE_PORTS = "gateway_ports", "message_ports", "device_ports"
SENDER = "sender"  # the address and the token of the device that sends by HTTP
MARK = folder.DEMO_MARK_NAME


class IsDemo(errors.ServerError):
    """The data folder belongs to a demonstration; name another one in MB_DATA_DIR."""

    code = "IS_DEMO"


class IsNoDemo(errors.ServerError):
    """The folder holds something else than a demonstration; name an empty or a new one with --data."""

    code = "IS_NO_DEMO"


def refuse_demo(data_dir: Path) -> None:
    """This will pass for every folder but that of a demonstration.

    :raises IsDemo: when it is one
    """
    if (data_dir / MARK).exists():
        raise IsDemo(
            f"{data_dir} belongs to a demonstration and stays one. Run it with `meterbook demo --data {data_dir}`, or"
            " name another data folder in MB_DATA_DIR."
        )


def mark(data_dir: Path) -> dict[str, object]:
    """This will mark an empty or missing folder as a demonstration's, or read the mark that it has.

    :raises IsNoDemo: when the folder holds something else
    """
    path = data_dir / MARK
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        pass
    if data_dir.is_dir() and any(data_dir.iterdir()):
        raise IsNoDemo(f"{data_dir} is not empty and no demonstration. Name an empty or a new folder with --data.")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(data_dir, {})
    return {}


def read(data_dir: Path) -> dict[str, object]:
    """This will return what the demonstration of a folder keeps beside its database.

    :raises IsNoDemo: when the folder is not marked as one, or its first start did not come to its end
    """
    try:
        content = dict(json.loads((data_dir / MARK).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise IsNoDemo(
            f"{data_dir} holds no demonstration, and only in one can time be moved. Name its folder with --data."
        ) from None
    if not content.get("is_complete"):
        raise IsNoDemo(
            f"The demonstration in {data_dir} was never started to its end. Start it once with `meterbook demo --data"
            f" {data_dir}`."
        )
    return content


def ports(content: Mapping[str, object]) -> list[int]:
    """This will return the ports of the simulated gateways that a demonstration had at its latest start, in order."""
    return _numbers(content.get(PORTS))


def message_ports(content: Mapping[str, object]) -> list[int]:
    """This will return the ports at which mail and Telegram's messages of a demonstration end, in this order."""
    return _numbers(content.get(MESSAGE_PORTS))


def device_ports(content: Mapping[str, object]) -> list[int]:
    """This will return the ports of the broker and of the P1 port of a demonstration, in this order."""
    return _numbers(content.get(DEVICE_PORTS))


def _numbers(kept: object) -> list[int]:
    return [int(port) for port in kept] if isinstance(kept, list) else []


def write(data_dir: Path, content: dict[str, object]) -> None:
    """This will store what the demonstration keeps beside its database."""
    unfinished = data_dir / f"{MARK}.new"
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    if os.geteuid() == 0:  # the processes that read it run as the folder's owner
        found = data_dir.stat()
        os.chown(unfinished, found.st_uid, found.st_gid)
    unfinished.replace(data_dir / MARK)
