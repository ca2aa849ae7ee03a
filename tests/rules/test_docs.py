"""The documents say what is so: commands, settings, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meterbook.cli import main
from tools.lint import __main__ as lint
from tools.lint.findings import ROOT, sources

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "deploy").rglob("*.md"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z%-]+):", MAKEFILE, re.MULTILINE))
# Set by a shell, a runner or Django itself, not settings of ours.
OTHERS = {"MB_DATA"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
class TestPage:
    def test_names_make_targets_that_exist(self, page: Path) -> None:
        named = set(re.findall(r"\bmake ((?:-C \S+ )?[a-z][a-z-]*)", code_of(page)))

        assert {each.split()[-1] for each in named if not each.startswith("bench-")} - TARGETS == set()

    def test_names_commands_that_exist(self, page: Path) -> None:
        named = re.findall(r"(?:^|\s|bin/)meterbook ([a-z]+(?:-[a-z]+)*)(?![\w/])", code_of(page), re.MULTILINE)

        assert set(named) - set(main.COMMANDS) == set()

    def test_links_to_files_that_exist(self, page: Path) -> None:
        links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))

        assert [link for link in links if not (page.parent / link).exists()] == []


class TestMakefile:
    def test_help_names_every_target_for_people(self) -> None:
        phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
        described = set(re.findall(r"^([a-z%-]+):.*## ", MAKEFILE, re.MULTILINE))

        assert phony
        assert set(phony[1].split()) <= described


class TestConfiguration:
    def test_explains_every_setting(self) -> None:
        text = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
        read = {
            name
            for source in (*sources(ROOT, "src"), *sources(ROOT, "tests"), *sources(ROOT, "tools"))
            for name in re.findall(r'"(MB_[A-Z_]+|DATABASE_URL)"', source.text)
        }

        assert {name for name in read if f"`{name}`" not in text} - OTHERS == set()


class TestCommands:
    def test_are_all_explained(self) -> None:
        text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
        shown = {name for name, command in main.COMMANDS.items() if not command.help.startswith("==")}

        assert {name for name in shown if f"`meterbook {name}" not in text} == set()


class TestBenchmarks:
    def test_are_all_listed(self) -> None:
        text = (ROOT / "docs/reference/performance.md").read_text(encoding="utf-8")
        names = {Path(each.path).stem for each in sources(ROOT, "bench") if 'if __name__ == "__main__":' in each.text}

        assert {name for name in names if f"`{name}`" not in text} == set()


class TestContributing:
    def test_names_every_check_of_tools_lint(self) -> None:
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

        assert [name for name in lint.CHECKS if f"tools/lint/{name}.py" not in text] == []

    def test_names_checks_that_exist(self) -> None:
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

        named = re.findall(r"`((?:tools|tests)/[\w/]+\.py)`", text)

        assert [name for name in named if not (ROOT / name).is_file()] == []


def code_of(page: Path) -> str:
    """This will return the indented and back-quoted parts of a page: what a reader would type."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*re.findall(r"^ {4,}(.*)$", text, re.MULTILINE), *re.findall(r"`([^`\n]+)`", text)])
