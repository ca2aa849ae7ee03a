"""A real server for browser tests, and a browser page that notes everything a person would not want to see."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import auth
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as NeverSo

from meterbook.identity import models as identity_models
from tests.support import databases, processes

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "test-results"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
# How long a state is waited for: on a machine that does much else at once, a page may take its time.
PATIENCE_MILLISECONDS = 60_000
SETTLING_MILLISECONDS = 20_000  # how long a page may take until it is as wide as it stays
expect.set_options(timeout=PATIENCE_MILLISECONDS)
# Runs before the page's own scripts: what the policy refuses is kept for the test.
WATCH = """
window.policyBreaches = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.policyBreaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
// The last click or submission that leads to another page, unless a script takes it over.
for (const kind of ["click", "submit"])
  addEventListener(kind, (event) => {
    const by = kind === "click" ? event.target.closest?.("a[href]:not([href^='#'], [download])") : event.target;
    if (by && by.target !== "_blank" && by.method !== "dialog") window.leaving = event;
  });
addEventListener("pageshow", () => { window.leaving = null; });
"""
# The page is there with all it loads, and nobody is about to leave it.
LOADED = "document.documentElement !== null && document.readyState === 'complete'"
WHOLE = f"{LOADED} && !(window.leaving && !window.leaving.defaultPrevented)"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FIND = "axe.run({{exclude: {without}}}, {{resultTypes: ['violations']}}).then((r) => r.violations)"
GONE = "Execution context was destroyed"  # the page went to another one while it was asked
MOST_TURNS = 5


@dataclass
class Site:
    """A running server."""

    address: str


@dataclass
class Watched:
    """A page and what went wrong on it."""

    page: Page
    site: Site
    said: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """This will open a path of the server."""
        self.page.goto(self.site.address + path)

    def sign_in(self, email: str, password: str, path: str = "/") -> None:
        """This will sign in as a person does, and end on `path`."""
        self.go(path)
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", password)
        self.follow(".sign-in form:has(input[name=password]) button[type=submit]")
        assert "/accounts/" not in self.page.url, self.page.url

    def enter(self, user: identity_models.User, path: str = "/") -> None:
        """This will open a path as a user who is signed in already: one address may sign in only so often."""
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[auth.SESSION_KEY] = str(user.pk)
        session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": self.site.address}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]
        self.go(path)
        assert "/accounts/" not in self.page.url, self.page.url

    @contextlib.contextmanager
    def leaving(self) -> Iterator[None]:
        """This will wait, after what is done inside, until the page that it leads to is there with all it loads.

        A click or a key returns before the next page is there: what is read then may be the page before.
        """
        with self.page.expect_navigation():
            yield

    def follow(self, what: str | Locator) -> None:
        """This will click a link or the button of a form, and wait until the page that it leads to is there."""
        with self.leaving():
            (self.page.locator(what).first if isinstance(what, str) else what).click()

    def ask(self, script: str, *, when: str = WHOLE) -> Any:  # noqa: ANN401 - whatever the script answers
        """This will return what a script answers in a page that is whole, again when the page goes to another one."""
        for _turn in range(MOST_TURNS):
            try:
                return self._asked(script, when)
            except Error as error:
                if GONE not in str(error):
                    raise
        return self._asked(script, when)

    def _asked(self, script: str, when: str) -> Any:  # noqa: ANN401 - whatever the script answers
        # Most pages are whole when they are asked; who waits looks again at each frame that is drawn, and has it drawn.
        if not self.page.evaluate(f"() => {when}"):
            # A function: a text would be compiled again at each look, which the page's policy forbids.
            self.page.wait_for_function(f"() => {when}")
        return self.page.evaluate(script)

    def overflow(self) -> int:
        """This will return by how many pixels the page stays wider than the screen; charts follow a moment later."""
        wider = int(self.ask(WIDER))
        if wider <= 0:
            return wider
        with contextlib.suppress(NeverSo):
            self.page.wait_for_function(f"() => {WHOLE} && {WIDER} <= 0", timeout=SETTLING_MILLISECONDS)
        return int(self.ask(WIDER))

    def axe(self, *, without: Sequence[str] = ()) -> list[str]:
        """This will return what the accessibility checker finds, one line a finding.

        :param without: selectors of parts that are left out
        """
        script = FIND.format(without=json.dumps([[each] for each in without]))
        # Through the debugger, which the page's policy does not bind.
        found = self.ask(f"{AXE.read_text(encoding='utf-8')};\n{script}")
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]

    def check(self) -> None:
        """This will fail on anything in the console, on a breach of the policy, and on a request to another server."""
        breaches = self.ask("window.policyBreaches", when=LOADED)
        assert not breaches, breaches
        assert not self.said, self.said


def picture(page: Page, name: str) -> None:
    """This will keep a picture of the whole page in test-results/, for people to look at, where MB_PICTURES=1 asks."""
    if os.environ.get("MB_PICTURES") == "1":
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def executable() -> str | None:
    """This will return where Chromium is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def serve(server: databases.TestServer, database: str, folder: Path) -> Iterator[Site]:
    """This will serve the product, as a demo and a process of its own, on a database of the test server."""
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o700)
    server.write_secrets(data_dir, database)
    port = processes.free_port()
    address = f"http://127.0.0.1:{port}"
    slow = os.environ.get("MB_TEST_SLOW")
    application = "tests.support.slow:application" if slow else "meterbook.config.asgi:application"
    words = ["-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port)]
    environment = processes.environment(
        data_dir,
        MB_DEMO="1",
        MB_PUBLIC_ADDRESS=address,
        MB_SECRET_KEY=settings.SECRET_KEY,
        MB_VAULT_KEY=settings.VAULT_KEY,
        **({"MB_TEST_SLOW": slow} if slow else {}),
    )
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT), environment.get("PYTHONPATH", "")])
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words, "--lifespan", "off", "--timeout-graceful-shutdown", "1"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        processes.until(
            lambda: _answers(port, process),
            what=f"an answer of the server, see {folder}/server.log",
            seconds=processes.START_SECONDS,
        )
        yield Site(address)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """The first answer takes as long as all that the server has to read; that is not the patience of a page."""
    assert process.poll() is None, "the server ended"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=processes.WAIT_SECONDS)
    with contextlib.closing(line), contextlib.suppress(OSError):
        line.request("GET", "/accounts/login/")
        return line.getresponse().status == HTTPStatus.OK
    return False


@contextlib.contextmanager
def launch() -> Iterator[Browser]:
    """This will start the browser."""
    # The sync interface keeps a loop running in this thread; Django's own check would refuse the database here.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
            try:
                yield browser
            finally:
                browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextlib.contextmanager
def visit(
    browser: Browser, site: Site, *, width: int = 1280, theme: str = "light", language: str = "en-US"
) -> Iterator[Watched]:
    """This will open an empty page in a profile of its own."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        locale=language,
        reduced_motion="reduce",
        has_touch=width < 600,
    )
    context.add_init_script(WATCH)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    watched = Watched(page, site)
    host = urlsplit(site.address).netloc
    page.on("console", lambda message: watched.said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: watched.said.append(str(error)))
    page.on(
        "request",
        lambda request: (
            watched.said.append(f"asked {request.url}")
            if request.url.startswith("http") and urlsplit(request.url).netloc != host
            else None
        ),
    )
    try:
        yield watched
    finally:
        context.close()


def missing_reason() -> str:
    """This will say why browser tests cannot run here, or nothing when they can."""
    return "" if executable() else "Chromium is not installed (Debian: apt install chromium)"
