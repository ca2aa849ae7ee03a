"""Usage beside another period or another meter: which bars stand side by side, and sums that are fair."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import queries
from meterbook.metering.queries import View
from tests.factories import identity, metering, usage

ACTOR = Actor.system("test")
MADRID = ZoneInfo("Europe/Madrid")
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def installed() -> metering.Installed:
    return metering.installed_meter(organization=identity.organization())


def local(first: date, until: date) -> Period:
    """Local days of Madrid."""
    return Period(civil.start_of_day(first, MADRID), civil.start_of_day(until, MADRID))


def compared(
    meter: metering.Installed, before: Callable[..., queries.Span], span: queries.Span, at: datetime
) -> queries.Usage:
    """The usage of a span beside another one."""
    ever = [(metering.LONG_AGO, None)]
    with scoping.scope([meter.organization_id], actor=ACTOR):
        [series] = [
            each for each in queries.list_series(meter_point_ids=[meter.point.pk]) if each.code == "energy_import"
        ]
        against = queries.Against(before(span, MADRID, 15), series, ever)
        return queries.usage_of(series=series, span=span, zone=MADRID, at=at, installed=ever, against=against)


class TestComparing:
    def compared(self, meter: metering.Installed, against: str, view: View, day: date, at: datetime) -> queries.Usage:
        """The usage beside another period, in Madrid."""
        return compared(meter, getattr(queries, against), queries.span(view, day, MADRID, 15), at)

    def test_a_year_is_fair_to_the_interval(self, installed: metering.Installed) -> None:
        usage.flat_days(installed.energy, date(2024, 12, 31), 365, value=100)
        usage.flat_days(installed.energy, date(2025, 12, 31), 76, value=150)
        quality = dict.fromkeys(range(20, 96), Quality.MISSING)
        usage.day_block(installed.energy, date(2026, 3, 17), [150] * 96, quality=quality)

        at = datetime(2026, 3, 17, 5, 7, tzinfo=UTC)
        found = self.compared(installed, "span_year_before", View.YEAR, date(2026, 3, 17), at).comparison

        assert found is not None
        elapsed = (31 + 28 + 16) * 96 + 4 + 20  # an hour of the day before in UTC, five hours of the day
        assert (found.here, found.there) == (elapsed * 150, elapsed * 100)
        assert found.change == Decimal("50.0")

    @pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
    def test_hours_are_compared_by_the_local_clock(self, installed: metering.Installed, day: date) -> None:
        for offset in (-2, -1, 0):
            usage.day_block(installed.energy, day + timedelta(days=offset))

        found = self.compared(installed, "span_before", View.DAY, day, LATER)

        assert found.comparison is not None
        assert len(found.comparison.values) == len(found.slots)
        # In UTC the days are alike, so the same local hours differ by the change of the clock: four intervals.
        shift = 4 if day.month == 3 else -4
        assert found.slots[-2].value is not None
        assert found.comparison.values[-2] == found.slots[-2].value + 4 * shift
        if day.month == 10:
            assert found.comparison.values[3] is None  # the hour that comes twice has one counterpart

    def test_a_week_is_compared_with_the_same_weekdays(self, installed: metering.Installed) -> None:
        span = queries.span(View.WEEK, date(2026, 6, 16), MADRID, 15)

        there = queries.span_year_before(span, MADRID, 15)

        assert civil.local_date(there.period.start, MADRID) == date(2025, 6, 16)
        assert there.period.start.astimezone(MADRID).weekday() == 0

    def test_the_leap_day_has_a_year_before(self) -> None:
        span = queries.span(View.DAY, date(2028, 2, 29), MADRID, 15)

        assert civil.local_date(queries.span_year_before(span, MADRID, 15).period.start, MADRID) == date(2027, 2, 28)

    def test_a_free_range_is_compared_with_as_many_days(self, installed: metering.Installed) -> None:
        usage.flat_days(installed.energy, date(2026, 6, 1), 20, value=100)
        span = queries.free_span(local(date(2026, 6, 11), date(2026, 6, 14)), MADRID, 15)

        found = compared(installed, queries.span_before, span, LATER)

        assert len(found.slots) == 3
        assert found.comparison is not None
        assert found.comparison.values == (9_600, 9_600, 9_600)

    def test_a_range_over_the_leap_day_leaves_one_bar_empty(self, installed: metering.Installed) -> None:
        usage.flat_days(installed.energy, date(2027, 2, 25), 8, value=100)
        usage.flat_days(installed.energy, date(2028, 2, 25), 8, value=100)
        span = queries.free_span(local(date(2028, 2, 28), date(2028, 3, 2)), MADRID, 15)

        found = compared(installed, queries.span_year_before, span, datetime(2029, 1, 1, tzinfo=UTC))

        assert found.comparison is not None
        assert found.comparison.values == (None, 9_600, 9_600)
        assert found.comparison.common == 2

    @pytest.mark.parametrize(
        ("length", "grain", "bars"),
        [
            (timedelta(hours=1), "STEP", 4),
            (timedelta(hours=36), "HOUR", 36),
            (timedelta(days=10), "DAY", 10),
            (timedelta(days=365), "MONTH", 13),
        ],
    )
    def test_the_length_chooses_the_bars(self, length: timedelta, grain: str, bars: int) -> None:
        start = datetime(2026, 1, 15, tzinfo=UTC)

        span = queries.free_span(Period(start, start + length), UTC, 15)

        assert (span.grain, len(span.edges) - 1) == (grain, bars)

    def test_another_meter_of_another_scale(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16), [1_000] * 96)
        with scoping.scope([installed.organization_id], actor=ACTOR):
            [series] = [
                each
                for each in queries.list_series(meter_point_ids=[installed.point.pk])
                if each.code == "energy_import"
            ]
            coarse = dataclasses.replace(series, decimals=series.decimals - 1)
            span = queries.span(View.DAY, date(2026, 6, 16), UTC, 15)
            ever = [(metering.LONG_AGO, None)]
            found = queries.usage_of(
                series=series,
                span=span,
                zone=UTC,
                at=LATER,
                installed=ever,
                against=queries.Against(span, coarse, ever),
            ).comparison

        assert found is not None
        assert found.number(found.values[0] or 0) == Decimal("40.00")
        assert found.change == Decimal("-90.0")
