"""Documents that nobody writes by hand are refused in words, whatever is in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import tariffs


def refused(text: str) -> str:
    with pytest.raises(TariffInvalid) as caught:
        reading.read_text(text)
    return str(caught.value)


def changed(**changes: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps({**tariffs.peak_document(), **changes})


class TestNesting:
    @pytest.mark.parametrize(
        "text", ["[" * 20_000, "[" * 900 + "]" * 900, '{"a":' * 400 + "1" + "}" * 400], ids=["open", "lists", "objects"]
    )
    def test_is_bounded(self, text: str) -> None:
        assert "nested" in refused(text)

    def test_is_bounded_where_the_schema_allows_anything(self) -> None:
        assert "nested" in refused(changed(name="[").replace('"["', "[" * 400 + "]" * 400))


class TestTexts:
    @pytest.mark.parametrize(
        "sign", ["\x00", "\ud800", "\x1b", "\u202e"], ids=["NUL", "lone surrogate", "escape", "direction"]
    )
    def test_hold_only_what_can_be_stored(self, sign: str) -> None:
        assert "name.en: the text holds the invisible sign" in refused(changed(name={"en": f"Re{sign}tail"}))

    def test_hold_only_what_can_be_stored_in_keys(self) -> None:
        assert "the text holds the invisible sign" in refused(changed(**{"\ud800": 1}))

    def test_may_have_lines_in_a_note(self) -> None:
        assert reading.read_text(changed(note="First line\nand a second")).code

    @pytest.mark.parametrize("name", ["x" * 5000, {"en": "x" * 5000}], ids=["plain", "by language"])
    def test_are_bounded(self, name: object) -> None:
        assert "longer than 200 characters" in refused(changed(name=name))

    def test_are_bounded_together(self) -> None:
        assert "longer than 500000 characters" in refused(changed(note="x" * 500_001))


class TestNumbers:
    def test_are_bounded(self) -> None:
        assert "too many digits" in refused(changed(decimals=3).replace('"decimals": 3', '"decimals": ' + "9" * 5000))
