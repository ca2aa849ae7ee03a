"""Places whose clocks change at midnight, by half an hour, or by a whole day: no day lacks or is there twice."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import local_quarters
from meterbook.metering.importing import daily, files, guessing, instants, parsing
from meterbook.metering.importing.mapping import Kind, Mapping
from meterbook.metering.importing.parsing import Column
from meterbook.metering.importing.problems import Problems
from meterbook.metering.queries import View, bounds, gridded, span, spans, step_back, step_on, within

# The day of the change, and how many hours it has: IANA time zone database.
CHANGES = [
    ("Africa/Cairo", date(2024, 4, 26), 23),  # 0:00 is 1:00
    ("Africa/Cairo", date(2024, 10, 31), 25),  # 24:00 is 23:00
    ("America/Havana", date(2024, 3, 10), 23),
    ("America/Havana", date(2024, 11, 3), 25),  # 1:00 is 0:00: midnight comes twice
    ("Asia/Beirut", date(2024, 3, 31), 23),
    ("Asia/Beirut", date(2024, 10, 26), 25),
    ("Atlantic/Azores", date(2024, 3, 31), 23),
    ("Atlantic/Azores", date(2024, 10, 27), 25),
    ("America/Santiago", date(2024, 4, 6), 25),
    ("America/Santiago", date(2024, 9, 8), 23),
    ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
    ("Australia/Lord_Howe", date(2024, 10, 6), 23.5),
    ("Pacific/Apia", date(2011, 12, 29), 24),  # the next day is the 31st
]
IDS = [f"{zone}-{day}" for zone, day, _hours in CHANGES]
ZONES = sorted({zone for zone, _day, _hours in CHANGES})
SKIPPED = ("Pacific/Apia", date(2011, 12, 30))
QUARTER, HALF, DAY = timedelta(minutes=15), timedelta(minutes=30), timedelta(days=1)
DAYS = st.dates(date(2008, 1, 1), date(2030, 12, 31))


def days_around(zone: str, day: date) -> list[tuple[date, Period]]:
    """Two days before the change, to two days behind it."""
    there = ZoneInfo(zone)
    whole = Period(civil.start_of_day(day - 2 * DAY, there), civil.start_of_day(day + 3 * DAY, there))
    return civil.local_days(whole, there)


class TestDays:
    @pytest.mark.parametrize(("zone", "day", "hours"), CHANGES, ids=IDS)
    def test_are_as_long_as_the_clock_has_them(self, zone: str, day: date, hours: float) -> None:
        there = ZoneInfo(zone)

        period = civil.day_bounds(day, there)

        assert period.duration == timedelta(hours=hours)
        assert {each.start.astimezone(there).date() for each in period.steps(QUARTER)} == {day}
        slots = local_quarters.stretch(period, there).place
        assert len(slots) == hours * 4
        once = slots[slots != local_quarters.TWICE]
        assert len(set(once.tolist())) == len(once)
        assert len(once) == min(hours * 4, 96)

    @given(zone=st.sampled_from(ZONES).map(ZoneInfo), first=DAYS, count=st.integers(1, 40))
    def test_none_is_there_twice_and_none_lacks(self, zone: ZoneInfo, first: date, count: int) -> None:
        until = first + count * DAY
        start, end = civil.start_of_day(first, zone), civil.start_of_day(until, zone)
        wanted = [each for each in civil.dates(first, until) if (zone.key, each) != SKIPPED]
        if start == end:
            return

        found = civil.local_days(Period(start, end), zone)

        assert [day for day, _part in found] == wanted
        assert (found[0][1].start, found[-1][1].end) == (start, end)
        assert all(a.end == b.start for (_day, a), (_next, b) in itertools.pairwise(found))
        edges = gridded.edges_of(gridded.Grid(tuple(civil.dates(first, until)), until), zone)
        assert sorted(set(edges)) == [part.start for _day, part in found] + [end]

    @given(view=st.sampled_from(list(View)[:4]), zone=st.sampled_from(ZONES).map(ZoneInfo), day=DAYS)
    def test_periods_of_screens_touch(self, view: View, zone: ZoneInfo, day: date) -> None:
        period, edges = bounds(view, day, zone), span(view, day, zone, 15).edges

        assert (edges[0], edges[-1]) == (period.start, period.end)
        assert bounds(view, step_back(view, day, zone), zone).end == period.start
        assert bounds(view, step_on(view, day, zone), zone).start == period.end


class TestSkippedDay:
    zone, day = ZoneInfo(SKIPPED[0]), SKIPPED[1]

    def test_is_shown_as_the_next_one(self) -> None:
        assert civil.is_skipped(self.day, self.zone)
        assert not civil.is_skipped(self.day + DAY, self.zone)
        assert bounds(View.DAY, self.day, self.zone) == civil.day_bounds(self.day + DAY, self.zone)

    def test_has_no_bar(self) -> None:
        start = datetime(2011, 12, 28, 12, tzinfo=UTC)

        found = within.daily(spans.free_span(Period(start, start + 4 * DAY), self.zone, 15), self.zone)

        assert [f"{each.astimezone(self.zone):%d %H}" for each in found.edges] == [
            "28 00",
            "29 00",
            "31 00",
            "01 00",
            "02 00",
            "03 00",
        ]

    def test_can_be_compared_with_the_year_before(self) -> None:
        of = span(View.DAY, date(2012, 12, 30), self.zone, 15)

        assert spans.span_year_before(of, self.zone, 15).period == civil.day_bounds(self.day + DAY, self.zone)


def counter(zone: str, day: date, uses: list[int]) -> tuple[list[datetime], list[int], list[int]]:
    """A counter that begins again with each local day: the ends of its quarters, what it shows, what was used."""
    ends, shown, used = [], [], []
    for _day, part in days_around(zone, day):
        total = 0
        for quarter in part.steps(QUARTER):
            use = uses[len(used) % len(uses)]
            total += use
            ends.append(quarter.end)
            shown.append(total)
            used.append(use)
    return ends, shown, used


class TestCounterThatBeginsAgain:
    @pytest.mark.parametrize(("zone", "day"), [each[:2] for each in CHANGES], ids=IDS)
    @pytest.mark.parametrize("written", ["utc", "with-offset", "clock"])
    def test_gives_back_what_was_used(self, zone: str, day: date, written: str) -> None:
        there = ZoneInfo(zone)
        ends, shown, used = counter(zone, day, [3, 1, 4, 1, 5, 9, 2, 6])
        labels = {
            "utc": [each.isoformat() for each in ends],
            "with-offset": [each.astimezone(there).isoformat() for each in ends],
            "clock": [f"{each.astimezone(there):%Y-%m-%d %H:%M}" for each in ends],
        }[written]
        rows = [f"{label},{value}" for label, value in zip(labels, shown, strict=True)]
        table = files.read("\n".join(["time,water", *rows]).encode())
        mapping, _notes = guessing.complete(Mapping(point="W1", series="volume", unit="L", gaps="REFUSE"), table)
        problems = Problems()

        [column] = parsing.parse(table, mapping, zone_of=lambda _code: there, problems=problems)
        found = daily.to_intervals(column, mapping, problems)

        assert (mapping.kind, [each.problem for each in problems.found]) == (Kind.DAILY, [])
        assert [instants.instant_of(each) for each in found.ends] == ends
        assert found.values == [Decimal(each) for each in used]

    @given(
        change=st.sampled_from(CHANGES),
        uses=st.lists(st.integers(0, 50), min_size=1, max_size=50),
        lost=st.sets(st.integers(0, 480), max_size=40),
    )
    def test_the_sum_of_the_days_is_what_the_register_counted(
        self, change: tuple[str, date, float], uses: list[int], lost: set[int]
    ) -> None:
        """Rows within a day may be lost: the day's last one tells all of it."""
        zone, day, _hours = change
        there = ZoneInfo(zone)
        ends, shown, used = counter(zone, day, uses)
        last = {part.end for _day, part in days_around(zone, day)}
        kept = [place for place, end in enumerate(ends) if place not in lost or end in last]
        at = [instants.microseconds(ends[place]) for place in kept]
        column = Column("W1", there, list(kept), at, at, [Decimal(shown[place]) for place in kept])
        problems = Problems()

        found = daily.to_intervals(column, Mapping(kind=Kind.DAILY), problems)

        assert sum(found.values) == sum(used)
        assert problems.found == []
        assert found.starts[1:] == found.ends[:-1]
        by_day: dict[date, Decimal] = {}
        for start, value in zip(found.starts, found.values, strict=True):
            local = civil.local_date(instants.instant_of(start), there)
            by_day[local] = by_day.get(local, Decimal(0)) + value
        wanted = {
            local: sum(use for end, use in zip(ends, used, strict=True) if part.start < end <= part.end)
            for local, part in days_around(zone, day)
        }
        assert by_day == wanted
