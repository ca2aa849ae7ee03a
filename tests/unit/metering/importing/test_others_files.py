"""Files as loggers, buildings and utilities write them: clocks change, rows are lost, counters begin again each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.metering.importing import daily, files, guessing, instants, parsing
from meterbook.metering.importing.mapping import Kind, Label, Mapping, Midnight
from meterbook.metering.importing.problems import FileInvalid, Problems

MADRID = ZoneInfo("Europe/Madrid")
BACK, FORWARD = datetime(2025, 10, 26), datetime(2026, 3, 29)  # noqa: DTZ001 - days of the place
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Read:
    """What became of a file with one meter point."""

    mapping: Mapping
    column: parsing.Column
    faults: list[str]

    @property
    def total(self) -> Decimal:
        return sum(self.column.values, Decimal(0))

    @property
    def first(self) -> datetime:
        return instants.instant_of(self.column.starts[0]).astimezone(MADRID).replace(tzinfo=None)

    @property
    def end(self) -> datetime:
        return instants.instant_of(self.column.ends[-1]).astimezone(MADRID).replace(tzinfo=None)


def read(text: str, **given: str) -> Read:
    table = files.read(text.encode())
    mapping, _notes = guessing.complete(Mapping(point="A", **given), table)  # type: ignore[arg-type]
    problems = Problems()
    [column] = parsing.parse(table, mapping, zone_of=lambda _code: MADRID, problems=problems)
    if mapping.kind == Kind.DAILY:
        column = daily.to_intervals(column, mapping, problems)
    return Read(mapping, column, [str(each) for each in problems.found])


def wall(start: datetime, count: int, step: timedelta = QUARTER) -> list[datetime]:
    """What a clock on the wall shows, `count` times in a row."""
    first = start.replace(tzinfo=MADRID).astimezone(UTC)
    return [(first + step * number).astimezone(MADRID).replace(tzinfo=None) for number in range(count)]


def written(times: list[datetime], values: list[str], header: str = "time,kWh", pattern: str = "%Y-%m-%d %H:%M") -> str:
    mark = ";" if ";" in header else ","
    rows = [f"{time.strftime(pattern)}{mark}{value}" for time, value in zip(times, values, strict=True)]
    return "\n".join([header, *rows])


@pytest.mark.spec("C-16")
class TestHourThatClocksShowTwice:
    def test_is_read_in_order_of_time(self) -> None:
        found = read(written(wall(BACK, 100), [str(number) for number in range(100)]))

        assert (found.faults, found.total, len(found.column.values)) == ([], 4950, 100)

    def test_is_read_where_a_program_sorted_it_into_pairs(self) -> None:
        rows = sorted(zip(wall(BACK, 100), map(str, range(100)), strict=True), key=lambda row: row[0])

        found = read(written([row[0] for row in rows], [row[1] for row in rows]))

        assert (found.faults, found.column.paired) == ([], 8)
        assert found.column.values == [Decimal(number) for number in range(100)]
        assert found.end == BACK + timedelta(days=1)

    def test_that_is_there_once_is_told_with_its_offset(self) -> None:
        times = list(dict.fromkeys(wall(BACK, 100)))

        found = read(written(times, ["1"] * 96))

        assert found.faults == [
            "Line 14, time: Intervals are missing before this row: from 2025-10-26 02:00 (UTC+01:00) to 2025-10-26"
            " 03:00. Add them, or choose to take missing intervals as nothing used."
        ]

    def test_that_is_there_three_times_says_how_to_put_the_rows(self) -> None:
        times = [BACK + timedelta(hours=hour) for hour in (0, 1, 2, 2, 2, 3)]

        found = read(written(times, list("123456")))

        assert [each.partition(": ")[0] for each in found.faults] == ["Line 6, time"]
        assert found.faults[0].endswith("put the rows in the order in which they were measured.")


@pytest.mark.spec("C-16")
class TestHourThatClocksJumpOver:
    def test_leaves_no_gap(self) -> None:
        found = read(written(wall(FORWARD, 92), ["0.5"] * 92))

        assert (found.faults, found.total) == ([], 46)

    def test_in_a_file_that_keeps_winter_time_names_the_remedy(self) -> None:
        winter = [FORWARD + QUARTER * number for number in range(96)]

        found = read(written(winter, ["1"] * 96))

        assert len(found.faults) == 4
        assert "2026-03-29 02:00 does not exist in Europe/Madrid" in found.faults[0]
        assert "Etc/GMT-1" in found.faults[0]


class TestLostData:
    def test_of_a_register_loses_no_use(self) -> None:
        times = wall(datetime(2026, 1, 1), 6)  # noqa: DTZ001

        found = read(written(times, ["Data Loss", "100", "Bad", "101", "#N/A", "102.5"], "time,Register kWh"))

        assert (found.faults, found.column.missing) == ([], 3)
        assert (found.mapping.kind, found.column.values[-1] - found.column.values[0]) == (
            Kind.REGISTERS,
            Decimal("2.5"),
        )

    def test_of_intervals_is_named_by_row_and_cell(self) -> None:
        found = read(written(wall(datetime(2026, 1, 1), 3), ["1", "Data Loss", "1"]))  # noqa: DTZ001

        assert found.faults == [
            "Line 3, kWh: “Data Loss” says that there is no value."
            " Write the value, or choose to take missing intervals as nothing used."
        ]

    def test_that_an_empty_line_and_a_row_of_units_are_no_values(self) -> None:
        found = read("time;Zähler kWh\n;kWh\n01.02.2026 00:00;10,5\n;\n01.02.2026 00:15;11,5\n")

        assert (found.faults, found.mapping.unit, found.total) == ([], "KWH", 22)

    @pytest.mark.parametrize(("second", "faults"), [("101", 0), ("103", 1)], ids=["the same", "another"])
    def test_at_a_doubled_midnight_counts_once(self, second: str, faults: int) -> None:
        times = wall(datetime(2026, 1, 1, 23, 45), 3)  # noqa: DTZ001

        found = read(written([*times[:2], times[1], times[2]], ["100", "101", second, "104"], "time,Register kWh"))

        assert (len(found.faults), found.column.values[-1]) == (faults, 104)


class TestDailyCounter:
    def times(self) -> list[tuple[datetime, int]]:
        """Ends of quarters of four days, and what the counter shows there: 1, 3, 6, 10, 15, 16 ... 286."""
        shown = []
        for number in range(4 * 96):
            rest = number % 96
            value = sum(1 + each % 5 for each in range(rest + 1))
            shown.append((datetime(2026, 1, 5) + QUARTER * (number + 1), value))  # noqa: DTZ001
        return shown

    def test_whose_times_name_the_start_of_quarters(self) -> None:
        shown = self.times()

        found = read(written([time - QUARTER for time, _value in shown], [str(value) for _time, value in shown]))

        assert (found.mapping.kind, found.mapping.label, found.faults) == (Kind.DAILY, Label.START, [])
        assert (found.total, found.first, found.end) == (4 * 286, shown[0][0] - QUARTER, shown[-1][0])

    def test_that_is_read_a_minute_before_midnight(self) -> None:
        shown = self.times()
        times = [time - timedelta(minutes=1) if time.hour == time.minute == 0 else time for time, _value in shown]
        text = written(times, [str(value) for _time, value in shown])

        refused, taken = read(text), read(text, gaps="ZERO")

        assert [each.partition("from ")[2][:36] for each in refused.faults] == [
            f"2026-01-0{day} 23:59 to 2026-01-0{day + 1} 00:00" for day in (5, 6, 7)
        ]
        assert (taken.faults, taken.total, taken.column.gaps) == ([], 4 * 286, 3)

    def test_that_is_read_at_odd_times(self) -> None:
        shown = [(time - timedelta(seconds=7 * place % 50), value) for place, (time, value) in enumerate(self.times())]

        found = read(
            written(
                [time for time, _value in shown], [str(value) for _time, value in shown], pattern="%d/%m/%Y %H:%M:%S"
            ),
            gaps="ZERO",
        )

        assert (found.mapping.kind, found.mapping.step, found.faults) == (Kind.DAILY, 0, [])


class TestWaysOfWriting:
    def test_ends_of_intervals_with_the_finished_days_date(self) -> None:
        times = [time - timedelta(days=1) if time.hour == time.minute == 0 else time for time in wall(BACK, 201)[1:]]

        found = read(written(times, ["0,125"] * 200, "Fecha fin;Consumo kWh", "%d/%m/%Y %H:%M"))

        assert (found.mapping.label, found.mapping.midnight, found.mapping.decimal_separator) == (
            Label.END,
            Midnight.SAME,
            ",",
        )
        assert (found.faults, found.total, found.first) == ([], 25, BACK)

    def test_a_day_that_ends_with_its_own_date_at_midnight(self) -> None:
        times = [datetime(2026, 1, 5) + QUARTER * number for number in range(1, 96)]  # noqa: DTZ001

        found = read(written([*times, datetime(2026, 1, 5)], ["0.25"] * 96))  # noqa: DTZ001

        assert (found.mapping.midnight, found.mapping.label, found.faults) == (Midnight.SAME, Label.END, [])
        assert (found.total, found.end) == (24, datetime(2026, 1, 6))  # noqa: DTZ001

    def test_days_and_hours_of_america(self) -> None:
        rows = [
            f"1/2/2026,{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'},1.5"
            for hour in range(24)
            for minute in (0, 30)
        ]

        found = read("\n".join(["Date,Start Time,Usage (kWh)", *rows]))

        assert (found.mapping.time_column, found.mapping.time_format) == ("Date+Start Time", "%m/%d/%Y %I:%M %p")
        assert (found.faults, found.total) == ([], 72)

    def test_months_by_name(self) -> None:
        found = read("Timestamp,kWh\n31-Jan-26 23:45:00,1\n01-Feb-26 00:00:00,2\n01-Feb-26 00:15:00,4\n")

        assert (found.faults, found.total, found.first.month) == ([], 7, 1)

    def test_thousands_that_are_grouped(self) -> None:
        found = read("Fecha;Consumo\n13/01/2026 00:00;1,5\n13/01/2026 00:15;1.234,5\n13/01/2026 00:30;2,5\n")

        assert (found.faults, found.total) == ([], Decimal("1238.5"))

    def test_a_column_that_says_nothing_is_no_value(self) -> None:
        with pytest.raises(FileInvalid, match="No column holds numbers"):
            read("time,remark\n2026-01-01 00:00,ok\n2026-01-01 00:15,ok\n")
