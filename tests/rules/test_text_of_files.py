"""What no file of the repository holds: addresses of registries, paths of somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.check_data import forbidden
from tools.lint.findings import ROOT

# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "the address of a registry": r"(?:pypi|pythonhosted|npmjs|yarnpkg|npmmirror|crates|deb\.debian)\.(?:org|com|io)",
    "an index or link option": r"^\s*--(?:extra-)?index" + r"-url|^\s*--find" + r"-links|^\s*--trusted" + r"-host",
    "a path of somebody's machine": r"(?<![\w.])/(?:work|root|home|Users)" + r"/\w",
    "a conflict mark": r"^(?:<{7}|>{7}) ",
}
LOCKS = ("requirements/lock.txt", "requirements/dev.txt")


def texts() -> list[tuple[str, str]]:
    found = []
    for path in forbidden.tree_files(ROOT):
        content = path.read_bytes()
        if b"\0" not in content[:4096]:
            found.append((path.relative_to(ROOT).as_posix(), content.decode("utf-8")))
    return found


class TestTree:
    @pytest.mark.parametrize("what", FORBIDDEN)
    def test_holds_nowhere(self, what: str) -> None:
        pattern = re.compile(FORBIDDEN[what], re.MULTILINE)

        found = [f"{name}: {match[0]}" for name, text in texts() for match in pattern.finditer(text)]

        assert found == []

    @pytest.mark.parametrize(
        ("what", "sample"),
        [
            ("the address of a registry", "".join(("htt", "ps://files.python", "hosted.org/x"))),
            ("the address of a registry", '"resolved": "' + "".join(("htt", "ps://cra", "tes.io/x")) + '"'),
            ("an index or link option", "--extra-index" + "-url x"),
            ("a path of somebody's machine", "open('/ho" + "me/ana/x')"),
            ("a conflict mark", "<" * 7 + " HEAD"),
        ],
    )
    def test_pattern_finds_a_sample(self, what: str, sample: str) -> None:
        assert re.search(FORBIDDEN[what], sample, re.MULTILINE)

    def test_ignores_what_is_built(self) -> None:
        names = {name for name, _text in texts()}

        assert not [name for name in names if "node_modules" in name or "/dist/" in name or name.endswith(".mo")]


class TestLock:
    @pytest.mark.parametrize("name", LOCKS)
    def test_gives_every_package_one_version_and_its_hashes(self, name: str) -> None:
        entry = r"^([\w.-]+)==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
        named = re.findall(r"^[\w.-]+(?===)", lock(name), re.MULTILINE)

        assert re.findall(entry, lock(name), re.MULTILINE) == named
        assert len(named) > 20

    def test_of_tools_keeps_the_versions_of_the_product(self) -> None:
        runtime, tools = (set(re.findall(r"^([\w.-]+==\S+)", lock(name), re.MULTILINE)) for name in LOCKS)

        assert runtime - tools == set()

    def test_of_the_islands_has_hashes(self) -> None:
        text = (ROOT / "frontend/package-lock.json").read_text(encoding="utf-8")

        assert text.count('"integrity": "sha512-') > 20


def lock(name: str) -> str:
    return (ROOT / Path(name)).read_text(encoding="utf-8")
