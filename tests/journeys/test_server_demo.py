"""`meterbook demo --headless`: started, signed in, every link followed, stopped, and nothing left."""

from __future__ import annotations

import html
import http.cookiejar
import json
import re
import signal
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from meterbook_lab import demo_devices
from meterbook_lab.harbor import gateways
from tests.support import processes

pytestmark = pytest.mark.server

# Half a minute on two idle cores; other tests may have them.
START_SECONDS = 300.0
FORM = re.compile(r"<form.*?</form>", re.DOTALL)
HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
LINK = re.compile(r'[ ]href="(/[^"#]*)')
# What one meter, bill or account is told apart by; of each kind of page so many are opened.
NAMED = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[0-9][0-9-]*(?=/)")
A_KIND = 4
DEVICES = re.compile(r"collector\.bus_begun.*devices=(\d+)")
# Not pages: they end the session or do not end themselves.
NOT_FOLLOWED = ("/accounts/logout/", "/static/")


@dataclass
class Visitor:
    """A browser without a screen."""

    address: str
    language: str = "en"
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, final path and text of a page."""
        return self._open(urllib.request.Request(self.address + path, headers={"Accept-Language": self.language}))  # noqa: S310  # our own server

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        """Send a form of that page."""
        token = next(each.value for each in self.jar if "csrf" in each.name) or ""
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        headers = {"Referer": self.address + path}
        return self._open(urllib.request.Request(self.address + path, data, headers))  # noqa: S310  # our own server

    def _open(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            with self._opener.open(request, timeout=30) as answer:
                kind = answer.headers.get_content_type()
                text = answer.read().decode() if kind == "text/html" else ""
                return answer.status, urllib.parse.urlsplit(answer.url).path, text
        except urllib.error.HTTPError as error:
            with error:
                return error.code, request.selector, error.read().decode()

    def sign_in(self, email: str, password: str) -> str:
        """Sign in and answer where that leads."""
        self.get("/accounts/login/")
        status, path, _text = self.post("/accounts/login/", login=email, password=password)
        assert status == 200
        return path


@dataclass
class Demo:
    """A running demonstration."""

    pid: int
    address: str
    log: Path
    data_dir: Path

    @property
    def said(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def people(self) -> list[dict[str, str]]:
        """Who can sign in."""
        return list(json.loads((self.data_dir / "demo.json").read_text())["people"])


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demonstration for all tests of this file; that it ends without a trace is part of every use."""
    with processes.open_folder() as folder:
        port, log, data_dir = processes.free_port(), folder / "demo.log", folder / "demo"
        words = ["demo", "--headless", "--data", str(data_dir), "--port", str(port)]
        with processes.started(*words, data_dir=data_dir, log=log) as process:
            found = Demo(process.pid, f"http://127.0.0.1:{port}", log, data_dir)
            processes.until(
                lambda: "Ctrl-C stops everything" in found.said or process.poll() is not None,
                what="the greeting",
                seconds=START_SECONDS,
            )
            assert process.poll() is None, found.said
            yield found
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            processes.until(lambda: not processes.of_folder(data_dir), what="the end of all processes")


class TestDemo:
    def test_lets_each_of_its_people_in(self, demo: Demo) -> None:
        assert len(demo.people) == 6
        for person in demo.people:
            path = Visitor(demo.address).sign_in(person["email"], person["password"])

            assert path.startswith("/o/"), person["email"]
            assert person["password"] in demo.said

    @pytest.mark.parametrize(("language", "role"), [("en", "Billing clerk"), ("es", "Facturación")])
    def test_shows_its_people_where_one_signs_in(self, demo: Demo, language: str, role: str) -> None:
        visitor = Visitor(demo.address, language)

        _status, _path, text = visitor.get("/accounts/login/")

        for person in demo.people:
            for shown in (person["name"], person["email"], person["password"]):
                assert shown in text
        assert role in text
        assert demo.people[0]["password"] not in visitor.get("/accounts/password/reset/")[2]

    def test_lets_people_in_by_a_button(self, demo: Demo) -> None:
        visitor = Visitor(demo.address)
        _status, _path, text = visitor.get("/accounts/login/")
        forms = [dict(HIDDEN.findall(form)) for form in FORM.findall(text)]
        form = next(each for each in forms if each.get("login") == "approver@harbor.example")

        _status, path, text = visitor.post("/accounts/login/", login=form["login"], password=form["password"])

        assert path.startswith("/o/")
        assert "Alma Ortega" in text

    def test_has_no_broken_link(self, demo: Demo) -> None:
        visitor = Visitor(demo.address)
        manager = demo.people[0]
        waiting = [visitor.sign_in(manager["email"], manager["password"])]
        broken, seen, kinds = [], set(waiting), Counter[str]()

        while waiting:
            status, _path, text = visitor.get(waiting[0])
            if status != 200:
                broken.append((status, waiting[0]))
            for link in map(html.unescape, LINK.findall(text)):
                shape = urllib.parse.urlsplit(link).path
                kind = NAMED.sub("*", shape)
                if shape not in seen and not shape.startswith(NOT_FOLLOWED) and kinds[kind] < A_KIND:
                    seen.add(shape)
                    kinds[kind] += 1
                    waiting.append(link)
            waiting.pop(0)

        assert not broken
        assert len(kinds) > 20

    def test_reads_its_meters(self, demo: Demo) -> None:
        processes.until(
            lambda: len(DEVICES.findall(demo.said)) >= gateways.GATEWAYS + demo_devices.PORTS,
            what="the collector's buses",
            seconds=60,
        )

        assert sum(map(int, DEVICES.findall(demo.said))) == 126 + 2  # of the pier: at a broker, and at a P1 port

    def test_serve_refuses_its_folder(self, demo: Demo) -> None:
        done = processes.run("serve", data_dir=demo.data_dir)

        assert done.returncode == 2
        assert "belongs to a demonstration" in done.stderr


class TestRefusal:
    def test_of_a_folder_with_something_else(self, data_dir: Path) -> None:
        data_dir.mkdir()
        (data_dir / "letter.txt").write_text("Dear Ada")

        done = processes.run("demo", "--headless", "--data", str(data_dir), data_dir=data_dir)

        assert done.returncode == 2
        assert "is not empty and no demonstration" in done.stderr

    @pytest.mark.parametrize("speed", ["0", "61"])
    def test_of_an_impossible_speed(self, data_dir: Path, speed: str) -> None:
        done = processes.run("demo", "--speed", speed, "--data", str(data_dir), data_dir=data_dir)

        assert done.returncode == 2
        assert not data_dir.exists()
