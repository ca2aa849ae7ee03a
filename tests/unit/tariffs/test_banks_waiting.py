"""Banks that a tariff without one left waiting: the end of the contract settles them as their own tariff would have."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.tariffs.rating import bank_waiting, inputs_reading, reading
from meterbook.tariffs.rating.bank_waiting import Waiting
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked, Inputs
from tests.factories import tariffs
from tests.support import banks

ENERGY = {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.20"}
SUN = {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.10"}
NET = {"code": "net", "name": "Net", "charge": "ENERGY", "price": "0.20", "channel": "NET"}
ENDS: dict[str, list[dict[str, str]]] = {
    "MONEY": [
        {},
        {"at_move_out": "PAY_BALANCE"},
        {"at_move_out": "CASH_OUT", "cash_out": "0.15"},
        {"at_move_out": "CASH_OUT", "cash_out": "0.15", "reversal": "NONE"},
    ],
    "UNITS": [{}, {"at_move_out": "CASH_OUT", "cash_out": "0.05"}],
}


def kept(holds: str, terms: dict[str, str]) -> list[dict[str, Any]]:
    """The components of a tariff with a bank."""
    if holds == "UNITS":
        return [{**NET, "bank": terms}]
    return [
        ENERGY,
        SUN,
        {"code": "bank", "name": {"en": "Kept", "es": "Guardado"}, "charge": "CREDIT_BANK", "bank": terms},
    ]


def vat(*components: str) -> list[dict[str, Any]]:
    return [{"code": "vat", "name": "VAT", "rate": "0.21", "components": list(components)}]


def document(components: list[dict[str, Any]], **more: Any) -> TariffDocument:  # noqa: ANN401 - keys of a document
    raw = tariffs.document(components=components, decimals=banks.DECIMALS, **more)
    return reading.read(raw)


def waiting(before: list[dict[str, Any]], now: list[dict[str, Any]], **more: Any) -> tuple[Waiting, ...]:  # noqa: ANN401
    return bank_waiting.of(document(before, **more), document(now))


CASES = [(holds, terms) for holds, listed in ENDS.items() for terms in listed]
NAMES = [f"{holds}-{terms.get('at_move_out', 'usual')}-{len(terms)}" for holds, terms in CASES]
HUNDREDTHS = st.integers(0, 10_000_000).map(lambda count: Decimal(count).scaleb(-2))


@pytest.mark.spec("B-08/4")
class TestTheContractEnds:
    @pytest.mark.parametrize(("holds", "terms"), CASES, ids=NAMES)
    @given(balance=HUNDREDTHS, imported=HUNDREDTHS, more=HUNDREDTHS, earned=HUNDREDTHS)
    def test_as_if_it_had_ended_with_the_tariff_that_kept_it(
        self, holds: str, terms: dict[str, str], balance: Decimal, imported: Decimal, more: Decimal, earned: Decimal
    ) -> None:
        before, code = kept(holds, terms), "bank" if holds == "MONEY" else "net"
        sums: dict[str, Any] = (
            {"imported": imported, "exported": imported + more, "earned": earned} if holds == "MONEY" else {}
        )
        held = {code: Banked(balance, **sums)}
        taxes = vat("energy", "sun", "bank") if holds == "MONEY" else vat("net")

        own = banks.month(before, "0", held=held, is_final=True, taxes=taxes)
        settled = banks.month(
            [ENERGY], "0", held=held, is_final=True, waiting=waiting(before, [ENERGY], taxes=taxes), taxes=vat("energy")
        )

        assert (settled.net, settled.total) == (own.net, own.total)
        left = banks.left(settled)
        assert left == ({code: NOTHING_BANKED} if balance or settled.net else {})

    def test_is_told_in_a_line_under_its_name(self) -> None:
        before = kept("MONEY", {"at_move_out": "PAY_BALANCE"})

        rated = banks.month(
            [ENERGY], "10", held={"bank": Banked(Decimal("12.63"))}, is_final=True, waiting=waiting(before, [ENERGY])
        )

        assert [(each.code, each.amount) for each in rated.lines] == [
            ("energy", Decimal("2.00")),
            ("bank", Decimal("-12.63")),
        ]
        assert rated.lines[1].text["es"] == "Guardado (12.63 → 0)"
        assert rated.lines[1].trace["bank_end"] == {"opening": "12.63", "how": "PAY_BALANCE", "when": "out"}

    def test_units_keep_the_unit_of_their_tariff(self) -> None:
        terms = {"at_move_out": "CASH_OUT", "cash_out": "50"}
        raw = tariffs.document(components=kept("UNITS", terms), decimals=6, unit="MWH")
        listed = bank_waiting.of(reading.read(raw), document([ENERGY]))

        rated = banks.month([ENERGY], "0", held={"net": Banked(Decimal("0.150"))}, is_final=True, waiting=listed)

        line = rated.lines[1]
        assert (line.unit, line.quantity, line.amount) == ("MWH", "-0.150", Decimal("-7.50"))
        assert line.text["en"] == "Net (0.15 → 0 MWh)"

    def test_a_component_of_that_code_for_something_else_stands_beside_it(self) -> None:
        before = kept("MONEY", {"at_move_out": "PAY_BALANCE"})
        fee = {"code": "bank", "name": "Transfer", "charge": "FIXED_DAILY", "price": "0.10"}

        rated = banks.month(
            [ENERGY, fee], "0", held={"bank": Banked(Decimal(5))}, is_final=True, waiting=waiting(before, [ENERGY, fee])
        )

        assert [(each.code, each.amount) for each in rated.lines[1:]] == [
            ("bank", Decimal("3.10")),
            ("bank_2", Decimal(-5)),
        ]
        assert banks.left(rated)["bank"] == NOTHING_BANKED


@pytest.mark.spec("B-08/4")
class TestWhatWaits:
    def test_stays_until_the_contract_ends(self) -> None:
        before = kept("MONEY", {"at_move_out": "PAY_BALANCE"})

        rated = banks.month([ENERGY], "0", held={"bank": Banked(Decimal(5))}, waiting=waiting(before, [ENERGY]))

        assert [each.code for each in rated.lines] == ["energy"]

    @pytest.mark.parametrize(
        "now",
        [
            {"code": "bank", "name": "Kept", "charge": "CREDIT_BANK", "bank": {}},
            {"code": "saved", "name": "Kept", "charge": "CREDIT_BANK", "bank": {"continues": "bank"}},
            {
                "code": "rest",
                "name": "Rest",
                "charge": "BANK_END",
                "bank_end": {"continues": "bank", "holds": "MONEY", "at_end": "LAPSE"},
            },
        ],
        ids=["same", "continued", "settled"],
    )
    def test_is_what_no_component_names(self, now: dict[str, Any]) -> None:
        assert waiting(kept("MONEY", {}), [ENERGY, SUN, now]) == ()

    @pytest.mark.parametrize(("holds", "terms"), CASES, ids=NAMES)
    def test_is_written_with_the_bill_and_read_again(self, holds: str, terms: dict[str, str]) -> None:
        taxes = vat("energy", "sun", "bank") if holds == "MONEY" else vat("net")
        inputs = Inputs(is_final_period=True, waiting_banks=waiting(kept(holds, terms), [ENERGY], taxes=taxes))

        raw = json.loads(json.dumps(inputs_reading.written(inputs)))

        assert inputs_reading.read(raw) == inputs

    def test_is_not_written_where_none_waits(self) -> None:
        inputs = Inputs(is_final_period=True)

        assert inputs_reading.written(inputs) == {"is_final_period": True}
        assert inputs_reading.read({"is_final_period": True, "waiting_banks": []}) == inputs
