"""Credits for energy fed in that are not used up: kept, used later, settled at the end of a year."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.tariffs.rating import bank_states, changing, fold, inputs_reading, reading
from meterbook.tariffs.rating.gathering import Flow
from meterbook.tariffs.rating.inputs import Banked, History, InputMissing, Inputs
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs
from tests.support import banks

ENERGY = {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.20"}
SUN = {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.10"}


def bank(**terms: str) -> dict[str, Any]:
    return {"code": "bank", "name": {"en": "Bank", "es": "Banco"}, "charge": "CREDIT_BANK", "bank": terms}


def holding(balance: str, **more: Any) -> dict[str, Banked]:  # noqa: ANN401 - fields of a bank
    return {"bank": Banked(Decimal(balance), **more)}


class TestBankOfCredits:
    """Money that is kept."""

    def test_what_is_earned_beyond_charges_waits_for_the_next_bill(self) -> None:
        summer = banks.month([ENERGY, SUN, bank()], "50", "300")
        winter = banks.month([ENERGY, SUN, bank()], "200", "50", held=banks.left(summer))

        # 10.00 of charges and 30.00 of credits; then 40.00 and 5.00 with 20.00 kept.
        assert (banks.due(summer), banks.told(summer, "bank")["closing"]) == (Decimal("0.00"), Decimal("20.00"))
        assert (banks.due(winter), banks.told(winter, "bank")["closing"]) == (Decimal("15.00"), Decimal(0))

    def test_the_line_shows_the_sum_in_every_language(self) -> None:
        rated = banks.month([ENERGY, SUN, bank()], "50", "300", held=holding("4.93"))

        (line,) = [each for each in rated.lines if each.component == "bank"]
        assert line.text == {
            "en": "Bank: 4.93 + 30.00 − 10.00 = 24.93",
            "es": "Banco: 4.93 + 30.00 − 10.00 = 24.93",
        }
        assert (line.quantity, line.amount) == ("1", Decimal("20.00"))

    def test_it_stays_without_any_energy_fed_in(self) -> None:
        rated = banks.month([ENERGY, SUN, bank()], "10", held=holding("12.63"))

        assert (banks.due(rated), banks.told(rated, "bank")["closing"]) == (Decimal("0.00"), Decimal("10.63"))

    def test_charges_that_are_not_named_are_not_paid_by_it(self) -> None:
        fixed = {"code": "fixed", "name": "Fixed", "charge": "FIXED_PERIOD", "price": "7"}
        named = {**bank(), "components": ["energy", "sun"]}

        rated = banks.month([ENERGY, fixed, SUN, named], "50", "300")

        assert (banks.due(rated), banks.told(rated, "bank")["closing"]) == (Decimal("7.00"), Decimal("20.00"))

    def test_two_banks_are_used_in_their_order(self) -> None:
        bonus = {**SUN, "code": "bonus", "price": "-0.02"}
        first = {**bank(), "components": ["energy", "sun"]}
        second = {**bank(), "code": "second", "components": ["energy", "bank", "sun", "bonus"]}

        rated = banks.month([ENERGY, SUN, bonus, first, second], "50", "100")

        # 10.00 of charges are paid by the 10.00 of the first bank; the 2.00 of the second stay.
        assert banks.told(rated, "bank")["closing"] == 0
        assert banks.told(rated, "second")["closing"] == Decimal("2.00")
        assert banks.due(rated) == 0

    def test_without_a_register_for_what_is_fed_in_it_says_what_is_missing(self) -> None:
        raw = tariffs.document(components=[ENERGY, SUN, bank()])
        plan = tariffs.plan(raw, first=date(2026, 1, 1), until=date(2026, 2, 1), zone="UTC")

        with pytest.raises(InputMissing, match="EXPORT"):
            fold.rate(plan, tariffs.usage(plan, 0))


class TestEndOfAYear:
    """What becomes of a bank on the day on which its year begins anew."""

    @pytest.mark.parametrize(
        ("first", "days", "ends"),
        [
            (date(2026, 3, 1), 31, True),  # until the first of April: the year is over
            (date(2026, 4, 1), 30, False),
            (date(2026, 3, 15), 31, True),  # the bill that holds the day
            (date(2026, 2, 1), 28, False),
        ],
        ids=["before", "after", "within", "earlier"],
    )
    def test_it_ends_with_one_bill(self, first: date, days: int, ends: bool) -> None:
        terms = bank(year="04-01", at_year_end="LAPSE")
        held = holding("20", year_from=date(2025, 4, 1) if first < date(2026, 4, 1) else date(2026, 4, 1))

        rated = banks.month([ENERGY, SUN, terms], "0", "0", first=first, days=days, held=held)

        assert banks.told(rated, "bank")["closing"] == (0 if ends else 20)

    def test_a_year_that_ended_while_nothing_was_billed_ends_with_the_next_bill(self) -> None:
        terms = bank(year="04-01", at_year_end="PAY_BALANCE")
        held = holding("20", year_from=date(2024, 4, 1))

        rated = banks.month([ENERGY, SUN, terms], "50", "0", first=date(2026, 5, 1), held=held)

        assert (banks.due(rated), banks.left(rated)["bank"].year_from) == (Decimal("-10.00"), date(2026, 4, 1))

    def test_a_customer_who_used_more_than_was_fed_in_keeps_the_balance(self) -> None:
        terms = bank(year="02-01", at_year_end="CASH_OUT", cash_out="0.15")
        held = holding("12", imported=Decimal(1000), exported=Decimal(400), earned=Decimal(40))

        rated = banks.month([ENERGY, SUN, terms], "0", "0", held=held)

        assert banks.left(rated)["bank"].balance == 12
        assert banks.due(rated) == 0

    def test_units_beyond_use_are_paid_and_their_credits_taken_back(self) -> None:
        terms = bank(year="02-01", at_year_end="CASH_OUT", cash_out="0.15")
        held = holding("50", imported=Decimal(100), exported=Decimal(300), earned=Decimal(30))

        rated = banks.month([ENERGY, SUN, terms], "0", "0", held=held)

        paid = rated.lines[-1]
        assert (paid.code, paid.quantity, paid.unit, paid.price) == ("bank.paid", "-200.000", "KWH", Decimal("0.15"))
        assert paid.amount == Decimal("-30.00")
        assert banks.left(rated)["bank"] == Banked(Decimal("30.00"), date(2026, 2, 1))

    def test_credits_may_stay_in_the_bank(self) -> None:
        terms = bank(year="02-01", at_year_end="CASH_OUT", cash_out="0.15", reversal="NONE")
        held = holding("50", imported=Decimal(100), exported=Decimal(300), earned=Decimal(30))

        rated = banks.month([ENERGY, SUN, terms], "0", "0", held=held)

        assert (banks.due(rated), banks.left(rated)["bank"].balance) == (Decimal("-30.00"), Decimal(50))


NET = {**ENERGY, "channel": "NET", "bank": {}}


def kept(balance: str, **more: Any) -> dict[str, Banked]:  # noqa: ANN401 - fields of a bank
    return {"energy": Banked(Decimal(balance), **more)}


class TestBankOfUnits:
    """Net metering: kilowatt-hours that are kept."""

    def test_units_fed_in_pay_for_units_used_later(self) -> None:
        summer = banks.month([NET], "100", "250")
        winter = banks.month([NET], "300", "50", held=banks.left(summer))

        assert (banks.due(summer), banks.left(summer)["energy"].balance) == (0, Decimal("150.000"))
        assert (banks.due(winter), banks.left(winter)["energy"].balance) == (Decimal("20.00"), 0)
        assert winter.lines[0].text["en"] == "Energy (150 → 0 kWh)"

    def test_steps_are_filled_by_what_is_billed(self) -> None:
        steps = {
            **NET,
            "tier_reference": "BILLING_PERIOD",
            "tiers": [{"up_to": "50", "price": "0.10"}, {"price": "0.30"}],
        }
        steps.pop("price")

        rated = banks.month([steps], "200", "20", held=kept("100"))

        assert banks.due(rated) == Decimal("5.00") + Decimal("9.00")

    def test_each_price_by_time_of_use_has_its_own(self) -> None:
        by_time: dict[str, Any] = {**NET, "prices": {"day": "0.30", "night": "0.10"}}
        by_time.pop("price")
        windows = [
            {"from": "00:00", "to": "01:00", "period": "night"},
            {"from": "01:00", "to": "00:00", "period": "day"},
        ]
        times: dict[str, Any] = {
            "periods": [{"code": "day", "name": "Day"}, {"code": "night", "name": "Night"}],
            "calendar": [{"windows": windows}],
        }

        summer = banks.month([by_time], ["40", "10"], ["0", "60"], **times)
        winter = banks.month([by_time], ["40", "80"], held=banks.left(summer), **times)

        # 50 kept by day; night is billed in both months: 40 x 0.10. Then 80 - 50 by day.
        assert (banks.due(summer), banks.left(summer)["energy"].periods) == (
            Decimal("4.00"),
            {"day": Decimal("50.000")},
        )
        assert banks.due(winter) == Decimal("4.00") + Decimal("9.00")

    @pytest.mark.parametrize(
        ("terms", "amount"),
        [
            ({"at_year_end": "LAPSE"}, "0"),
            ({"at_year_end": "CASH_OUT", "cash_out": "0.05"}, "-5.00"),
        ],
        ids=["lapse", "cash-out"],
    )
    def test_a_year_ends(self, terms: dict[str, str], amount: str) -> None:
        ends = {**NET, "bank": {"year": "02-01", **terms}}

        rated = banks.month([ends], "10", "30", held=kept("80"))

        assert (banks.due(rated), banks.left(rated)["energy"].balance) == (Decimal(amount), 0)

    def test_what_an_estimate_gave_too_much_is_billed(self) -> None:
        """A true-up can take more than the bank holds."""
        rated = banks.month([NET], "10", "0", held=kept("-20"))

        assert (banks.due(rated), banks.left(rated)["energy"].balance) == (Decimal("6.00"), 0)


amounts = st.integers(0, 500).map(str)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6))
def test_nothing_of_a_bank_of_units_is_lost(months: list[tuple[str, str]]) -> None:
    held: dict[str, Banked] = {}
    billed = Decimal(0)
    for used, fed_in in months:
        rated = banks.month([NET], used, fed_in, days=1, held=held)
        billed += sum((Decimal(line.quantity) for line in rated.lines), Decimal(0))
        held = banks.left(rated)

    net = sum((Decimal(used) - Decimal(fed_in) for used, fed_in in months), Decimal(0))
    assert billed - held["energy"].balance == net
    assert held["energy"].balance >= 0


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6))
def test_nothing_of_a_bank_of_credits_is_lost(months: list[tuple[str, str]]) -> None:
    held: dict[str, Banked] = {}
    paid, without = Decimal(0), Decimal(0)
    for used, fed_in in months:
        rated = banks.month([ENERGY, SUN, bank()], used, fed_in, days=1, held=held)
        assert banks.due(rated) >= 0
        paid += banks.due(rated)
        without += banks.due(rated, "energy") + banks.due(rated, "sun")
        held = banks.left(rated)

    assert paid - held["bank"].balance == without
    assert held["bank"].balance >= 0


def test_a_change_of_version_within_a_bill_takes_the_bank_along() -> None:
    raw = tariffs.document(components=[ENERGY, SUN, bank()], decimals=3)
    middle = date(2026, 1, 16)
    parts = []
    for first, until, used, fed in ((date(2026, 1, 1), middle, 0, 100), (middle, date(2026, 2, 1), 40, 0)):
        plan = tariffs.plan(raw, first=first, until=until, zone="UTC", decimals=3)
        own, other = (
            tariffs.usage(plan, [each * 1000] + [0] * (24 * len(plan.days) - 1), step=banks.HOUR).values
            for each in (used, fed)
        )
        further = fold.Further(channels={Channel.EXPORT: Flow(other[None, :], plan.scale)})
        parts.append(changing.Usage(plan, own[None, :], further))

    one, other_part = changing.rate(parts, banks.HOUR, Inputs(history=History(bank=holding("1.00"))))

    assert banks.told(one, "bank")["closing"] == Decimal("11.00")
    assert banks.told(other_part, "bank") == {
        "opening": Decimal("11.00"),
        "applied": Decimal("8.00"),
        "closing": Decimal("3.00"),
    }


def test_what_a_bank_holds_is_written_and_read() -> None:
    held = Banked(Decimal("1.50"), date(2026, 4, 1), Decimal(1), Decimal(2), Decimal(3), {"day": Decimal(4)})

    assert inputs_reading.banked("bank", bank_states.written(held)) == held
    given = Inputs(history=History(bank={"bank": held}))
    assert inputs_reading.read(inputs_reading.written(given)) == given


@pytest.mark.parametrize(
    ("components", "place"),
    [
        ([ENERGY, {**bank(), "bank": {}}], "components[1]"),
        ([{**ENERGY, "bank": {}}], "components[0].bank"),
        ([SUN, bank(year="04-01")], "components[1].bank"),
        ([SUN, bank(at_year_end="LAPSE")], "components[1].bank"),
        ([SUN, bank(year="02-29", at_year_end="LAPSE")], "components[1].bank.year"),
        ([SUN, bank(year="04-01", at_year_end="CASH_OUT")], "components[1].bank"),
        ([SUN, bank(year="04-01", at_year_end="LAPSE", cash_out="1")], "components[1].bank"),
        ([SUN, bank(reversal="NONE")], "components[1].bank.reversal"),
        ([{**NET, "bank": {"year": "04-01", "at_year_end": "PAY_BALANCE"}}], "components[0].bank.at_year_end"),
        ([{**NET, "tier_year": "01-01", "tiers": [{"price": "1"}]}], "components[0].bank"),
        ([{**ENERGY, "proration": "MEAN_MONTH"}], "components[0].proration"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_told_with_its_place(components: list[dict[str, Any]], place: str) -> None:
    with pytest.raises(TariffInvalid) as told:
        reading.read(tariffs.document(components=components))

    assert place in {each.place for each in told.value.problems}


def test_a_price_for_a_day_may_be_charged_for_months_of_equal_length() -> None:
    charge = {"code": "fixed", "name": "Fixed", "charge": "FIXED_DAILY", "price": "1.20", "proration": "MEAN_MONTH"}

    whole = banks.month([charge], "0", first=date(2026, 2, 1), days=28)
    part = banks.month([charge], "0", first=date(2026, 2, 1), days=14)

    assert (whole.net, part.net) == (Decimal("36.50"), Decimal("18.25"))
    assert (whole.lines[0].quantity, whole.lines[0].unit) == ("365/12", "DAY")
