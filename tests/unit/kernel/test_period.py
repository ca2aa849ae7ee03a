from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import civil
from meterbook.kernel.period import Period, PeriodInvalid

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PERIODS = st.builds(
    lambda start, length: Period(start, start + length),
    INSTANTS,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
)
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Africa/Cairo",
    ]
).map(ZoneInfo)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


class TestPeriod:
    def test_holds_its_start_and_not_its_end(self) -> None:
        period = Period(utc(2026, 1, 1), utc(2026, 2, 1))

        assert utc(2026, 1, 1) in period
        assert utc(2026, 2, 1) not in period

    def test_touching_its_neighbour_does_not_overlap_it(self) -> None:
        january, february = Period(utc(2026, 1, 1), utc(2026, 2, 1)), Period(utc(2026, 2, 1), utc(2026, 3, 1))

        assert not january.overlaps(february)
        assert january.intersection(february) is None

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (utc(2026, 1, 1), utc(2026, 1, 1)),
            (utc(2026, 1, 2), utc(2026, 1, 1)),
            (datetime(2026, 1, 1), utc(2026, 1, 2)),  # noqa: DTZ001
        ],
    )
    def test_refuses_naive_and_empty(self, start: datetime, end: datetime) -> None:
        with pytest.raises(PeriodInvalid):
            Period(start, end)

    def test_counts_an_hour_that_comes_twice(self) -> None:
        madrid = ZoneInfo("Europe/Madrid")
        period = Period(
            datetime(2026, 10, 25, 2, 30, tzinfo=madrid), datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=madrid)
        )

        assert period.duration == timedelta(hours=1)

    @given(period=PERIODS, instants=st.lists(INSTANTS, max_size=8))
    def test_split_keeps_the_whole(self, period: Period, instants: list[datetime]) -> None:
        parts = period.split(instants)

        assert (parts[0].start, parts[-1].end) == (period.start, period.end)
        assert all(before.end == after.start for before, after in itertools.pairwise(parts))
        assert sum((part.duration for part in parts), timedelta()) == period.duration

    @given(period=PERIODS, others=st.lists(PERIODS, max_size=6))
    def test_gaps_are_what_nobody_covers(self, period: Period, others: list[Period]) -> None:
        gaps = period.gaps(others)

        assert all(not gap.overlaps(each) for gap in gaps for each in others)
        assert all(period.covers(gap) for gap in gaps)
        assert period.gaps([*others, *gaps]) == []

    def test_steps_end_with_the_remainder(self) -> None:
        steps = list(Period(utc(2026, 1, 1), utc(2026, 1, 1, 0, 40)).steps(timedelta(minutes=15)))

        assert [each.duration for each in steps] == [
            timedelta(minutes=15),
            timedelta(minutes=15),
            timedelta(minutes=10),
        ]


class TestCivilDay:
    @pytest.mark.spec("B-12")
    @pytest.mark.parametrize(
        ("zone", "day", "hours"),
        [
            ("America/New_York", date(2026, 3, 7), 24),
            ("America/New_York", date(2026, 3, 8), 23),
            ("America/New_York", date(2026, 11, 1), 25),
            ("Europe/Madrid", date(2026, 3, 29), 23),
            ("Europe/Madrid", date(2026, 10, 25), 25),
            ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
            ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
            ("Asia/Kolkata", date(2026, 3, 29), 24),
            ("Africa/Cairo", date(2026, 4, 24), 23),  # the clock jumps over midnight
            ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ],
    )
    def test_has_the_hours_of_the_place(self, zone: str, day: date, hours: float) -> None:
        assert civil.day_bounds(day, ZoneInfo(zone)).duration == timedelta(hours=hours)

    def test_begins_at_local_midnight(self) -> None:
        bounds = civil.day_bounds(date(2026, 7, 1), ZoneInfo("Asia/Kolkata"))

        assert bounds == Period(utc(2026, 6, 30, 18, 30), utc(2026, 7, 1, 18, 30))

    def test_that_a_place_left_out_is_refused(self) -> None:
        with pytest.raises(civil.DaySkipped):
            civil.day_bounds(date(2011, 12, 30), ZoneInfo("Pacific/Apia"))

    @given(zone=ZONES, day=st.dates(date(2000, 1, 1), date(2037, 12, 30)))
    def test_follows_the_day_before_without_gap(self, zone: ZoneInfo, day: date) -> None:
        today, tomorrow = civil.day_bounds(day, zone), civil.day_bounds(day + timedelta(days=1), zone)

        assert today.end == tomorrow.start
        assert civil.local_date(today.start, zone) == day
        assert civil.local_date(today.end - timedelta(microseconds=1), zone) == day

    @given(zone=ZONES, period=PERIODS)
    def test_cuts_a_period_into_its_days(self, zone: ZoneInfo, period: Period) -> None:
        days = civil.local_days(period, zone)

        assert period.split(part.start for _, part in days) == [part for _, part in days]
        assert all(civil.local_date(part.start, zone) == day for day, part in days)

    def test_months_and_years_are_local(self) -> None:
        madrid = ZoneInfo("Europe/Madrid")

        assert civil.month_bounds(date(2024, 2, 29), madrid) == Period(utc(2024, 1, 31, 23), utc(2024, 2, 29, 23))
        assert civil.month_bounds(date(2026, 12, 31), madrid).end == utc(2026, 12, 31, 23)
        assert civil.year_bounds(date(2026, 5, 5), madrid).duration == timedelta(days=365)
        assert civil.week_bounds(date(2026, 3, 29), madrid).duration == timedelta(days=7, hours=-1)
