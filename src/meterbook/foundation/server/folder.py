"""The data folder: who may use it, who uses it now, and where the server's socket lies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import errors

LOCK_NAME = "meterbook.lock"
CLUSTER_NAME = "postgres"
SOCKET_NAME = "socket"
LOG_NAME = "server.log"
DEMO_MARK_NAME = "demo.json"
PORT = "5432"
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes


class FolderUnusable(errors.ServerError):
    """The data folder cannot be written or entered; give it to the right user or name another in MB_DATA_DIR."""

    code = "FOLDER_UNUSABLE"


class DiskFull(errors.ServerError):
    """The disk with the data folder is full; free space and start again. Nothing that was stored is lost."""

    code = "DISK_FULL"


class SecondInstance(errors.ServerError):
    """Meterbook already runs with this data folder."""

    code = "SECOND_INSTANCE"

    def __init__(self, data_dir: Path, pid: str) -> None:
        self.pid = pid
        super().__init__(
            f"Meterbook already runs with the data folder {data_dir} (process {pid or 'unknown'}). Stop that one first"
            f" (Ctrl-C in its window, or `kill {pid or 'PID'}`), or name another folder in MB_DATA_DIR."
        )


@dataclass
class Lock:
    """The hold on a data folder; the kernel lets go of it when the process ends, however it ends."""

    descriptor: int

    def release(self) -> None:
        """This will let the next one in."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)


def prepare(data_dir: Path, account: accounts.Account | None) -> None:
    """This will make the data folder (0700) when it is missing and check that it can be used.

    :raises FolderUnusable: when it cannot be made, written or entered
    :raises DiskFull: when not even an empty file fits
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data_dir / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 8192)
        probe.unlink()
    except OSError as error:
        raise refused(data_dir, error) from error
    if account is not None:
        _hand_over(data_dir, account)
    closed = accounts.closed_folder(data_dir, account)
    if account is not None and closed is None and data_dir.stat().st_uid != account.uid:
        raise FolderUnusable(
            f"The data folder {data_dir} must belong to the user “{account.name}”, as whom the database runs: give it"
            f" to that user (`chown -R {account.name} {data_dir}`), or name a new folder in MB_DATA_DIR."
        )
    if account is not None and closed is not None:
        raise FolderUnusable(
            f"The database runs as the user “{account.name}”, who may not enter {closed}. Name a data folder elsewhere"
            f" in MB_DATA_DIR (for example /var/lib/meterbook/data), or let the user in (`chmod o+x {closed}`)."
        )


def _hand_over(data_dir: Path, account: accounts.Account) -> None:
    """A new folder, and what commands run by root have left in it, becomes the service user's."""
    if not {path.name for path in data_dir.iterdir()} - {DEMO_MARK_NAME, LOCK_NAME}:
        accounts.give(data_dir, account)
    if data_dir.stat().st_uid != account.uid:
        return  # somebody else's folder; the check that follows says so
    for path in data_dir.iterdir():
        found = path.lstat()
        # A link could lead the change of owner to a file of root's elsewhere.
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid():
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def refused(data_dir: Path, error: OSError) -> errors.ServerError:
    """This will turn the system's refusal to write into words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(data_dir)
    return FolderUnusable(
        f"The data folder {data_dir} cannot be written: {error.strerror}. Give it to the user who runs Meterbook,"
        " or name another folder in MB_DATA_DIR."
    )


def disk_full(data_dir: Path) -> DiskFull:
    """This will return the error of a full disk."""
    return DiskFull(f"The disk with {data_dir} is full. Free some space and start again; nothing stored is lost.")


def hold(data_dir: Path) -> Lock:
    """This will take the data folder for this process.

    :raises SecondInstance: when another process holds it
    """
    path = data_dir / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 32).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise SecondInstance(data_dir, pid) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    return Lock(descriptor)


def socket_folder(data_dir: Path) -> Path:
    """This will return the socket's folder: in the data folder, or when that path is too long in the temporary one."""
    inside = data_dir / SOCKET_NAME
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"meterbook-{digest}"


def make_socket_folder(data_dir: Path, account: accounts.Account | None) -> Path:
    """This will make the socket's folder, open to its owner only.

    :raises FolderUnusable: when somebody else has put something there
    """
    folder = socket_folder(data_dir)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        accounts.give(folder, account)
    found = folder.lstat()
    owner = os.geteuid() if account is None else account.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise FolderUnusable(f"{folder} belongs to somebody else; remove it, or name a shorter MB_DATA_DIR.")
    folder.chmod(0o700)
    return folder
