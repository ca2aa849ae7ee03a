"""Browser tests need Chromium and the built front end. Missing they are skipped, with MB_CI=1 they fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.support import browser as browsing
from tests.support import databases

Visit = Callable[..., browsing.Watched]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are browser tests."""
    reason = browsing.missing_reason()
    for item in items:
        if item.path.parent != browsing.ROOT / "tests" / "browser":
            continue
        item.add_marker(pytest.mark.browser)
        if reason and os.environ.get("MB_CI") != "1":
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def site_server(
    server: databases.TestServer, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[browsing.Site]:
    """The product, served on this worker's database."""
    with browsing.serve(server, database, tmp_path_factory.mktemp("site")) as site:
        yield site


class Running:
    """The browser of this process, as long as one browser test follows another.

    While it runs, its loop runs in this thread, and no other test could start one.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._browser: Browser | None = None

    def get(self) -> Browser:
        """This will return the browser, and start it first where it does not run."""
        if self._browser is None:
            self._browser = self._open.enter_context(browsing.launch())
        return self._browser

    def end(self) -> None:
        """This will end the browser if it runs."""
        self._browser = None
        self._open.close()


running = Running()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The browser ends with the last of the tests of this folder that follow each other."""
    if nextitem is None or nextitem.path.parent != item.path.parent:
        running.end()


@pytest.fixture
def browser() -> Browser:
    """The browser, for pages in profiles of their own."""
    return running.get()


@pytest.fixture
def visit(browser: Browser, site_server: browsing.Site) -> Iterator[Visit]:
    """Opens empty pages in profiles of their own; at the end each is checked for errors and breaches."""
    with ExitStack() as opened:
        pages: list[browsing.Watched] = []

        def open_page(**how: object) -> browsing.Watched:
            watched = opened.enter_context(browsing.visit(browser, site_server, **how))  # type: ignore[arg-type]
            pages.append(watched)
            return watched

        yield open_page
        for page in pages:
            page.check()
