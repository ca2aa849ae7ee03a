"""Suppliers' invoices: read with every fault named, average prices, and lines divided exactly."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing import invoice_files
from meterbook.billing.pools import invoice_reading, invoices, reading, recompute, sheets
from meterbook.billing.pools.definition import Definition, Key, LineKind
from meterbook.documents import uploads

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
TIERS: dict[str, Any] = {
    "supplier": "Harbor Power",
    "number": "17",
    "service": "ELECTRICITY",
    "first_day": "2026-06-01",
    "until_day": "2026-07-01",
    "currency": "EUR",
    "quantity": "1000",
    "unit": "kWh",
    "lines": [
        {"kind": "ENERGY", "text": "First 600", "quantity": "600", "unit": "kWh", "price": "0.10", "amount": "60.00"},
        {"kind": "ENERGY", "text": "Above", "quantity": "400", "unit": "kWh", "price": "0.20", "amount": "80.00"},
        {"kind": "TAX", "text": "VAT", "amount": "29.40"},
    ],
    "total": "169.40",
}


def read(**given: Any) -> invoices.Invoice:  # noqa: ANN401
    made, problems = invoice_reading.read(TIERS | given)
    assert made is not None, problems
    return made


def faults(**given: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    return [(each.path, each.fault.value) for each in invoice_reading.read(TIERS | given)[1]]


class TestRead:
    def test_gives_the_same_document_back(self) -> None:
        made = read(charged_days={"first_day": "2026-06-03", "until_day": "2026-07-03"})

        again, _problems = invoice_reading.read(invoices.write(made))

        assert again == made
        assert made.total == 16_940

    def test_names_the_line_that_lacks(self) -> None:
        made, (problem,) = invoice_reading.read(TIERS | {"total": "169.41"})

        assert made is None
        assert (problem.path, dict(problem.data)) == ("total", {"sum": "169.40", "total": "169.41"})

    def test_refuses_a_price_that_does_not_make_its_line(self) -> None:
        lines = [TIERS["lines"][0] | {"amount": "61.00"}]

        assert faults(lines=lines, total="61.00") == [("lines/0/amount", "PRICE")]

    @pytest.mark.parametrize(
        ("given", "fault"),
        [
            ({"format": "other/1"}, ("format", "FORMAT")),
            ({"supplier": " "}, ("supplier", "REQUIRED")),
            ({"number": "1\u202e7"}, ("number", "TEXT")),
            ({"service": "WINE"}, ("service", "UNKNOWN")),
            ({"until_day": "2026-06-01"}, ("until_day", "DAYS")),
            ({"until_day": "2028-06-01"}, ("until_day", "DAYS")),
            ({"currency": "XXX"}, ("currency", "UNKNOWN")),
            ({"quantity": "-1"}, ("quantity", "NEGATIVE")),
            ({"quantity": 3}, ("quantity", "NUMBER")),
            ({"lines": []}, ("lines", "REQUIRED")),
            ({"more": "1"}, ("more", "UNKNOWN")),
            ({"code": "My utility"}, ("code", "CODE")),
        ],
        ids=lambda each: each[0] if isinstance(each, tuple) else None,
    )
    def test_names_what_is_wrong(self, given: dict[str, Any], fault: tuple[str, str]) -> None:
        assert fault in faults(**given)

    @given(st.recursive(st.none() | st.text(max_size=3) | st.integers(), lambda each: st.lists(each, max_size=3)))
    def test_never_fails(self, anything: object) -> None:
        for key in (*TIERS, "charged_days"):
            _made, problems = invoice_reading.read(TIERS | {key: anything})
            assert isinstance(problems, list)


class TestDerive:
    def test_gives_average_prices_and_the_tiers_of_each_sharer(self) -> None:
        found = invoices.derive(read(), sharers=10)

        assert (found.energy_price, found.overall_price) == (Decimal("0.14000000"), Decimal("0.16940000"))
        assert [(each.up_to, each.price) for each in found.tiers] == [
            (Decimal("60.000000"), Decimal("0.10000000")),
            (None, Decimal("0.20000000")),
        ]

    def test_gives_nothing_without_a_quantity(self) -> None:
        assert invoices.derive(read(quantity="")) == invoices.Derived(None, None, ())


class TestByLine:
    def test_spreads_a_part_over_the_lines(self) -> None:
        assert invoices.by_line([7_000, 2_000, 1_000], 5_000) == [3_500, 1_000, 500]

    @given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12), st.integers(-(10**10), 10**10))
    def test_is_exact_whatever_the_lines_are(self, amounts: list[int], part: int) -> None:
        assert sum(invoices.by_line(amounts, part)) == part


def definition(**given: Any) -> Definition:  # noqa: ANN401
    document = {"name": "Utility", "source": {"kind": "INVOICE"}, "division": "EACH", "parts": [{"key": "EQUAL"}]}
    made, problems = reading.read(document | given)
    assert made is not None, problems
    return made


def row(key: str, values: dict[Key, Fraction], *, is_vacancy: bool) -> sheets.Row:
    spans = {each: (sheets.Span(JUNE, JULY, value),) for each, value in values.items()}
    account = 99 if is_vacancy else 1
    return sheets.Row(key, key, key, account, f"A-{account}", "", is_vacancy, JUNE, JULY, spans)


VALUE = st.fractions(min_value=Fraction(1, 100), max_value=1_000, max_denominator=100)
ROWS = st.lists(st.tuples(VALUE, VALUE, st.booleans()), min_size=1, max_size=9)
LINES = st.lists(st.tuples(st.sampled_from(list(LineKind)), st.integers(-(10**7), 10**7)), min_size=1, max_size=12)


class TestPassThrough:
    @pytest.mark.spec("M-060/1")
    @given(LINES, ROWS, st.sampled_from(["LARGEST_REMAINDER", "LANDLORD"]), st.none() | st.integers(0, 500))
    def test_each_line_is_its_shares_exactly(
        self,
        lines: list[tuple[LineKind, int]],
        members: list[tuple[Fraction, Fraction, bool]],
        rounding: str,
        cap: int | None,
    ) -> None:
        parts = [{"key": "AREA"}, {"key": "HEADCOUNT", "of": ["FIXED", "TAX"]}]
        made = definition(parts=parts, rounding=rounding, **({} if cap is None else {"cap": str(cap)}))
        costs = [
            sheets.Line("INVOICE", f"Line {place}", amount, data={"line_kind": kind.value})
            for place, (kind, amount) in enumerate(lines)
        ]
        rows = [
            row(f"U-{place:02}", {Key.AREA: area, Key.HEADCOUNT: people}, is_vacancy=is_vacancy)
            for place, (area, people, is_vacancy) in enumerate(members)
        ]
        head = sheets.Head({"code": "P"}, {"code": "S"}, JUNE, JULY, "EUR", 2, 99, "A-99", {Key.AREA: "m²"})

        sheet = sheets.build(head, made, sheets.Costs(costs), rows)

        plain = json.loads(json.dumps(sheet.content))
        for number, (line, part) in enumerate(zip(lines, plain["parts"], strict=True), start=1):
            borne = [Decimal(each["amount"]) for each in plain["landlord"] if each.get("part") == number]
            shares = [Decimal(each["share"]) for each in part["rows"]]
            assert sum(shares) + sum(borne) == Decimal(line[1]).scaleb(-2)
            assert part["key"] == ("HEADCOUNT" if line[0] in (LineKind.FIXED, LineKind.TAX) else "AREA")
        assert sum(each.amount for each in sheet.charges) == sum(amount for _kind, amount in lines)
        assert recompute.differences(plain) == []

    def test_the_script_finds_a_cent_that_moved_to_another_line(self) -> None:
        costs = [sheets.Line("INVOICE", name, 1_000, data={"line_kind": "ENERGY"}) for name in ("Peak", "Valley")]
        head = sheets.Head({"code": "P"}, {"code": "S"}, JUNE, JULY, "EUR", 2, 99, "A-99", {})
        rows = [row(each, {Key.EQUAL: Fraction(1)}, is_vacancy=False) for each in "AB"]
        plain = sheets.build(head, definition(), sheets.Costs(costs), rows).content
        plain["parts"][0]["amount"], plain["parts"][1]["amount"] = "10.01", "9.99"

        assert "part 1: amount: the sheet says 10.01, worked out again it is 10" in recompute.differences(plain)

    def test_the_script_works_the_limit_by_the_invoice_out_again(self) -> None:
        told = {"paid": "80.00", "charged": "100.00"}
        costs = [sheets.Line("METER", "Supply", 10_000), sheets.Line("CEILING", "7", -2_000, data=told)]
        head = sheets.Head({"code": "P"}, {"code": "S"}, JUNE, JULY, "EUR", 2, 99, "A-99", {})
        made = definition(division="TOGETHER", source={"kind": "AMOUNT"})
        rows = [row(each, {Key.EQUAL: Fraction(1)}, is_vacancy=False) for each in "AB"]
        plain = sheets.build(head, made, sheets.Costs(costs), rows).content

        assert recompute.differences(plain) == []
        plain["lines"][1]["paid"] = "81.00"
        assert any(each.startswith("taken off by the limit") for each in recompute.differences(plain))

    def test_a_kind_of_line_has_one_part(self) -> None:
        twice = {"parts": [{"key": "EQUAL", "of": ["TAX"]}, {"key": "AREA", "of": ["TAX"]}, {"key": "AREA"}]}
        document = {"name": "U", "source": {"kind": "INVOICE"}, "division": "EACH"}

        assert [each.fault.value for each in reading.read(document | twice)[1]] == ["LINES"]


class TestFiles:
    def test_reads_its_own_example(self) -> None:
        table = "\n".join(",".join(each) for each in invoice_files.example()).encode()

        (document,) = invoice_files.read(table)
        made, problems = invoice_reading.read(document)

        assert problems == []
        assert made is not None
        assert (made.until_day, made.total, len(made.lines)) == (date(2026, 6, 1), 20_026, 3)

    def test_reads_numbers_with_a_comma(self) -> None:
        head = "supplier;number;service;first_day;last_day;currency;total;kind;text;amount"
        line = "Sur;1;GAS;2026-05-01;2026-05-31;EUR;1.234,50;OTHER;Gas;1.234,50"

        (document,) = invoice_files.read(f"{head}\n{line}\n".encode(), mark=",")

        assert invoice_reading.read(document)[1] == []
        assert document["total"] == "1234.50"

    def test_reads_json_without_floats(self) -> None:
        (document,) = invoice_files.read(json.dumps(TIERS | {"total": 169.4}).encode())

        assert document["total"] == "169.4"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"a,b\n1,2\n", "lack"),
            (b"[1, 2]", "JSON holds"),
            (b"{broken", "no sound JSON"),
            (b'{"invoices": []}', "no invoice"),
        ],
        ids=["columns", "list", "broken", "empty"],
    )
    def test_says_what_it_cannot_read(self, content: bytes, words: str) -> None:
        with pytest.raises(invoice_files.FileUnreadable, match=words):
            invoice_files.read(content)

    def test_refuses_what_is_no_file_of_invoices(self) -> None:
        with pytest.raises(uploads.UploadRefused):
            invoice_files.read(b"%PDF-1.7 invoice")
