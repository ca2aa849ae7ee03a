"""Numbers as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.web import amounts
from meterbook.web.templatetags import meterbook as tags


class TestRead:
    @pytest.mark.parametrize(
        ("language", "text", "number"),
        [
            ("en", "1,234.50", "1234.50"),
            ("en", "1,234", "1234"),
            ("en", "12,50", "12.50"),
            ("en", "0.5", "0.5"),
            ("es", "1.234,50", "1234.50"),
            ("es", "1 234,5", "1234.5"),
            ("es", "12.50", "12.50"),
            ("es", "1.234", "1234"),
            ("es", "\u22123,5", "-3.5"),
            ("en", "1.234,5", "1234.5"),
            ("es", "1,234.5", "1234.5"),
            ("en", "1'234'567.25", "1234567.25"),
            ("es", "1,234", "1.234"),
            ("en", "1.234", "1.234"),
            ("es", "0.125", "0.125"),
            ("en", "0,125", "0.125"),
            ("en", "007", "7"),
        ],
    )
    def test_follows_the_language(self, language: str, text: str, number: str) -> None:
        assert amounts.read(text, language) == Decimal(number)

    @pytest.mark.parametrize(
        "text",
        ["", "x", "1e5", "NaN", "1,2,3", "1.2.3", "1.23,4.5", "12,34,567", "1,234,5", "1..2", "--1", "١٢", "9" * 60],
    )
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_takes_nothing_else(self, language: str, text: str) -> None:
        assert amounts.read(text, language) is None

    @given(st.text(max_size=30), st.sampled_from(["en", "es", "fr"]))
    def test_never_fails(self, text: str, language: str) -> None:
        found = amounts.read(text, language)

        assert found is None or found.is_finite()

    @given(st.decimals(min_value=-(10**9), max_value=10**9, places=3), st.sampled_from(["en", "es"]))
    def test_reads_what_pages_write(self, number: Decimal, language: str) -> None:
        thousands, point = tags.separators(language)
        shown = f"{number:,.3f}".translate({ord(","): thousands, ord("."): point})

        assert amounts.read(shown, language) == number
