"""Write the whole database, and what belongs to it in the data folder, into one file."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from meterbook.foundation.backup import archive
from meterbook.foundation.server import binaries, connections, errors, folder

FOLDER, SUFFIX = "backups", ".backup"
# The key signs the anchors of the audit trail; without it a restored trail could not be checked.
KEPT_FILES, KEPT_FOLDERS = ("secret_key", folder.DEMO_MARK_NAME), ("audit",)

NIGHTS_KEPT = 14
NAME = "meterbook-%Y%m%dT%H%M%SZ"
LONGEST_RUN = timedelta(hours=6)  # an unfinished file that is older was left by a process that was killed


@dataclass(frozen=True)
class Kept:
    """A backup that lies in a folder; `at` is the instant that its name says."""

    path: Path
    at: datetime
    size: int


class BackupFailed(errors.ServerError):
    """The database could not be written to a file; the message of PostgreSQL's program says why."""

    code = "BACKUP_FAILED"


def default_target(data_dir: Path, at: datetime) -> Path:
    """This will return where a backup made at that instant goes unless somebody says otherwise."""
    return data_dir / FOLDER / _name(at)


def kept(folder: Path) -> tuple[Kept, ...]:
    """This will return the backups that lie in a folder under names of ours, newest first; none where it is missing."""
    found = []
    for path in folder.glob(f"meterbook-*{SUFFIX}"):
        try:
            at = datetime.strptime(path.name.removesuffix(SUFFIX), NAME).replace(tzinfo=UTC)
            found.append(Kept(path, at, path.stat().st_size))
        except (ValueError, OSError):
            continue  # named by somebody, or removed meanwhile
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def is_running(folder: Path, *, at: datetime) -> bool:
    """This will tell whether a backup is being written into the folder."""
    for path in folder.glob(f".meterbook-*{SUFFIX}.*"):
        try:
            if at - datetime.fromtimestamp(path.stat().st_mtime, UTC) < LONGEST_RUN:
                return True
        except FileNotFoundError:
            continue  # finished meanwhile
    return False


def _name(at: datetime) -> str:
    return f"{at.astimezone(UTC).strftime(NAME)}{SUFFIX}"


def write(target: Path, *, environ: Mapping[str, str], at: datetime) -> archive.Manifest:
    """This will write a backup of one instant, whole or not at all, readable by its owner only.

    :raises BackupFailed: when the file exists already, or PostgreSQL's program fails
    :raises folder.DiskFull: when it does not fit
    """
    if target.exists():
        raise BackupFailed(f"{target} exists already; name another file, or remove that one first.")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                manifest = _write(archive.Writer(file), environ, at)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(target)
        except BaseException:
            Path(unfinished).unlink()
            raise
    except OSError as error:
        raise folder.refused(target.parent, error) from error
    return manifest


def nightly(*, environ: Mapping[str, str], at: datetime, keep: int = NIGHTS_KEPT, folder: Path | None = None) -> Path:
    """This will write a backup into a folder, remove all but the newest `keep` there, and return where it is.

    :param folder: `backups` of the data folder unless another one is named
    :raises BackupFailed: see `write`; the older backups stay
    """
    where = folder or connections.data_dir(environ) / FOLDER
    target = where / _name(at)
    write(target, environ=environ, at=at)
    prune(where, keep=keep)
    return target


def prune(where: Path, *, keep: int) -> list[Path]:
    """This will remove all but the newest `keep` backups that lie in a folder under names of ours, and return them."""
    surplus = [each.path for each in kept(where)[keep:]]
    for path in surplus:
        path.unlink()
    return surplus


def _write(writer: archive.Writer, environ: Mapping[str, str], at: datetime) -> archive.Manifest:
    data_dir = connections.data_dir(environ)
    with connections.connect("owner", environ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot = str(_one(connection, "SELECT pg_export_snapshot()"))
        _dump(writer, environ, snapshot)
        files = _kept_files(data_dir)
        manifest = archive.Manifest(
            version=metadata.version("meterbook"),
            created_at=at.astimezone(UTC).isoformat(),
            postgres=connection.info.server_version // 10_000,
            digest=writer.digest,
            size=writer.size,
            rows=row_counts(connection),
            migrations=applied_migrations(connection),
            files=list(files),
        )
    writer.finish(manifest, files)
    return manifest


def _dump(writer: archive.Writer, environ: Mapping[str, str], snapshot: str) -> None:
    program = binaries.find(environ).program("pg_dump")
    arguments = ["--format", "custom", "--no-owner", "--snapshot", snapshot, "--no-password"]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603  # our own arguments, no shell
            [program, *arguments], env=client_environment(environ), stdout=subprocess.PIPE, stderr=complaints
        )
        assert process.stdout is not None  # noqa: S101  # asked for above
        with process, process.stdout as output:
            try:
                while piece := output.read(archive.PIECE):
                    writer.write(piece)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            complaints.seek(0)
            text = complaints.read().decode("utf-8", "replace")
            raise BackupFailed(
                f"pg_dump could not read the database:\n{errors.tail(text)}\nIf it says that the versions differ, name"
                " the folder of the server's own programs in MB_PG_BIN."
            )


def client_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """This will return the environment in which PostgreSQL's client programs work on our database as its owner."""
    settings = connections.databases(environ)["owner"]
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    options = {f"PG{name.upper()}": str(value) for name, value in settings["OPTIONS"].items()}
    return {**kept, **options, **{name: str(settings[key]) for name, key in names.items()}}


def row_counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """This will count the rows of every table, partition by partition."""
    query = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    names = [str(row[0]) for row in connection.execute(query)]
    return {name: _one(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))) for name in names}


def applied_migrations(connection: psycopg.Connection[Any]) -> list[str]:
    """This will return "app.name" of every migration that the database has."""
    return [f"{app}.{name}" for app, name in connection.execute("SELECT app, name FROM django_migrations ORDER BY id")]


def _one(connection: psycopg.Connection[Any], query: str | sql.Composed) -> Any:  # noqa: ANN401  # any SQL value
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def _kept_files(data_dir: Path) -> dict[str, bytes]:
    paths = [data_dir / name for name in KEPT_FILES]
    for name in KEPT_FOLDERS:
        paths += sorted((data_dir / name).glob("*"))
    return {str(path.relative_to(data_dir)): path.read_bytes() for path in paths if path.is_file()}
