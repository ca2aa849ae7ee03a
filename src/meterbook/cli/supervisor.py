"""Keeps the processes of one machine running: starts them again when they end, stops them together.

Built on honcho: its `Process` runs a command and reports lines and end, its `Printer` writes them with the name before.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from honcho import colour as honcho_colour  # type: ignore[import-untyped]  # it ships no types
from honcho import printer as honcho_printer
from honcho import process as honcho_process

from meterbook.cli import surroundings
from meterbook.foundation.server import ensure, errors
from meterbook.kernel import clock

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
SOUND_AFTER_SECONDS = 60.0
STOP_WITHIN_SECONDS = 15.0
LOOK_EVERY_SECONDS = 0.25
OWN_NAME = "meterbook"


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    process: honcho_process.Process | None = None
    pid: int | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = SHORTEST_PAUSE_SECONDS

    @property
    def is_running(self) -> bool:
        """This will tell whether its end has not been reported yet."""
        return self.process is not None


@dataclass
class Supervisor:
    """Children, the database below them, and what they are given as environment."""

    database: ensure.Running
    environ: Mapping[str, str]
    children: list[Child] = field(default_factory=list)
    events: queue.Queue[honcho_printer.Message] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._printer = honcho_printer.Printer(sys.stdout, width=len("collector"))
        self._colours = honcho_colour.get_colours()
        self._revive_at = 0.0

    def add(self, name: str, *command: str) -> None:
        """This will have the command kept running under this name."""
        self.children.append(Child(name, command))

    def run(self, *, address: tuple[str, int], greet: Callable[[], None], is_https: bool = False) -> None:
        """This will run until SIGINT, SIGTERM or SIGHUP, then stop all children; the database stays to the caller.

        :param address: host and port at which the web process answers; `greet` is called when it first does
        """
        is_greeted = False
        try:
            while True:
                self._start_due()
                self._take_events(LOOK_EVERY_SECONDS)
                self._look_after_database()
                if not is_greeted and answers(address, is_https=is_https):
                    greet()
                    is_greeted = True
        except KeyboardInterrupt:
            self.say("stopping")
        finally:
            ignore_signals()
            self._stop_all()

    def say(self, text: str) -> None:
        """This will write one line in the supervisor's own name."""
        self._printer.write(honcho_printer.Message("line", text, clock.real_now().astimezone(), OWN_NAME, None))

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if not child.is_running and child.start_at <= now:
                self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        process = honcho_process.Process(
            child.command, name=child.name, colour=next(self._colours), env=dict(self.environ)
        )
        process._child_ctor = partial(honcho_process.Popen, shell=False, umask=surroundings.UMASK)
        child.process, child.started_at = process, now
        # The thread lives as long as the child: the child follows the thread that started it.
        threading.Thread(target=process.run, args=(self.events,), daemon=True, name=child.name).start()

    def _take_events(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._take(self.events.get(timeout=left))

    def _take(self, message: honcho_printer.Message) -> None:
        if message.type == "line":
            self._printer.write(message)
            return
        child = next(each for each in self.children if each.name == message.name)
        if message.type == "start":
            child.pid = message.data["pid"]
            return
        now = time.monotonic()
        lasted = now - child.started_at
        child.pause = SHORTEST_PAUSE_SECONDS if lasted > SOUND_AFTER_SECONDS else child.pause
        child.process, child.pid, child.start_at = None, None, now + child.pause
        self.say(f"{child.name} ended with status {message.data['returncode']}; starts again in {child.pause:.0f} s")
        child.pause = min(2 * child.pause, LONGEST_PAUSE_SECONDS)

    def _look_after_database(self) -> None:
        if self.database.is_alive or time.monotonic() < self._revive_at:
            return
        self.say("the database server has ended; starting it again")
        try:
            self.database.revive()
        except errors.ServerError as error:
            self._revive_at = time.monotonic() + LONGEST_PAUSE_SECONDS
            self.say(f"{error} Next try in {LONGEST_PAUSE_SECONDS:.0f} s.")

    def _stop_all(self) -> None:
        self._signal(signal.SIGTERM)
        until = time.monotonic() + STOP_WITHIN_SECONDS
        while any(child.is_running for child in self.children):
            with contextlib.suppress(queue.Empty):
                message = self.events.get(timeout=LOOK_EVERY_SECONDS)
                if message.type == "line":
                    self._printer.write(message)
                for child in self.children:
                    if child.name == message.name and message.type == "start":
                        child.pid = message.data["pid"]
                        self._signal(signal.SIGTERM)
                    elif child.name == message.name and message.type == "stop":
                        child.process = None
            if time.monotonic() > until:
                self._signal(signal.SIGKILL)

    def _signal(self, name: signal.Signals) -> None:
        for child in self.children:
            if child.is_running and child.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, name)


def answers(address: tuple[str, int], *, is_https: bool = False) -> bool:
    """This will tell whether a web process of ours answers there."""
    host, port = address
    connection = http.client.HTTPConnection(host, port, timeout=1)
    if is_https:
        # It asks its own child whether it lives and tells it nothing; a given certificate does not name this machine.
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=1, context=trusting)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def take_signals() -> None:
    """This will turn every request to end into KeyboardInterrupt."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)


def ignore_signals() -> None:
    """This will let nothing disturb an orderly end; every step of it has a time limit."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
