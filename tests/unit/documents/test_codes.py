"""Codes of documents: 128 random bits, read back however they are typed."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.documents import codes


@given(st.uuids())
def test_is_read_as_it_is_written_and_printed(code: uuid.UUID) -> None:
    text = codes.written(code)

    assert len(text) == codes.LENGTH
    assert codes.read(text) == code
    assert codes.read(f" {codes.printed(code).lower()} ") == code


def test_knows_letters_that_look_like_digits() -> None:
    code = uuid.UUID(bytes=b"\x73\x9d\xcb" * 5 + b"\x73")
    text = codes.written(code)

    assert codes.read(text.replace("O", "0").replace("I", "1").replace("B", "8")) == code


@pytest.mark.parametrize("text", ["", "A", "A" * 25, "A" * 27, "A" * 25 + "B", "Ä" * 26, "\x00" * 26, "=" * 26])
def test_refuses_what_can_be_none(text: str) -> None:
    assert codes.read(text) is None


def test_draws_all_bits_anew() -> None:
    drawn = codes.make(2_000)

    assert len(set(drawn)) == 2_000
    for bit in range(128):
        share = sum(each.int >> bit & 1 for each in drawn)
        assert 800 < share < 1_200, f"bit {bit} is {share} times 1"
