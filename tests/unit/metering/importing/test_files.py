"""Files of other kinds than tables: Green Button and trend reports, as others wrote them."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.documents import uploads
from meterbook.metering.importing import files, guessing
from meterbook.metering.importing.mapping import Kind, Label, Mapping
from meterbook.metering.importing.problems import FileInvalid
from meterbook.metering.importing.tables import Table

FOLDER = Path(__file__).parents[3] / "golden" / "files"
ENTRY = "<entry><link rel='self' href='{own}'/>{links}<title>{title}</title><content>{content}</content></entry>"
REPORT = """Point Name:,A1:CONSUMPTN HI,,
Trend Every:,15 minutes,,
9/5/2020,0:00:00,713328, -N-  NONE
9/5/2020,0:15:00,Data Loss,
9/5/2020,0:30:00,717424, -N-  NONE

Point Name:,A1:CONSUMPTN LO,,
9/5/2020,0:00:00,4000.5, -N-  NONE
9/5/2020,0:15:00,4010.5, -N-  NONE
9/5/2020,0:30:00,4.25, -N-  NONE
Point Name:,A1:DEMAND,,
9/5/2020,0:00:00,12.5, -N-  NONE
"""


def green_button(*intervals: tuple[int, int, int], uom: int = 72, power: int = 0, direction: int = 1) -> bytes:
    """A small file: start, seconds and value of each interval."""
    rows = "".join(
        f"<IntervalReading><timePeriod><duration>{seconds}</duration><start>{start}</start></timePeriod>"
        f"<value>{value}</value></IntervalReading>"
        for start, seconds, value in intervals
    )
    kind = f"<flowDirection>{direction}</flowDirection><uom>{uom}</uom>"
    kind += f"<powerOfTenMultiplier>{power}</powerOfTenMultiplier>"
    space = 'xmlns="http://naesb.org/espi"'
    entries = (
        ENTRY.format(own="/U/1", links="", title="Flat 4", content=f"<UsagePoint {space}/>"),
        ENTRY.format(
            own="/U/1/M/1", links="<link rel='related' href='/R/7'/>", title="", content=f"<MeterReading {space}/>"
        ),
        ENTRY.format(own="/R/7", links="", title="", content=f"<ReadingType {space}>{kind}</ReadingType>"),
        ENTRY.format(own="/U/1/M/1/I/1", links="", title="", content=f"<IntervalBlock {space}>{rows}</IntervalBlock>"),
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'.encode()


def published(name: str) -> Table:
    return files.read(gzip.decompress((FOLDER / f"{name}.xml.gz").read_bytes()))


class TestGreenButton:
    def test_of_hours_is_a_table_of_intervals(self) -> None:
        table = published("TestGBDataHourlyNineDaysBinnedDaily")
        mapping, _notes = guessing.complete(Mapping(point="A"), table)

        assert table.header == ("meter", "start", "import Wh")
        assert sum(Decimal(str(row[2])) for row in table.rows) == 199_563
        assert (mapping.kind, mapping.unit, mapping.step, mapping.label) == (Kind.INTERVALS, "WH", 60, Label.START)

    def test_of_days_is_a_register_that_clock_changes_do_not_break(self) -> None:
        table = published("TestGBDataOneYearDailyBinnedMonthly")
        mapping, _notes = guessing.complete(Mapping(point="A"), table)

        assert len(table.rows) == 445
        assert table.rows[0][2] == 0
        assert mapping.kind == Kind.REGISTERS
        assert Decimal(str(table.rows[-1][2])) == 9_917_817

    def test_of_bills_takes_the_next_start_where_a_length_is_an_hour_off(self) -> None:
        table = published("ngma_natural_gas_billing_billing_data_Service_1_1_2021-05-26_to_2024-04-25")
        mapping, _notes = guessing.complete(Mapping(point="A"), table)

        assert mapping.unit == "THERM_US"
        assert len({row[1] for row in table.rows}) == 36
        assert Decimal(str(table.rows[-1][2])) == Decimal("3484.000")

    def test_keeps_both_directions_beside_each_other(self) -> None:
        content = green_button((0, 900, 5), (900, 900, 7), direction=19, power=-3)

        table = files.read(content)

        assert table.header == ("meter", "start", "export Wh")
        assert [row[2] for row in table.rows] == [Decimal("0.005"), Decimal("0.007")]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"<!DOCTYPE x [<!ENTITY a 'b'>]><feed xmlns='http://naesb.org/espi'/>", "declares entities"),
            (b"<feed xmlns='http://naesb.org/espi'", "not sound XML"),
            (b"<feed xmlns='http://naesb.org/espi'/>", "holds no usage"),
            (green_button((0, 900, 1), uom=38), "unit 38 of ESPI"),
            (green_button((0, 86_400, 1), (3_600, 86_400, 1)), "Interval 2 overlaps"),
        ],
    )
    def test_that_is_faulty_says_what_is_wrong(self, content: bytes, words: str) -> None:
        with pytest.raises(FileInvalid, match=words):
            files.read(content)

    @given(st.binary(max_size=200))
    def test_never_breaks_on_damaged_content(self, noise: bytes) -> None:
        content = green_button((0, 900, 5))
        middle = len(content) // 2

        try:
            files.read(content[:middle] + noise + content[middle + len(noise) :])
        except (FileInvalid, uploads.UploadRefused):
            return


class TestTrendReport:
    def test_joins_the_two_halves_of_a_register(self) -> None:
        table = files.read(REPORT.encode())

        assert table.header == ("meter", "date", "time", "CONSUMPTN register", "DEMAND")
        assert [row[3] for row in table.rows] == [Decimal("717328.5"), "", Decimal("717428.25")]
        assert table.rows[0][4] == Decimal("12.5")

    def test_is_read_with_the_month_first(self) -> None:
        mapping, _notes = guessing.complete(Mapping(point_column="meter"), files.read(REPORT.encode()))

        assert (mapping.time_format, mapping.kind) == ("%m/%d/%Y %H:%M:%S", Kind.REGISTERS)
        assert mapping.value_column == "CONSUMPTN register"

    def test_keeps_the_hour_that_clocks_show_twice(self) -> None:
        rows = "".join(f"11/3/2013,{time},{value},\n" for time, value in (("1:30", 5), ("1:45", 6), ("1:30", 7)))

        table = files.read(f"Point Name:,B:REGISTER,,\n{rows}".encode())

        assert [row[3] for row in table.rows] == [Decimal(5), Decimal(6), Decimal(7)]

    def test_without_rows_says_so(self) -> None:
        with pytest.raises(FileInvalid, match="No point of the report has a row"):
            files.read(b"Point Name:,A1:DEMAND,,\nTrend Every:,15 minutes,,\n")


class TestGuesses:
    def test_a_column_that_only_grows_by_little_is_a_register(self) -> None:
        rows = [f"2026-03-{1 + n // 24:02} {n % 24:02}:00,{5347 + n * 3}" for n in range(60)]
        mapping, _notes = guessing.complete(Mapping(point="A"), files.read("\n".join(["time,kWh", *rows]).encode()))

        assert mapping.kind == Kind.REGISTERS

    def test_use_that_happens_to_grow_is_no_register(self) -> None:
        rows = [f"2026-03-{1 + n // 24:02} {n % 24:02}:00,{n / 10}" for n in range(60)]
        mapping, _notes = guessing.complete(Mapping(point="A"), files.read("\n".join(["time,kWh", *rows]).encode()))

        assert mapping.kind == Kind.INTERVALS
