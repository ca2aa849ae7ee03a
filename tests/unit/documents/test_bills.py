"""A bill as PDF: what it says, and that it says it in the same bytes each time."""

from __future__ import annotations

import concurrent.futures
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from meterbook.documents.rendering import bills, compiler
from meterbook.documents.rendering.words import LanguageMissing
from tests.factories import documents

FEWEST_LINES = 12  # of the notes, the legal words and the foot
GOLDEN = Path(__file__).parents[2] / "golden"


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def said(pdf: bytes) -> str:
    """All text, a line each, page by page."""
    return "\n".join(page.extract_text() for page in read(pdf).pages)


def flat(pdf: bytes) -> str:
    return " ".join(said(pdf).split())


class TestBill:
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_says_every_word_and_figure(self, language: str) -> None:
        """Figures follow from the facts of the factory: readings x multiplier, quantity x price, 6 % of the sum."""
        text = "\n".join(line.rstrip() for line in said(documents.bill_pdf(language=language)).splitlines()) + "\n"
        golden = GOLDEN / f"bill_{language}.txt"

        if os.environ.get("MB_WRITE_GOLDEN"):
            golden.write_text(text, encoding="utf-8")

        assert text == golden.read_text(encoding="utf-8")

    @pytest.mark.spec("B-73/1")
    def test_has_the_same_bytes_each_time(self) -> None:
        first = documents.bill_pdf()
        documents.bill_pdf(language="es", number="HR-2026-009999")

        assert documents.bill_pdf() == first

    @pytest.mark.spec("B-73/1")
    def test_has_the_same_bytes_in_each_thread(self) -> None:
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            made = list(pool.map(lambda _each: documents.bill_pdf(), range(6)))

        assert set(made) == {documents.bill_pdf()}

    def test_is_dated_by_its_issue(self) -> None:
        about = read(documents.bill_pdf()).metadata

        assert about is not None
        assert str(about["/CreationDate"]).startswith("D:20261103")
        assert about.title == "Utility bill HR-2026-004127"
        assert about.author == "Harbor Row Utilities LLC"

    def test_is_an_archivable_tagged_pdf(self) -> None:
        pdf = read(documents.bill_pdf(language="es"))
        root: Any = pdf.root_object

        assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in bytes(
            root["/Metadata"].get_object().get_data()
        )
        assert "/StructTreeRoot" in root
        assert root["/Lang"] == "es"

    def test_embeds_its_typeface(self) -> None:
        fonts: dict[str, Any] = {}
        for page in read(documents.bill_pdf()).pages:
            resources: Any = page["/Resources"]
            fonts.update({font.get_object()["/BaseFont"]: font.get_object() for font in resources["/Font"].values()})

        assert {name.split("+")[1].split("-")[0] for name in fonts} == {"Inter"}
        for font in fonts.values():
            assert "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()

    def test_carries_its_content_in_canonical_form(self) -> None:
        content = documents.bill_content()

        attached = read(documents.bill_pdf(content)).attachments

        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert attached == {"bill.json": [canonical]}

    def test_refuses_another_format(self) -> None:
        with pytest.raises(bills.FormatUnknown, match="meterbook-bill/9"):
            documents.bill_pdf(documents.bill_content(format="meterbook-bill/9"))

    def test_refuses_a_language_without_words(self) -> None:
        with pytest.raises(LanguageMissing, match="xx"):
            documents.bill_pdf(language="xx")


