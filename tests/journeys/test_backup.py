"""What `meterbook backup` wrote, `meterbook restore` brings back, to the row and to the password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import databases, processes

pytestmark = pytest.mark.server

# Runs in a process of its own, because Django's connections of this one lead to the test database.
FILL = """
import django; django.setup()
from datetime import UTC, datetime
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import identity, sites
organization = identity.organization(name="Harbor Properties")
identity.user(organization=organization, email="ada@meterbook.example")
sites.site(organization=organization)
"""
SIGN_IN = """
import django; django.setup()
from django.conf import settings
from django.contrib.auth import authenticate
from tests.factories import identity
assert authenticate(None, email="ada@meterbook.example", password=identity.PASSWORD), "signed in with the old password"
print(settings.SECRET_KEY)
"""
COUNT_UNSCOPED = """
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM sites_site")
    print(cursor.fetchone()[0])
"""


def python(code: str, data_dir: Path) -> str:
    """Run code against the database of a data folder, which is started for it."""
    start = (
        "import os, pathlib; from meterbook.foundation.server import ensure\n"
        f"running = ensure.ensure_running(pathlib.Path({str(data_dir)!r}), os.environ)\n"
        f"try:\n    exec({code!r})\nfinally:\n    running.stop()\n"
    )
    root = Path(__file__).resolve().parent.parent.parent
    environ = {**processes.environment(data_dir), "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    done = subprocess.run([sys.executable, "-c", start], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def filled(server: databases.TestServer) -> Iterator[Path]:
    """An installation with an organization, a person and a site, which no test changes."""
    with processes.open_folder() as folder:
        data_dir = folder / "data"
        server.prepare(data_dir)
        python(FILL, data_dir)
        yield data_dir


@pytest.fixture(scope="module")
def backup(filled: Path) -> Path:
    """A backup of it."""
    path = filled.with_name("a.backup")
    done = processes.run("backup", "--to", str(path), data_dir=filled)
    assert done.returncode == 0, done.stderr
    return path


def manifest(path: Path) -> dict[str, object]:
    """What a backup says about itself."""
    with tarfile.open(path) as tar:
        found = tar.extractfile("manifest.json")
        assert found is not None
        return dict(json.loads(found.read()))


class TestBackup:
    def test_comes_back_to_the_row_and_to_the_password_with_its_walls(self, filled: Path, backup: Path) -> None:
        new = filled.with_name("new")

        done = processes.run("restore", str(backup), data_dir=new)
        assert done.returncode == 0, done.stderr
        again = filled.with_name("again.backup")
        assert processes.run("backup", "--to", str(again), data_dir=new).returncode == 0

        assert manifest(again)["rows"] == manifest(backup)["rows"]
        assert manifest(again)["migrations"] == manifest(backup)["migrations"]
        assert python(SIGN_IN, new) == python(SIGN_IN, filled)
        assert python(COUNT_UNSCOPED, new).strip() == "0"

    def test_is_readable_by_its_owner_only_and_its_manifest_holds_no_secret(self, filled: Path, backup: Path) -> None:
        secrets = json.loads((filled / "secrets.json").read_text())

        assert backup.stat().st_mode & 0o777 == 0o600
        text = json.dumps(manifest(backup))
        assert not [each for each in [*secrets["passwords"].values(), secrets["superuser"]] if each in text]

    def test_does_not_write_over_a_file(self, filled: Path, backup: Path) -> None:
        before = backup.read_bytes()

        done = processes.run("backup", "--to", str(backup), data_dir=filled)

        assert done.returncode == 2
        assert "exists already" in done.stderr
        assert backup.read_bytes() == before

    def test_goes_into_the_data_folder_without_a_name(self, filled: Path) -> None:
        assert processes.run("backup", data_dir=filled).returncode == 0

        (made,) = (filled / "backups").iterdir()
        assert made.suffix == ".backup"


class TestDemo:
    def test_is_started_as_one_after_a_restore(self, filled: Path) -> None:
        note = filled / "demo.json"
        note.write_text('{"is_complete": true}')
        path, new = filled.with_name("demo.backup"), filled.with_name("new_demo")
        assert processes.run("backup", "--to", str(path), data_dir=filled).returncode == 0
        note.unlink()

        done = processes.run("restore", str(path), data_dir=new)

        assert done.returncode == 0, done.stderr
        assert f"`meterbook demo --data {new}`" in done.stdout


class TestRestore:
    def test_refuses_a_folder_in_use(self, filled: Path, backup: Path) -> None:
        done = processes.run("restore", str(backup), data_dir=filled)

        assert done.returncode == 2
        assert "restored only" in done.stderr

    def test_refuses_a_damaged_file_and_makes_nothing(self, filled: Path, backup: Path) -> None:
        content = bytearray(backup.read_bytes())
        content[5000] ^= 1
        damaged, new = backup.with_name("damaged.backup"), filled.with_name("not_made")
        damaged.write_bytes(content)

        done = processes.run("restore", str(damaged), data_dir=new)

        assert done.returncode == 2
        assert "is damaged" in done.stderr
        assert not new.exists()

    def test_refuses_a_file_that_is_no_backup(self, data_dir: Path) -> None:
        letter = data_dir.with_name("letter.txt")
        letter.write_text("Dear Ada")

        done = processes.run("restore", str(letter), data_dir=data_dir)

        assert done.returncode == 2
        assert "not a backup of Meterbook" in done.stderr
        assert processes.run("restore", "missing", data_dir=data_dir).returncode == 2
