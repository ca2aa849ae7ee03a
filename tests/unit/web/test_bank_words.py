"""What becomes of a bank stands in a sentence on the screen, and below its line on paper."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from meterbook.documents.rendering import words as paper_words
from meterbook.documents.rendering import workings
from meterbook.tariffs.rating.inputs import Banked
from meterbook.web.billing import bank_words, charge_words
from tests.support import banks

ENERGY = {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.20"}
SUN = {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.10"}
SURPLUS = {"imported": Decimal(100), "exported": Decimal(300), "earned": Decimal(30)}


def lines(component: dict[str, Any], balance: str = "12.63", **more: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """The lines of a final bill by their codes; the bank holds something under the component's code and `old`."""
    banked = {each: Banked(Decimal(balance), **more) for each in (component["code"], "old")}
    is_final = component["charge"] != "BANK_END"
    rated = banks.month([ENERGY, SUN, component], "0", held=banked, is_final=is_final)
    return {each.code: each._asdict() for each in rated.lines}


def money(**terms: str) -> dict[str, Any]:
    return {"code": "bank", "name": "Bank", "charge": "CREDIT_BANK", "bank": terms}


def net(**terms: str) -> dict[str, Any]:
    return {"code": "net", "name": "Net", "charge": "ENERGY", "price": "0.20", "channel": "NET", "bank": terms}


def end(holds: str, at_end: str, **more: str) -> dict[str, Any]:
    return {
        "code": "rest",
        "name": "Rest",
        "charge": "BANK_END",
        "bank_end": {"holds": holds, "at_end": at_end, **more},
    }


CASES = [
    (money(), "bank", "The contract ended: 12.63 lapsed.", "the contract ended: 12.63 lapsed"),
    (money(at_move_out="PAY_BALANCE"), "bank", "The contract ended: 12.63 are paid.", ""),
    (
        money(at_move_out="PAY_BALANCE"),
        "bank.out",
        "The contract ended, and what the bank held is paid.",
        "paid, because the contract ended",
    ),
    (net(), "net", "The contract ended: 12.63 kWh lapsed.", "the contract ended: 12.63 kWh lapsed"),
    (
        net(at_move_out="CASH_OUT", cash_out="1"),
        "net.out",
        "The contract ended with 12.63 units fed in beyond use; each is paid with 1.",
        "paid, because the contract ended",
    ),
    (money(continues="old"), "bank", "What the bank “old” held was taken over.", ""),
    (
        end("MONEY", "LAPSE"),
        "rest",
        "The tariff keeps nothing of this any more: 12.63 lapsed.",
        "the tariff keeps it no longer: it lapsed",
    ),
    (
        end("UNITS", "CASH_OUT", cash_out="1"),
        "rest",
        "The tariff keeps nothing of this any more: 12.63 kWh are paid.",
        "settled, because the tariff keeps it no longer",
    ),
]


@pytest.mark.parametrize(
    ("component", "code", "sentence", "detail"),
    CASES,
    ids=["lapses", "pays", "paid", "units-lapse", "units-paid", "taken-over", "dropped", "dropped-units"],
)
def test_each_end_is_told_on_screen_and_paper(component: dict[str, Any], code: str, sentence: str, detail: str) -> None:
    line = lines(component)[code]

    assert sentence in (charge_words.sentence(line) or "").replace("\u00a0", " ")
    assert bool(charge_words.short(line)) == (code != "net")  # which is a usual line of energy
    assert detail in workings.of_line(line, paper_words.of("en"))
    assert bool(workings.of_line(line, paper_words.of("es"))) == bool(workings.of_line(line, paper_words.of("en")))


def test_what_is_taken_back_and_what_was_taken_too_much_are_told() -> None:
    back = lines(money(at_move_out="CASH_OUT", cash_out="0.15"), "50", **SURPLUS)["bank"]
    charged = lines(end("MONEY", "PAY_BALANCE"), "-3")["rest"]

    assert "The contract ended: 20 were taken back, because the units are paid." in bank_words.sentence(back)
    assert "3 that were taken too much are charged." in bank_words.sentence(charged)
