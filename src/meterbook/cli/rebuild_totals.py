"""`meterbook rebuild-totals`: the sums of sites, summed again from the day blocks."""

from __future__ import annotations

import argparse
import sys
import uuid
from datetime import date

from meterbook.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="the first UTC day (default: of all)")
    parser.add_argument(
        "--until",
        type=day,
        metavar="DAY",
        help="the UTC day after the last one (default: to the end)",
    )
    parser.add_argument("--organization", type=uuid.UUID, metavar="UUID", help="only this one (its public id)")


def day(text: str) -> date:
    """This will read a day of an option.

    :raises argparse.ArgumentTypeError: when it is none
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no day; write it as 2026-10-14") from error


def run(options: argparse.Namespace) -> int:
    """This will make the sums anew and say how many; it answers 2 when there is nothing that could be done."""
    loading.load()
    from meterbook.cli import rebuilding

    return rebuilding.rebuild(
        first=options.first,
        until=options.until,
        organization=options.organization,
        out=sys.stdout,
        errors=sys.stderr,
    )
