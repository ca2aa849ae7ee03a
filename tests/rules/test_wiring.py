"""Events have handlers, deferred jobs are declared, migrations stand alone."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import meterbook
from meterbook.config import subscriptions
from meterbook.foundation import events, queue
from meterbook.jobs import periodic
from tools.lint.findings import ROOT, Source, sources

CONSTANTS = {"HANDLE_EVENT": events.HANDLE_EVENT}


@pytest.fixture(autouse=True)
def jobs() -> None:
    """Declarations register themselves when they are imported, as the application does at its start."""
    importlib.import_module("meterbook.jobs.declarations")


class TestEvent:
    def test_has_a_line_in_the_subscriptions(self) -> None:
        missing = {each.__qualname__ for each in event_classes()} - {
            each.__qualname__ for each in subscriptions.SUBSCRIPTIONS
        }

        assert missing == set()

    def test_is_named_after_its_domain(self) -> None:
        assert [
            each.name for each in event_classes() if each.name.partition(".")[0] != each.__module__.split(".")[1]
        ] == []

    def test_has_handlers_in_a_higher_package(self) -> None:
        low = ("meterbook.kernel", "meterbook.foundation", "meterbook.identity", "meterbook.audit")

        handlers = [each for listed in subscriptions.SUBSCRIPTIONS.values() for each in listed]

        assert [each for each in handlers if each.__module__.startswith(low)] == []


class TestJob:
    def test_is_declared_under_every_name_that_is_deferred(self) -> None:
        undeclared = [
            f"{source.path}: {name}"
            for source in sources(ROOT, "src/meterbook")
            for name in deferred_names(source)
            if name not in queue.declared()
        ]

        assert undeclared == []

    def test_is_named_by_domain_and_verb(self) -> None:
        domains = {path.name for path in (ROOT / "src/meterbook").iterdir() if path.is_dir()}

        for name in queue.declared():
            domain, _, verb = name.partition(".")
            assert domain in domains, name
            assert "_" in verb, name

    def test_is_declared_for_every_timetable(self) -> None:
        assert {each.name for each in periodic.PERIODICS} - set(queue.declared()) == set()


class TestMigration:
    def test_imports_nothing_of_ours_but_fields(self) -> None:
        """A migration must do the same in ten years, whatever the code says then."""
        found = [
            f"{source.path}: {name}"
            for source in sources(ROOT, "src/meterbook")
            if source.is_migration
            for name in imported(source)
            if name.split(".")[0] == "meterbook" and name not in {"meterbook.foundation", "meterbook.foundation.fields"}
        ]

        assert found == []

    def test_imports_foundation_for_its_fields_only(self) -> None:
        found = [
            f"{source.path}: {alias.name}"
            for source in sources(ROOT, "src/meterbook")
            if source.is_migration
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ImportFrom) and node.module == "meterbook.foundation"
            for alias in node.names
            if alias.name != "fields"
        ]

        assert found == []

    def test_has_a_name_that_says_what_it_does(self) -> None:
        paths = (ROOT / "src/meterbook").glob("*/migrations/0*.py")

        assert [path.name for path in paths if "_auto_" in path.name or path.stem.endswith("_initial")] == []


def event_classes() -> list[type[events.Event]]:
    """This will import every `events` module of the product and return the classes that can be published."""
    for module in pkgutil.walk_packages(meterbook.__path__, "meterbook."):
        if module.name.endswith(".events"):
            importlib.import_module(module.name)
    found, open_classes = [], [events.Event]
    while open_classes:
        children = open_classes.pop().__subclasses__()
        open_classes += children
        found += [each for each in children if each.__module__.startswith("meterbook.")]
    return found


def deferred_names(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        # A query set defers columns by the same word; only a module called queue defers jobs.
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "defer":
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id.endswith("queue") and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value
            elif isinstance(name, ast.Name) and name.id in CONSTANTS:
                yield CONSTANTS[name.id]


def imported(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
