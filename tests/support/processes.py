"""Real processes of the product, for tests: started, waited for, and certainly ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

WAIT_SECONDS = 60.0
START_SECONDS = 300.0  # of a server: it reads all of the product first, and other tests may have the processors
LONGEST_SECONDS = 900  # of a command, on a machine that has much else to do
PREPARED = "prepared"  # the installation that is made once a run, beside the data folder of the run's server
MEMORY, ENOUGH_MEMORY = Path("/dev/shm"), 4 << 30  # noqa: S108  # several times what a run takes
FOLDERS, LEFT_SECONDS = "meterbook-", 60.0  # between being made and being held a folder is younger


class Waited(AssertionError):
    """What a test waited for did not come."""


def until(is_so: Callable[[], bool], *, what: str, seconds: float = WAIT_SECONDS) -> None:
    """Return as soon as the condition holds."""
    limit = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > limit:
            raise Waited(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def new_folder(name: str, *, mode: int) -> Path:
    """A folder for databases, in memory where there is room: a disk spends more time on a new database's two thousand
    files than the database server. TMPDIR chooses another place."""
    place = None
    with contextlib.suppress(OSError):
        _clear(MEMORY)
        found = os.statvfs(MEMORY)
        is_roomy = found.f_bavail * found.f_frsize > ENOUGH_MEMORY and os.access(MEMORY, os.W_OK | os.X_OK)
        place = MEMORY if is_roomy and "TMPDIR" not in os.environ else None
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDERS}{name}-", dir=place))
    folder.chmod(mode)  # as root the server runs as another user
    return folder


def hold(folder: Path) -> int:
    """While the answer is open, or this process lives, no other run clears the folder away."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def _clear(place: Path) -> None:
    """What killed runs left takes up memory until the machine starts again."""
    for each in place.glob(f"{FOLDERS}*"):
        with contextlib.suppress(OSError):
            known = each.stat()
            if known.st_uid == os.getuid() and time.time() - known.st_mtime > LEFT_SECONDS:
                held = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(each)
                finally:
                    os.close(held)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the service user can enter when the tests run as root, which pytest's own are not."""
    folder = new_folder("folder", mode=0o755)
    held = hold(folder)
    try:
        yield folder
    finally:
        os.close(held)
        shutil.rmtree(folder)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a command that works on a data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MB_", "DATABASE_URL"))}
    kept["PYTHONWARNINGS"] = "default"
    # What one process has compiled, the others need not compile again.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "MB_DATA_DIR": str(data_dir), **more}


def command(*arguments: str) -> list[str]:
    """The command line of `meterbook ...`."""
    return [sys.executable, "-m", "meterbook.cli.main", *arguments]


def run(*arguments: str, data_dir: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        env=environment(data_dir, **more),
        cwd=data_dir.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )


@contextlib.contextmanager
def started(*arguments: str, data_dir: Path, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command in the background, its output in `log`; at the end it and what it started are gone."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(*arguments),
            env=environment(data_dir, **more),
            cwd=data_dir.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        until(lambda: not of_folder(data_dir), what=f"end of {of_folder(data_dir)}")


def copy(data_dir: Path, to: Path) -> None:
    """A data folder that nobody uses is there twice, each file with its owner."""
    subprocess.run(["cp", "--archive", "--reflink=auto", str(data_dir), str(to)], check=True)


def of_folder(data_dir: Path) -> list[int]:
    """The processes that work on a data folder: ours by MB_DATA_DIR in their environment, the server by -D."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdigit() or int(each.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            words = (each / "cmdline").read_bytes().split(b"\0")
            inside = os.fsencode(data_dir)
            has_folder = f"MB_DATA_DIR={data_dir}".encode() in (each / "environ").read_bytes().split(b"\0")
            if words != [b""] and (has_folder or any(word.startswith(inside) for word in words)):
                found.append(int(each.name))
    return found
