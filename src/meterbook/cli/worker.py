"""`meterbook worker`: the process that runs jobs."""

from __future__ import annotations

import argparse

from meterbook.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command: it has none of its own."""


def run(options: argparse.Namespace) -> int:
    """This will run jobs until SIGINT or SIGTERM."""
    loading.load()
    from meterbook.jobs import worker

    worker.run()
    return 0
