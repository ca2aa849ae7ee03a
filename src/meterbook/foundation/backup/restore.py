"""Put a backup into an empty database, and prove that what came out is what went in."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from meterbook.foundation.backup import archive, dump
from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import binaries, connections, errors, folder, secrets_file

# Made with the database, by its administrator, and not by the owner role that restores.
MADE_ALREADY = (" EXTENSION ", " SCHEMA - public ")


class NotEmpty(errors.ServerError):
    """A backup is restored only where nothing is; name a new data folder, or an empty database."""

    code = "NOT_EMPTY"


class RestoreFailed(errors.ServerError):
    """The backup could not be put into the database; nothing of it was kept."""

    code = "RESTORE_FAILED"


class BackupTooNew(errors.ServerError):
    """The backup was made by a newer release of Meterbook; restore it with that release or a later one."""

    code = "BACKUP_TOO_NEW"


def require_untouched(data_dir: Path) -> None:
    """This will pass for a folder that does not exist or holds nothing of an installation but an empty database.

    :raises NotEmpty: when an installation, a demonstration or something else lives there
    """
    known = {folder.CLUSTER_NAME, folder.SOCKET_NAME, folder.LOG_NAME, folder.LOCK_NAME}
    known |= {secrets_file.NAME, "secret_key"}  # a try that failed leaves these
    strangers = {path.name for path in data_dir.iterdir()} - known if data_dir.is_dir() else set()
    if strangers:
        raise NotEmpty(
            f"{data_dir} is in use (it holds {min(strangers)}). A backup is restored only where nothing is: name"
            " a new folder with --data."
        )


def load(
    path: Path, manifest: archive.Manifest, *, environ: Mapping[str, str], account: accounts.Account | None
) -> None:
    """This will put a checked backup into the running, empty database, in one transaction.

    :raises NotEmpty: when the database has tables
    :raises RestoreFailed: when PostgreSQL refuses, or the numbers of rows differ afterwards
    """
    with connections.connect("owner", environ) as connection:
        if dump.row_counts(connection):
            raise NotEmpty(
                f"The database “{connection.info.dbname}” has tables. A backup is restored only into an empty one: name"
                " a new folder with --data, or another database in DATABASE_URL."
            )
    with tempfile.NamedTemporaryFile(dir=connections.data_dir(environ), prefix=".restore-") as dumped:
        archive.dump_into(path, dumped.file)
        dumped.flush()
        _run_pg_restore(Path(dumped.name), environ)
    with connections.connect("owner", environ) as connection:
        found = dump.row_counts(connection)
    if found != manifest.rows:
        different = sorted(name for name in {*found, *manifest.rows} if found.get(name) != manifest.rows.get(name))
        raise RestoreFailed(
            f"After restoring, these tables have other numbers of rows than the backup: {', '.join(different)}. Do not"
            " use this database; restore another copy of the backup into a new folder."
        )
    _put_files(path, manifest, connections.data_dir(environ), account)


def require_known(manifest: archive.Manifest, known: set[str]) -> None:
    """This will pass when this release knows every migration of the backup.

    :raises BackupTooNew: when it does not
    """
    unknown = [each for each in manifest.migrations if each not in known]
    if unknown:
        raise BackupTooNew(
            f"The backup was made by Meterbook {manifest.version}, which is newer than this release. Restore it with"
            " that release or a later one."
        )


def _run_pg_restore(dumped: Path, environ: Mapping[str, str]) -> None:
    program = binaries.find(environ).program("pg_restore")
    client = dump.client_environment(environ)
    listed = _checked([program, "--list", str(dumped)], client)
    wanted = [line for line in listed.splitlines() if not any(each in line for each in MADE_ALREADY)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list") as contents:
        contents.write("\n".join(wanted) + "\n")
        contents.flush()
        arguments = ["--dbname", client["PGDATABASE"], "--no-owner", "--single-transaction", "--exit-on-error"]
        _checked([program, *arguments, "--no-password", "--use-list", contents.name, str(dumped)], client)


def _checked(command: list[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603  # our own arguments, no shell
        command, env=dict(environ), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        if "No space left" in done.stderr:
            raise folder.DiskFull(folder.DiskFull.__doc__)
        raise RestoreFailed(
            f"The backup could not be put into the database; nothing of it was kept:\n{errors.tail(done.stderr)}\nIf it"
            " says that the version of the file is not supported, name newer PostgreSQL programs in MB_PG_BIN."
        )
    return done.stdout


def _put_files(path: Path, manifest: archive.Manifest, data_dir: Path, account: accounts.Account | None) -> None:
    for name, content in archive.kept_files(path, manifest).items():
        parts = PurePosixPath(name).parts
        if name not in dump.KEPT_FILES and (len(parts) != 2 or parts[0] not in dump.KEPT_FOLDERS or ".." in parts):
            raise archive.BackupUnreadable(f"{path} holds a file that does not belong into a backup: {name}.")
        target = data_dir / name
        if not target.parent.is_dir():
            target.parent.mkdir(mode=0o700)
            accounts.give(target.parent, account)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        accounts.give(target, account)
