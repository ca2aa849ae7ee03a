"""The database of the tests: real server, real commits, no rollback and no flush.

One throw-away server a run, one template database (migrated once), one database a worker. Tests do not see each other
because each makes organizations of its own, and row security keeps them apart: every test proves the walls a little.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import settings as searching
from pytest_django.plugin import DjangoDbBlocker

from tests.support import databases, processes

# Searches with random examples: a few in each run, the same ones in CI; thousands in `make soak`.
IS_SOAK = "MB_SOAK_SECONDS" in os.environ
searching.register_profile("usual", max_examples=40, deadline=None, derandomize=os.environ.get("MB_CI") == "1")
searching.register_profile("soak", max_examples=5_000, deadline=None)
searching.load_profile("soak" if IS_SOAK else "usual")

HERE = Path(__file__).parent
NEEDS_DATABASE = ("db", "journeys", "browser", "upgrade")


SELDOM = (10_000, 20, 200)  # of the three generations, how much is new until the collector looks at one
MAY_MOUNT = 1 << 21  # CAP_SYS_ADMIN


def pytest_configure(config: pytest.Config) -> None:
    """Markers under which a test may be left out; passwords that cost little, and static files found when asked for:
    each client of a test would list them all."""
    settings.PASSWORD_HASHERS = ["tests.support.hashing.LightArgon2"]
    settings.WHITENOISE_AUTOREFRESH = True
    for name in LEFT_OUT:
        config.addinivalue_line("markers", f"{name}: left out where {LEFT_OUT[name][0]}")


def _may_mount() -> bool:
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("CapEff:"))
    return bool(int(line.split()[1], 16) & MAY_MOUNT)


def _drops_rights() -> bool:
    from meterbook.cli import machine
    from meterbook.foundation.server import account

    user = account.wanted(os.environ)
    return user is not None and machine.closed_to(user) is None


# Why a test may be left out, and whether it can run here.
LEFT_OUT: dict[str, tuple[str, Callable[[], bool]]] = {
    "needs_root": ("the tests do not run as root", lambda: os.geteuid() == 0),
    "needs_mount": ("no disk may be mounted (needs root, and a container that allows it)", _may_mount),
    "needs_dropped_rights": (
        "the service user is not used: not root, or a program in a folder which that user cannot enter",
        _drops_rights,
    ),
}


@pytest.fixture(autouse=True)
def _language_ends_with_its_test() -> Iterator[None]:
    """A page that was asked for in Spanish leaves its thread in Spanish."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[databases.TestServer]:
    """The server all workers of this run share."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with django_db_blocker.unblock():
        yield databases.shared_server(shared)


@pytest.fixture(scope="session")
def database(server: databases.TestServer) -> Iterator[str]:
    """This worker's database; Django's four connections point at it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_{hashlib.sha256(os.urandom(8)).hexdigest()[:6]}"
    server.create_from_template(name)
    server.connect_django(name)
    yield name
    databases.close_django()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder to be made, at a place that the service user can enter when the tests run as root."""
    with processes.open_folder() as folder:
        yield folder / "data"


@pytest.fixture
def prepared_dir(data_dir: Path, server: databases.TestServer) -> Path:
    """A data folder as the first start leaves it: with the schema of this release, and nobody in it."""
    server.prepare(data_dir)
    return data_dir


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    """A command that runs in this process closes its new files to others; the next test's folders stay open."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture
def empty_database(database: str, server: databases.TestServer) -> Iterator[str]:
    """A fresh database for a test that must own everything."""
    name = f"empty_{hashlib.sha256(os.urandom(8)).hexdigest()[:8]}"
    server.create_from_template(name)
    databases.close_django()
    server.connect_django(name)
    yield name
    databases.close_django()
    server.connect_django(database)
    server.drop(name)


def pytest_collectstart() -> None:
    """Nothing of what is imported and collected becomes garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector of garbage need not look through it each time.

    It looks seldom at what came later, too: most of that are the product's caches.
    """
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of these folders get the database without asking for it; a long search takes every test with examples."""
    for item in items:
        if IS_SOAK and getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.soak)
        relative = item.path.relative_to(HERE)
        if relative.parts[0] in NEEDS_DATABASE:
            item.fixturenames.insert(0, "database")  # type: ignore[attr-defined]
        for name, (reason, can_run) in LEFT_OUT.items():
            if item.get_closest_marker(name) and not can_run():
                item.add_marker(pytest.mark.skip(reason=reason))
