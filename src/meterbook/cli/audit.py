"""`meterbook audit verify`: is the audit trail complete and unaltered?"""

from __future__ import annotations

import argparse
import sys
import uuid

from meterbook.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    commands = parser.add_subparsers(dest="audit_command", required=True)
    verify = commands.add_parser(
        "verify",
        help="find removed, altered, reordered or cut-off entries; exit status 1 when there are any",
        description="Find removed, altered, reordered or cut-off entries. Exit status 0: sound; 1: faults were found;"
        " 2: could not be checked.",
    )
    verify.add_argument("--data", metavar="FOLDER", default=argparse.SUPPRESS, help="the data folder")
    verify.add_argument("--organization", type=uuid.UUID, metavar="UUID", help="check only this one (its public id)")
    verify.add_argument("--json", action="store_true", help="print one JSON object for a program")


def run(args: argparse.Namespace) -> int:
    """This will check the chains and print what it found; it answers 1 for a fault, 2 when it could not check."""
    loading.load()
    from django.db import Error

    from meterbook.cli import audit_report

    try:
        return audit_report.verify(organization=args.organization, is_json=args.json, out=sys.stdout)
    except (Error, OSError) as error:
        # A traceback would end with status 1, which says that the trail was tampered with.
        sys.stderr.write(f"meterbook: the audit trail could not be checked: {error}\n")
        return audit_report.NOT_CHECKED
