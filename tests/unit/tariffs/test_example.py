"""An example month through the real rating: the quantity is spread exactly, and the hours get their prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.tariffs.rating import example, reading
from meterbook.tariffs.rating.example import Load
from tests.factories import tariffs


def total(raw: dict[str, object], *, quantity: str, load: Load = Load.EVEN, month: int = 6) -> Decimal:
    document = reading.read(raw)
    when = date(2026, month, 1)
    zone = ZoneInfo("Europe/Madrid")
    return example.rate(document, month=when, quantity=Decimal(quantity), load=load, zone=zone).total


class TestExample:
    def test_flat_price_times_quantity(self) -> None:
        flat = tariffs.document(components=[{"code": "e", "name": "E", "charge": "ENERGY", "price": "0.10"}])

        assert total(flat, quantity="300") == Decimal("30.00")
        assert total(flat, quantity="0") == Decimal("0.00")
        assert total(flat, quantity="0.0005") == Decimal("0.00")

    def test_steps_of_thirty_days(self) -> None:
        steps = tariffs.document(components=[tariffs.TIERS])

        assert total(steps, quantity="500") == Decimal("80.00")

    @pytest.mark.parametrize(
        ("load", "expected"),
        # Of 24 hours 14 are peak: even 14/24; by day 12 x 4 + 2 of 60; in the evening 4 x 4 + 10 of 39 parts.
        [
            (Load.EVEN, Decimal(300) * 14 / 24),
            (Load.DAYTIME, Decimal(300) * 50 / 60),
            (Load.EVENING, Decimal(300) * 26 / 39),
        ],
        ids=["even", "daytime", "evening"],
    )
    def test_hours_of_more_use_get_more_of_their_price(self, load: Load, expected: Decimal) -> None:
        rated = total(tariffs.peak_document(), quantity="300", load=load)

        assert abs(rated - (expected * Decimal("0.30") + (300 - expected) * Decimal("0.10"))) < Decimal("0.02")

    @pytest.mark.parametrize("month", [3, 10], ids=["spring", "autumn"])
    def test_months_with_a_change_of_the_clock_are_whole(self, month: int) -> None:
        flat = tariffs.document(components=[{"code": "e", "name": "E", "charge": "ENERGY", "price": "1"}])

        assert total(flat, quantity="743.123", month=month) == Decimal("743.12")

    def test_tariff_registers_have_equal_parts_of_it(self) -> None:
        parts = [
            {"code": f"t{each}", "name": "T", "charge": "ENERGY", "channel": f"IMPORT_T{each}", "price": price}
            for each, price in ((1, "0.30"), (2, "0.10"))
        ]

        assert total(tariffs.document(components=parts), quantity="300") == Decimal("60.00")

    def test_demand_over_a_quarter_of_an_hour_is_that_of_an_even_use(self) -> None:
        demand = {"code": "d", "name": "D", "charge": "DEMAND", "price": "3", "demand": {"interval": 15}}

        assert total(tariffs.document(components=[demand]), quantity="720") == Decimal("3.00")  # 1 kW for 720 hours
