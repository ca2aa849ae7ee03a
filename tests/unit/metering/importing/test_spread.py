"""Files that number the intervals of a day, or hold a day in one row: clocks are changed in them, too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import civil
from meterbook.metering.importing import files, guessing, instants, parsing
from meterbook.metering.importing.mapping import Gaps, Kind, Label, Mapping
from meterbook.metering.importing.problems import Problems

MADRID = ZoneInfo("Europe/Madrid")
FORWARD, BACK = date(2025, 3, 30), date(2025, 10, 26)
SKIPPED = 2  # the hour from 2:00 on that clocks jump over in spring
HOURS = 24


def parsed(text: str, gaps: str = Gaps.REFUSE) -> tuple[parsing.Column, list[str]]:
    table = files.read(text.encode())
    mapping, _notes = guessing.complete(Mapping(point="A", gaps=gaps), table)
    assert (mapping.kind, mapping.label) == (Kind.INTERVALS, Label.START)
    problems = Problems()
    [column] = parsing.parse(table, mapping, zone_of=lambda _code: MADRID, problems=problems)
    return column, [str(each) for each in problems.found]


def around(day: date) -> list[date]:
    return [day + timedelta(days=offset) for offset in (-1, 0, 1)]


def hours_of(day: date) -> int:
    return (civil.start_of_day(day + timedelta(days=1), MADRID) - civil.start_of_day(day, MADRID)) // timedelta(hours=1)


def usage(number: int) -> str:
    """Falls in a day, so that it is no counter."""
    return f"{(number * 7) % 5 + 0.5}"


def ends(column: parsing.Column) -> tuple[datetime, datetime]:
    return instants.instant_of(column.starts[0]), instants.instant_of(column.ends[-1])


def is_whole(column: parsing.Column, days: list[date]) -> bool:
    """Whether every hour of the days is there once."""
    first, until = (civil.start_of_day(each, MADRID) for each in (days[0], days[-1] + timedelta(days=1)))
    return ends(column) == (first, until) and column.starts[1:] == column.ends[:-1]


class TestColumnOfNumbers:
    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize("day", [FORWARD, BACK, date(2025, 7, 1)], ids=str)
    def test_counts_the_hours_that_a_day_has(self, day: date, first: int) -> None:
        rows = [
            f"ES001;{each:%d/%m/%Y};{number + first};{usage(number).replace('.', ',')};R"
            for each in around(day)
            for number in range(hours_of(each))
        ]

        column, faults = parsed("CUPS;Fecha;Hora;Consumo_kWh;Metodo\n" + "\n".join(rows))

        assert faults == []
        assert is_whole(column, around(day))

    def test_may_say_what_clocks_show(self) -> None:
        rows = [
            f"{each},HE{number + 1:02},{usage(number)}"
            for each in around(FORWARD)
            for number in range(HOURS)
            if (each, number) != (FORWARD, SKIPPED)
        ]

        column, faults = parsed("Date,Hour Ending,kWh\n" + "\n".join(rows))

        assert faults == []
        assert is_whole(column, around(FORWARD))

    def test_shows_the_hour_that_comes_twice_twice(self) -> None:
        numbers = {each: [*range(3), *range(2 if each == BACK else 3, HOURS)] for each in around(BACK)}
        rows = [f"{each},{number},{usage(place)}" for each in numbers for place, number in enumerate(numbers[each])]

        column, faults = parsed("Date,Hour,kWh\n" + "\n".join(rows))

        assert faults == []
        assert is_whole(column, around(BACK))

    def test_names_a_number_that_is_none(self) -> None:
        rows = [f"2025-07-01,{number},{usage(number)}" for number in range(1, 25)]
        rows[5] = "2025-07-01,six,1.5"

        _column, faults = parsed("Date,Hour,kWh\n" + "\n".join(rows))

        assert any("2025-07-01 #six" in each for each in faults) or any(
            "Intervals are missing" in each for each in faults
        )


class TestDayInOneRow:
    @pytest.mark.parametrize("day", [FORWARD, BACK], ids=str)
    def test_with_a_column_for_the_25th_hour(self, day: date) -> None:
        header = "Meter,Date,Units," + ",".join(f"H{number:02}" for number in range(1, 26))
        rows = [
            f"A,{each},Wh," + ",".join(usage(number) if number < hours_of(each) else "" for number in range(25))
            for each in around(day)
        ]

        table = files.read("\n".join([header, *rows]).encode())
        column, faults = parsed("\n".join([header, *rows]))

        assert table.header == ("Meter", "Units", "Date", "value Wh")
        assert faults == []
        assert is_whole(column, around(day))

    @pytest.mark.parametrize("empty", ["", "0"], ids=["empty", "nothing"])
    def test_of_clock_times_lacks_the_hour_that_clocks_jump_over(self, empty: str) -> None:
        header = "Date," + ",".join(f"{number:02}:00" for number in range(HOURS))
        rows = [
            f"{each}," + ",".join(empty if (each, n) == (FORWARD, SKIPPED) else usage(n) for n in range(HOURS))
            for each in around(FORWARD)
        ]

        column, faults = parsed("\n".join([header, *rows]))

        assert faults == []
        assert is_whole(column, around(FORWARD))

    def test_of_clock_times_that_uses_the_hour_which_is_not_there_is_refused(self) -> None:
        header = "Date," + ",".join(f"{number:02}:00" for number in range(HOURS))
        rows = [f"{each}," + ",".join(usage(number) for number in range(HOURS)) for each in around(FORWARD)]

        _column, faults = parsed("\n".join([header, *rows]))

        assert any("clocks jumped over it" in each for each in faults)

    def test_of_clock_times_has_no_room_for_the_hour_that_comes_twice(self) -> None:
        header = "Date," + ",".join(f"{number:02}:00-{(number + 1) % HOURS:02}:00" for number in range(HOURS))
        rows = [f"{each}," + ",".join(usage(number) for number in range(HOURS)) for each in around(BACK)]

        _column, faults = parsed("\n".join([header, *rows]))

        assert any("Intervals are missing" in each for each in faults)

    def test_of_quarters_ends_at_midnight(self) -> None:
        header = "Fecha;" + ";".join(f"{n // 60:02}:{n % 60:02}" for n in range(15, 1_441, 15))
        rows = [f"{day:02}/07/2025;" + ";".join(usage(n).replace(".", ",") for n in range(96)) for day in range(1, 15)]

        column, faults = parsed("\n".join([header, *rows]))

        assert faults == []
        assert len(column.values) == 14 * 96
        assert is_whole(column, [date(2025, 7, 1), date(2025, 7, 14)])

    def test_of_five_minutes_fits(self) -> None:
        header = "Date," + ",".join(f"P{number}" for number in range(1, 289))
        rows = [f"2025-07-0{day}," + ",".join(usage(n) for n in range(288)) for day in range(1, 4)]

        column, faults = parsed("\n".join([header, *rows]))

        assert faults == []
        assert len(column.values) == 3 * 288

    def test_is_not_seen_in_a_month_of_daily_columns(self) -> None:
        header = "Month," + ",".join(str(number) for number in range(1, 32))

        table = files.read(f"{header}\n2025-07-01,{','.join('1' for _ in range(31))}".encode())

        assert len(table.rows) == 1


@given(first=st.dates(date(2024, 1, 1), date(2026, 12, 1)), days=st.integers(1, 40), values=st.randoms())
def test_each_hour_is_there_once_and_nothing_is_lost(first: date, days: int, values: object) -> None:
    wanted = [first + timedelta(days=offset) for offset in range(days)]
    told = {each: [str(values.randint(0, 99) / 4) for _ in range(hours_of(each))] for each in wanted}  # type: ignore[attr-defined]
    header = "Date," + ",".join(f"H{number}" for number in range(1, 26))
    rows = [f"{each}," + ",".join(told[each] + [""] * (25 - len(told[each]))) for each in wanted]

    column, faults = parsed("\n".join([header, *rows]))

    assert faults == []
    assert is_whole(column, wanted)
    assert sum(column.values) == sum(Decimal(each) for day in wanted for each in told[day])
    assert ends(column)[0].tzinfo is UTC
