"""Long lists: addresses that keep the filter, heads that sort, pages, files that no spreadsheet calculates."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from meterbook.web import tables

COLUMNS = (tables.Column("Name", "name"), tables.Column("Total", "total", "num", True), tables.Column("Marks"))


class TestHeads:
    def test_sort_by_another_column_in_its_own_direction(self) -> None:
        name, total, marks = tables.heads(COLUMNS, {"q": "a b", "page": "3"}, "", is_descending=False)

        assert (name.href, total.href, marks.href) == ("?q=a+b&sort=name", "?q=a+b&sort=-total", "")

    def test_turn_the_direction_of_the_sorted_one(self) -> None:
        name, total, _marks = tables.heads(COLUMNS, {}, "total", is_descending=True)

        assert (total.direction, total.href, name.direction) == ("descending", "?sort=total", "")


class TestPages:
    @pytest.mark.parametrize(
        ("number", "count", "expected"),
        [
            (1, 0, (1, "", "")),
            (1, 50, (1, "", "")),
            (1, 51, (2, "", "?show=held&page=2")),
            (2, 51, (2, "?show=held&page=1", "")),
            (900, 51, (2, "?show=held&page=2", "")),
        ],
    )
    def test_lead_to_those_that_are_there(self, number: int, count: int, expected: tuple[int, str, str]) -> None:
        found = tables.pages({"show": "held"}, number, count)

        assert (found.of, found.previous_href, found.next_href) == expected


class TestFile:
    ROWS = ((date(2026, 10, 1), "=1+1", Decimal("-12.50"), None), (date(2026, 10, 2), "Calder, Sons", Decimal(3), ""))
    SAFE = "'=1+1"

    def test_is_read_as_it_was_written(self) -> None:
        response = tables.file(tables.CSV, "bills", ("Day", "Text", "Amount", "Mark"), self.ROWS)

        read = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
        assert read[1:] == [["2026-10-01", self.SAFE, "-12.50", ""], ["2026-10-02", "Calder, Sons", "3", ""]]

    def test_of_a_spreadsheet_calculates_nothing(self) -> None:
        response = tables.file(tables.XLSX, "bills", ("Day", "Text", "Amount", "Mark"), self.ROWS)

        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
        first = [cell.value for cell in sheet[2]]
        assert first[1:3] == ["=1+1", -12.5]  # in a cell of text; an apostrophe would be shown
        assert sheet["B2"].quotePrefix
        assert not sheet["B3"].quotePrefix
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n", "d"}


@pytest.mark.parametrize(("name", "safe"), [("A-1", "A-1"), ('a"\r\nb/é', "a___b__")])
def test_names_of_files_hold_nothing_strange(name: str, safe: str) -> None:
    assert tables.file_safe(name) == safe
