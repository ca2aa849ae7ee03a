"""`meterbook worker`: the process that runs jobs."""

from __future__ import annotations

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command: it has none of its own."""


def run(options: argparse.Namespace) -> int:
    """This will run jobs until SIGINT or SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
    import django

    django.setup()
    from meterbook.jobs import worker

    worker.run()
    return 0
