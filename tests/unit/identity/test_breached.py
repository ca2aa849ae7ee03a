"""The operator's list of breached passwords: asked by halving, checked at the start."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from meterbook.cli import bind
from meterbook.identity import breached

pytestmark = pytest.mark.spec("X-10/5")
HASH = "0123456789ABCDEF0123456789ABCDEF01234567"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def written(path: Path, passwords: list[str], *, end: str = "\r\n", with_last: bool = True) -> Path:
    lines = [f"{each}:{number * 37}" for number, each in enumerate(sorted({digest(each) for each in passwords}), 1)]
    path.write_text(end.join(lines) + (end if with_last else ""), newline="")
    return path


class TestContains:
    @given(st.lists(st.text(max_size=12), min_size=1, max_size=40), st.sampled_from(["\r\n", "\n"]), st.booleans())
    def test_finds_each_that_is_there_and_no_other(
        self, tmp_path_factory: pytest.TempPathFactory, known: list[str], end: str, with_last: bool
    ) -> None:
        path = written(tmp_path_factory.mktemp("list") / "hashes.txt", known, end=end, with_last=with_last)

        assert [each for each in known if not breached.contains(path, each)] == []
        assert not breached.contains(path, "no password of that list")

    def test_takes_small_letters_and_lines_without_a_number(self, tmp_path: Path) -> None:
        path = tmp_path / "hashes.txt"
        path.write_text("".join(sorted(f"{digest(str(each)).lower()}\n" for each in range(100))))

        assert all(breached.contains(path, str(each)) for each in range(100))

    def test_refuses_in_words_and_only_with_a_list(self, tmp_path: Path, settings: Settings) -> None:
        settings.BREACHED_PASSWORDS = ""
        breached.BreachedValidator().validate("a breached phrase")
        settings.BREACHED_PASSWORDS = str(written(tmp_path / "hashes.txt", ["a breached phrase", "b"]))

        with pytest.raises(ValidationError, match="breach of another service"):
            breached.BreachedValidator().validate("a breached phrase")
        breached.BreachedValidator().validate("an unknown phrase")

    def test_keeps_nobody_from_a_new_password_when_the_file_is_away(
        self, tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.BREACHED_PASSWORDS = str(tmp_path / "missing.txt")

        with caplog.at_level(logging.ERROR):
            breached.BreachedValidator().validate("a breached phrase")

        assert "cannot be asked" in caplog.text
        assert "a breached phrase" not in caplog.text


class TestCheck:
    def test_passes_a_list_and_no_list(self, tmp_path: Path) -> None:
        path = written(tmp_path / "hashes.txt", [str(each) for each in range(500)])

        bind.require_breached({"MB_BREACHED_PASSWORDS": str(path)})
        bind.require_breached({})

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "is empty"),
            (b"password1\npassword2\n", "no SHA-1 hash"),
            (f"{HASH}:x\n".encode(), "no SHA-1 hash"),
            (f"{HASH[::-1]}:1\n{HASH}:1\n".encode(), "not ordered by hash"),
            (f"{HASH[:32]}:1\n".encode(), "no SHA-1 hash"),
            (b"\x00" * 5000, "no SHA-1 hash"),
        ],
        ids=["empty", "plain", "number", "order", "other", "binary"],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, content: bytes, words: str) -> None:
        path = tmp_path / "hashes.txt"
        path.write_bytes(content)

        with pytest.raises(bind.BreachedUnreadable, match=words):
            bind.require_breached({"MB_BREACHED_PASSWORDS": str(path)})

    def test_says_when_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(bind.BreachedUnreadable, match="Correct MB_BREACHED_PASSWORDS"):
            bind.require_breached({"MB_BREACHED_PASSWORDS": str(tmp_path)})
