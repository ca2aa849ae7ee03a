"""The way to the server: outbound only, every message signed, the clock corrected by what the server says."""

from __future__ import annotations

import http.client
import itertools
import json
import logging
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from meterbook.acquisition.push import carrying, signing
from meterbook.gateway import keeping
from meterbook.kernel import clock

log = logging.getLogger("meterbook.gateway")
BASE = "/push/v1/"
TIMEOUT_SECONDS = 60
LARGE_OFFSET_MS = 1_000  # below that it is the way of the message
MOST_ANSWER = 8 << 20
LONG_SECONDS, REST_SECONDS = 2.0, 60.0  # a broker that lets us wait in vain is left alone for so long


class Unreachable(OSError):
    """The server cannot be reached, or cannot take anything at present; try again later."""


class Refused(RuntimeError):
    """The server does not take the message; `code` says why, as far as it tells."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status, self.code = status, code
        super().__init__(f"{status} {code}: {detail}")


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    content: Mapping[str, Any]


class Way(Protocol):
    """What carries batches in place of HTTPS."""

    def send(self, stamp: signing.Stamp, body: bytes) -> Answer:
        """This will send a signed batch and return what the server answered to it.

        :raises Unreachable: when there is no answer
        """


class Courier:
    """Sends messages of one start of a gateway. Calls may come from several threads.

    Batches go through `way` where there is one, and over HTTPS when that does not answer: a broker that went, or a
    wrong address of it, never cuts the gateway off. The server knows a batch again that came both ways.
    """

    def __init__(self, kept: keeping.Kept, *, boot: str | None = None, offset_ms: int = 0) -> None:
        self.kept = kept
        self.boot = boot or signing.new_boot()
        self.offset_ms = offset_ms  # what must be added to our clock
        self.way: Way | None = None
        self._rests_until = 0.0  # of the machine's running time
        self._calls, self._lock = itertools.count(1), threading.Lock()

    def batch(self, sequence: int, body: bytes) -> Mapping[str, Any]:
        """This will send a batch, and return what the server acknowledges.

        :raises Unreachable: when there is no answer
        :raises Refused: when it is not taken
        """
        began = time.monotonic()
        if self.way is not None and began >= self._rests_until:
            try:
                return self._through(self.way, sequence, body)
            except Unreachable as error:
                log.warning("not through the broker, over HTTPS then: %s", error)
                if time.monotonic() - began > LONG_SECONDS:
                    self._rests_until = time.monotonic() + REST_SECONDS
        return self._send("batches", body, {"Content-Encoding": "gzip"}, sequence=sequence)

    def call(self, name: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """This will send a message that is no batch.

        :raises Unreachable: when there is no answer
        :raises Refused: when it is not taken
        """
        return self._send(name, json.dumps(content).encode(), {}, sequence=None)

    def now_ms(self) -> int:
        """This will return the real time as the server has it, in milliseconds since 1970."""
        return int(clock.real_now().timestamp() * 1000) + self.offset_ms

    def _send(self, name: str, body: bytes, headers: Mapping[str, str], *, sequence: int | None) -> Mapping[str, Any]:
        def post_once() -> tuple[signing.Stamp, Answer]:
            with self._lock:
                number = next(self._calls) if sequence is None else sequence
            stamp = self._signed(BASE + name, body, number)
            return stamp, post(self.kept.server, BASE + name, body, {**headers, **stamp.headers()}, self.kept.authority)

        return self._insist(post_once)

    def _through(self, way: Way, sequence: int, body: bytes) -> Mapping[str, Any]:
        def send_once() -> tuple[signing.Stamp, Answer]:
            plain = signing.Stamp(self.kept.gateway, self.kept.key, self.now_ms(), self.boot, sequence)
            algorithm, secret = signing.Algorithm(self.kept.algorithm), signing.decode(self.kept.secret)
            stamp = carrying.signed(algorithm, secret, plain, body)
            return stamp, way.send(stamp, body)

        return self._insist(send_once)

    def _insist(self, send_once: Callable[[], tuple[signing.Stamp, Answer]]) -> Mapping[str, Any]:
        """Signed at another time than the server has, a message is sent once more, with its time."""
        for _attempt in range(2):
            stamp, answer = send_once()
            is_clock_wrong = self._look_at_clock(answer.content, stamp)
            if answer.status < 300:
                return answer.content
            if answer.status != 401 or not is_clock_wrong:
                break
        if answer.status in (429, 500, 502, 503, 504):
            raise Unreachable(str(answer.content.get("detail", answer.status)))
        raise Refused(answer.status, str(answer.content.get("code", "")), str(answer.content.get("detail", "")))

    def _signed(self, path: str, body: bytes, sequence: int) -> signing.Stamp:
        stamp = signing.Stamp(self.kept.gateway, self.kept.key, self.now_ms(), self.boot, sequence)
        text = signing.canonical("POST", path, stamp, body)
        secret = signing.decode(self.kept.secret)
        return replace(stamp, signature=signing.sign(signing.Algorithm(self.kept.algorithm), secret, text))

    def _look_at_clock(self, told: Mapping[str, Any], stamp: signing.Stamp) -> bool:
        """Whether the server's time is so far from ours that it is ours which is wrong; then it is corrected."""
        theirs = told.get("time")
        if not isinstance(theirs, int):
            return False
        ahead = theirs - self.now_ms()
        if theirs < stamp.time - LARGE_OFFSET_MS or ahead > LARGE_OFFSET_MS:
            self.offset_ms += ahead
            return True
        return False


def post(
    server: str, path: str, body: bytes, headers: Mapping[str, str], authority: str = "", timeout: int = TIMEOUT_SECONDS
) -> Answer:
    """This will send one request and read the answer, whatever it is.

    :param authority: a file with a certificate to believe beside those that the machine knows
    :raises Unreachable: when there is no answer, or none of ours
    """
    parts = urllib.parse.urlsplit(server)
    host, port = parts.hostname or "", parts.port
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            if authority:
                context.load_verify_locations(authority)
            line: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        else:
            line = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            line.request("POST", path, body=body, headers={"Content-Type": "application/json", **headers})
            answer = line.getresponse()
            content = json.loads(answer.read(MOST_ANSWER))
        finally:
            line.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{server}: {error or type(error).__name__}") from error
    if not isinstance(content, dict):
        raise Unreachable(f"{server} answered something else")
    return Answer(answer.status, content)
