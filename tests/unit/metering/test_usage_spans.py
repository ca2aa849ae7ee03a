"""Where bars begin: local days, weeks, months and years, in any zone."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.queries import View, bounds, span, step_back, step_on

ZONES = ("Europe/Madrid", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "UTC")
VIEWS = (View.DAY, View.WEEK, View.MONTH, View.YEAR)
DAYS = st.dates(min_value=date(2012, 1, 1), max_value=date(2037, 12, 31))


@given(view=st.sampled_from(VIEWS), day=DAYS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_bars_cover_the_period_without_a_gap(view: View, day: date, zone: ZoneInfo) -> None:
    period = bounds(view, day, zone)

    found = span(view, day, zone, 15).edges

    assert (found[0], found[-1]) == (period.start, period.end)
    assert all(a < b for a, b in itertools.pairwise(found))


@given(view=st.sampled_from(VIEWS), day=DAYS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_periods_touch(view: View, day: date, zone: ZoneInfo) -> None:
    period = bounds(view, day, zone)

    assert bounds(view, step_back(view, day, zone), zone).end == period.start
    assert bounds(view, step_on(view, day, zone), zone).start == period.end


@given(day=DAYS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_no_bar_of_a_day_is_longer_than_an_hour(day: date, zone: ZoneInfo) -> None:
    found = span(View.DAY, day, zone, 15).edges

    assert all(b - a <= timedelta(hours=1) for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 3, 29), ["00:00", "01:00", "03:00", "04:00"]),
        (date(2026, 10, 25), ["00:00", "01:00", "02:00", "02:00"]),
    ],
)
def test_bars_begin_where_the_clock_shows_a_full_hour(day: date, shown: list[str]) -> None:
    zone = ZoneInfo("Europe/Madrid")

    found = span(View.DAY, day, zone, 15).edges

    assert [f"{each.astimezone(zone):%H:%M}" for each in found[:4]] == shown


def test_a_leap_february_has_29_bars() -> None:
    found = span(View.MONTH, date(2028, 2, 10), UTC, 15).edges

    assert len(found) - 1 == 29
    assert found[-1] == datetime(2028, 3, 1, tzinfo=UTC)
