"""The requirements trace fails where it should, and passes on this repository."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools import trace
from tools.lint.findings import ROOT, Source


class TestMarks:
    def test_are_found_on_tests_classes_and_modules(self) -> None:
        text = (
            "pytestmark = pytest.mark.spec('A-1')\n"
            "@pytest.mark.spec('B-1/1')\n"
            "class TestThing:\n"
            "    @pytest.mark.spec('B-2', 'B-3')\n"
            "    async def test_it(self): ...\n"
        )

        assert list(trace.marks(Source("tests/unit/test_a.py", text))) == [
            ("A-1", "tests/unit/test_a.py", 1),
            ("B-1/1", "tests/unit/test_a.py::TestThing", 2),
            ("B-2", "tests/unit/test_a.py::TestThing::test_it", 4),
            ("B-3", "tests/unit/test_a.py::TestThing::test_it", 4),
        ]


class TestCheck:
    def test_accepts_what_is_in_step(self, tmp_path: Path) -> None:
        tree(tmp_path, row("B-01", tests=["tests/unit/test_a.py::test_it"]), mark="B-01/1")

        assert trace.check(tmp_path) == []

    def test_reports_a_row_marked_done_without_a_test(self, tmp_path: Path) -> None:
        tree(tmp_path, row("B-01", tests=["tests/unit/test_a.py::test_it"]), row("B-02"), mark="B-01")

        assert ["B-02 is marked done" in each for each in trace.check(tmp_path)] == [True]

    def test_reports_an_unknown_id(self, tmp_path: Path) -> None:
        tree(tmp_path, row("B-01", status="open"), mark="B-99/2")

        assert trace.check(tmp_path)[0].startswith("tests/unit/test_a.py:1: B-99/2 is no requirement.")

    def test_reports_an_open_row_that_is_proven(self, tmp_path: Path) -> None:
        tree(tmp_path, row("B-01", tests=["tests/unit/test_a.py::test_it"], status="open"), mark="B-01")

        assert "B-01 is open, but" in trace.check(tmp_path)[0]

    def test_reports_tests_out_of_step_until_updated(self, tmp_path: Path) -> None:
        tree(tmp_path, row("B-01"), mark="B-01")

        assert "does not list its present tests" in trace.check(tmp_path)[0]
        trace.update(tmp_path)
        assert trace.check(tmp_path) == []

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([{"id": "B-01", "sentence": "x"}], "give exactly these fields"),
            ([{"id": "B-01", "sentence": "x", "tests": [], "screen": None, "status": "ok"}], "status is one of"),
            ([{"id": "B-01", "sentence": "x", "tests": [], "screen": None, "status": "open"}] * 2, "two rows"),
        ],
    )
    def test_refuses_a_broken_file(self, tmp_path: Path, rows: list[dict[str, object]], message: str) -> None:
        tree(tmp_path, *rows, mark="B-01")

        with pytest.raises(trace.RequirementsBroken, match=message):
            trace.check(tmp_path)


class TestThisRepository:
    def test_is_in_step(self) -> None:
        assert trace.check(ROOT) == []


def row(name: str, *, tests: list[str] | None = None, status: str = "done") -> dict[str, object]:
    return {"id": name, "sentence": "It works.", "tests": tests or [], "screen": None, "status": status}


def tree(root: Path, *rows: dict[str, object], mark: str) -> None:
    file, test = root / trace.FILE, root / "tests/unit/test_a.py"
    for path in (file, test):
        path.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(list(rows), sort_keys=False))
    test.write_text(f"@pytest.mark.spec('{mark}')\ndef test_it(): ...\n")
