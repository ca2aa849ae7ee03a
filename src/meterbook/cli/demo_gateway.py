"""`meterbook demo-gateway`: the simulated meters of a demonstration, a child of `meterbook demo`.

A port that another program has taken meanwhile is replaced by a free one, and the buses are moved there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from datetime import datetime
from pathlib import Path

from meterbook.cli import demo_folder, demo_gateways, demo_senders, loading
from meterbook.foundation.server import connections


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument("--port", type=int, required=True, help="at which the web server of the demonstration listens")


def run(options: argparse.Namespace) -> int:
    """This will be all gateways until the process is ended."""
    loading.load()
    asyncio.run(_serve(connections.data_dir(os.environ), options.port))
    return 0


async def _serve(data_dir: Path, port: int) -> None:
    from meterbook_lab import demo_devices, gateway_sim
    from meterbook_lab.harbor import gateways

    content = demo_folder.read(data_dir)
    since = datetime.fromisoformat(str(content["since"]))
    meters = gateways.gateways(since)
    wanted = demo_folder.ports(content)
    async with contextlib.AsyncExitStack() as stack:
        found = await gateway_sim.start(stack, list(zip(wanted, meters, strict=True)), others=[*demo_gateways.PORTS, 0])
        if found != wanted:
            demo_folder.write(data_dir, {**content, demo_folder.PORTS: found})
        await asyncio.to_thread(demo_gateways.move_buses, found)
        await asyncio.to_thread(demo_senders.move_buses, demo_folder.device_ports(content))
        door = await asyncio.to_thread(demo_senders.door, data_dir, port)
        await demo_devices.run(stack, since, demo_folder.device_ports(content), door)
        await asyncio.Event().wait()
