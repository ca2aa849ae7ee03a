"""How the repository is laid out."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from tools.lint.findings import ROOT

PACKAGE = ROOT / "src/meterbook"
PACKAGES = sorted(path for path in PACKAGE.iterdir() if path.is_dir() and path.name not in {"__pycache__", "locale"})


def layers() -> set[str]:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return set(re.findall(r"\((\w+)\)", contracts["importlinter:contract:layers"]["layers"]))


class TestPackage:
    def test_all_layers_exist_and_nothing_else(self) -> None:
        assert {path.name for path in PACKAGES} == layers()

    @pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
    def test_has_init_and_readme(self, package: Path) -> None:
        text = (package / "README.md").read_text(encoding="utf-8")

        assert (package / "__init__.py").is_file()
        assert [head for head in ("Owns", "Does not own", "Invariants", "Words") if f"\n## {head}\n" not in text] == []

    @pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
    def test_init_holds_no_code(self, package: Path) -> None:
        """One path to each thing: a package does not offer names of its modules."""
        text = (package / "__init__.py").read_text(encoding="utf-8").strip()

        assert text == "" or (text.startswith('"""') and text.endswith('"""'))

    def test_names_say_what_a_module_is_about(self) -> None:
        vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "exceptions"}

        found = [path for path in PACKAGE.rglob("*") if path.stem in vague and "templates" not in path.parts]

        assert [path.relative_to(ROOT).as_posix() for path in found] == []


class TestFile:
    @pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"])
    def test_stands_at_the_root(self, name: str) -> None:
        assert (ROOT / name).is_file()

    def test_license_is_the_one_declared(self) -> None:
        text = (ROOT / "LICENSE").read_text(encoding="utf-8")

        assert "Apache License" in text
        assert "Version 2.0, January 2004" in text
