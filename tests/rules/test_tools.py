"""The programs behind the make targets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import catalog, node, run_tests
from tools.lint.findings import ROOT


class TestRunTests:
    def test_without_a_browser_says_so_and_runs_the_rest(self) -> None:
        ended = collect(MB_CHROMIUM="/nowhere/chromium")

        assert ended.returncode == 0
        assert "No Chromium found: the browser tests are left out." in ended.stderr
        assert "test_trace.py" in ended.stdout

    def test_without_a_browser_fails_in_ci(self) -> None:
        ended = collect(MB_CHROMIUM="/nowhere/chromium", MB_CI="1")

        assert ended.returncode == 1
        assert "in CI that is a failure" in ended.stderr

    def test_takes_the_browser_that_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MB_CHROMIUM", sys.executable)

        assert run_tests.find_browser() == sys.executable


class TestCatalog:
    def test_collects_texts_of_code_and_of_templates(self) -> None:
        endings = {Path(name).suffix for name, *_rest in catalog.texts()}

        assert {".py", ".html"} <= endings

    def test_does_not_change_without_new_texts(self) -> None:
        first, second = (sorted(str(each.id) for each in catalog.collect()) for _ in range(2))

        assert first == second


class TestNode:
    def test_comes_from_the_wheel(self) -> None:
        command = [sys.executable, "-m", "tools.node", "npm", "--version"]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

        assert (node.folder() / "node").is_file()
        assert shown.stdout.strip()[0].isdigit()


def collect(**environment: str) -> subprocess.CompletedProcess[str]:
    """This will run the program of `make test` so that it only lists one file's tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MB_", "PYTEST_"))}
    command = [sys.executable, "-m", "tools.run_tests", "--collect-only", "-q", "tests/rules/test_trace.py"]
    return subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False)
