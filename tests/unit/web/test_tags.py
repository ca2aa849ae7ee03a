"""Numbers, quantities, ages and local times as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from meterbook.web.templatetags import meterbook as tags

NOW = datetime(2026, 6, 16, 14, 40, tzinfo=UTC)
NO_BREAK = "\u00a0"


class TestNumber:
    @pytest.mark.parametrize(
        ("language", "value", "decimals", "shown"),
        [
            ("en", 284309, 0, "284,309"),
            ("en", Decimal("284309.21"), 2, "284,309.21"),
            ("en", Decimal("-12.4"), 1, "\u221212.4"),
            ("es", Decimal("284309.21"), 2, "284.309,21"),
            ("es", 1234, 0, "1.234"),
            ("en", None, 0, "\u2013"),
        ],
    )
    def test_takes_the_separators_of_the_language(
        self, language: str, value: Decimal | None, decimals: int, shown: str
    ) -> None:
        with translation.override(language):
            assert tags.number(value, decimals) == shown

    def test_keeps_every_digit_of_a_large_register(self) -> None:
        with translation.override("en"):
            assert tags.number(Decimal("98765432109876543.210"), 3) == "98,765,432,109,876,543.210"


class TestQuantity:
    def test_holds_number_and_unit_together(self) -> None:
        with translation.override("en"):
            shown = tags.quantity(Decimal("4.2"), "kW", 1)

        assert shown == f'<span class="tnum">4.2{NO_BREAK}<span class="unit">kW</span></span>'


class TestAge:
    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5399, "90 min"), (5400, "2 h"), (172_800, "2 d"), (-5, "0 s")],
    )
    def test_is_in_the_largest_fitting_unit(self, seconds: int, shown: str) -> None:
        assert tags.age(NOW - timedelta(seconds=seconds), NOW).replace(NO_BREAK, " ") == shown


class TestLocal:
    @pytest.mark.parametrize(("language", "shown"), [("en", "16 Jun 2026 16:40"), ("es", "16 jun 2026 16:40")])
    def test_is_the_time_at_the_place(self, language: str, shown: str) -> None:
        with translation.override(language):
            assert tags.local(NOW, ZoneInfo("Europe/Madrid")) == shown

    def test_names_the_zone_where_no_place_is_meant(self) -> None:
        assert tags.zoned(NOW, ZoneInfo("Europe/Madrid")) == "16 Jun 2026 16:40 CEST"
        assert tags.zoned(None, ZoneInfo("Europe/Madrid")) == "–"
        assert tags.long_day(NOW, ZoneInfo("America/New_York")) == "Tuesday, 16 June 2026, 10:40 EDT"
