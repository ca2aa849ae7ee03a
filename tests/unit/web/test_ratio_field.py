"""How many times a register counts, as people of either language type it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from django import forms
from django.utils import translation

from meterbook.web.meters.ratio_fields import RatioField


class TestRatioField:
    @pytest.mark.parametrize(
        ("language", "text", "factor"),
        [
            ("en", "40", Fraction(40)),
            ("en", "0.5", Fraction(1, 2)),
            ("es", "0,5", Fraction(1, 2)),
            ("es", "0.5", Fraction(1, 2)),
            ("es", " 200 / 5 ", Fraction(40)),
            ("en", "1,000/5", Fraction(200)),
            ("es", "1.000:5", Fraction(200)),
        ],
    )
    def test_reads_the_separators_of_the_page(self, language: str, text: str, factor: Fraction) -> None:
        with translation.override(language):
            assert RatioField().clean(text) == factor

    @pytest.mark.parametrize("text", ["0", "0,0", "200/0", "-1", "1/2/3", "/5", "a", "1.0000001", "1000000000"])
    def test_refuses_what_is_no_number_above_zero(self, text: str) -> None:
        with translation.override("es"), pytest.raises(forms.ValidationError):
            RatioField().clean(text)
