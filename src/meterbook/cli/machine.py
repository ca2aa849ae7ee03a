"""What `serve` and `demo` share: database up, schema ready, children running, a greeting, an orderly end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from meterbook.cli import supervisor, surroundings
from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import ensure, errors
from meterbook.foundation.tls import hosts

STOP_WITHIN_SECONDS = 15.0
HOST, PORT = "127.0.0.1", 8000
COMMAND = (sys.executable, "-m", "meterbook.cli.main")


class PortTaken(errors.ServerError):
    """Another program listens at the address; choose another port with --port."""

    code = "PORT_TAKEN"


class ProgramClosed(errors.ServerError):
    """The service user cannot enter the folder of the program."""

    code = "PROGRAM_CLOSED"


class PreparationFailed(errors.ServerError):
    """The database could not be brought to this release's schema; the reason stands above."""

    code = "PREPARATION_FAILED"


@dataclass(frozen=True)
class Machine:
    """One machine's installation: folder, address, further environment, children beside the usual three.

    `when_prepared` gives what the children shall find in their environment beside that, `notes` what is said below the
    greeting. `names` are further ones under which the server answers.
    """

    data_dir: Path
    host: str
    port: int
    environ: Mapping[str, str]
    prepare: Sequence[str] = ()
    more_children: Mapping[str, Sequence[str]] = field(default_factory=dict)
    when_prepared: Callable[[], Mapping[str, str]] = dict
    may_stay_root: bool = False
    opens_browser: bool = False
    is_https: bool = False
    names: tuple[str, ...] = ()
    notes: Callable[[], str] = str

    @property
    def address(self) -> str:
        """This will return the address to type into a browser."""
        return address(hosts.shown(self.host), self.port, scheme="https" if self.is_https else "http")


def run(machine: Machine) -> int:
    """This will run everything until it is told to end, and leave no process behind.

    :raises errors.ServerError: one of its kinds, when it cannot start
    """
    supervisor.take_signals()
    os.umask(surroundings.UMASK)
    _require_free(machine.host, machine.port)
    environ = {**machine.environ, **_environment(machine)}
    database = ensure.ensure_running(machine.data_dir, environ)
    try:
        sys.stdout.write(f"Database ready in {machine.data_dir}. Preparing ...\n")
        sys.stdout.flush()
        greeting = _prepare(machine, environ)
        keeper = supervisor.Supervisor(database, {**environ, **machine.when_prepared()})
        for name, command in machine.more_children.items():
            keeper.add(name, *command)
        keeper.add("web", *COMMAND, "web", "--host", machine.host, "--port", str(machine.port))
        keeper.add("worker", *COMMAND, "worker")
        keeper.add("collector", *COMMAND, "collector")
        keeper.run(
            address=(_near(machine.host), machine.port),
            greet=partial(_greet, machine, greeting),
            is_https=machine.is_https,
        )
    except KeyboardInterrupt:
        return 0
    finally:
        supervisor.ignore_signals()
        database.stop()
    return 0


def once(machine: Machine, *arguments: str) -> int:
    """This will run one command of ours as the service user, with the database up, and return its exit status.

    :raises errors.ServerError: one of its kinds, when it cannot start
    """
    supervisor.take_signals()
    os.umask(surroundings.UMASK)
    environ = {**machine.environ, **_environment(machine)}
    database = ensure.ensure_running(machine.data_dir, environ)
    try:
        with subprocess.Popen([*COMMAND, *arguments], env=environ) as process:  # noqa: S603  # our own command
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()  # it ends with what it is doing
                process.wait(STOP_WITHIN_SECONDS)
                raise
    finally:
        supervisor.ignore_signals()
        database.stop()


def _greet(machine: Machine, greeting: str) -> None:
    sys.stdout.write(greeting + machine.notes())
    sys.stdout.flush()
    if machine.opens_browser:
        webbrowser.open(machine.address)


def address(host: str, port: int, *, scheme: str = "http") -> str:
    """This will return the address of a server: host and port, the port only where it is not the usual one."""
    usual = {"http": 80, "https": 443}
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{'' if port == usual[scheme] else f':{port}'}"


def _near(host: str) -> str:
    """Where this machine itself reaches what listens at a host."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with


def _environment(machine: Machine) -> dict[str, str]:
    found = {
        "MB_DATA_DIR": str(machine.data_dir),
        "MB_OWN_ADDRESS": machine.address,
        "MB_ALLOWED_HOSTS": machine.environ.get("MB_ALLOWED_HOSTS") or _allowed_hosts(machine.host, machine.names),
        "PYTHONUNBUFFERED": "1",
        surroundings.SUPERVISOR: str(os.getpid()),
    }
    account = accounts.wanted(machine.environ)
    closed = closed_to(account)
    if account is None or closed is None:
        return {**found, surroundings.RUN_AS_ROOT: "", "HOME": str(machine.data_dir)}
    text = f"The user “{account.name}” may not enter {closed}, where the program lies."
    if not machine.may_stay_root:
        raise ProgramClosed(
            f"{text} Install Meterbook and its Python elsewhere (for example below /opt), start it as an ordinary user,"
            f" or, if web, worker and collector shall run as root all the same, set {surroundings.RUN_AS_ROOT}=1."
        )
    sys.stdout.write(f"Note: {text} Web, worker and collector run as root.\n")
    return {**found, surroundings.RUN_AS_ROOT: "1"}


def _allowed_hosts(host: str, names: tuple[str, ...]) -> str:
    """The names under which the server answers unless somebody lists them: as far as it can be reached.

    Django writes a wildcard as a leading dot: ".example" for "*.example".
    """
    own = hosts.THIS_MACHINE if hosts.is_loopback(host) else (host, *hosts.of_machine())
    found = (*own, *(each.removeprefix("*") for each in names))
    named = (f"[{each}]" if ":" in each else each for each in found if each not in hosts.EVERYWHERE)
    return ",".join(dict.fromkeys(named))


def closed_to(account: accounts.Account | None) -> Path | None:
    """This will return the first folder of the program that the account may not enter, or None."""
    for path in (sys.prefix, sys.base_prefix, sys.executable, __file__):
        closed = accounts.closed_folder(Path(path), account)
        if closed is not None:
            return closed
    return None


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"{address(host, port)} cannot be used: {error.strerror}. Choose another port, for example --port"
                f" {port + 1}."
            ) from error


def _prepare(machine: Machine, environ: Mapping[str, str]) -> str:
    """As the service user, in a process of its own: what it makes belongs to that user."""
    arguments = ["prepare", "--address", machine.address, *machine.prepare]
    done = subprocess.run(  # noqa: S603  # our own command
        [*COMMAND, *arguments], env=dict(environ), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise PreparationFailed("The database could not be prepared; the reason stands above.")
    return done.stdout
