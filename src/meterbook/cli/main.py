"""`meterbook`: finds the command by name and loads only that one, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import keyword
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol, cast

MISUSED, INTERRUPTED = 2, 130
DATA_HELP = "the data folder (default: MB_DATA_DIR, else ./meterbook-data; demo: ./meterbook-demo)"


class Module(Protocol):
    """What every command module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """This will declare the arguments of the command."""

    def run(self, options: argparse.Namespace) -> int:
        """This will do what the command says and return its exit status."""


@dataclass(frozen=True)
class Command:
    """One command: its help line, and whether it works on a data folder and needs the database of it running."""

    help: str
    has_data_folder: bool = True
    needs_database: bool = False


COMMANDS = {
    "serve": Command("run everything on this machine: database, web, worker, collector"),
    "demo": Command("run a demonstration with simulated meters in a folder of its own"),
    "web": Command("run only the web server"),
    "worker": Command("run only the worker of jobs"),
    "collector": Command("run only the collector that polls the meters"),
    "migrate": Command("bring the database to the schema of this release"),
    "backup": Command("write the database into one file", needs_database=True),
    "restore": Command("restore a backup into an empty data folder"),
    "read": Command("read a meter once and print its values", has_data_folder=False),
    "decode": Command("say what a frame of a meter holds", has_data_folder=False),
    "rate": Command("price usage by a tariff document", has_data_folder=False),
    "import": Command("import readings from a file", needs_database=True),
    "audit": Command("check the audit trail", needs_database=True),
    "rebuild-totals": Command("make the sums of sites anew from the day blocks", needs_database=True),
    "organization": Command("make one more organization, with its first administrator", needs_database=True),
    "config": Command("print what is set, without secrets"),
    "prepare": Command(argparse.SUPPRESS),
    "demo-gateway": Command(argparse.SUPPRESS),
    "demo-messages": Command(argparse.SUPPRESS),
    "demo-advance": Command(argparse.SUPPRESS),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """This will run the command that the arguments name and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser(given).parse_args(given)
    if getattr(options, "data", None):
        os.environ["MB_DATA_DIR"] = str(Path(options.data).absolute())
    return _run(options)


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="meterbook", description="Sub-metering and utility billing.")
    parser.add_argument("--version", action="version", version=f"meterbook {metadata.version('meterbook')}")
    shown = [name for name, command in COMMANDS.items() if command.help != argparse.SUPPRESS]
    commands = parser.add_subparsers(dest="command", required=True, metavar="{" + ",".join(shown) + "}")
    for name, command in COMMANDS.items():
        if command.help == argparse.SUPPRESS:
            one = commands.add_parser(name)
        else:
            one = commands.add_parser(name, help=command.help, description=command.help[0].upper() + command.help[1:])
        if command.has_data_folder:
            one.add_argument("--data", metavar="FOLDER", help=DATA_HELP)
        if given and given[0] == name:
            _module(name).add_arguments(one)
    return parser


def _module(name: str) -> Module:
    # "import" is a word of the language, so that its module ends in an underscore.
    named = f"{name.replace('-', '_')}{'_' if keyword.iskeyword(name) else ''}"
    return cast(Module, importlib.import_module(f"meterbook.cli.{named}"))


def _run(options: argparse.Namespace) -> int:
    from meterbook.foundation.server import connections, ensure, errors

    try:
        _settle()
        with contextlib.ExitStack() as stack:
            if COMMANDS[options.command].needs_database:
                data_dir = connections.data_dir(os.environ)
                ensure.require_made(data_dir, os.environ)
                stack.enter_context(ensure.attached(data_dir, os.environ))
            return _module(options.command).run(options)
    except errors.ServerError as error:
        sys.stderr.write(f"meterbook: {error}\n")
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _settle() -> None:
    from meterbook.cli import surroundings

    surroundings.settle(os.environ)


if __name__ == "__main__":
    sys.exit(main())
