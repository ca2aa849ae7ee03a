"""`meterbook serve` as real processes: started, disturbed, ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from meterbook.cli import machine, supervisor
from meterbook.foundation.server import account
from tests.support import processes

pytestmark = pytest.mark.server


@dataclass
class Served:
    """A running `meterbook serve`."""

    pid: int
    port: int
    log: Path
    data_dir: Path

    @property
    def said(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(errors="replace")

    def is_up(self) -> bool:
        """Does the web process answer?"""
        return supervisor.answers(("127.0.0.1", self.port))

    def child(self, name: str) -> int | None:
        """The process id of a child that runs `meterbook NAME`."""
        for pid in processes.of_folder(self.data_dir):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if words[2:4] == [b"meterbook.cli.main", name.encode()]:
                    return pid
        return None


# A first start makes every table; other tests may have the processors.
START_SECONDS = 300.0


@contextlib.contextmanager
def serving(data_dir: Path) -> Iterator[Served]:
    """A start, the first one of a folder or a later one."""
    port, log = processes.free_port(), data_dir.with_name("serve.log")
    log.unlink(missing_ok=True)
    may = {"MB_RUN_AS_ROOT": "1"} if machine.closed_to(account.wanted({})) else {}
    with processes.started("serve", "--port", str(port), data_dir=data_dir, log=log, **may) as process:
        found = Served(process.pid, port, log, data_dir)
        processes.until(
            lambda: "Ctrl-C stops everything" in found.said or process.poll() is not None,
            what="the greeting",
            seconds=START_SECONDS,
        )
        assert process.poll() is None, found.said
        yield found


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A first start, shared by tests that leave it running."""
    with processes.open_folder() as folder, serving(folder / "data") as found:
        yield found


def gone(served: Served) -> None:
    """Wait until no process is left."""
    processes.until(lambda: not processes.of_folder(served.data_dir), what="the end of all processes")


class TestServe:
    @pytest.mark.spec("M-006/3")
    def test_prints_the_address_and_a_one_time_password(self, served: Served) -> None:
        assert f"http://127.0.0.1:{served.port}" in served.said
        assert re.search(r"Sign in: +admin@localhost .*\n.*Password: +\S{12,}", served.said)

    def test_starts_a_dead_child_again(self, served: Served) -> None:
        first = served.child("web")
        assert first is not None
        os.kill(first, signal.SIGKILL)

        processes.until(lambda: served.child("web") not in (None, first), what="a new web process")
        processes.until(served.is_up, what="an answer")

    def test_starts_a_dead_server_again(self, served: Served) -> None:
        pid_file = served.data_dir / "postgres" / "postmaster.pid"
        first = pid_file.read_text().split()[0]
        os.kill(int(first), signal.SIGKILL)

        processes.until(
            lambda: pid_file.exists() and pid_file.read_text().split()[0] != first and "ready" in pid_file.read_text(),
            what="a new server",
        )
        assert processes.run("backup", data_dir=served.data_dir).returncode == 0

    def test_refuses_a_second_start(self, served: Served) -> None:
        may = {"MB_RUN_AS_ROOT": "1"}
        again = processes.run("serve", "--port", str(processes.free_port()), data_dir=served.data_dir, **may)
        same_port = processes.run("serve", "--port", str(served.port), data_dir=served.data_dir.with_name("b"), **may)

        assert again.returncode == same_port.returncode == 2
        assert f"(process {served.pid}). Stop that one first" in again.stderr
        assert f"--port {served.port + 1}" in same_port.stderr
        assert "Traceback" not in again.stderr + same_port.stderr

    @pytest.mark.needs_dropped_rights
    def test_drops_the_rights_of_root(self, served: Served) -> None:
        user = account.wanted({})

        assert user is not None
        for name in ("web", "worker", "collector"):
            status = Path(f"/proc/{served.child(name)}/status").read_text()
            assert f"Uid:\t{user.uid}\t{user.uid}\t{user.uid}" in status


class TestEnd:
    def test_leaves_no_trace_however_it_is_told(self, prepared_dir: Path) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with serving(prepared_dir) as served:
                os.kill(served.pid, name)

                gone(served)
            assert "postmaster.pid" not in {path.name for path in (prepared_dir / "postgres").iterdir()}

    def test_killed_outright_leaves_no_process(self, prepared_dir: Path) -> None:
        with serving(prepared_dir) as served:
            os.kill(served.pid, signal.SIGKILL)

            gone(served)


class TestRefusal:
    def test_of_a_demonstration(self, data_dir: Path) -> None:
        data_dir.mkdir()
        (data_dir / "demo.json").write_text("{}")

        done = processes.run("serve", data_dir=data_dir)

        assert done.returncode == 2
        assert "belongs to a demonstration" in done.stderr
