"""The embedded server, killed, doubled, mistaken and starved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from meterbook.foundation.server import account, binaries, cluster, connections, ensure, folder, secrets_file
from tests.support import processes

pytestmark = pytest.mark.server
FAST = {"fsync": "off"}  # only a failing machine would show the difference


def select_one(data_dir: Path) -> int:
    """One round trip as the owner."""
    with connections.connect("owner", {"MB_DATA_DIR": str(data_dir)}) as connection:
        row = connection.execute("SELECT 1").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def running() -> Iterator[ensure.Running]:
    """A server in a folder that held nothing, for tests that leave it running."""
    with processes.open_folder() as place:
        found = ensure.ensure_running(place / "data", {}, settings=FAST)
        yield found
        found.stop()


class TestEnsureRunning:
    def test_keeps_socket_secrets_and_log_to_their_owner(self, running: ensure.Running) -> None:
        names = ("socket", "secrets.json", "server.log")

        modes = {each: (running.data_dir / each).stat().st_mode & 0o777 for each in names}

        assert modes == {"socket": 0o700, "secrets.json": 0o600, "server.log": 0o600}

    def test_trusts_nobody_without_a_password(self, running: ensure.Running) -> None:
        kept = secrets_file.load(running.data_dir)
        rules = (running.data_dir / "postgres" / "pg_hba.conf").read_text()

        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=kept.host, port=kept.port, user="meterbook_app", dbname=kept.database, password="x")
        assert not [line for line in rules.splitlines() if line.endswith("trust")]

    def test_gives_only_the_bulk_role_a_way_past_row_security(self, running: ensure.Running) -> None:
        with ensure.connect_as_superuser(secrets_file.load(running.data_dir), "meterbook") as connection:
            found = connection.execute(
                "SELECT rolname, rolbypassrls, rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles"
                " WHERE rolname LIKE 'meterbook%' AND rolname <> 'meterbook_superuser' ORDER BY 1"
            ).fetchall()

        assert found == [
            ("meterbook_app", False, False),
            ("meterbook_bulk", True, False),
            ("meterbook_maintenance", False, False),
            ("meterbook_owner", False, False),
        ]

    def test_lets_only_the_owner_make_tables(self, running: ensure.Running) -> None:
        with (
            connections.connect("app", {"MB_DATA_DIR": str(running.data_dir)}) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("CREATE TABLE mine (id int)")

    def test_keeps_everything_over_a_restart(self, prepared_dir: Path) -> None:
        first = ensure.ensure_running(prepared_dir, {}, settings=FAST)
        with connections.connect("owner", {"MB_DATA_DIR": str(prepared_dir)}) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        first.stop()

        second = ensure.ensure_running(prepared_dir, {}, settings=FAST)
        try:
            with connections.connect("owner", {"MB_DATA_DIR": str(prepared_dir)}) as connection:
                assert connection.execute("SELECT value FROM kept").fetchone() == (7,)
        finally:
            second.stop()

    def test_moves_the_socket_of_a_deep_folder(self, data_dir: Path) -> None:
        deep = data_dir / ("meters" * 20)

        running = ensure.ensure_running(deep, {}, settings=FAST)
        try:
            assert select_one(deep) == 1
            assert folder.socket_folder(deep).stat().st_mode & 0o777 == 0o700
        finally:
            running.stop()
            folder.socket_folder(deep).rmdir()


class TestRecovery:
    def test_from_a_killed_server(self, running: ensure.Running) -> None:
        assert running.process is not None
        running.process.kill()
        running.process.wait()
        assert not running.is_alive

        running.revive()

        assert select_one(running.data_dir) == 1

    def test_from_a_killed_server_and_a_killed_meterbook(self, prepared_dir: Path) -> None:
        holder = start_holder(prepared_dir)
        server = int((prepared_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGKILL)
        holder.kill()
        holder.wait()

        running = ensure.ensure_running(prepared_dir, {}, settings=FAST)
        try:
            assert select_one(prepared_dir) == 1
        finally:
            running.stop()

    def test_a_killed_meterbook_takes_its_server_along(self, prepared_dir: Path) -> None:
        holder = start_holder(prepared_dir)

        holder.kill()
        holder.wait()

        processes.until(lambda: not processes.of_folder(prepared_dir), what="the server's end")

    def test_ends_a_server_that_was_left_behind(self, prepared_dir: Path) -> None:
        user = account.wanted({})
        found = cluster.Cluster(prepared_dir, binaries.find({}, user), user)
        options = f"-k {prepared_dir / 'socket'} -c listen_addresses="
        log = str(prepared_dir / "server.log")
        started = subprocess.Popen(
            [found.binaries.program("pg_ctl"), "start", "-D", str(found.path), "-o", options, "-l", log, "-w"],
            stdout=subprocess.DEVNULL,
            cwd="/",
            **(user.popen() if user else {}),
        )
        assert started.wait() == 0
        left_behind = int((prepared_dir / "postgres" / "postmaster.pid").read_text().split()[0])

        running = ensure.ensure_running(prepared_dir, {}, settings=FAST)
        try:
            assert select_one(prepared_dir) == 1
            assert left_behind not in processes.of_folder(prepared_dir)
        finally:
            running.stop()

    def test_from_a_first_start_that_was_cut_short(self, data_dir: Path) -> None:
        folder.prepare(data_dir, account.wanted({}))
        (data_dir / "postgres.new").mkdir()
        (data_dir / "postgres.new" / "PG_VERSION").write_text("half")

        running = ensure.ensure_running(data_dir, {}, settings=FAST)
        try:
            assert select_one(data_dir) == 1
        finally:
            running.stop()


class TestRefusal:
    def test_of_a_second_instance_names_the_first(self, prepared_dir: Path) -> None:
        holder = start_holder(prepared_dir)
        try:
            with pytest.raises(folder.SecondInstance, match=rf"process {holder.pid}\). Stop that one first"):
                ensure.ensure_running(prepared_dir, {}, settings=FAST)
        finally:
            holder.terminate()
            holder.wait()
            processes.until(lambda: not processes.of_folder(prepared_dir), what="the server's end")

    def test_of_another_major_version_says_how_to_move(self, prepared_dir: Path) -> None:
        (prepared_dir / "postgres" / "PG_VERSION").write_text("15\n")

        with pytest.raises(cluster.OtherMajorVersion, match=r"PostgreSQL 15.*meterbook backup.*meterbook restore"):
            ensure.ensure_running(prepared_dir, {}, settings=FAST)

    def test_of_lost_secrets_does_not_touch_the_data(self, prepared_dir: Path) -> None:
        (prepared_dir / "secrets.json").unlink()

        with pytest.raises(ensure.SecretsLost, match="Put the file back"):
            ensure.ensure_running(prepared_dir, {}, settings=FAST)

    def test_of_a_folder_that_cannot_be_written(self, data_dir: Path) -> None:
        data_dir.write_text("a file stands where the folder should be")

        with pytest.raises(folder.FolderUnusable, match="MB_DATA_DIR"):
            ensure.ensure_running(data_dir, {}, settings=FAST)

    def test_lets_go_of_the_folder(self, prepared_dir: Path) -> None:
        version = (prepared_dir / "postgres" / "PG_VERSION").read_text()
        (prepared_dir / "postgres" / "PG_VERSION").write_text("15\n")
        with pytest.raises(cluster.OtherMajorVersion):
            ensure.ensure_running(prepared_dir, {}, settings=FAST)
        (prepared_dir / "postgres" / "PG_VERSION").write_text(version)

        ensure.ensure_running(prepared_dir, {}, settings=FAST).stop()


@pytest.mark.needs_mount
class TestFullDisk:
    @pytest.fixture
    def disk(self, data_dir: Path) -> Iterator[Path]:
        """A disk of 100 MB, mounted as the data folder."""
        data_dir.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m,mode=755", "tmpfs", str(data_dir)], check=True)
        yield data_dir
        subprocess.run(["umount", str(data_dir)], check=True)

    def test_is_said_at_the_first_start(self, disk: Path) -> None:
        fill(disk, leave=10_000_000)

        with pytest.raises(folder.DiskFull, match="Free some space"):
            ensure.ensure_running(disk / "data", {}, settings=FAST)

    def test_is_said_later_and_is_over_when_there_is_space(self, disk: Path) -> None:
        ensure.ensure_running(disk / "data", {}, settings=FAST).stop()
        fill(disk, leave=0)
        with pytest.raises(folder.DiskFull, match="nothing stored is lost"):
            ensure.ensure_running(disk / "data", {}, settings=FAST)

        (disk / "filler").unlink()
        running = ensure.ensure_running(disk / "data", {}, settings=FAST)
        try:
            assert select_one(disk / "data") == 1
        finally:
            running.stop()


def fill(disk: Path, *, leave: int) -> None:
    """Fill the disk but for some bytes."""
    found = os.statvfs(disk)
    with (disk / "filler").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - leave)


def start_holder(data_dir: Path) -> subprocess.Popen[str]:
    """Another Meterbook that does nothing but hold the database."""
    code = (
        "import os, pathlib, sys, time\n"
        "from meterbook.foundation.server import ensure\n"
        f"ensure.ensure_running(pathlib.Path({str(data_dir)!r}), os.environ, settings={FAST})\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], env=processes.environment(data_dir), stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == "ready\n"
    return holder
