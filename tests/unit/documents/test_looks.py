"""Templates: what they may say, and how a bill looks by them; the codes for paying and for checking."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pypdf
import pytest

from meterbook.documents import templates
from meterbook.documents.rendering import bills, looks, page, paying, qr, words
from tests.factories import documents

IBAN = "DE89370400440532013000"
PROOF = paying.Proof(
    "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY-Z",
    "https://bills.harbor.example/v/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "https://bills.harbor.example/v",
)
# B-70, item by item, as the text of a bill with all of its facts must say it.
CHECKLIST = {
    "en": (
        "Harbor Row Utilities LLC",
        "Tax ID 00-0000000",
        "Calder & Sons Bakery LLC",
        "Tax ID 00-0000001",
        "Account A-1001",
        "Unit G-04",
        "Bill number HR-2026-004127",
        "Issued 3 November 2026",
        "1 Oct 2026, 00:00 to 1 Nov 2026, 00:00",
        "America/New_York (UTC−4)",
        "17 November 2026",
        "EL-40117",
        "1,195.88",
        "1,278.35",
        "measured",
        "82.47",
        "× 40",
        "3,298.800",
        "0.284",
        "By time of use: Electricity",
        "Taxes by rate",
        "Balance after the bill before",
        "Payments and corrections since",
        "Total of this bill",
        "estimated",
        "Daily average",
        "Twelve months by meter point",
        "Same month a year ago (Oct 2025)",
        "Tariff Retail, version 4",
        "Dispute at desk 4",
        "Hours: Mon to Fri 9 to 17",
        "issued by Harbor Row Utilities LLC, the operator of the building's sub-meters, and not by the public utility",
        "Average cost at the public utility: 0.1480",
        "IBAN DE89 3704 0044 0532 0130 00",
        "ABCDE-FGHIJ-KLMNO- PQRST-UVWXY-Z",
        "Check it at bills.harbor.example/v",
        "SHA-256",
    ),
    "es": (
        "ID fiscal 00-0000001",
        "Cuenta A-1001",
        "Unidad G-04",
        "Factura n.º HR-2026-004127",
        "Emitida 3 de noviembre de 2026",
        "1 oct 2026, 00:00",
        "medido",
        "× 40",
        "Por franja horaria",
        "Impuestos por tipo",
        "Saldo tras la factura anterior",
        "Total de esta factura",
        "estimado",
        "Media diaria",
        "Doce meses por punto de medida",
        "Mismo mes del año anterior (oct 2025)",
        "versión 4",
        "Horario: lun a vie",
        "y no la compañía suministradora pública",
        "Coste medio en la compañía suministradora pública: 0,1480",
        "Código de verificación",
        "Comprobar en bills.harbor.example/v",
    ),
}
FULL = looks.Look(
    title={"en": "Energy statement", "es": "Recibo de energía"},
    notice={"en": "New hours from January.", "es": "Nuevo horario desde enero."},
    dispute={"en": "Dispute at desk 4, or to desk@harbor.example.", "es": "Reclamaciones en el mostrador 4."},
    hours={"en": "Mon to Fri 9 to 17", "es": "lun a vie 9 a 17"},
    average_cost={"en": "0.1480 a kWh, October 2026", "es": "0,1480 por kWh, octubre de 2026"},
    payee="Harbor Row Utilities LLC",
    iban=IBAN,
    accent="#7a1f5c",
)


def rendered(language: str = "en", look: looks.Look = FULL, **changes: Any) -> bytes:  # noqa: ANN401
    points = [
        {
            **each,
            "last_year": {"month": "2025-10", "quantity": each["quantity"] // 2, "days": 31, "is_estimated": False},
        }
        for each in (documents.electricity(), documents.water())
    ]
    return bills.render_bill(
        documents.bill_content(**{"meter_points": points, "currency": "EUR", **changes}),
        number="HR-2026-004127",
        bill_date=date(2026, 11, 3),
        due_date=date(2026, 11, 17),
        sha256="a" * 64,
        code="DMWD-DIBA-NRBP",
        language=language,
        balance=bills.Balance("120.00", "-100.00", "796.12"),
        look=look,
        checked=PROOF,
    )


def flat(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def figures(pdf: bytes) -> list[str]:
    """The alternative texts of all pictures in the structure tree."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return [
        str(each["/Alt"])
        for number in range(len(reader.xref_objStm) + 4_000)
        if isinstance(each := reader.get_object(number), dict) and each.get("/Type") == "/StructElem" and "/Alt" in each
    ]


