"""Files as operators have them: thousands in groups, zones by their letters, totals, wide signs, columns side by side.
Each is read as it was meant, or refused with its place; never read as something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.documents import uploads
from meterbook.metering.importing import cells, files, guessing, instants, parsing, separators, targets, zone_words
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid, Problems

MADRID, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York")


def read(
    content: bytes | str, zone: ZoneInfo = MADRID, mapping: Mapping | None = None
) -> tuple[parsing.Column, tuple[str, ...]]:
    whole = files.read(content if isinstance(content, bytes) else content.encode())
    completed, notes = guessing.complete(mapping or Mapping(point="A"), whole)
    problems = Problems()
    used = ZoneInfo(completed.zone) if completed.zone else zone
    [column] = parsing.parse(whole, completed, zone_of=lambda _code: used, problems=problems)
    problems.require_none()
    return column, notes


def written(values: list[str], mark: str = ";") -> str:
    start = datetime(2026, 1, 13)  # noqa: DTZ001 - a day of the place
    times = [f"{start + timedelta(minutes=15 * number):%Y-%m-%d %H:%M}" for number in range(len(values))]
    rows = [f"{time}{mark}{value}\n" for time, value in zip(times, values, strict=True)]
    return f"Time{mark}kWh\n" + "".join(rows)


@pytest.mark.spec("M-026/4")
class TestThousands:
    @pytest.mark.parametrize(
        "values",
        [
            ["1,234.5", "12.25", "1,000"],
            ["1.234,5", "12,25", "1.000"],
            ["1 234,5", "12,25", "1 000"],
            ["1\u00a0234,5", "12,25", "1\u202f000"],
            ["1'234.5", "12.25", "1’000"],
            ["+1,234.50", "12.25", "1000"],
        ],
        ids=["English", "Spanish", "French", "unbroken", "Swiss", "beside plain ones"],
    )
    def test_in_groups_are_read_where_they_can_be_nothing_else(self, values: list[str]) -> None:
        column, notes = read(written(values))

        assert column.values == [Decimal("1234.5"), Decimal("12.25"), Decimal(1000)]
        assert any(each.startswith("Thousands are grouped with") for each in notes)

    def test_of_millions_tell_without_decimals(self) -> None:
        assert read(written(["1,234,567", "1,234", "12"]))[0].values == [Decimal(1234567), Decimal(1234), Decimal(12)]

    @pytest.mark.parametrize(
        ("values", "line"),
        [(["1,234.5", "1.234,5"], 3), (["1,234.5", "1 234.5"], 3), (["1 234,5", "1 234.5"], 3)],
        ids=["both marks", "two signs", "two decimals"],
    )
    def test_in_groups_of_two_ways_are_refused(self, values: list[str], line: int) -> None:
        with pytest.raises(FileInvalid, match=f"Line {line}, kWh: Thousands are grouped in more than one way"):
            read(written(values))

    @pytest.mark.parametrize("odd", ["12,5", "1,23,456.5", "0,123.5", "12,34.5"])
    def test_in_groups_do_not_make_a_number_of_everything(self, odd: str) -> None:
        with pytest.raises(FileInvalid, match=f"Line 3, kWh: “{odd}” is no number"):
            read(written(["1,234.5", odd]))

    @pytest.mark.parametrize(("mark", "value"), [(".", 1234), (",", Decimal("1.234"))], ids=["point", "comma"])
    def test_that_could_be_decimals_follow_the_mark_that_was_named(self, mark: str, value: Decimal) -> None:
        content = written(["1,234", "998"])
        with pytest.raises(FileInvalid, match="can be read in two ways"):
            read(content)

        assert read(content, mapping=Mapping(point="A", decimal_separator=mark))[0].values[0] == value

    @given(
        number=st.decimals(min_value=1000, max_value=10**12, places=2),
        way=st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
    )
    def test_of_any_number_come_back(self, number: Decimal, way: tuple[str, str]) -> None:
        sign, mark = way
        text = f"{number:,.2f}".replace(",", "s").replace(".", mark).replace("s", sign)

        assert separators.grouping([(2, text)], column="kWh") == (sign, mark)
        assert cells.number_of(text, mark, sign) == number


def quarters(times: list[str]) -> str:
    return "Time,kWh\n" + "".join(f"{time},1\n" for time in times)


@pytest.mark.spec("M-026/4")
class TestZonesByLetters:
    def test_are_those_of_the_meter_and_tell_the_hour_that_comes_twice(self) -> None:
        column, _notes = read(
            quarters(
                ["2026-10-25 00:00 CEST", "2026-10-25 01:00 CEST", "2026-10-25 02:00 CEST", "2026-10-25 02:00 CET"]
            )
        )

        start = datetime(2026, 10, 24, 22, tzinfo=UTC)
        assert column.starts == [instants.microseconds(start + timedelta(hours=number)) for number in range(4)]

    @pytest.mark.parametrize(
        ("form", "zone", "hour"),
        [
            ("01/15/2026 {} AM EST", NEW_YORK, 5),
            ("2026-01-15 {} (EST)", NEW_YORK, 5),
            ("15.01.2026 {} MEZ", MADRID, -1),
            ("15/01/2026 {} COT", ZoneInfo("America/Bogota"), 5),
            ("15/01/2026 {} CET", ZoneInfo("Etc/GMT-1"), -1),
        ],
        ids=["half days", "in brackets", "German", "a zone without letters", "one offset all year"],
    )
    def test_are_read_in_the_forms_that_files_have(self, form: str, zone: ZoneInfo, hour: int) -> None:
        clock = "{}:00" if "AM" in form else "{:02}:00"

        column, _notes = read(quarters([form.format(clock.format(each)) for each in (9, 10, 11)]), zone)

        assert column.starts[0] == instants.microseconds(datetime(2026, 1, 15, 9, tzinfo=UTC) + timedelta(hours=hour))

    @pytest.mark.parametrize(
        ("word", "zone"),
        [("CET", MADRID), ("EST", MADRID), ("CST", NEW_YORK), ("XYZ", MADRID), ("CET", ZoneInfo("Etc/GMT-2"))],
        ids=["standard time in summer", "of elsewhere", "of another part", "of nowhere", "another offset"],
    )
    def test_that_clocks_there_do_not_show_are_refused_with_a_remedy(self, word: str, zone: ZoneInfo) -> None:
        with pytest.raises(FileInvalid, match=f"do not show {word} at 2026-07-01 00:00.*Etc/GMT-1 is UTC"):
            read(quarters([f"2026-07-01 0{hour}:00 {word}" for hour in range(3)]), zone)

    @given(at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), zone=st.sampled_from([MADRID, NEW_YORK]))  # noqa: DTZ001
    def test_place_every_time_where_its_clock_showed_it(self, at: datetime, zone: ZoneInfo) -> None:
        shown = at.replace(microsecond=0, tzinfo=UTC).astimezone(zone)

        time = cells.time_of(f"{shown:%Y-%m-%d %H:%M:%S %Z}", "%Y-%m-%d %H:%M:%S %Z")

        assert zone_words.placed(time, zone) == shown


@pytest.mark.spec("M-026/4")
class TestTotals:
    @pytest.mark.parametrize("row", ["Total,6", ",Total\n", "Suma:,6", "Summe,6,\nAverage,2"])
    def test_at_the_end_are_left_out_and_said(self, row: str) -> None:
        content = f"Time,kWh\n2026-01-01 00:00,1\n2026-01-01 00:15,2\n2026-01-01 00:30,3\n{row}\n"
        if "\n" in row and "Average" not in row:
            with pytest.raises(FileInvalid, match="Line 5"):
                read(content)
            return

        column, notes = read(content)

        assert column.values == [1, 2, 3]
        assert notes[0].startswith("Line 5, “")
        assert len(notes) == len({*notes})

    @pytest.mark.parametrize("row", ["2026-01-01 00:45,6", "Totals of plant,6", ",6"])
    def test_are_told_by_their_word_and_having_no_time(self, row: str) -> None:
        content = f"Time,kWh\n2026-01-01 00:00,1\n2026-01-01 00:15,2\n2026-01-01 00:30,3\n{row}\n"
        if row.startswith("2026"):
            assert read(content)[0].values == [1, 2, 3, 6]
            return

        with pytest.raises(FileInvalid, match="Line 5, Time"):
            read(content)

    def test_between_rows_are_no_end(self) -> None:
        with pytest.raises(FileInvalid, match="Line 4, Time"):
            read("Time,kWh\n2026-01-01 00:00,1\n2026-01-01 00:15,2\nTotal,3\n2026-01-01 00:30,3\n")

    def test_of_a_column_of_words_are_values(self) -> None:
        rows = "".join(f"{1767225600 + 900 * number},{number + 1},peak\n" for number in range(4))

        assert read(f"Unix time,kWh,period\n{rows}")[0].values == [1, 2, 3, 4]


class TestWideSigns:
    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_without_their_mark_are_read(self, encoding: str) -> None:
        content = written(["1,5", "2,5", "3,5"]).replace("Time", "Día y hora").encode(encoding)

        assert read(content)[0].values == [Decimal("1.5"), Decimal("2.5"), Decimal("3.5")]

    @pytest.mark.parametrize(
        "content", [b"a\x00b\x00" + b"\x00\x01" * 40, bytes(64), written(["1"] * 9).encode("utf-32-le")]
    )
    def test_are_not_seen_in_what_is_no_text(self, content: bytes) -> None:
        with pytest.raises(uploads.UploadRefused):
            files.read(content)


class TestColumnsSideBySide:
    def test_go_to_their_meters_with_a_unit_of_their_own(self) -> None:
        table = files.read(b"Time,MP-1 (kWh),MP-2 (MWh)\n2026-01-01 00:00,1,2\n2026-01-01 00:15,3,4\n")
        chosen = [
            targets.Target("MP-1 (kWh)", "MP-1", "energy_import"),
            targets.Target("mp-2 (mwh)", "MP-2", "energy_import"),
        ]

        parts = targets.split(Mapping(columns=targets.written(chosen), unit="KWH"), table)

        assert [(each.point, guessing.complete(each, table)[0].unit) for each in parts] == [
            ("MP-1", "KWH"),
            ("MP-2", "MWH"),
        ]

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ("{", "no list of column"),
            ('[["kWh", "A", "energi"]]', "“energi” is no possible choice"),
            ('[["a", "A", "volume"], ["b", "A", "volume"]]', "Two columns go to one register"),
            ('[["a", "A", "volume"], ["A", "B", "volume"]]', "Two columns go to one register"),
            ('[["gone", "A", "volume"]]', "no column “gone”"),
            ('[["kWh", "", "energy_import"]]', "not said which meter point"),
        ],
    )
    def test_that_cannot_be_are_refused(self, columns: str, words: str) -> None:
        table = files.read(b"Time,kWh\n2026-01-01 00:00,1\n2026-01-01 00:15,3\n")

        with pytest.raises(FileInvalid, match=words):
            targets.split(Mapping(columns=columns), table)

    @pytest.mark.parametrize(
        ("name", "code", "series"),
        [
            ("MP-7", "MP-7", "energy_import"),
            ("MP-7 (kvarh)", "MP-7", "energy_reactive_import"),
            ("MP-7 export kWh", "MP-7", "energy_export"),
            ("MP-7 T2 [kWh]", "MP-7", "energy_import_t2"),
            ("MP-7 1.8.3", "MP-7", "energy_import_t3"),
            ("MP-7 kVAh", "MP-7", "energy_apparent"),
        ],
    )
    def test_tell_code_and_quantity_by_their_names(self, name: str, code: str, series: str) -> None:
        assert code in targets.codes_of(name)
        assert targets.series_of(name, "energy_import") == series
