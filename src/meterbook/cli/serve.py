"""`meterbook serve`: everything on one machine."""

from __future__ import annotations

import argparse
import os

from meterbook.cli import bind, demo_folder, machine, surroundings
from meterbook.foundation.server import connections


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    bind.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """This will run database, web, worker and collector until SIGINT or SIGTERM.

    :raises demo_folder.IsDemo: when the data folder belongs to a demonstration
    :raises bind.NetworksUnreadable: when MB_ALLOWED_NETWORKS is no list of networks
    """
    data_dir = connections.data_dir(os.environ)
    demo_folder.refuse_demo(data_dir)
    bind.require_networks(os.environ)
    host, port = bind.chosen(options, os.environ)
    may_stay_root = os.environ.get(surroundings.RUN_AS_ROOT) == "1"
    return machine.run(machine.Machine(data_dir, host, port, os.environ, may_stay_root=may_stay_root))
