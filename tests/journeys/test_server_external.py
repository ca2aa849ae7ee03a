"""DATABASE_URL: somebody else's server, with nothing of ours on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from meterbook.foundation.server import account, binaries, cluster, connections, external, folder, roles, secrets_file
from tests.support import processes

pytestmark = pytest.mark.server
PASSWORD = "of the administrator/@:"


@contextlib.contextmanager
def bare_server(place: Path) -> Iterator[str]:
    """A server with nothing of ours on it; its administrator's address."""
    user = account.wanted({})
    folder.prepare(place, user)
    found = cluster.Cluster(place, binaries.find({}, user), user, {"fsync": "off"})
    cluster.create(found, superuser_password=PASSWORD)
    socket = folder.make_socket_folder(place, user)
    process = cluster.spawn(found, socket)
    cluster.wait_ready(found, process, log_from=0)
    password = urllib.parse.quote(PASSWORD, safe="")
    yield f"postgresql://{cluster.SUPERUSER}:{password}@/meters?host={socket}"
    cluster.stop(process)
    shutil.rmtree(place)


@pytest.fixture
def url(data_dir: Path) -> Iterator[str]:
    """A bare server beside the data folder."""
    with bare_server(data_dir.parent / "elsewhere") as found:
        yield found


@dataclass
class Installed:
    """A data folder whose database is on a server that was bare before, and what was said when it was made."""

    data_dir: Path
    url: str  # of the administrator who made it
    superuser_url: str
    said: str


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """One installation for tests that leave it usable, made by an administrator who is no superuser."""
    with processes.open_folder() as place, bare_server(place / "elsewhere") as superuser_url:
        url = add_administrator(superuser_url, "boss", "CREATEROLE CREATEDB BYPASSRLS")
        yield Installed(place / "data", url, superuser_url, migrate(place / "data", url))


def add_administrator(url: str, name: str, rights: str = "") -> str:
    """This will make a role with rights on a server and return the address by which it reaches the server."""
    host, password = connections.parse(url).host, f"{PASSWORD}{name}"
    role, secret = sql.Identifier(name), sql.Literal(password)
    with psycopg.connect(host=host, user=cluster.SUPERUSER, password=PASSWORD, dbname="postgres") as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(role, sql.SQL(rights), secret))
    return f"postgresql://{name}:{urllib.parse.quote(password, safe='')}@/meters?host={host}"


def migrate(data_dir: Path, url: str, *more: str) -> str:
    """Run `meterbook migrate` and answer what it said."""
    done = processes.run("migrate", *more, data_dir=data_dir, DATABASE_URL=url)
    return done.stdout if done.returncode == 0 else f"status {done.returncode}: {done.stderr}"


class TestDatabaseUrl:
    def test_makes_roles_and_database_once_and_then_signs_in_as_those(self, installed: Installed) -> None:
        assert "has the schema" in installed.said
        first = secrets_file.load(installed.data_dir)
        wrong = installed.url.replace(urllib.parse.quote(f"{PASSWORD}boss", safe=""), "no-longer-right")
        assert wrong != installed.url

        assert "has the schema" in migrate(installed.data_dir, wrong)

        assert secrets_file.load(installed.data_dir) == first
        assert PASSWORD not in (installed.data_dir / "secrets.json").read_text()
        environ = {"MB_DATA_DIR": str(installed.data_dir), "DATABASE_URL": installed.url}
        with connections.connect("app", environ) as connection:
            found = connection.execute("SELECT current_user, current_database()").fetchone()
        assert found == ("meterbook_app", "meters")

    def test_starts_no_server_of_its_own(self, installed: Installed) -> None:
        assert (installed.data_dir / secrets_file.NAME).exists()
        assert not (installed.data_dir / "postgres").exists()

    def test_does_not_take_the_roles_away_from_another_machine(self, installed: Installed) -> None:
        second = installed.data_dir.with_name("second")

        said = migrate(second, installed.superuser_url)

        assert "status 2" in said
        assert "Copy secrets.json from the data folder of the first machine" in said
        assert "has the schema" in migrate(second, installed.superuser_url, "--new-passwords")
        assert "has the schema" in migrate(installed.data_dir, installed.url, "--new-passwords")

    def test_says_what_to_check_when_nobody_answers(self, data_dir: Path) -> None:
        said = migrate(data_dir, f"postgresql://boss@127.0.0.1:{processes.free_port()}/meters")

        assert "status 2: meterbook: The server of DATABASE_URL does not let us in" in said

    def test_says_which_rights_are_missing(self, data_dir: Path, url: str) -> None:
        clerk = add_administrator(url, "clerk")

        with pytest.raises(roles.AdministratorTooWeak, match="may create databases, roles"):
            external.bootstrap(_folder(data_dir), clerk, None)

    def test_works_with_an_administrator_who_is_no_superuser(self, installed: Installed) -> None:
        target = connections.parse(installed.url)
        with psycopg.connect(
            host=target.host, user=target.user, password=target.password, dbname=target.database
        ) as connection:
            found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()

        assert found == (False,)
        assert "has the schema" in installed.said


def _folder(data_dir: Path) -> Path:
    data_dir.mkdir()
    assert os.access(data_dir, os.W_OK)
    return data_dir
