"""`meterbook demo-gateway`: the simulated meters of a demonstration, a child of `meterbook demo`."""

from __future__ import annotations

import argparse
import os
from datetime import datetime

from meterbook.cli import demo_folder
from meterbook.foundation.server import connections


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command: it has none of its own."""


def run(options: argparse.Namespace) -> int:
    """This will be the gateway until the process is ended."""
    from meterbook_lab import demo_meters

    content = demo_folder.mark(connections.data_dir(os.environ))
    demo_meters.serve_gateway(
        since=datetime.fromisoformat(str(content["since"])), port=int(str(content["gateway_port"]))
    )
    return 0
