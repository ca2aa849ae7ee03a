"""Counters that begin again each day: what was used adds up, clocks change, rows are lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.importing import daily, files, guessing, instants, parsing
from meterbook.metering.importing.mapping import Kind, Mapping
from meterbook.metering.importing.parsing import Column
from meterbook.metering.importing.problems import Problems

CHICAGO = ZoneInfo("America/Chicago")
STEP = timedelta(minutes=15)


def read(text: str, zone: ZoneInfo = CHICAGO, gaps: str = "REFUSE") -> tuple[Column, list[str], Mapping]:
    table = files.read(text.encode())
    mapping, _notes = guessing.complete(Mapping(point="W1", series="volume", unit="L", gaps=gaps), table)
    problems = Problems()
    [column] = parsing.parse(table, mapping, zone_of=lambda _code: zone, problems=problems)
    return daily.to_intervals(column, mapping, problems), [each.problem for each in problems.found], mapping


def written(start: datetime, uses: list[int], zone: ZoneInfo = CHICAGO, *, reset_at_once: bool = False) -> str:
    """A file whose times are the ends of quarters, as a label at the end follows the clock of its interval."""
    lines, total, at = ["time,water"], 0, start
    for use in uses:
        begins = at.astimezone(zone)
        if (begins.hour, begins.minute) == (0, 0):
            total = 0
        total += use
        label = begins.replace(tzinfo=None) + STEP
        is_midnight = (label.hour, label.minute) == (0, 0)
        lines.append(f"{label:%Y-%m-%d %H:%M},{0 if is_midnight and reset_at_once else total}")
        at += STEP
    return "\n".join(lines)


class TestCounterThatBeginsAgain:
    @pytest.mark.parametrize(
        ("first", "quarters"),
        [((2018, 6, 4), 4 * 96), ((2018, 3, 9), 4 * 96), ((2018, 11, 2), 4 * 96)],
        ids=["summer", "clocks-forward", "clocks-back"],
    )
    def test_gives_back_what_was_used_in_each_quarter(self, first: tuple[int, int, int], quarters: int) -> None:
        uses = [(number * 7) % 11 for number in range(quarters)]
        start = datetime(*first, tzinfo=CHICAGO).astimezone(UTC)

        column, faults, mapping = read(written(start, uses))

        assert mapping.kind == Kind.DAILY
        assert faults == []
        assert column.values == [Decimal(each) for each in uses]
        assert column.starts[0] == instants.microseconds(start)
        assert column.starts[1:] == column.ends[:-1]

    def test_a_quarter_lost_at_midnight_is_said(self) -> None:
        start = datetime(2018, 6, 4, 5, tzinfo=UTC)
        text = written(start, [3] * (3 * 96), reset_at_once=True)

        refused = read(text)
        taken = read(text, gaps="ZERO")

        assert len(refused[1]) == 3
        assert "2018-06-04 23:45" in refused[1][0]
        assert "2018-06-05 00:00" in refused[1][0]
        assert (taken[1], taken[0].gaps, sum(taken[0].values)) == ([], 3, 3 * 95 * 3)

    def test_rows_missing_within_a_day_lose_nothing(self) -> None:
        rows = written(datetime(2018, 6, 4, 5, tzinfo=UTC), [2] * (4 * 96)).split("\n")

        column, faults, _mapping = read("\n".join(rows[:40] + rows[60:]))

        assert (faults, sum(column.values), len(column.values)) == ([], 2 * 4 * 96, 4 * 96 - 20)

    def test_rows_missing_over_midnight_are_a_gap(self) -> None:
        rows = written(datetime(2018, 6, 4, 5, tzinfo=UTC), [2] * (4 * 96)).split("\n")

        column, faults, _mapping = read("\n".join(rows[:91] + rows[101:]))

        assert len(faults) == 1
        assert "2018-06-04 22:30" in faults[0]
        assert sum(column.values) == 2 * (4 * 96 - 6)

    def test_what_falls_all_day_is_no_such_counter(self) -> None:
        rows = [f"2018-06-0{4 + n // 24} {n % 24:02}:00,{(n * 5) % 7}" for n in range(72)]
        mapping, _notes = guessing.complete(Mapping(point="W1"), files.read("\n".join(["time,kWh", *rows]).encode()))

        assert mapping.kind == Kind.INTERVALS

    @given(st.lists(st.integers(0, 50), min_size=1, max_size=300))
    def test_the_sum_is_what_the_days_showed_last(self, uses: list[int]) -> None:
        start = datetime(2018, 6, 4, 5, tzinfo=UTC)
        ends = [instants.microseconds(start + STEP * (number + 1)) for number in range(len(uses))]
        shown = [total for day in range(0, len(uses), 96) for total in accumulate(uses[day : day + 96])]
        column = Column("W1", CHICAGO, list(range(len(uses))), ends, ends, [Decimal(each) for each in shown])

        found = daily.to_intervals(column, Mapping(kind=Kind.DAILY), Problems())

        assert found.values == [Decimal(each) for each in uses]
