"""What becomes of banks of energy fed in: with the end of a contract, and where a new version renames or drops them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing.content import banked
from meterbook.tariffs.rating import bank_changes, reading, wording
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import tariffs
from tests.support import banks

ENERGY = {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.20"}
SUN = {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.10"}
NET: dict[str, Any] = {**ENERGY, "channel": "NET", "bank": {}}
SURPLUS = {"imported": Decimal(100), "exported": Decimal(300), "earned": Decimal(30)}


def money(code: str = "bank", **terms: str) -> dict[str, Any]:
    return {"code": code, "name": "Bank", "charge": "CREDIT_BANK", "bank": terms}


def units(**terms: str) -> dict[str, Any]:
    return {**NET, "bank": terms}


def end(holds: str, at_end: str, **more: str) -> dict[str, Any]:
    terms = {"holds": holds, "at_end": at_end, **more}
    return {"code": "rest", "name": "Rest", "charge": "BANK_END", "bank_end": terms}


def holding(balance: str, code: str = "bank", **more: Any) -> dict[str, Banked]:  # noqa: ANN401 - fields of a bank
    return {code: Banked(Decimal(balance), **more)}


@pytest.mark.spec("B-08/2")
class TestTheContractEnds:
    """The final bill settles the bank."""

    @pytest.mark.parametrize(
        ("terms", "due", "out"),
        [
            ({}, "0", {"lapsed": "12.63"}),
            ({"at_move_out": "PAY_BALANCE"}, "-12.63", {"paid": "12.63"}),
            ({"year": "09-01", "at_year_end": "PAY_BALANCE"}, "-12.63", {"paid": "12.63"}),
            ({"year": "09-01", "at_year_end": "LAPSE"}, "0", {"lapsed": "12.63"}),
            ({"year": "09-01", "at_year_end": "PAY_BALANCE", "at_move_out": "LAPSE"}, "0", {"lapsed": "12.63"}),
        ],
        ids=["usual", "paid", "as-each-year", "as-each-year-lapses", "other-than-each-year"],
    )
    def test_money_is_paid_or_lapses_and_the_bill_says_which(
        self, terms: dict[str, str], due: str, out: dict[str, str]
    ) -> None:
        rated = banks.month([ENERGY, SUN, money(**terms)], "0", held=holding("12.63"), is_final=True)

        assert banks.due(rated) == Decimal(due)
        (line,) = [each for each in rated.lines if each.code == "bank"]
        assert (line.trace["bank_out"], line.trace["bank"]["closing"]) == (out, "0.00")
        assert line.text["en"] == "Bank: 12.63 − 12.63 = 0.00"
        assert banks.left(rated)["bank"] == NOTHING_BANKED

    def test_units_beyond_use_are_paid_and_the_rest_of_the_money_lapses(self) -> None:
        terms = money(at_move_out="CASH_OUT", cash_out="0.15")

        rated = banks.month([ENERGY, SUN, terms], "0", held=holding("50", **SURPLUS), is_final=True)

        # 200 kWh at 0.15 are 30.00; their credits, 20.00, are taken back, and 30.00 is left of 50.00.
        paid = rated.lines[-1]
        assert (paid.code, paid.quantity, paid.amount) == ("bank.out", "-200.000", Decimal("-30.00"))
        assert rated.lines[-2].trace["bank_out"] == {"reversed": "20.00", "lapsed": "30.00"}

    @pytest.mark.parametrize(
        ("terms", "due", "out"),
        [
            ({}, "0.00", {"lapsed": "120.000"}),
            ({"at_move_out": "CASH_OUT", "cash_out": "0.05"}, "-6.00", {"paid": "120.000"}),
            ({"year": "09-01", "at_year_end": "CASH_OUT", "cash_out": "0.05"}, "-6.00", {"paid": "120.000"}),
        ],
        ids=["usual", "paid", "as-each-year"],
    )
    def test_units_are_paid_or_lapse(self, terms: dict[str, str], due: str, out: dict[str, str]) -> None:
        rated = banks.month([units(**terms)], "30", held=holding("150", "energy"), is_final=True)

        assert (banks.due(rated), rated.lines[0].trace["bank_out"]) == (Decimal(due), out)
        assert banks.left(rated)["energy"].balance == 0

    def test_a_year_that_ends_with_the_contract_is_settled_before(self) -> None:
        """The units are paid for the year; what is left of the money then is paid, because the tenant leaves."""
        terms = money(year="02-01", at_year_end="CASH_OUT", cash_out="0.15", at_move_out="PAY_BALANCE")

        rated = banks.month([ENERGY, SUN, terms], "0", held=holding("50", **SURPLUS), is_final=True)

        assert [(each.code, each.amount) for each in rated.lines[-2:]] == [
            ("bank.paid", Decimal("-30.00")),
            ("bank.out", Decimal("-30.00")),
        ]

    def test_no_other_bill_settles_it(self) -> None:
        rated = banks.month([ENERGY, SUN, money(at_move_out="PAY_BALANCE")], "0", held=holding("12.63"))

        assert (banks.due(rated), banks.left(rated)["bank"].balance) == (0, Decimal("12.63"))


@pytest.mark.spec("B-08/3")
class TestANewVersion:
    """Banks that are renamed or dropped."""

    def test_another_component_takes_a_bank_over(self) -> None:
        after = banks.month([ENERGY, SUN, money("saved", continues="bank")], "10", held=holding("12.63"))
        left = banks.left(after)

        assert banks.told(after, "saved")["opening"] == Decimal("12.63")
        assert (left["saved"].balance, left["bank"]) == (Decimal("10.63"), NOTHING_BANKED)
        again = banks.month([ENERGY, SUN, money()], "10", held=left)
        assert banks.told(again, "bank")["opening"] == 0

    def test_the_bills_after_know_what_was_taken_over(self) -> None:
        after = banks.month([ENERGY, SUN, money("saved", continues="bank")], "10", held=holding("12.63"))
        lines = [
            {"component": "bank", "trace": {"bank_state": {"balance": "12.63"}}},
            *({"component": each.component, "trace": each.trace} for each in after.lines),
        ]

        held = {code: banked.after(NOTHING_BANKED, lines, code).balance for code in ("bank", "saved")}

        assert held == {"bank": 0, "saved": Decimal("10.63")}

    @pytest.mark.parametrize(
        ("terms", "quantity", "amount", "text"),
        [
            (end("MONEY", "PAY_BALANCE", continues="bank"), "1", "-12.63", "Rest (12.63 → 0)"),
            (end("MONEY", "LAPSE", continues="bank"), "1", "0.00", "Rest (12.63 → 0)"),
            (
                end("UNITS", "CASH_OUT", cash_out="0.05", continues="energy"),
                "-120.500",
                "-6.03",
                "Rest (120.5 → 0 kWh)",
            ),
            (end("UNITS", "LAPSE", continues="energy"), "1", "0.00", "Rest (120.5 → 0 kWh)"),
        ],
        ids=["money-paid", "money-lapses", "units-paid", "units-lapse"],
    )
    def test_what_is_dropped_is_settled_once(
        self, terms: dict[str, Any], quantity: str, amount: str, text: str
    ) -> None:
        held = {**holding("12.63"), **holding("120.500", "energy")}

        first = banks.month([ENERGY, terms], "10", held=held)
        second = banks.month([ENERGY, terms], "10", held={**held, **banks.left(first)})

        (line,) = [each for each in first.lines if each.component == "rest"]
        assert (line.quantity, line.amount, line.text["en"]) == (quantity, Decimal(amount), text)
        assert [each.component for each in second.lines] == ["energy"]

    def test_what_was_taken_too_much_is_charged(self) -> None:
        rated = banks.month([ENERGY, {**end("MONEY", "PAY_BALANCE"), "code": "bank"}], "0", held=holding("-3.00"))

        assert banks.due(rated, "bank") == Decimal("3.00")

    def test_units_of_a_price_period_that_is_no_more_go_to_the_first(self) -> None:
        by_time: dict[str, Any] = {**NET, "prices": {"day": "0.30", "night": "0.10"}}
        by_time.pop("price")
        windows = [
            {"from": "00:00", "to": "01:00", "period": "night"},
            {"from": "01:00", "to": "00:00", "period": "day"},
        ]
        periods = [{"code": "day", "name": "Day"}, {"code": "night", "name": "Night"}]
        held = holding("50", "energy", periods={"peak": Decimal(30), "night": Decimal(20)})

        rated = banks.month([by_time], "0", held=held, periods=periods, calendar=[{"windows": windows}])

        assert banks.left(rated)["energy"].periods == {"day": Decimal("30.000"), "night": Decimal("20.000")}


def problems(before: list[dict[str, Any]], now: list[dict[str, Any]], unit: str = "KWH") -> list[str]:
    documents = [
        reading.read(tariffs.document(components=each, unit=which)) for each, which in ((before, "KWH"), (now, unit))
    ]
    return [each.place for each in bank_changes.problems(*documents)]


MONEY_BEFORE, UNITS_BEFORE = [ENERGY, SUN, money()], [NET]


@pytest.mark.spec("B-08/3")
@pytest.mark.parametrize(
    ("before", "now", "places"),
    [
        (MONEY_BEFORE, MONEY_BEFORE, []),
        (MONEY_BEFORE, [ENERGY, SUN], ["components"]),
        (MONEY_BEFORE, [ENERGY, SUN, money("saved")], ["components"]),
        (MONEY_BEFORE, [ENERGY, SUN, money("saved", continues="bank")], []),
        (MONEY_BEFORE, [ENERGY, SUN, {**end("MONEY", "LAPSE"), "code": "bank"}], []),
        (MONEY_BEFORE, [ENERGY, end("UNITS", "LAPSE", continues="bank")], ["components[1]"]),
        (MONEY_BEFORE, [{**NET, "code": "bank"}], ["components[0]"]),
        (UNITS_BEFORE, [ENERGY], ["components[0]"]),
        (UNITS_BEFORE, [ENERGY, end("UNITS", "LAPSE", continues="energy")], []),
        ([ENERGY], [NET], []),
    ],
    ids=["kept", "dropped", "renamed", "taken-over", "settled", "other-kind", "units-now", "taken-out", "ended", "new"],
)
def test_a_version_says_what_becomes_of_each_bank(
    before: list[dict[str, Any]], now: list[dict[str, Any]], places: list[str]
) -> None:
    assert problems(before, now) == places


@pytest.mark.spec("B-08/3")
def test_the_unit_stays_while_units_are_kept() -> None:
    assert problems(UNITS_BEFORE, UNITS_BEFORE, unit="MWH") == ["unit"]
    assert problems(MONEY_BEFORE, MONEY_BEFORE, unit="MWH") == []


@pytest.mark.parametrize(
    ("components", "place"),
    [
        ([SUN, money(at_move_out="CASH_OUT")], "components[1].bank"),
        ([units(at_move_out="PAY_BALANCE")], "components[0].bank.at_move_out"),
        ([units(at_move_out="LAPSE", cash_out="1")], "components[0].bank"),
        ([SUN, money(continues="bank")], "components[1].bank.continues"),
        ([SUN, money(), end("MONEY", "LAPSE", continues="bank")], "components[2].bank_end.continues"),
        ([ENERGY, {**end("MONEY", "LAPSE"), "bank_end": None}], "components[1].bank_end"),
        (
            [ENERGY, {**ENERGY, "code": "rest", "bank_end": {"holds": "MONEY", "at_end": "LAPSE"}}],
            "components[1].bank_end",
        ),
        ([ENERGY, {"code": "rest", "name": "Rest", "charge": "BANK_END"}], "components[1]"),
        ([ENERGY, end("UNITS", "CASH_OUT")], "components[1].bank_end"),
        ([ENERGY, end("UNITS", "PAY_BALANCE")], "components[1].bank_end.at_end"),
        ([ENERGY, end("MONEY", "CASH_OUT", cash_out="1")], "components[1].bank_end.at_end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_told_with_its_place(components: list[dict[str, Any]], place: str) -> None:
    with pytest.raises(TariffInvalid) as told:
        reading.read(tariffs.document(components=components))

    assert place in {each.place for each in told.value.problems}


def test_a_tariff_tells_it_in_plain_words() -> None:
    listed = [ENERGY, SUN, money(continues="old", at_move_out="CASH_OUT", cash_out="0.15"), end("MONEY", "LAPSE")]
    told = wording.told(reading.read(tariffs.document(components=listed)))

    words = [sentence.words for each in told for sentence in each.sentences]
    assert words[words.index("Credits that are not used up are kept, and pay charges of later bills.") :] == [
        "Credits that are not used up are kept, and pay charges of later bills.",
        "It takes over what the bank “old” of an earlier version holds.",
        "When the contract ends, 0.15 is paid for each unit fed in beyond use.",
        "Their credits are taken back, at what they were on average.",
        "On: Energy, Fed in.",
        "What a bank of an earlier version holds lapses on the first bill.",
        "The bank of money is “rest”.",
    ]


amounts = st.integers(0, 500).map(str)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=4), amounts, st.booleans())
def test_whoever_leaves_is_paid_all_that_was_kept_or_told_what_lapsed(
    months: list[tuple[str, str]], opening: str, is_paid: bool
) -> None:
    """Over all bills: what is due, and what lapsed, is what was charged less what was kept at first and earned."""
    terms = [ENERGY, SUN, money(at_move_out="PAY_BALANCE" if is_paid else "LAPSE")]
    held, due, bare, lapsed = holding(opening), Decimal(0), Decimal(0), Decimal(0)
    for number, (used, fed_in) in enumerate(months, 1):
        rated = banks.month(terms, used, fed_in, days=1, held=held, is_final=number == len(months))
        due += banks.due(rated)
        bare += banks.due(rated, "energy") + banks.due(rated, "sun")
        lapsed += sum(Decimal(each.trace.get("bank_out", {}).get("lapsed", 0)) for each in rated.lines)
        held = banks.left(rated)

    assert held["bank"] == NOTHING_BANKED
    assert due - lapsed == bare - Decimal(opening)
    assert not (is_paid and lapsed)


def test_the_year_begins_anew_with_the_next_contract() -> None:
    terms = money(year="04-01", at_year_end="LAPSE")

    final = banks.month([ENERGY, SUN, terms], "0", "10", held=holding("1", year_from=date(2025, 4, 1)), is_final=True)

    assert banks.left(final)["bank"].year_from is None
