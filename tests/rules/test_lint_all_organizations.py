"""The list of who looks across all organizations is kept in step both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint import all_organizations

FILE = "src/meterbook/jobs/nightly.py"


@pytest.mark.parametrize("name", ["all_organizations", "organization_ids"])
class TestRun:
    def test_reports_a_file_that_is_not_listed(self, tmp_path: Path, name: str) -> None:
        tree(tmp_path, code=f"scoping.{name}()", listed="")

        assert [each.path for each in all_organizations.run(tmp_path)] == [FILE]

    def test_accepts_a_listed_file(self, tmp_path: Path, name: str) -> None:
        tree(tmp_path, code=f"foundation_scoping.{name}()", listed=f"{FILE}: the nightly backup\n")

        assert all_organizations.run(tmp_path) == []

    def test_reports_a_listed_file_that_does_not_use_it(self, tmp_path: Path, name: str) -> None:
        tree(tmp_path, code="pass", listed=f"{FILE}: does not call {name} any more\n")

        assert "needs no exception any more" in all_organizations.run(tmp_path)[0].message


def tree(root: Path, *, code: str, listed: str) -> None:
    for name, text in ((FILE, code), (f"tools/lint/{all_organizations.ALLOWED}", listed)):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
