"""Meters that people read: no model that nobody told, and no readings hidden that are no finer than a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from meterbook.documents.rendering import proof
from meterbook.kernel.quality import Quality
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Source
from meterbook.web.meters import history, pages

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def reading(at: datetime) -> metering_queries.ReadingRow:
    return metering_queries.ReadingRow(at, 100, Decimal(1), 2, None, Quality.VALID, Source.FIELD, at)


@pytest.mark.parametrize(
    ("hours", "is_fine"), [(23, False), (24 * 30, False), (22, True)], ids=["day", "month", "less"]
)
def test_readings_a_day_apart_tell_nothing_of_hours(hours: int, is_fine: bool) -> None:
    assert pages.are_fine([reading(NOON + timedelta(hours=hours)), reading(NOON)]) is is_fine


def test_a_meter_without_a_model_has_none() -> None:
    assert history.model_name("imported") == ""
    assert proof._model("imported") == ""
    assert proof._model("schneider_iem3155") == "Schneider IEM3155"
