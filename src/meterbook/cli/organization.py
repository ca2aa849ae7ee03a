"""`meterbook organization`: one more organization in this installation, with its first administrator."""

from __future__ import annotations

import argparse
import sys

from meterbook.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument("name", metavar="NAME", help="what the organization is called, such as 'Harbor Properties'")
    parser.add_argument("--administrator", required=True, metavar="EMAIL", help="who administers it at first")
    parser.add_argument("--language", choices=("en", "es"), default="en", help="of its documents (default: en)")


def run(options: argparse.Namespace) -> int:
    """This will make the organization and say how its administrator signs in; 2 when it cannot be made."""
    loading.load()
    from meterbook.cli import founding

    return founding.found(
        name=options.name,
        administrator=options.administrator,
        language=options.language,
        out=sys.stdout,
        errors=sys.stderr,
    )
