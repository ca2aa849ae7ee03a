"""Licenses of what is installed: nothing that would bind the product to give out under another license."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

from tools.lint.findings import ROOT

# "LGPL" is fine as an imported library; "GPL" as a word, with or without a version, is not.
STRONG = re.compile(r"\bA?GPL(?:\b|v?\d)|(?<!Lesser )(?<!Library )General Public License|SSPL|BUSL|Commons Clause")
LESSER = re.compile(r"\bLGPL[\w.+-]*|(?:Lesser|Library) General Public License(?: v\d| or later|[\w ()+.])*")


def names(lock: str) -> list[str]:
    return re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / lock).read_text(encoding="utf-8"), re.MULTILINE)


def license_of(name: str) -> str:
    about = metadata.metadata(name)
    classifiers = [each for each in about.get_all("Classifier", []) if each.startswith("License ::")]
    declared = about.get("License-Expression") or about.get("License") or ""
    # Some packages put the whole text into the field; its first line names it.
    return " / ".join([declared.strip().splitlines()[0] if declared.strip() else "", *classifiers]).strip(" /")


def is_strong(license: str) -> bool:  # noqa: A002
    choices = [LESSER.sub("", each) for each in re.split(r"\s+OR\s+", license)]
    return all(STRONG.search(each) for each in choices)


class TestLicense:
    @pytest.mark.parametrize("name", names("lock.txt"))
    def test_of_a_dependency_is_not_strong_copyleft(self, name: str) -> None:
        license_name = license_of(name)

        assert license_name, f"{name} declares no license; look it up and note it in docs/decisions/0005"
        assert not is_strong(license_name), license_name

    @pytest.mark.parametrize("name", names("lock.txt"))
    def test_of_a_direct_dependency_is_noted(self, name: str) -> None:
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()
        if f'"{name}' not in text:
            return
        decision = next((ROOT / "docs/decisions").glob("0005*")).read_text(encoding="utf-8").lower()

        assert f"| {name}" in decision

    @pytest.mark.parametrize("license_name", ["GPL-3.0-or-later", "AGPLv3", "GNU General Public License v2 (GPLv2)"])
    def test_strong_copyleft_is_recognized(self, license_name: str) -> None:
        assert is_strong(license_name)

    @pytest.mark.parametrize(
        "license_name",
        ["LGPL-3.0-only", "GNU Lesser General Public License v3 (LGPLv3)", "MIT", "Apache-2.0 OR GPL-2.0"],
    )
    def test_others_pass(self, license_name: str) -> None:
        assert not is_strong(license_name)
