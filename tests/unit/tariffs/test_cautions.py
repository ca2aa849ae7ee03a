"""What of a sound tariff is worth a second look."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from meterbook.tariffs.rating import cautions, reading
from tests.factories import tariffs


def found(**changes: Any) -> list[tuple[str, str, Decimal]]:  # noqa: ANN401
    document = reading.read({**tariffs.peak_document(), **changes})
    return [(each.component.code, each.period, each.price) for each in cautions.negative_prices(document)]


class TestNegativePrices:
    def test_are_none_usually(self) -> None:
        assert found() == []

    def test_name_component_and_price_period(self) -> None:
        raw = tariffs.peak_document()
        raw["components"][0]["prices"]["peak"] = "-0.05"

        assert found(components=raw["components"]) == [("energy", "peak", Decimal("-0.05"))]

    @pytest.mark.parametrize(("price", "expected"), [("-0.01", 1), ("0", 0), ("-0", 0)])
    def test_begin_below_zero(self, price: str, expected: int) -> None:
        daily = {"code": "base", "name": "Base", "charge": "FIXED_DAILY", "price": price}

        assert len(found(components=[*tariffs.peak_document()["components"], daily])) == expected
