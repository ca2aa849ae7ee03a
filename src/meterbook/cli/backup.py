"""`meterbook backup`: the database and what belongs to it, in one file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument(
        "--to", metavar="FILE", type=Path, help="the file to write (default: a new one in `backups` of the data folder)"
    )


def run(options: argparse.Namespace) -> int:
    """This will write a backup while everything else goes on, and print where it is."""
    from meterbook.foundation.backup import dump
    from meterbook.foundation.server import account, connections
    from meterbook.kernel import clock

    data_dir = connections.data_dir(os.environ)
    at = clock.real_now()
    if options.to is not None and not options.to.absolute().parent.is_dir():
        raise dump.BackupFailed(
            f"There is no folder {options.to.absolute().parent}. Make it first, or name a file elsewhere with --to."
        )
    target = (options.to or dump.default_target(data_dir, at)).absolute()
    manifest = dump.write(target, environ=os.environ, at=at)
    if options.to is None:
        for path in (target.parent, target):
            account.give(path, account.wanted(os.environ))
    sys.stdout.write(
        f"{target}: {sum(manifest.rows.values()):,} rows in {len(manifest.rows)} tables, {target.stat().st_size:,}"
        " bytes.\n"
        "It holds everything, also secrets: keep it where only you can read it, and not only on this machine.\n"
    )
    return 0
