"""A file with its mapping becomes columns, or a list of faults with their lines."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.metering.importing import cells, guessing, parsing, tables
from meterbook.metering.importing.mapping import Gaps, Mapping
from meterbook.metering.importing.parsing import Column
from meterbook.metering.importing.problems import MOST, FileInvalid, Problems
from tests.factories import imports

QUARTERS = [("2026-03-01 00:00", "1.5"), ("2026-03-01 00:15", "2"), ("2026-03-01 00:30", "0.25")]


def parse(content: bytes, mapping: Mapping | None = None) -> tuple[list[Column], Problems]:
    table = tables.read(content)
    completed, _notes = guessing.complete(mapping or Mapping(point="A"), table)
    problems = Problems()
    return parsing.parse(table, completed, zone_of=lambda _code: ZoneInfo("Europe/Madrid"), problems=problems), problems


def faults(content: bytes, mapping: Mapping | None = None) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.problem) for each in parse(content, mapping)[1].found]


def guess(content: bytes, mapping: Mapping | None = None) -> Mapping:
    return guessing.complete(mapping or Mapping(point="A"), tables.read(content))[0]


class TestFaults:
    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ("12.4x", "“12.4x” is no number."),
            ("12 34.5", "“12 34.5” is no number."),
            ("", "The value is missing."),
            ("-1", "The usage -1 is negative."),
            ("nan", "“nan” says that there is no value."),
            ("Data Loss", "“Data Loss” says that there is no value."),
            ("=1+1", "The cell holds a formula."),
        ],
    )
    def test_name_line_column_and_cell(self, value: str, problem: str) -> None:
        content = imports.csv_file([*QUARTERS, ("2026-03-01 00:45", value)])

        assert faults(content, Mapping(point="A", decimal_separator=".")) == [(5, "kWh", problem)]

    def test_name_a_time_that_cannot_be_read(self) -> None:
        content = imports.csv_file([*QUARTERS, ("2026-03-01 00:4", "1")])

        assert faults(content)[0][:2] == (5, "time")

    def test_name_intervals_that_are_missing(self) -> None:
        content = imports.csv_file([*QUARTERS, ("2026-03-01 01:15", "1")])

        assert faults(content) == [
            (5, "time", "Intervals are missing before this row: from 2026-03-01 00:45 to 2026-03-01 01:15.")
        ]
        assert faults(content, Mapping(point="A", gaps=Gaps.ZERO)) == []

    def test_name_rows_that_come_twice_or_out_of_order(self) -> None:
        content = imports.csv_file([*QUARTERS, (QUARTERS[2][0], "9"), QUARTERS[0]])

        assert [(line, column) for line, column, _words in faults(content)] == [(5, "time"), (6, "time")]

    def test_are_none_when_a_row_says_the_same_once_more(self) -> None:
        columns, problems = parse(imports.csv_file([*QUARTERS, QUARTERS[2]]))

        assert (problems.total, len(columns[0].values), columns[0].repeated) == (0, 3, 1)

    @pytest.mark.parametrize("cell", ["", "Data Loss", "n/a", "?", "NaN", "--", "-9999", "-999.0"])
    def test_are_none_when_a_register_was_not_read(self, cell: str) -> None:
        rows = [("2026-03-01 00:00", "100"), ("2026-03-01 00:15", cell), ("2026-03-01 00:30", "101")]
        columns, problems = parse(imports.csv_file(rows, header="time,register"))

        assert (problems.total, columns[0].values, columns[0].missing) == (0, [Decimal(100), Decimal(101)], 1)

    def test_name_rows_of_another_width(self) -> None:
        content = imports.csv_file([*QUARTERS, ("2026-03-01 00:45",), ("2026-03-01 00:45", "12", "4")])

        assert faults(content) == [
            (5, "", "The row has 1 cells; the mapping needs 2."),
            (6, "", "The row has more cells than the header has names."),
        ]

    def test_are_collected_up_to_a_hundred_and_counted_beyond(self) -> None:
        rows = [(f"2026-03-01 {n // 4:02}:{n % 4 * 15:02}", "1" if n < 3 else "x") for n in range(96)]
        content = imports.csv_file([*rows, *((text.replace("-01 ", "-02 "), "x") for text, _value in rows)])

        problems = parse(content)[1]

        assert (len(problems.found), problems.total) == (MOST, 189)
        with pytest.raises(FileInvalid) as caught:
            problems.require_none()
        assert caught.value.total == 189


class TestFile:
    def test_with_the_newest_row_first_is_turned_round(self) -> None:
        columns, problems = parse(imports.csv_file(QUARTERS[::-1]))

        assert problems.total == 0
        assert columns[0].values == [Decimal("1.5"), Decimal(2), Decimal("0.25")]

    def test_may_have_lines_above_its_header(self) -> None:
        content = b"Export of plant 7\n\n" + imports.csv_file(QUARTERS)

        assert parse(content)[0][0].lines == [4, 5, 6]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_may_be_encoded_as_spreadsheets_do(self, encoding: str) -> None:
        content = "día;consumo m³\n2026-03-01 00:00;1,5\n2026-03-01 00:15;2\n".encode(encoding)

        found = guess(content, Mapping(point="A", series="volume"))

        assert (found.value_column, found.unit, found.decimal_separator) == ("consumo m³", "M3", ",")

    def test_with_an_open_quotation_mark_says_so(self) -> None:
        with pytest.raises(FileInvalid, match="not sound CSV"):
            tables.read(b'time,kWh\n"2026-03-01,1\n')

    def test_with_nothing_but_a_header_says_so(self) -> None:
        with pytest.raises(FileInvalid, match="no rows below a header"):
            tables.read(b"time,kWh\n")

    def test_names_its_sheets_when_another_is_wanted(self) -> None:
        with pytest.raises(FileInvalid, match="Its sheets: Data"):
            tables.read(imports.workbook(QUARTERS), sheet="Other")

    def test_of_a_workbook_has_numbers_as_a_spreadsheet_shows_them(self) -> None:
        binary = 0.1 + 0.2
        rows = [[datetime(2026, 3, 1, 0, 15 * n), binary] for n in range(3)]  # noqa: DTZ001 - a local time

        columns, _problems = parse(imports.workbook(rows))

        assert columns[0].values == [Decimal("0.3")] * 3


class TestGuess:
    def test_takes_dates_and_times_of_day_together(self) -> None:
        content = imports.csv_file([("01.03.2026", "00:15", "1"), ("01.03.2026", "00:30", "2")], header="Day,Time,Wh")

        found = guess(content)

        assert (found.time_column, found.time_format, found.unit) == ("Day+Time", "%d.%m.%Y %H:%M", "WH")

    def test_tells_day_from_month_by_how_times_go_on(self) -> None:
        american = [(f"03/{day:02}/2026 00:00", "1") for day in (9, 10, 11)]

        assert guess(imports.csv_file(american)).time_format == "%m/%d/%Y %H:%M"

    @pytest.mark.parametrize(
        ("header", "label"), [("interval end,kWh", "END"), ("from,kWh", "START"), ("t,kWh", "START")]
    )
    def test_tells_which_end_a_time_names_by_the_header(self, header: str, label: str) -> None:
        assert guess(imports.csv_file(QUARTERS, header=header)).label == label

    def test_says_which_columns_there_are_when_one_is_not(self) -> None:
        with pytest.raises(FileInvalid, match="The columns are: time, kWh"):
            guess(imports.csv_file(QUARTERS), Mapping(point="A", value_column="MWh"))


class TestTimeOf:
    def test_takes_24_o_clock_as_the_next_midnight(self) -> None:
        assert cells.time_of("31/12/2026 24:00", "%d/%m/%Y %H:%M") == datetime(2027, 1, 1)  # noqa: DTZ001

    def test_takes_no_24th_minute_for_24_o_clock(self) -> None:
        read = cells.time_of("1/2/2007 00:24:00", "%d/%m/%Y %H:%M:%S")

        assert read == datetime(2007, 2, 1, 0, 24)  # noqa: DTZ001

    def test_keeps_the_offset_of_a_text(self) -> None:
        assert cells.time_of("2026-03-01T00:00Z", "ISO") == datetime(2026, 3, 1, tzinfo=UTC)


class TestNumberOf:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0.48200000000000004", "0.482"),
            ("0.39799999999999996", "0.398"),
            ("5347.61445783133", "5347.61445783133"),
            ("123456789012345678", "123456789012345678"),
        ],
    )
    def test_reads_what_a_binary_number_was_meant_to_be(self, text: str, value: str) -> None:
        assert cells.number_of(text, ".") == Decimal(value)


class TestColumnsWithoutName:
    def test_are_called_by_their_number(self) -> None:
        rows = [f"2026-03-01 00:{15 * n:02},{n}.5,0" for n in range(4)]
        mapping = guess("\n".join([",GC,GG", *rows]).encode())

        assert (mapping.time_column, mapping.value_column) == ("#1", "GC")

    def test_that_count_rows_are_no_values(self) -> None:
        rows = [f"{n},2026-03-01 00:{15 * n:02},{n}.5" for n in range(4)]

        assert guess("\n".join([",time,active", *rows]).encode()).value_column == "active"
