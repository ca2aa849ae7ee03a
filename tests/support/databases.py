"""The server and the databases of a test run.

Without further ado an installation is made and migrated once a run, whatever the number of workers, and its embedded
server started (fsync off); a guard process stops it when the run's controller ends. MB_TEST_DATABASE_URL names an
external server and a superuser of it instead; the run leaves its databases there, so it should be one to throw away.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql

from meterbook.foundation import migrate
from meterbook.foundation.server import connections as server_connections
from meterbook.foundation.server import roles, secrets_file
from tests.support import processes

ROLES = server_connections.ROLES
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class TestServer:
    """A running server and how to make databases on it."""

    __test__ = False

    host: str
    port: str
    user: str
    password: str = field(repr=False)
    passwords: dict[str, str] = field(repr=False)
    template: str
    prepared: str = ""

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A superuser's connection in autocommit mode."""
        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database, autocommit=True
        )

    def create_from_template(self, name: str) -> None:
        """A new database with the present schema."""
        with self.admin() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER meterbook_owner STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(self.template)
                )
            )

    def create_empty(self, name: str) -> None:
        """A new database with nothing but its extension and rights."""
        with self.admin() as connection:
            roles.ensure_database(connection, name)
        with self.admin(name) as connection:
            roles.prepare_database(connection, name)

    def drop(self, name: str) -> None:
        """The database is gone, whoever uses it."""
        with self.admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def connect_django(self, name: str) -> None:
        """Django's four connections lead to this database."""
        for alias, role in ROLES.items():
            settings = connections.settings[alias]
            settings.update(
                HOST=self.host,
                PORT=self.port,
                USER=f"meterbook_{role}",
                PASSWORD=self.passwords[role],
                NAME=name,
            )
            connections[alias].settings_dict.update(settings)

    def prepare(self, data_dir: Path) -> None:
        """A data folder like that of an installation that was started for the first time and ended."""
        if self.prepared:
            processes.copy(Path(self.prepared), data_dir)
        else:
            made = processes.run("migrate", data_dir=data_dir)
            assert made.returncode == 0, made.stderr

    def write_secrets(self, data_dir: Path, database: str) -> None:
        """A data folder with which a process of its own reaches this database."""
        kept = secrets_file.Secrets(self.host, self.port, database, "", dict(self.passwords))
        secrets_file.save(data_dir, kept, None)


def close_django() -> None:
    """This thread's connections end."""
    for alias in ROLES:
        connections[alias].close()


def shared_server(folder: Path) -> TestServer:
    """The run's server, started and migrated by the first worker that asks.

    :param folder: one that all workers of the run share
    """
    with (folder / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = folder / "server.json"
        if note.exists():
            return TestServer(**json.loads(note.read_text()))
        url = os.environ.get("MB_TEST_DATABASE_URL")
        server = _external(url) if url else _embedded()
        note.touch(mode=0o600)
        note.write_text(json.dumps(asdict(server)))
        return server


def _embedded() -> TestServer:
    folder = processes.new_folder("test", mode=0o711)
    held = processes.hold(folder)
    controller = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.support.guard", str(controller), str(folder)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        start_new_session=True,
        text=True,
    )
    assert guard.stdout is not None
    with guard.stdout:
        line = guard.stdout.readline()
    guard.returncode = 0  # left to itself on purpose: it ends with the controller
    os.close(held)
    assert line, "the test server did not start; what it said stands above"
    found = json.loads(line)
    return TestServer(
        host=found["host"],
        port=found["port"],
        user=found["user"],
        password=found["superuser"],
        passwords=found["passwords"],
        template=found["database"],
        prepared=str(folder / processes.PREPARED),
    )


def _external(url: str) -> TestServer:
    target = server_connections.parse(url)
    assert not target.options, "MB_TEST_DATABASE_URL takes no options"
    server = TestServer(
        host=target.host,
        port=target.port,
        user=target.user,
        password=target.password,
        passwords=dict.fromkeys(secrets_file.ROLES, "test"),
        template=f"meterbook_template_{os.urandom(4).hex()}",
    )
    kept = secrets_file.Secrets(server.host, server.port, server.template, "", server.passwords)
    roles.bootstrap(partial(TestServer.admin, server), kept)
    _migrate_template(server)
    return server


def _migrate_template(server: TestServer) -> None:
    server.create_empty(server.template)
    server.connect_django(server.template)
    migrate.run()
    close_django()


def allow_connections(server: TestServer, database: str, *, is_allowed: bool) -> None:
    """This will let nobody into a database, as when its server is away, or let everybody in again."""
    with server.admin() as connection:
        connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS {str(is_allowed).lower()}')
        if not is_allowed:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename <> %s",
                [database, server.user],
            )
