"""`meterbook import readings FILE`: intervals or register values from a CSV or XLSX file."""

from __future__ import annotations

import argparse
import sys
import uuid

from meterbook.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    commands = parser.add_subparsers(dest="import_command", required=True)
    readings = commands.add_parser(
        "readings",
        help="import intervals or register values from a CSV or XLSX file",
        description="Import intervals or register values from a CSV or XLSX file, all or nothing. What is not named is "
        "guessed from the file, and said. Exit status 2 when the file cannot be imported.",
    )
    readings.add_argument("file", metavar="FILE", help="the file; “-” reads from standard input")
    readings.add_argument("--data", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    readings.add_argument("--organization", type=uuid.UUID, metavar="UUID", help="its public id, if there are several")
    _add_target(readings.add_argument_group("where the values go"))
    _add_mapping(readings.add_argument_group("how the file is read"))
    readings.add_argument(
        "--correct",
        metavar="REASON",
        default="",
        help="take values that differ from stored ones as a correction; of billed time a second person approves it",
    )
    readings.add_argument("--dry-run", action="store_true", help="only say what would be stored")
    readings.add_argument("--wait", action="store_true", help="derive the intervals at once instead of in the worker")
    readings.add_argument("--json", action="store_true", help="print one JSON object for a program")


def _add_target(group: argparse._ArgumentGroup) -> None:
    which = group.add_mutually_exclusive_group()
    which.add_argument("--meter-point", metavar="CODE", default="", help="the meter point of all rows")
    which.add_argument("--meter-point-column", metavar="NAME", default="", help="the column of meter points")
    group.add_argument("--series", default="energy_import", metavar="CODE", help="default: energy_import")
    group.add_argument("--create", action="store_true", help="make meter points that are not there yet; needs --site")
    group.add_argument("--site", metavar="CODE", default="", help="the site of new meter points")


def _add_mapping(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--time-column", metavar="NAME", default="", help="two columns: Date+Time")
    group.add_argument("--value-column", metavar="NAME", default="")
    group.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=[CODE:]SERIES",
        help="one of several columns of values: its quantity and, if it is not that of the rows, its meter point",
    )
    group.add_argument("--time-format", metavar="FORM", default="", help="ISO, or a pattern: %%d/%%m/%%Y %%H:%%M")
    group.add_argument("--decimal-separator", choices=(".", ","), default="")
    group.add_argument("--delimiter", metavar="SIGN", default="", help="between the cells of a CSV file; or “tab”")
    group.add_argument("--sheet", metavar="NAME", default="", help="of a workbook; default: the first one")
    group.add_argument(
        "--kind",
        choices=("intervals", "registers", "daily"),
        default="",
        help="usage in each, counters, or such that begin again each day",
    )
    group.add_argument("--unit", metavar="UNIT", default="", help="such as KWH, WH, MWH, M3, L")
    group.add_argument("--zone", metavar="NAME", default="", help="time zone of the times; default: that of the site")
    group.add_argument("--label", choices=("start", "end"), default="", help="which end of its interval a time names")
    group.add_argument(
        "--midnight",
        choices=("same", "next"),
        default="",
        help="the date of rows at 0:00: that of the day that just ended (same) or of the one that begins (next)",
    )
    group.add_argument("--step", type=int, default=0, metavar="MINUTES", help="length of an interval")
    group.add_argument(
        "--missing",
        choices=("refuse", "zero"),
        default="refuse",
        help="intervals that are not there: refuse the file, or take them as nothing used",
    )


def run(options: argparse.Namespace) -> int:
    """This will import the file and print what came of it; it answers 2 with every fault by row."""
    loading.load()
    from meterbook.cli import import_readings

    return import_readings.run(options, out=sys.stdout, errors=sys.stderr)
