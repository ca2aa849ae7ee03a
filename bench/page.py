"""Server time of the pages that operators live in, at 10,000 meters with 13 months of blocks and 10,000 bills.

The product as `meterbook web` serves it, one signed-in client over real HTTP, warm; milliseconds at the client.
Baseline is the same server's `/healthz`, asked between the pages: `ratio` tells how much more a page costs than a bare
request. `cpu` is the processor time of web server and database a request, in milliseconds, which other programs on the
machine disturb less.

MB_BENCH_FOLDER keeps the site for the next run; MB_BENCH_PAGES=home,meters measures only some.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import measure

ROUNDS = int(os.environ.get("MB_BENCH_ROUNDS", "100"))
WARM = 5
HEALTH = "healthz"


class PageFailed(RuntimeError):
    """A page did not answer 200."""


def main() -> None:
    """This will print one line a page: p95 as its value, p50 and bytes beside it."""
    folder = os.environ.get("MB_BENCH_FOLDER")
    with measure.database(Path(folder) if folder else None) as data:
        facts = _facts(data.parent)
        only = set(filter(None, os.environ.get("MB_BENCH_PAGES", "").split(",")))
        pages = {name: path for name, path in _pages(facts).items() if not only or name in only}
        with _Server(data, facts["session"]) as server:
            _measure(server, pages)


def _measure(server: _Server, pages: Mapping[str, str]) -> None:
    for path in ("/healthz", *pages.values()):
        for _ in range(WARM):
            server.get(path)
    taken: dict[str, list[float]] = {name: [] for name in (HEALTH, *pages)}
    sizes: dict[str, int] = {}
    used = dict.fromkeys(pages, 0.0)
    for _ in range(ROUNDS):
        for name, path in pages.items():
            taken[HEALTH].append(server.get("/healthz")[0])
            before = server.processor_seconds()
            seconds, sizes[name] = server.get(path)
            used[name] += server.processor_seconds() - before
            taken[name].append(seconds)
    floor = _ms(taken[HEALTH], 95)
    for name in pages:
        value = _ms(taken[name], 95)
        measure.report(
            f"page_{name}",
            "ms",
            value,
            floor,
            p50=round(_ms(taken[name], 50), 1),
            p95=round(value, 1),
            cpu=round(1_000 * used[name] / ROUNDS),
            bytes=sizes[name],
            requests=ROUNDS,
        )


def _ms(seconds: list[float], percent: int) -> float:
    return 1_000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def _pages(facts: Mapping[str, str]) -> dict[str, str]:
    inside = f"/o/{facts['organization']}"
    meter = f"{inside}/meters/{facts['meter']}"
    return {
        "home": f"{inside}/",
        "meter_day": f"{meter}/",
        "meter_year": f"{meter}/?view=year",
        "meters": f"{inside}/meters/",
        "meters_search": f"{inside}/meters/?q=MP0042",
        "meters_filtered": f"{inside}/meters/?state=silent",
        "meters_last": f"{inside}/meters/?page=200",
        "meters_by_value": f"{inside}/meters/?sort=-age",
        "quality": f"{inside}/quality/",
        "quality_last": f"{inside}/quality/?page=200",
        "quality_gaps": f"{inside}/quality/?show=gaps",
        "quality_gaps_before": f"{inside}/quality/?show=gaps&month={facts['month_before']}",
        "quality_end_before": f"{inside}/quality/?show=end&month={facts['month_before']}",
        "run": f"{inside}/runs/{facts['run']}/",
        "run_search": f"{inside}/runs/{facts['run']}/?search=B-0042",
        "runs": f"{inside}/runs/",
        "bills": f"{inside}/bills/",
        "bills_search": f"{inside}/bills/?search=B-0042",
        "accounts": f"{inside}/accounts/",
        "tariffs": f"{inside}/tariffs/",
    }


class _Server:
    """`meterbook web` as a process of its own, and one client that keeps its connection."""

    def __init__(self, data: Path, session: str) -> None:
        from django.conf import settings

        from tests.support import processes

        self._port = processes.free_port()
        (self._lock,) = data.glob("*/postmaster.pid")
        self._cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "Accept": "text/html"}
        # The session's hash is signed with this process's key.
        more = {
            "MB_SECRET_KEY": settings.SECRET_KEY,
            "MB_PUBLIC_ADDRESS": f"http://127.0.0.1:{self._port}",
        }
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [*processes.command("web"), "--port", str(self._port)], env=processes.environment(data, **more)
        )
        processes.until(self._answers, what="an answer of the server")
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.wait(30)

    def get(self, path: str) -> tuple[float, int]:
        """Seconds from sending the request to the final byte of the answer, and how many bytes came."""
        begin = time.perf_counter()
        self._connection.request("GET", path, headers=self._cookie)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - begin
        if answer.status != 200:
            raise PageFailed(f"{path} answered {answer.status} {answer.headers.get('Location', '')} {body[:500]!r}")
        return seconds, len(body)

    def processor_seconds(self) -> float:
        """What the server and all processes of the database have used so far, those that ended included."""
        parent = int(self._lock.read_text(encoding="ascii").split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        ticks = _ticks(self._process.pid) + _ticks(parent, and_ended=True) + sum(_ticks(int(each)) for each in children)
        return ticks / os.sysconf("SC_CLK_TCK")

    def _answers(self) -> bool:
        import socket

        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return True
        except OSError:
            return False


def _ticks(process: int, *, and_ended: bool = False) -> int:
    """User and system time of a process, with that of its children that ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(each) for each in fields[11 : 15 if and_ended else 13])


def _facts(folder: Path) -> dict[str, str]:
    """Ids that addresses are made of, and a signed-in session; the site is made when the folder has none."""
    kept = folder / "page.json"
    if not kept.exists():
        kept.write_text(json.dumps(_make()), encoding="utf-8")
    facts: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
    before = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    return {**facts, "month_before": f"{before:%Y-%m}", "session": _signed_in(int(facts["user"]))}


def _make() -> dict[str, str]:
    from bench import billrun, pageplace
    from meterbook.foundation import scoping
    from meterbook.metering import models
    from tests.factories import billing, identity

    begin = time.perf_counter()
    place = pageplace.PagePlace(datetime.now(UTC))
    run = place.run_of_latest_month()
    billrun.advance(place, run)
    billrun.issue(place, run)
    user = identity.user(organization=place.place.organization)
    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        points = models.MeterPoint.objects.filter(organization_id=place.organization_id)
        meter = points.order_by("id")[42].public_id
    _vacuum()
    sys.stderr.write(f"the site took {time.perf_counter() - begin:.0f} s\n")
    return {
        "organization": str(place.place.organization.public_id),
        "meter": str(meter),
        "run": str(run.public_id),
        "user": str(user.pk),
    }


def _vacuum() -> None:
    """As autovacuum would have by the next morning."""
    from django.db import connections

    wrapper = connections["owner"]
    wrapper.ensure_connection()
    raw: Any = wrapper.connection
    with raw.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _signed_in(user_id: int) -> str:
    from importlib import import_module

    from django.conf import settings
    from django.contrib import auth

    from meterbook.identity import models

    user = models.User.objects.get(pk=user_id)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    main()
