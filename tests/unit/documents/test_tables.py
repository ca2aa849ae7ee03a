"""Columns and rows that are reckoned before a bill is set: they hold what they are for, and no text lies elsewhere."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
import typst
from pypdf import PdfReader

from meterbook.documents.rendering import compiler, drawing, fitting, page, tables
from tests.factories import documents

POINT = 100
TEXTS = ("1,234,567.89", "−0.1975", "1 Oct 2026, 00:00", "Energía, Horas punta", "AVAToWAy", "medida, contador", "m³")
NEAR = 3  # points
# Words so long that a line holds one of them, whether its column is a point wider or not.
LONG = documents.text(" ".join(["Donaudampfschifffahrtselektrizitätenhauptbetrieb"] * 3))

Plain = dict[str, Any]


def told(**changes: object) -> Plain:
    issue = page.Issue("HR-1", date(2026, 11, 3), date(2026, 11, 17), "ab" * 32, "DMWD-DIBA-NRBP")
    return page.of_bill(documents.bill_content(**changes), issue, "en")


def set_by(bill: Plain, known: Plain) -> bytes:
    more = {"layout": (100, None), "drawn": drawing.drawn(bill, 100, 100), "attached": "bill.json", "has_logo": False}
    files = {"data.json": json.dumps({**bill, **more, "tables": known}).encode(), "content.json": b"{}"}
    return compiler.compile_pdf("bill.typ", files, day=date(2026, 11, 3))


def unknown(bill: Plain) -> Plain:
    """Nothing reckoned: the template finds all."""
    none: Plain = {"columns": [], "rows": []}
    return {
        "lines": none,
        "meters": none,
        "use": [[] for _ in bill["use"]],
        "taxes": [],
        "history": [tables.FOUND for _ in bill["history"]["rows"]],
    }


def heights(pdf: bytes) -> list[tuple[str, float]]:
    """Each piece of text with its height on its page, counted over all pages."""
    found: list[tuple[str, float]] = []
    for number, each in enumerate(PdfReader(io.BytesIO(pdf)).pages):

        def visit(
            text: str, cm: list[float], tm: list[float], _font: object, _size: object, number: int = number
        ) -> None:
            if text.strip():
                found.append((text.strip(), 1000 * number + tm[4] * cm[1] + tm[5] * cm[3] + cm[5]))

        each.extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("weight", [400, 600])
@pytest.mark.parametrize("figures", ["proportional", "tabular"])
def test_no_text_is_wider_than_reckoned(weight: int, figures: str) -> None:
    """Against what the typesetter measures."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(compiler.FONTS)])
    look = f'font: "Inter", size: 9pt, weight: {weight}, number-width: "{figures}", fallback: false'
    source = f"#let look = text.with({look})\n" + "".join(
        f"#context [#metadata(measure(look({json.dumps(each, ensure_ascii=False)})).width.pt())<w>]\n" for each in TEXTS
    )

    measured = json.loads(typst.Compiler(source.encode(), font_paths=fonts).query("<w>", field="value"))

    reckoned = [tables.width(each, 9 * POINT) / POINT for each in TEXTS]
    assert len(measured) == len(TEXTS)
    for own, true in zip(reckoned, measured, strict=True):
        assert true - tables.SLACK / POINT < own < 1.25 * true + 1


def test_each_row_has_the_height_that_the_template_would_find() -> None:
    line = documents.line("x", LONG, "1", "DAY", "1.00", "1.00")
    parts = [documents.segment(), documents.segment(serial="EL-2", corrected=None)]
    points = [
        documents.electricity(segments=parts, adjustment=500),
        documents.water(charges=[documents.charge("Long", "Largo", 1, [line, line], net="2.00", quantity=31400)]),
        documents.water(public_id="third", name="No register of its own " * 8, segments=[]),
    ]
    bill = told(meter_points=points)

    reckoned, found = heights(set_by(bill, tables.fitted(bill))), heights(set_by(bill, unknown(bill)))

    assert [text for text, _high in reckoned] == [text for text, _high in found]
    assert [
        (text, high, other)
        for (text, high), (_, other) in zip(reckoned, found, strict=True)
        if abs(high - other) > NEAR
    ] == []


def test_what_may_break_is_left_to_the_template() -> None:
    lines = [
        documents.line("x", documents.text("Short"), "1", "DAY", "1.00", "1.00"),
        documents.line("y", LONG, "1", "DAY", "1.00", "1.00"),
    ]
    charge = documents.charge("Retail", "Comercios", 1, lines, net="2.00", quantity=31400)

    rows = tables.fitted(told(meter_points=[documents.water(charges=[charge])]))["lines"]["rows"]

    assert rows[:4] == [tables.FOUND, tables.NAMED, tables.ONE, tables.FOUND]
    assert rows[-1] == tables.LARGE


def test_columns_that_would_fill_the_line_are_left_to_the_template() -> None:
    known = tables.fitted(told(total="1" + "0" * 60 + ".00"))

    assert known["lines"] == {"columns": [], "rows": []}
    assert known["meters"]["columns"] != []


def test_bars_are_as_high_as_their_months() -> None:
    bill = told()
    made = drawing.drawn(bill, fitting.AIRS[0], fitting.AIRS[0])

    assert made["chart"]["high"] == 84 * POINT
    assert made["chart"]["tops"][:3] == [0, 84 * POINT * bill["chart"]["bars"][1]["height"] // 1000, 84 * POINT]
    assert made["chart"]["svg"].count('fill="url(#h)"') == 1
    assert made["chart"]["svg"].count("stroke-dasharray") == 1
    assert len(made["rows"]) == 2
