"""When billing periods end and their runs start."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing import cycles
from meterbook.billing.cycles import Cycle, Rhythm, Span

MEXICO, MADRID = ZoneInfo("America/Mexico_City"), ZoneInfo("Europe/Madrid")


def ends(rhythm: Rhythm, count: int, since: date | None = None) -> list[date]:
    return [each.cutoff for each in itertools.islice(cycles.spans(rhythm, since=since), count)]


class TestSpans:
    @pytest.mark.spec("M-058/2")
    def test_end_on_the_last_day_of_short_months(self) -> None:
        assert ends(Rhythm(1, cycles.LAST_DAY, date(2028, 1, 1)), 5) == [
            date(2028, 1, 31),
            date(2028, 2, 29),
            date(2028, 3, 31),
            date(2028, 4, 30),
            date(2028, 5, 31),
        ]

    def test_go_from_the_day_after_a_cut_off_to_the_next_one(self) -> None:
        first, second = itertools.islice(cycles.spans(Rhythm(1, 15, date(2026, 5, 16))), 2)

        assert first == Span(date(2026, 5, 16), date(2026, 6, 16))
        assert second == Span(date(2026, 6, 16), date(2026, 7, 16))

    def test_begin_with_a_part_where_the_first_day_is_no_cut_off(self) -> None:
        assert ends(Rhythm(1, 15, date(2026, 5, 1)), 2) == [date(2026, 5, 15), date(2026, 6, 15)]

    def test_take_so_many_months_over_the_year(self) -> None:
        assert ends(Rhythm(2, cycles.LAST_DAY, date(2026, 11, 1)), 3) == [
            date(2026, 12, 31),
            date(2027, 2, 28),
            date(2027, 4, 30),
        ]
        assert ends(Rhythm(cycles.months_of(Cycle.MONTHS, 3), 20, date(2026, 1, 21)), 2) == [
            date(2026, 4, 20),
            date(2026, 7, 20),
        ]

    def test_end_weekly_on_the_same_weekday(self) -> None:
        sunday = 7

        assert ends(Rhythm(cycles.months_of(Cycle.WEEKLY, 1), sunday, date(2026, 11, 26)), 3) == [
            date(2026, 11, 29),
            date(2026, 12, 6),
            date(2026, 12, 13),
        ]

    def test_go_on_from_what_was_billed(self) -> None:
        assert ends(Rhythm(1, 28, date(2020, 1, 1)), 1, since=date(2026, 2, 1)) == [date(2026, 2, 28)]

    @given(st.integers(0, 12), st.integers(1, 31), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
    def test_leave_no_day_out_and_take_none_twice(self, months: int, day: int, starts_on: date) -> None:
        rhythm = Rhythm(months, min(day, 7) if months == 0 else day, starts_on)

        found = list(itertools.islice(cycles.spans(rhythm), 30))

        assert found[0].first_day == starts_on
        assert all(each.first_day < each.until_day for each in found)
        assert all(one.until_day == other.first_day for one, other in itertools.pairwise(found))


class TestDueAt:
    def test_is_the_local_hour_on_the_day_after_the_cut_off(self) -> None:
        span = Span(date(2026, 5, 16), date(2026, 6, 16))

        assert cycles.due_at(span, hour=8, zone=MEXICO) == datetime(2026, 6, 16, 14, tzinfo=UTC)
        assert cycles.due_at(span, hour=8, zone=MADRID) == datetime(2026, 6, 16, 6, tzinfo=UTC)

    def test_comes_once_where_clocks_leave_the_hour_out_or_show_it_twice(self) -> None:
        spring, autumn = Span(date(2026, 3, 1), date(2026, 3, 29)), Span(date(2026, 10, 1), date(2026, 10, 25))

        assert cycles.due_at(spring, hour=2, zone=MADRID) == datetime(2026, 3, 29, 1, tzinfo=UTC)
        assert cycles.due_at(autumn, hour=2, zone=MADRID) == datetime(2026, 10, 25, 0, tzinfo=UTC)
        assert cycles.due_at(autumn, hour=3, zone=MADRID) - cycles.due_at(autumn, hour=2, zone=MADRID) == timedelta(
            hours=2
        )
