"""Where time is cut: an interval belongs to whom the time at its start belongs, a day to who has its beginning."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing.calculating import spans
from meterbook.kernel import civil
from meterbook.kernel.period import Period

MADRID = ZoneInfo("Europe/Madrid")


def month(first: date, zone: ZoneInfo = MADRID) -> Period:
    return civil.month_bounds(first, zone)


class TestSpan:
    def test_holds_a_month_as_it_is(self) -> None:
        span = spans.span(month(date(2026, 10, 1)), step=15, zone=MADRID)

        assert span is not None
        assert span.cut == month(date(2026, 10, 1))
        assert len(span.days) == 31

    def test_gives_an_interval_to_whom_its_start_belongs(self) -> None:
        change = datetime(2026, 10, 14, 8, 7, tzinfo=UTC)
        before, after = month(date(2026, 10, 1)).split([change])

        first = spans.span(before, step=15, zone=MADRID)
        second = spans.span(after, step=15, zone=MADRID)

        assert first is not None
        assert second is not None
        assert first.cut.end == second.cut.start == datetime(2026, 10, 14, 8, 15, tzinfo=UTC)
        # 14 October began with the former: nobody pays a daily charge twice.
        assert first.days[-1] == date(2026, 10, 14)
        assert second.days[0] == date(2026, 10, 15)

    def test_is_nothing_where_no_interval_starts(self) -> None:
        short = Period(datetime(2026, 10, 14, 8, 1, tzinfo=UTC), datetime(2026, 10, 14, 8, 9, tzinfo=UTC))

        assert spans.span(short, step=15, zone=MADRID) is None

    def test_keeps_hours_whole_where_midnight_is_at_half_past(self) -> None:
        kolkata = ZoneInfo("Asia/Kolkata")
        september = spans.span(month(date(2026, 9, 1), kolkata), step=60, zone=kolkata)
        october = spans.span(month(date(2026, 10, 1), kolkata), step=60, zone=kolkata)

        assert september is not None
        assert october is not None
        assert september.cut.end == october.cut.start == datetime(2026, 9, 30, 19, tzinfo=UTC)
        assert (len(september.days), len(october.days)) == (30, 31)

    @pytest.mark.spec("B-11")
    @given(
        minutes=st.lists(st.integers(1, 31 * 1440), max_size=6),
        step=st.sampled_from((1, 5, 15, 30, 60)),
        zone=st.sampled_from(("Europe/Madrid", "Australia/Lord_Howe", "Asia/Kolkata", "America/New_York")),
        first=st.sampled_from((date(2026, 3, 1), date(2026, 10, 1), date(2024, 2, 1), date(2026, 11, 1))),
    )
    def test_counts_every_interval_and_day_once(self, minutes: list[int], step: int, zone: str, first: date) -> None:
        place = ZoneInfo(zone)
        whole = month(first, place)
        parts = whole.split([whole.start + (whole.duration * each) // (31 * 1440) for each in minutes])

        found = [spans.span(part, step=step, zone=place) for part in parts]

        kept = [each for each in found if each is not None]
        together = spans.span(whole, step=step, zone=place)
        assert together is not None
        assert sum((each.cut.duration for each in kept), start=kept[0].cut.duration * 0) == together.cut.duration
        assert all(a.cut.end == b.cut.start for a, b in itertools.pairwise(kept))
        days = [day for each in kept for day in each.days]
        assert len(set(days)) == len(days)
        assert set(days) <= set(together.days)
