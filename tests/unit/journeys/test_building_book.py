"""Cells and sheets of a building's workbook, read without a database."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from openpyxl import load_workbook

from meterbook.journeys.building import book, sheets
from meterbook.journeys.building.cells import CellWrong, value_of
from meterbook.journeys.building.problems import Problems
from meterbook.journeys.building.sheets import Column, Sheet
from meterbook.sites.values import FieldDeclaration, FieldType
from tests.factories import buildings

COLUMNS = sheets.columns_of(
    [
        FieldDeclaration("keys", "Keys", FieldType.NUMBER),
        FieldDeclaration("fit_out", "Fit-out", FieldType.CHOICE, ("raw", "finished")),
        FieldDeclaration("let_since", "Let since", FieldType.DATE),
    ]
)


def column(key: str, sheet: Sheet = Sheet.PLACES) -> Column:
    return next(each for each in COLUMNS[sheet] if each.key == key)


class TestCell:
    @pytest.mark.parametrize(
        ("key", "raw", "wanted"),
        [
            ("code", 7, "7"),
            ("code", " 007 ", "007"),
            ("code", "\uff11\uff10\uff12\uff15", "1025"),
            ("name", "Room 1\u00ba, 20 m\u00b2", "Room 1\u00ba, 20 m\u00b2"),
            ("area", 84.1, Decimal("84.1")),
            ("area", 0.1 + 0.2, Decimal("0.3")),
            ("area", "1234.50", Decimal("1234.5")),
            ("headcount", 12.0, 12),
            ("kind", "floor", "FLOOR"),
            ("kind", "UNIT", "UNIT"),
            ("area_unit", "ft²", "FT2"),
            ("address", "Main Street 4\r\nHarbor", "Main Street 4\nHarbor"),
            ("custom_keys", "3.0", "3"),
            ("custom_keys", 3, "3"),
            ("custom_fit_out", "raw", "raw"),
            ("custom_let_since", datetime(2026, 5, 1), "2026-05-01"),  # noqa: DTZ001 - a cell has no zone
            ("name", "  ", None),
        ],
    )
    def test_is_read_as_its_column_wants(self, key: str, raw: object, wanted: object) -> None:
        assert value_of(column(key), raw, "n", "en") == wanted

    @pytest.mark.parametrize(
        ("key", "raw", "kind", "words"),
        [
            ("name", "=HYPERLINK(1)", "f", "formula"),
            ("name", "#REF!", "e", "error"),
            ("name", True, "b", "yes or no"),
            ("name", "x" * 201, "s", "201 characters"),
            ("name", "bell\x07", "s", r"invisible sign U\+0007 at place 5"),
            ("code", "MP\u202e-1", "s", r"U\+202E RIGHT-TO-LEFT OVERRIDE"),
            ("address", "Quay\u200b 1", "s", r"U\+200B"),
            ("name", "two\nlines", "s", "in one line"),
            ("custom_fit_out", "raw\ufeff", "s", r"U\+FEFF"),
            ("code", datetime(2026, 2, 1), "d", "made a date"),  # noqa: DTZ001
            ("area", "1,234.5", "s", "1234.5"),
            ("area", "12,5", "s", "not read as a number"),
            ("area", "abc", "s", "not read as a number"),
            ("area", "1e9", "s", "not read as a number"),
            ("area", -1, "n", "out of range"),
            ("area", 100_000_000, "n", "out of range"),
            ("area", "0.00001", "s", "decimals"),
            ("headcount", 1.5, "n", "whole number"),
            ("kind", "Castle", "s", "Take one of: Building, Floor, Zone, Unit"),
            ("custom_keys", "many", "s", "not read as a number"),
            ("custom_fit_out", "golden", "s", "raw, finished"),
            ("custom_let_since", "1 May", "s", "year-month-day"),
        ],
    )
    def test_that_does_not_fit_is_refused_in_words(self, key: str, raw: object, kind: str, words: str) -> None:
        with pytest.raises(CellWrong, match=words):
            value_of(column(key), raw, kind, "en")

    def test_text_of_a_number_has_the_readers_decimal_mark(self) -> None:
        assert value_of(column("area"), "84,25", "s", "es") == Decimal("84.25")
        with pytest.raises(CellWrong, match="1234,5"):
            value_of(column("area"), "84.25", "s", "es")

    @pytest.mark.parametrize(
        ("raw", "wanted"), [("200/5", Fraction(40)), ("40", Fraction(40)), (2.5, Fraction(5, 2)), ("5:1", Fraction(5))]
    )
    def test_ratio(self, raw: object, wanted: Fraction) -> None:
        assert value_of(column("multiplier", Sheet.POINTS), raw, "s", "en") == wanted

    @pytest.mark.parametrize("raw", ["0", "200/0", "1/", "a/b", "-1"])
    def test_ratio_that_is_none(self, raw: str) -> None:
        with pytest.raises(CellWrong, match="200/5"):
            value_of(column("multiplier", Sheet.POINTS), raw, "s", "en")

    def test_day_zone_and_currency(self) -> None:
        assert value_of(column("since", Sheet.POINTS), "2026-05-15", "s", "en") == date(2026, 5, 15)
        assert value_of(column("time_zone", Sheet.SITES), "europe/madrid", "s", "en") == "Europe/Madrid"
        assert value_of(column("currency", Sheet.SITES), "eur", "s", "en") == "EUR"
        for key, raw in (("time_zone", "Madrid time"), ("currency", "ABC")):
            with pytest.raises(CellWrong):
                value_of(column(key, Sheet.SITES), raw, "s", "en")
        for raw, words in (
            ("0001-01-01", "0001-01-01 is too early. Take a day from 1990-01-01 to 2100-12-31."),
            (datetime(1900, 1, 1), "1900-01-01 is too early."),  # noqa: DTZ001 - a cell has no zone
            ("2926-01-01", "2926-01-01 is too late."),
            ("soon", "“soon” is no day."),
        ):
            with pytest.raises(CellWrong, match=words):
                value_of(column("since", Sheet.POINTS), raw, "s", "en")


def read(content: bytes) -> book.Book:
    return book.read(content, COLUMNS, "en")


def places(problems: Problems) -> list[tuple[Any, int, str]]:
    return [(each.sheet, each.line, each.column) for each in problems.sorted()]


class TestBook:
    def test_is_read_by_names_of_sheets_and_columns(self) -> None:
        content = buildings.workbook(
            {
                "places": [["kind", "CODE*", "Name", None, "Keys"], ["Unit", "U1", "Shop 1", None, 2], [None] * 5],
                "Scratch": [["anything"]],
            }
        )

        found = read(content)

        assert found.problems.total == 0
        (row,) = found.rows[Sheet.PLACES]
        assert row.line == 2
        assert row.values == {"kind": "UNIT", "code": "U1", "name": "Shop 1", "custom_keys": "2"}

    def test_tells_every_fault_by_sheet_row_and_column(self) -> None:
        content = buildings.building(
            sites=[("HM", "Harbor", "Nowhere", "EUR", "en")],
            places=[("U1", None, "Castle", "HM", None, "=1+1"), ("U2", "Shop", "Unit", "HM", None, "12,5")],
            points=[("P1", "x" * 300, "Electricity")],
        )

        found = read(content)

        assert places(found.problems) == [
            (Sheet.SITES, 2, "Time zone"),
            (Sheet.PLACES, 2, "Name"),
            (Sheet.PLACES, 2, "Kind"),
            (Sheet.PLACES, 2, "Area"),
            (Sheet.PLACES, 3, "Area"),
            (Sheet.POINTS, 2, "Name"),
        ]
        assert found.problems.sorted()[3].place == "Places, row 2, Area"

    def test_unknown_double_and_missing_columns(self) -> None:
        content = buildings.workbook({"Places": [["Name", "Name", "Color"], ["Shop", "Shop", "red"]]})

        found = read(content)

        assert [(each.column, each.problem) for each in found.problems.sorted()] == [
            ("Name", "This column is there twice."),
            ("Color", "This column is not known."),
            ("Code", "The column is missing."),
        ]

    def test_without_a_known_sheet(self) -> None:
        (problem,) = read(buildings.workbook({"Data": [["Code"]]})).problems.sorted()

        assert "Sites, Places, Meter points" in problem.remedy

    def test_row_far_below_costs_no_time(self) -> None:
        content = buildings.building()
        source = zipfile.ZipFile(io.BytesIO(content))
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name in source.namelist():
                data = source.read(name)
                if name.endswith("sheet2.xml"):
                    data = data.replace(
                        b"</sheetData>", b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
                    )
                archive.writestr(name, data)

        assert read(target.getvalue()).rows[Sheet.PLACES] == []

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b"a,b\n1,2\n", "no workbook"),
            (b"PK\x03\x04 broken", "damaged"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "old kind"),
            (b"x" * (book.MOST_BYTES + 1), "at most 10 MB"),
        ],
    )
    def test_other_files_are_refused_in_words(self, content: bytes, words: str) -> None:
        with pytest.raises(book.WorkbookRefused, match=words):
            read(content)

    @pytest.mark.spec("X-13/1")
    def test_bomb_is_refused_before_it_is_unpacked(self) -> None:
        bomb = io.BytesIO(buildings.building())
        with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/zeros.bin", bytes(61 * 1024 * 1024))

        assert len(bomb.getvalue()) < 200_000
        with pytest.raises(book.WorkbookRefused, match="expands"):
            read(bomb.getvalue())

    def test_sheet_that_is_no_xml_is_refused_in_words(self) -> None:
        source = zipfile.ZipFile(io.BytesIO(buildings.building()))
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name in source.namelist():
                archive.writestr(name, b"<worksheet" if name.endswith("sheet1.xml") else source.read(name))

        with pytest.raises(book.WorkbookRefused, match="cannot be read"):
            read(target.getvalue())

    def test_opens_what_it_was_given(self) -> None:
        """The factory's workbook is a sound one, so that refusals above have their own cause."""
        assert load_workbook(io.BytesIO(buildings.building())).sheetnames == ["Sites", "Places", "Meter points"]