class TestBill:
    @pytest.mark.spec("M-084/1")
    @pytest.mark.spec("M-084/2")
    @pytest.mark.spec("B-70/1")
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_holds_everything_that_it_must(self, language: str) -> None:
        text = flat(rendered(language))

        assert [each for each in CHECKLIST[language] if each not in text] == []

    @pytest.mark.spec("M-082/2")
    def test_is_as_its_template_says(self) -> None:
        english, spanish = flat(rendered()), flat(rendered("es"))
        bare = flat(rendered(look=looks.Look(shows_boxes=False, shows_comparison=False, shows_payment_code=False)))

        assert "Energy statement" in english
        assert "New hours from January." in english
        assert "Recibo de energía" in spanish
        assert "Reclamaciones en el mostrador 4." in spanish
        assert "Utility bill" in bare
        assert "a year ago" not in bare
        assert "Something looks wrong?" in bare

    def test_fits_letter_as_it_fits_a4(self) -> None:
        pages = [pypdf.PdfReader(io.BytesIO(rendered(look=looks.Look(paper=each)))).pages for each in looks.Paper]

        assert [len(each) for each in pages] == [2, 2]
        assert [(round(each[0].mediabox.width), round(each[0].mediabox.height)) for each in pages] == [
            (595, 842),
            (612, 792),
        ]

    @pytest.mark.spec("M-082/3")
    def test_can_be_read_aloud(self) -> None:
        pdf = rendered("es")
        catalog: Any = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
        told = figures(pdf)

        assert bool(catalog["/MarkInfo"]["/Marked"])
        assert catalog["/Lang"] == "es"
        assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
        assert b"<pdfaid:part>3</pdfaid:part>" in pdf
        assert any(each.startswith("Gráfico de barras del consumo diario en Electricidad") for each in told)
        assert any("transferencia" in each for each in told)
        assert any("bills.harbor.example" in each for each in told)

    @pytest.mark.spec("X-13/1")
    def test_cannot_run_what_its_template_says(self) -> None:
        """Signs that mean something to the typesetter are printed as they are."""
        code = '#read("/etc/passwd") $x$ *b* <a> @ref \\ #pagebreak() `raw`'

        text = flat(rendered(look=looks.Look(notice={"en": code}, legal={"en": code})))

        assert text.count('#read("/etc/passwd") $x$ *b* <a> @ref \\ #pagebreak() `raw`') == 2


class TestTemplate:
    @pytest.mark.parametrize(
        ("look", "field"),
        [
            (looks.Look(title={"en": "x" * 41}), "title.en"),
            (looks.Look(notice={"en": "a\u202eb"}), "notice.en"),
            (looks.Look(hours={"fr": "9 à 17"}), "hours.fr"),
            (looks.Look(payee="a\x00"), "payee"),
            (looks.Look(iban="DE89370400440532013001"), "iban"),
            (looks.Look(iban="'; DROP"), "iban"),
            (looks.Look(bic="COBA"), "bic"),
            (looks.Look(accent="red"), "accent"),
            (looks.Look(accent="#ffcc00"), "accent"),
        ],
    )
    def test_is_refused_beside_its_field(self, look: looks.Look, field: str) -> None:
        with pytest.raises(templates.TemplateRefused) as refused:
            templates.require(look)

        assert list(refused.value.faults) == [field]

    def test_is_read_as_it_was_written(self) -> None:
        templates.require(FULL)

        assert templates.read(templates.plain(FULL)) == FULL
        assert templates.read({"accent": "#1d3b8b", "of_a_later_release": 1}) == looks.Look(accent="#1d3b8b")

    def test_has_readable_colors(self) -> None:
        assert round(looks.contrast("#000000"), 1) > 12
        assert looks.contrast(looks.ACCENT) >= looks.LEAST_CONTRAST
        assert looks.contrast("#ffffff") < 2


class TestCodeForPaying:
    def test_is_a_transfer_as_banks_read_it(self) -> None:
        text = qr.transfer(payee="Harbor  Row", iban=IBAN, bic="", amount="776.12", reference="HR-2026-004127")

        assert text == f"BCD\n002\n1\nSCT\n\nHarbor Row\n{IBAN}\nEUR776.12\n\n\nHR-2026-004127"

    @pytest.mark.parametrize("amount", ["0.00", "-1.00", "1000000000.00"])
    def test_is_none_where_banks_refuse_the_amount(self, amount: str) -> None:
        assert qr.transfer(payee="H", iban=IBAN, bic="", amount=amount, reference="") is None

    def test_is_the_reference_where_it_is_not_euro(self) -> None:
        dollars = paying.payment({"currency": "USD"}, "HR-1", "10.00", FULL, words.of("en"))
        nothing = paying.payment({"currency": "EUR"}, "HR-1", "0.00", FULL, words.of("en"))

        assert dollars["alt"] == "QR code of the payment reference HR-1"
        assert dollars["qr"] == qr.drawn("HR-1")
        assert nothing["qr"] == ""


@pytest.mark.spec("B-76")
def test_a_credit_note_has_words_of_its_own() -> None:
    look = looks.Look(
        title={"en": "Statement"},
        notice={"en": "On bills."},
        credit_title={"en": "Refund"},
        credit_notice={"en": "On notes."},
    )

    bill, note = (page.frame(look, words.of("en"), title=each) for each in ("bill", "credit_note"))

    assert (bill["title"], bill["notice"]) == ("Statement", "On bills.")
    assert (note["title"], note["notice"]) == ("Refund", "On notes.")
    assert page.frame(looks.Look(), words.of("es"), title="credit_note")["title"] == "Nota de crédito"


@pytest.mark.spec("M-063")
@pytest.mark.parametrize(
    ("code", "others"), [("en", ("credit note", "to you")), ("es", ("nota de crédito", "a su favor"))]
)
def test_what_takes_a_charge_back_back_speaks_to_a_cost_center(code: str, others: tuple[str, ...]) -> None:
    language = words.of(code)
    own = language.words["charge_back_taken_back"]

    assert set(language.words["of_credit_note"]) <= set(own)
    said = language.of_taken_back().words
    assert said["account"] == language.words["charge_back"]["account"]
    for key in own:
        assert not [each for each in others if each in said[key].lower()]


@pytest.mark.spec("B-76")
@pytest.mark.parametrize(
    ("code", "note", "bill"), [("en", "credit note", "bill"), ("es", "nota de crédito", "factura")]
)
def test_a_credit_note_is_not_checked_as_a_bill(code: str, note: str, bill: str) -> None:
    said = words.of(code).of_credit_note().words

    for key in ("verify_note", "verify_by", "attachment", "note_dispute"):
        assert note in said[key]
        assert bill not in said[key]