class TestUnusual:
    def test_signs_of_other_scripts_do_not_stop_a_bill(self) -> None:
        customer = {**documents.bill_content()["customer"], "name": "Καλδερ Калдер 日本 😀\tLtd"}

        pdf = documents.bill_pdf(documents.bill_content(customer=customer))

        assert "Καλδερ Калдер □□ □ Ltd" in flat(pdf)
        assert "are printed as □" in flat(pdf)
        assert "日本".encode() in read(pdf).attachments["bill.json"][0]

    def test_forty_meters_flow_over_pages(self) -> None:
        points = [documents.electricity(public_id=str(each), code=f"EL-{each:03}") for each in range(40)]

        pdf = documents.bill_pdf(documents.bill_content(meter_points=points))

        pages, text = len(read(pdf).pages), flat(pdf)
        assert pages > 5
        assert [each for each in range(40) if f"EL-{each:03}" not in text] == []
        assert f"Page {pages} of {pages}" in text

    @pytest.mark.parametrize("language", ["en", "es"])
    @pytest.mark.parametrize("services", [2, 3])
    def test_a_bill_of_two_or_three_services_fits_two_pages(self, services: int, language: str) -> None:
        points = [documents.electricity(), documents.water(), documents.water(public_id="third", name="Cold water 2")]
        organization = {**documents.bill_content()["organization"], "contact": "bills@harbor.example, 9:00–17:00"}

        pdf = documents.bill_pdf(
            documents.bill_content(meter_points=points[:services], organization=organization), language=language
        )

        assert len(read(pdf).pages) == 2

    @pytest.mark.parametrize("points", [1, 3, 4, 6, 9, 12])
    def test_no_page_holds_only_a_few_lines(self, points: int) -> None:
        meters = [documents.electricity(public_id=str(each), code=f"EL-{each:03}") for each in range(points)]

        pdf = documents.bill_pdf(documents.bill_content(meter_points=meters))

        assert min(len(page.extract_text().splitlines()) for page in read(pdf).pages) >= FEWEST_LINES

    def test_lines_that_break_more_often_than_reckoned_are_set_denser_or_flow_with_their_true_numbers(self) -> None:
        long = documents.text("A charge whose name tells a whole story and then another " * 5)
        pdfs = []
        for count in (4, 12):
            lines = [documents.line(f"x{each}", long, "1", "DAY", "1.00", "1.00") for each in range(count)]
            charge = documents.charge("Long", "Largo", 1, lines, net="4.00", quantity=3298800)
            content = documents.bill_content(meter_points=[documents.electricity(charges=[charge])])
            pdfs.append(documents.bill_pdf(content))

        numbers = [len(read(pdf).pages) for pdf in pdfs]

        assert numbers[0] == 2
        assert numbers[1] > 2
        assert [compiler.pages(pdf) for pdf in pdfs] == numbers
        assert f"Page {numbers[1]} of {numbers[1]}" in flat(pdfs[1])

    def test_very_long_names_break(self) -> None:
        operator = {**documents.bill_content()["organization"], "name": "Gesellschaft für Messdienste " * 6}

        assert "Amount due" in flat(documents.bill_pdf(documents.bill_content(organization=operator)))

    def test_without_history_there_is_no_chart(self) -> None:
        content = documents.bill_content(meter_points=[documents.electricity(history=[])])

        assert "Twelve months" not in flat(documents.bill_pdf(content))

    def test_nothing_measured_and_nothing_charged(self) -> None:
        content = documents.bill_content(meter_points=[], taxes=[], net="0.00", tax="0.00", total="0.00")

        assert "Nothing to pay" in flat(documents.bill_pdf(content))

    @pytest.mark.parametrize(
        ("currency", "total", "en", "es"),
        [
            ("JPY", "1234567", "¥1,234,567", "1.234.567 ¥"),
            ("KWD", "1234.567", "KWD 1,234.567", "1.234,567 KWD"),
            ("EUR", "1234.50", "€1,234.50", "1.234,50 €"),
        ],
    )
    def test_currencies_of_zero_two_and_three_decimals(self, currency: str, total: str, en: str, es: str) -> None:
        content = documents.bill_content(currency=currency, total=total)

        assert en in flat(documents.bill_pdf(content))
        assert es in flat(documents.bill_pdf(content, language="es"))

    def test_words_of_a_customer_are_no_markup(self) -> None:
        customer = {**documents.bill_content()["customer"], "name": "= #panic() *A* $x$ \\ <b> @c"}

        assert "= #panic() *A* $x$ \\ <b> @c" in flat(documents.bill_pdf(documents.bill_content(customer=customer)))
