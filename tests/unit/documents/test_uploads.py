"""The gate for files from outside judges by content, and before anything is parsed."""

from __future__ import annotations

import io
import zipfile

import pytest

from meterbook.documents import uploads
from tests.factories import imports


def archive(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in {"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>", **members}.items():
            made.writestr(name, content)
    return stream.getvalue()


@pytest.mark.spec("X-13/1")
class TestRequireTable:
    def test_knows_text_and_workbooks_by_their_content(self) -> None:
        assert uploads.require_table(b"time,kWh\n2026-01-01,1\n") is uploads.TableKind.CSV
        assert uploads.require_table("time;kWh\n".encode("utf-16")) is uploads.TableKind.CSV
        assert uploads.require_table(imports.workbook([["2026-01-01", 1]])) is uploads.TableKind.XLSX

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"  \n", "empty"),
            (b"a" * (uploads.MOST_BYTES + 1), "at most 20 MB"),
            (b"\x89PNG\r\n\x1a\n\x00\x00", "neither text nor a workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old kind"),
            (b"PK\x03\x04 broken", "damaged"),
            (archive()[:-30], "damaged"),
            (b"MZ\x90 this program cannot be run", "neither text nor a workbook"),
            (b"time,kWh\n2026-01-01,\x001\n", "neither text nor a workbook"),
            (b"time,kWh\n2026-01-01,\x1b[31m1\n", "neither text nor a workbook"),
            (b"\xff\xfe\x00\xd8\x02\x03", "neither text nor a workbook"),
            ("a,\x001".encode("utf-16"), "neither text nor a workbook"),
            (b"%PDF-1.7", "neither text nor a workbook"),
        ],
        ids=[
            *("empty", "large", "picture", "xls", "no archive", "cut off", "program", "NUL", "escape"),
            *("no UTF-16", "NUL in UTF-16", "paper"),
        ],
    )
    def test_refuses_what_is_no_table(self, content: bytes, words: str) -> None:
        with pytest.raises(uploads.UploadRefused, match=words):
            uploads.require_table(content)

    @pytest.mark.parametrize("name", ["readings.exe", "a.csv.EXE", "a.pdf", "a.html"])
    def test_refuses_names_of_other_things(self, name: str) -> None:
        with pytest.raises(uploads.UploadRefused, match=r"is no table.*\.csv, \.txt"):
            uploads.require_table_name(name)

    @pytest.mark.parametrize("name", ["a.csv", "A.XLSX", "readings", "readings.2026-03", "meter.dat", ""])
    def test_takes_names_of_tables(self, name: str) -> None:
        uploads.require_table_name(name)

    def test_refuses_an_archive_without_a_workbook(self) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as made:
            made.writestr("a.txt", "x")

        with pytest.raises(uploads.UploadRefused, match="holds no workbook"):
            uploads.require_table(stream.getvalue())

    def test_refuses_a_workbook_that_expands_to_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "MOST_EXPANDED", 1_000_000)

        with pytest.raises(uploads.UploadRefused, match="expands"):
            uploads.require_table(archive(**{"xl/sheet.xml": "0" * 1_000_001}))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_refuses_document_types_and_entities(self, encoding: str) -> None:
        text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
        stream = io.BytesIO(archive())
        with zipfile.ZipFile(stream, "a") as made:
            made.writestr("xl/sheet.xml", text.encode(encoding))

        with pytest.raises(uploads.UploadRefused, match="document types"):
            uploads.require_table(stream.getvalue())
