"""`meterbook restore`: a backup into an empty data folder or an empty database."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from meterbook.cli import loading
from meterbook.foundation.server import connections, ensure, folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument("file", metavar="FILE", type=Path, help="what `meterbook backup` wrote")


def run(options: argparse.Namespace) -> int:
    """This will check the backup, restore it and bring it to this release's schema."""
    from meterbook.foundation.backup import archive, restore

    data_dir = connections.data_dir(os.environ)
    path = options.file.absolute()
    try:
        manifest = archive.read_manifest(path)
    except OSError as error:
        raise archive.BackupUnreadable(f"{path} cannot be read: {error.strerror}.") from error
    archive.check(path, manifest)
    restore.require_untouched(data_dir)
    running = ensure.ensure_running(data_dir, os.environ)
    try:
        _set_up()
        from meterbook.foundation import migrate

        restore.require_known(manifest, migrate.known())
        restore.load(path, manifest, environ=os.environ, account=running.account)
        migrate.run()
    finally:
        running.stop()
    command = "demo" if (data_dir / folder.DEMO_MARK_NAME).exists() else "serve"
    sys.stdout.write(
        f"Restored {sum(manifest.rows.values()):,} rows of {manifest.created_at} into {data_dir}. Start it with"
        f" `meterbook {command} --data {data_dir}`.\n"
    )
    return 0


def _set_up() -> None:
    """Only now: the settings read the passwords that the server's start has made."""
    loading.load()
