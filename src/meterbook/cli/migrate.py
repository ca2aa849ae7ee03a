"""`meterbook migrate`: bring the database to the schema of this release."""

from __future__ import annotations

import argparse
import os
import sys

from meterbook.cli import loading
from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import connections, ensure, external, folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument(
        "--new-passwords",
        action="store_true",
        help="with DATABASE_URL: give Meterbook's roles new passwords; other machines then need the new secrets.json",
    )


def run(options: argparse.Namespace) -> int:
    """This will make what is missing of roles and database, and migrate."""
    data_dir = connections.data_dir(os.environ)
    url = os.environ.get(connections.URL_VARIABLE)
    if options.new_passwords and url:
        account = accounts.wanted(os.environ)
        folder.prepare(data_dir, account)
        external.bootstrap(data_dir, url, account, has_new_passwords=True)
    with ensure.attached(data_dir, os.environ):
        loading.load()
        from meterbook.foundation import migrate

        migrate.run(verbosity=1)
    sys.stdout.write("The database has the schema of this release.\n")
    return 0
