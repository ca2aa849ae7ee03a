"""The ratchet reports what is too long and never lets a maximum rise."""

from __future__ import annotations

import json
from pathlib import Path

from tools.lint import size_ratchet


class TestRun:
    def test_reports_a_long_file_and_a_long_function(self, tmp_path: Path) -> None:
        tree(tmp_path, stored={"file": 25, "function": 20}, function_lines=25)

        assert [each.message for each in size_ratchet.run(tmp_path)] == ["work has 25 lines; 20 are allowed."]

    def test_never_allows_more_than_the_limit(self, tmp_path: Path) -> None:
        tree(tmp_path, stored={"file": 5000, "function": 500}, function_lines=450)

        messages = {each.message for each in size_ratchet.run(tmp_path)}

        assert {
            "work has 450 lines; 60 are allowed.",
            "src/long.py has 450 lines; 400 are allowed.",
        } <= messages

    def test_wants_the_maximum_lowered_when_all_is_smaller(self, tmp_path: Path) -> None:
        tree(tmp_path, stored={"file": 40, "function": 20}, function_lines=20)

        assert [each.message for each in size_ratchet.run(tmp_path)] == ["The longest file has 20 lines now, not 40."]

    def test_does_not_count_migrations(self, tmp_path: Path) -> None:
        tree(tmp_path, stored={"file": 0, "function": 0}, function_lines=500, folder="src/migrations")

        assert size_ratchet.run(tmp_path) == []

    def test_counts_templates_and_islands(self, tmp_path: Path) -> None:
        tree(tmp_path, stored={"file": 20, "function": 20}, function_lines=20)
        for name in ("src/page.html", "frontend/src/island.ts"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x\n" * 21)

        assert {each.path for each in size_ratchet.run(tmp_path)} == {"src/page.html", "frontend/src/island.ts"}


class TestLower:
    def test_lowers_and_does_not_raise(self, tmp_path: Path) -> None:
        tree(tmp_path, stored={"file": 40, "function": 10}, function_lines=20)

        assert size_ratchet.lower(tmp_path) == {"file": 20, "function": 10}


def tree(root: Path, *, stored: dict[str, int], function_lines: int, folder: str = "src") -> None:
    store = root / size_ratchet.STORE
    store.parent.mkdir(parents=True)
    store.write_text(json.dumps(stored))
    (root / folder).mkdir(parents=True)
    (root / folder / "long.py").write_text("def work():\n" + "    x = 1\n" * (function_lines - 1))
