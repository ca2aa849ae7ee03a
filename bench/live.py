"""From a change in the simulated meter to the changed number in the browser: 1,000 meters, one real page, 19 streams.

What is measured: a meter's power is set in the simulator, at moments that follow no beat; the clock starts just before
the command is sent. It stops when Chromium has put the new number into the meter page (a MutationObserver notes the
`Date.now()` of the same machine). In between lie the wait for the meter's next turn, the read over Modbus TCP, the
database, the notice, the stream, and the page's fetch of its live part.

What runs: web, worker and collector as processes of their own, five simulated gateways with 200 meters of 18 registers
each, and 19 more clients that each hold a stream and watch a meter of their own, as an open page does. Live values are
asked every 10 s, those of watched meters every second. Baseline is the target of 2,000 ms; it is missed above ratio 1.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import measure

GATEWAYS, UNITS = 5, 200
MODEL, REGISTERS_READ = "eastron_sdm630", 18
CLIENTS = 19
CHANGES = int(os.environ.get("MB_BENCH_CHANGES", "100"))
LIVE_SECONDS = 10
TARGET_MS = 2_000
SETTLE_SECONDS = 2.5 * LIVE_SECONDS  # every meter has been read and every plan loaded
WARM = 3  # changes that are not counted: connections, caches and the first round of all meters
STOP_SECONDS = 30
LONGEST_WAIT_SECONDS, ASK_SECONDS = 120, 0.2
KEY = "figure-power"
LOWEST_WATTS = 100_000  # more than the simulated meters ever show by themselves
OBSERVE = """(key) => {
  window.shownAt = {};
  const digits = () => document.querySelector(`[data-live-key="${key}"]`).textContent.replace(/[^0-9]/g, "");
  const note = () => { window.shownAt[digits()] ??= Date.now(); };
  new MutationObserver(note).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


class LiveFailed(RuntimeError):
    """A changed number did not reach the page."""


@dataclass(frozen=True)
class Place:
    """What the programs need to know of the site. `series` of the watched meters, that of the real page first."""

    data: Path
    session: str
    organization: str
    meter: str
    series: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Gateway:
    """A simulated gateway in a process of its own."""

    port: int
    control_port: int


def main() -> None:
    """This will print one line: p95 of the milliseconds as its value, p50 and the worst beside it."""
    folder = os.environ.get("MB_BENCH_FOLDER")
    with measure.database(Path(folder) if folder else None) as data, contextlib.ExitStack() as stack:
        gateways = [stack.enter_context(gateway()) for _number in range(GATEWAYS)]
        place = _found(data, gateways)
        port = stack.enter_context(_product(place))
        streams = stack.enter_context(_clients(place, port))
        taken = _measure(place, port, gateways[0])
        taken.sort()
        measure.report(
            "live",
            "ms",
            _percent(taken, 95),
            TARGET_MS,
            p50=round(_percent(taken, 50)),
            p99=round(_percent(taken, 99)),
            worst=round(taken[-1]),
            changes=len(taken),
            meters=GATEWAYS * UNITS,
            series=GATEWAYS * UNITS * REGISTERS_READ,
            streams=CLIENTS + 1,
            notices_a_stream=round(statistics.mean(streams)),
            polling_beat_ms=1_000,
        )


def _percent(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _measure(place: Place, port: int, gateway: Gateway) -> list[float]:
    from tests.support import browser as browsing

    chance, found = random.Random(3), []  # noqa: S311 - moments of a benchmark
    site = browsing.Site(f"http://127.0.0.1:{port}")
    control = socket.create_connection(("127.0.0.1", gateway.control_port)).makefile("rw")
    with browsing.launch() as browser, browsing.visit(browser, site) as watched:
        name, value = _cookie(place)
        watched.page.context.add_cookies([{"name": name, "value": value, "url": site.address}])
        watched.go(f"/o/{place.organization}/meters/{place.meter}/")
        watched.page.locator("html[data-stream=up]").wait_for(state="attached")
        watched.page.evaluate(OBSERVE, KEY)
        time.sleep(SETTLE_SECONDS)
        for number in range(WARM + CHANGES):
            watts = LOWEST_WATTS + number * 37
            time.sleep(chance.uniform(0.5, 2.5))
            begun = time.time()
            _command(control, {"do": "set", "unit": 1, "register": "power", "value": str(watts)})
            found.append(_shown_at(watched.page, str(watts), 1_000 * begun) - 1_000 * begun)
        watched.check()
    return found[WARM:]


def _shown_at(page: Any, digits: str, begun: float) -> float:  # noqa: ANN401 - a Page
    """The milliseconds of the browser at which a number was first shown; the page notes them by itself."""
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < until:
        shown: dict[str, float] = page.evaluate("window.shownAt")
        for text, at in shown.items():
            if text.startswith(digits):
                if at < begun:
                    raise LiveFailed(f"{digits} was on the page before it was set: it measures nothing")
                return at
        time.sleep(ASK_SECONDS)
    raise LiveFailed(f"{digits} was not shown within {LONGEST_WAIT_SECONDS} s; shown: {', '.join(shown) or 'nothing'}")


def _command(control: Any, command: dict[str, Any]) -> None:  # noqa: ANN401 - a socket's file
    control.write(json.dumps(command) + "\n")
    control.flush()
    answer = json.loads(control.readline())
    if not answer["ok"]:
        raise LiveFailed(answer["error"])


@contextlib.contextmanager
def gateway() -> Iterator[Gateway]:
    words = [sys.executable, "-m", "meterbook_lab.gateway_sim", "--units", f"1-{UNITS}={MODEL}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this very program
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            yield Gateway(told["port"], told["control_port"])
        finally:
            process.terminate()


def _found(data: Path, gateways: list[Gateway]) -> Place:
    """The site of an earlier run in a kept folder, moved to the present gateways, else a new one."""
    from meterbook.identity import models as identity_models

    kept = data.parent / "live.json"
    facts = json.loads(kept.read_text()) if kept.exists() else _site(gateways)
    kept.write_text(json.dumps(facts))
    _move(facts["organization_id"], gateways)
    user = identity_models.User.objects.get(pk=facts["user_id"])
    return Place(data, _session(user), facts["organization"], facts["meter"], tuple(map(tuple, facts["series"])))


def _move(organization_id: int, gateways: list[Gateway]) -> None:
    from meterbook.acquisition import models, operations
    from meterbook.foundation import scoping
    from meterbook.kernel import clock
    from tests.factories import acquisition

    with scoping.scope([organization_id], actor=acquisition.ACTOR):
        buses = models.Bus.objects.filter(organization_id=organization_id).order_by("id")
        for bus, gateway in zip(buses, gateways, strict=True):
            operations.move_bus(
                actor=acquisition.ACTOR,
                at=clock.now(),
                bus_id=bus.pk,
                host="127.0.0.1",
                port=gateway.port,
                allowed=acquisition.DEMO,
            )


def _site(gateways: list[Gateway]) -> dict[str, Any]:
    from tests.factories import acquisition, identity, sites

    organization = identity.organization()
    site = sites.site(organization=organization)
    shown: list[list[int]] = []
    meter, count = "", 0
    for gateway in gateways:
        bus = acquisition.bus(site=site, port=gateway.port, timeout_ms=1000, retries=2)
        for unit in range(1, UNITS + 1):
            installed = acquisition.installed_meter(organization=organization, site=site, model_code=MODEL)
            acquisition.device(
                organization=organization, on=bus, meter=installed.meter, unit_id=unit, live_seconds=LIVE_SECONDS
            )
            count += len(installed.series)
            shown.append([series.pk for series in installed.series.values()])
            meter = meter or str(installed.point.public_id)
    if count != GATEWAYS * UNITS * REGISTERS_READ:
        raise LiveFailed(f"the site has {count} series")
    return {
        "organization_id": organization.pk,
        "organization": str(organization.public_id),
        "meter": meter,
        "user_id": identity.user(organization=organization).pk,
        "series": shown[: CLIENTS + 1],
    }


def _session(user: Any) -> str:  # noqa: ANN401 - a User
    from importlib import import_module

    from django.conf import settings
    from django.contrib import auth

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(datetime.now(UTC) + timedelta(days=1))
    session.create()
    return str(session.session_key)


def _cookie(place: Place) -> tuple[str, str]:
    from django.conf import settings

    return settings.SESSION_COOKIE_NAME, place.session


@contextlib.contextmanager
def _product(place: Place) -> Iterator[int]:
    """Web, worker and collector on the benchmark's database; it gives the web's port."""
    from django.conf import settings
    from django.db import connections

    from tests.support import processes

    connections.close_all()
    port = processes.free_port()
    more = {
        "MB_SECRET_KEY": settings.SECRET_KEY,
        "MB_PUBLIC_ADDRESS": f"http://127.0.0.1:{port}",
        "MB_DEMO": "1",  # only a demonstration reaches meters on this machine
    }
    commands = (["web", "--port", str(port)], ["worker"], ["collector"])
    log = (place.data.parent / "product.log").open("wb")
    environment = processes.environment(place.data, **more)
    running = [
        subprocess.Popen(processes.command(*each), env=environment, stdout=log, stderr=log)  # noqa: S603
        for each in commands
    ]
    try:
        processes.until(lambda: _answers(port), what=f"an answer of the web process, see {log.name}")
        yield port
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        log.close()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def _clients(place: Place, port: int) -> Iterator[list[int]]:
    """Each holds a stream and says every 8 s that it watches its meter; at the end: how many notices each was told."""
    is_over, counts = threading.Event(), [0] * CLIENTS
    threads = [
        threading.Thread(target=_client, args=(place, port, number, is_over, counts), daemon=True)
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        is_over.set()


def _client(place: Place, port: int, number: int, is_over: threading.Event, counts: list[int]) -> None:
    headers = {"Cookie": "=".join(_cookie(place))}
    stream = http.client.HTTPConnection("127.0.0.1", port)
    stream.request("GET", f"/o/{place.organization}/stream", headers={**headers, "Accept": "text/event-stream"})
    answer = stream.getresponse()
    threading.Thread(target=_watch, args=(place, port, number, is_over, headers), daemon=True).start()
    with contextlib.suppress(OSError, http.client.HTTPException):
        while not is_over.is_set() and (line := answer.readline()):
            counts[number] += line.startswith(b"data: {")


def _watch(place: Place, port: int, number: int, is_over: threading.Event, headers: dict[str, str]) -> None:
    from django.conf import settings

    token = "b" * 32
    body = "series=" + ",".join(str(each) for each in place.series[number + 1])
    more = {
        "Cookie": f"{headers['Cookie']}; {settings.CSRF_COOKIE_NAME}={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    while not is_over.is_set():
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("POST", f"/o/{place.organization}/stream/watch", body, more)
            status = connection.getresponse().status
        if status != http.client.NO_CONTENT:
            raise LiveFailed(f"watching answered {status}")
        is_over.wait(8)


if __name__ == "__main__":
    main()
