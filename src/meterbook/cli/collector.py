"""`meterbook collector`: the process that polls the meters."""

from __future__ import annotations

import argparse
import os

from meterbook.cli import bind, loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command: it has none of its own."""


def run(options: argparse.Namespace) -> int:
    """This will poll until SIGINT or SIGTERM.

    :raises bind.NetworksUnreadable: when MB_ALLOWED_NETWORKS is no list of networks
    """
    bind.require_networks(os.environ)
    loading.load()
    from meterbook.collector import main as collector_main

    collector_main.run()
    return 0
