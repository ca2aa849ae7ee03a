"""Only a part of what a series holds: somebody's own time, or whole days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering.queries import spans, within

MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 6, 9, 21, tzinfo=UTC)
STEP = timedelta(minutes=15)


def run(count: int = 8) -> UsageSeries:
    return UsageSeries(START, STEP, np.arange(1, count + 1, dtype=np.int64), np.full(count, Quality.VALID, np.uint8))


class TestMasked:
    def test_keeps_intervals_that_lie_wholly_inside(self) -> None:
        found = within.masked(run(), [Period(START + 4 * STEP, START + 6 * STEP)])

        assert found.values.tolist() == [0, 0, 0, 0, 5, 6, 0, 0]
        assert [int(each) == Quality.MISSING for each in found.quality] == [True] * 4 + [False] * 2 + [True] * 2

    def test_leaves_out_what_an_end_cuts(self) -> None:
        odd = timedelta(minutes=7)

        found = within.masked(run(), [Period(START + odd, START + 3 * STEP + odd)])

        assert found.values.tolist() == [0, 2, 3, 0, 0, 0, 0, 0]

    def test_leaves_nothing_of_a_period_elsewhere(self) -> None:
        for shift in (-timedelta(days=3), timedelta(days=3)):
            assert within.masked(run(), [Period(START + shift, START + shift + STEP)]).total == 0


class TestDaily:
    def test_makes_whole_local_days_of_hours(self) -> None:
        noon = datetime(2026, 10, 24, 10, tzinfo=UTC)
        found = within.daily(spans.free_span(Period(noon, noon + timedelta(hours=20)), MADRID, 15), MADRID)

        assert found.edges == (
            datetime(2026, 10, 23, 22, tzinfo=UTC),
            datetime(2026, 10, 24, 22, tzinfo=UTC),
            datetime(2026, 10, 25, 23, tzinfo=UTC),  # the day has 25 hours
        )

    def test_does_not_begin_a_longer_range_inside_a_day(self) -> None:
        noon = datetime(2026, 6, 9, 10, tzinfo=UTC)
        for days in (5, 200):
            found = within.daily(spans.free_span(Period(noon, noon + timedelta(days=days)), MADRID, 15), MADRID)

            assert found.edges[0] == datetime(2026, 6, 8, 22, tzinfo=UTC)
            assert found.edges[-1].astimezone(MADRID).hour == 0

    def test_leaves_a_month_as_it_is(self) -> None:
        month = spans.span(spans.View.MONTH, date(2026, 6, 9), MADRID, 15)

        assert within.daily(month, MADRID) == month


def test_narrowed_bars_begin_with_the_period() -> None:
    month = spans.span(spans.View.MONTH, date(2026, 6, 9), MADRID, 15)
    own = Period(datetime(2026, 6, 9, 22, tzinfo=UTC), month.period.end)

    found = within.narrowed(month, own)

    assert found.period == own
    assert len(found.edges) == 22
