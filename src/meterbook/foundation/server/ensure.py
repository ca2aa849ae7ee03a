"""Have the database of a data folder running: the embedded server, or the external one that DATABASE_URL names."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import binaries, cluster, connections, errors, external, folder, roles, secrets_file

TRY_AGAIN_SECONDS = 0.5
TRY_WITHIN_SECONDS = 60.0
NOTHING: Mapping[str, str] = {}


class NotAnswering(errors.ServerError):
    """Another Meterbook holds the data folder, but its database does not answer; wait for it to start, or stop it."""

    code = "NOT_ANSWERING"


class SecretsLost(errors.ServerError):
    """The data folder has a database, but not its passwords; put secrets.json back or restore a backup elsewhere."""

    code = "SECRETS_LOST"


class NoDatabase(errors.ServerError):
    """The data folder holds no installation; name the right folder with --data or MB_DATA_DIR."""

    code = "NO_DATABASE"


@dataclass
class Running:
    """A running database and the hold on its data folder. Ends with `stop()`, and with this process at the latest."""

    data_dir: Path
    account: accounts.Account | None
    lock: folder.Lock
    cluster: cluster.Cluster | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """This will tell whether the embedded server still runs; an external one always counts as alive."""
        return self.process is None or self.process.poll() is None

    def revive(self) -> None:
        """This will start the embedded server again after it has ended by itself or was killed.

        :raises errors.ServerError: when it does not start
        """
        if self.cluster is not None and not self.is_alive:
            self.process = _start(self.cluster)

    def stop(self) -> None:
        """This will stop the embedded server and let go of the data folder."""
        if self.process is not None:
            cluster.stop(self.process)
        self.lock.release()


def ensure_running(data_dir: Path, environ: Mapping[str, str], *, settings: Mapping[str, str] = NOTHING) -> Running:
    """This will return a running database with its roles, made and started when needed.

    It recovers from whatever a killed server or a killed Meterbook left behind.

    :param settings: further settings of the embedded server
    :raises folder.SecondInstance: when another process holds the data folder
    :raises errors.ServerError: one of its other kinds, each says what to do
    """
    account = accounts.wanted(environ)
    folder.prepare(data_dir, account)
    lock = folder.hold(data_dir)
    try:
        if environ.get(connections.URL_VARIABLE):
            external.bootstrap(data_dir, environ[connections.URL_VARIABLE], account)
            return Running(data_dir, account, lock)
        found = cluster.Cluster(data_dir, binaries.find(environ, account), account, settings)
        return _embedded(found, lock)
    except OSError as error:
        lock.release()
        raise folder.refused(data_dir, error) from error
    except BaseException:
        lock.release()
        raise


def _embedded(found: cluster.Cluster, lock: folder.Lock) -> Running:
    kept = secrets_file.load(found.data_dir)
    if found.path.exists() and not kept.superuser:
        raise SecretsLost(
            f"{found.data_dir} has a database, but {secrets_file.NAME} with its passwords is missing. Put the file"
            " back, or restore the newest backup into a new folder with `meterbook restore FILE --data FOLDER`."
        )
    kept.host, kept.port = str(folder.socket_folder(found.data_dir)), folder.PORT
    secrets_file.save(found.data_dir, secrets_file.complete(kept), found.account)
    cluster.create(found, superuser_password=kept.superuser)
    running = Running(found.data_dir, found.account, lock, found, _start(found))
    try:
        roles.bootstrap(partial(connect_as_superuser, kept), kept)
    except BaseException:
        running.stop()
        raise
    return running


def _start(found: cluster.Cluster) -> subprocess.Popen[bytes]:
    socket = folder.make_socket_folder(found.data_dir, found.account)
    cluster.stop_orphan(found)
    until = time.monotonic() + TRY_WITHIN_SECONDS
    while True:
        log_from = found.log.stat().st_size if found.log.exists() else 0
        process = cluster.spawn(found, socket)
        try:
            cluster.wait_ready(found, process, log_from=log_from)
        except cluster.StillInUse:
            if time.monotonic() > until:
                raise
            time.sleep(TRY_AGAIN_SECONDS)
        except BaseException:
            cluster.stop(process)
            raise
        else:
            return process


def connect_as_superuser(kept: secrets_file.Secrets, database: str) -> psycopg.Connection[Any]:
    """This will open an autocommit connection of the embedded server's administrator."""
    return psycopg.connect(
        host=kept.host,
        port=kept.port,
        user=cluster.SUPERUSER,
        password=kept.superuser,
        dbname=database,
        autocommit=True,
    )


def require_made(data_dir: Path, environ: Mapping[str, str]) -> None:
    """This will pass when there is a database to work with, so that a mistyped folder does not become a new one.

    :raises NoDatabase: when the folder holds none
    """
    if environ.get(connections.URL_VARIABLE):
        return
    try:
        is_made = (data_dir / folder.CLUSTER_NAME).is_dir()
    except PermissionError:
        return  # another user's folder: who opens it says so
    if not is_made:
        raise NoDatabase(
            f"There is no Meterbook database in {data_dir}. Name the folder of your installation with --data or in"
            " MB_DATA_DIR; `meterbook serve` makes a new one."
        )


@contextlib.contextmanager
def attached(data_dir: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """This will have the database running for the time of a block: that of the Meterbook that runs, else an own one.

    :raises errors.ServerError: when neither is to be had
    """
    try:
        running = ensure_running(data_dir, environ)
    except folder.SecondInstance:
        _wait_for_the_other(environ)
        yield
        return
    try:
        yield
    finally:
        running.stop()


def _wait_for_the_other(environ: Mapping[str, str]) -> None:
    until = time.monotonic() + TRY_WITHIN_SECONDS
    while True:
        try:
            connections.connect("owner", environ).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise NotAnswering(f"{NotAnswering.__doc__} ({error})") from error
            time.sleep(TRY_AGAIN_SECONDS)
        else:
            return
