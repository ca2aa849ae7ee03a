"""Codes of ledger accounts that billing opens, put together and taken apart."""

from __future__ import annotations

import pytest

from meterbook.billing import content


class TestCodes:
    @pytest.mark.parametrize(
        ("code", "parts"),
        [
            (content.income_code("EUR", "COLD_WATER", "sewerage"), ("INC", "EUR", "COLD_WATER", "sewerage")),
            (content.income_code("EUR", "GAS", "first-step"), ("INC", "EUR", "GAS", "first-step")),
            (content.tax_code("EUR", "vat-low"), ("TAX", "EUR", "vat-low")),
            (content.recovery_code("EUR", "COLD_WATER"), ("REC", "EUR", "COLD_WATER")),
            ("AR-HM-316", ("AR-HM-316",)),
            ("INC-EUR", ("INC-EUR",)),
            ("", ("",)),
        ],
    )
    def test_are_taken_apart_as_they_were_put_together(self, code: str, parts: tuple[str, ...]) -> None:
        assert content.parts_of_code(code) == parts
