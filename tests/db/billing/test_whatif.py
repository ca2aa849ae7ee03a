"""What accounts would have been billed by other prices."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models
from meterbook.billing.correction_values import Mode
from meterbook.billing.operations import recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering.values import Service
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, corrections, customers, identity, pools, tariffs, whatif

ACTOR = Actor.system("test")
EVERYTHING: list[dict[str, Any]] = [
    {
        "code": "energy",
        "name": "Energy",
        "charge": "ENERGY",
        "tier_year": "01-01",
        "tiers": [{"up_to": "900", "price": "0.111"}, {"price": "0.237"}],
    },
    {
        "code": "demand",
        "name": "Demand",
        "charge": "DEMAND",
        "price": "2.37",
        "demand": {"interval": 30, "sliding_by": 15, "ratchet": [{"percent": "80", "months": 11}]},
    },
    {"code": "base", "name": "Base", "charge": "FIXED_DAILY", "price": "0.55"},
]


def asked(
    made: whatif.History,
    chosen: dict[str, Any] | None = None,
    *,
    first: date = whatif.FIRST,
    until: date = whatif.UNTIL,
) -> asking.Asked:
    tariff = None if chosen is None else comparing.of_document(chosen)
    return asking.Asked(asking.Scope(sites=frozenset({made.place.site.pk})), first, until, tariff)


def compared(made: whatif.History, chosen: dict[str, Any] | None = None, **days: date) -> asking.Result:
    """The result, made where the database refuses every change."""
    with scoping.scope([made.owner], actor=ACTOR):
        scoping.forbid_writing()
        return comparing.compare(asked(made, chosen, **days), now=whatif.NOW)


def billed(made: whatif.History) -> dict[str, Decimal]:
    """What was billed, by account."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    with scoping.scope([made.owner], actor=ACTOR):
        bills = models.Bill.objects.filter(organization_id=made.owner, credit_note__isnull=True)
        for number, total in bills.values_list("account__number", "draft__total"):
            found[number] += total
    return dict(found)


@pytest.fixture(scope="module")
def three(database: str) -> whatif.History:
    """Three tenants with three months of bills, for those who only ask."""
    made = whatif.history()
    whatif.bill(made)
    return made


@pytest.fixture(scope="module")
def bakery(database: str) -> whatif.History:
    """The same with one tenant."""
    made = whatif.history(names=("Bakery",))
    whatif.bill(made)
    return made


class TestByWhatContractsSay:
    @pytest.mark.spec("M-059/1")
    @pytest.mark.parametrize(
        "raw", [billing.document(), tariffs.document(currency="EUR", components=EVERYTHING)], ids=["plain", "extended"]
    )
    def test_the_issued_bills_come_out_to_the_cent(self, raw: dict[str, Any]) -> None:
        made = whatif.history(billing.place(code="WH", raw=raw))
        whatif.bill(made)

        found = compared(made)

        assert {each.number: each.after.amount for each in found.accounts} == billed(made)
        assert {each.change.amount for each in found.accounts} == {Decimal("0.00")}
        assert [(each.month, each.count, each.change.amount) for each in found.months] == [
            (date(2026, month, 1), 3, 0) for month in (1, 2, 3)
        ]
        assert found.counts == {asking.TariffEffect.SAME: 3}
        assert not found.troubled

    def test_shared_costs_and_settlements_are_what_they_were(self) -> None:
        made = whatif.history(has_units=True)
        pool = pools.pool(made.place, tax={"code": "vat", "name": "VAT", "rate": "0.21"})
        for month in (1, 2, 3):
            pools.amount(pool, "90.01", first_day=date(2026, month, 1), until_day=date(2026, month + 1, 1))
        whatif.bill(made)

        found, dearer = compared(made), compared(made, whatif.dearer())

        assert {each.number: each.after.amount for each in found.accounts} == billed(made)
        assert {each.change.amount for each in found.accounts} == {Decimal("0.00")}
        assert all(abs(each.change.amount - Decimal("49.005")) <= Decimal("0.015") for each in dearer.accounts)

    def test_a_reading_that_changed_since_is_a_difference(self) -> None:
        made = corrections.billed()
        corrections.misread(made, counts=1_000)

        with scoping.scope([made.owner], actor=ACTOR):
            days = asking.Asked(asking.Scope(), corrections.DAYS.first_day, corrections.DAYS.until_day)
            found = comparing.compare(days, now=whatif.NOW)

        assert [str(each.change.amount) for each in found.accounts] == ["1.21", "0.00"]


class TestByOtherPrices:
    def test_each_account_is_told_what_it_would_pay_as_a_recalculation_tells_it(self) -> None:
        made = whatif.history()
        whatif.bill(made)
        with scoping.scope([made.owner], actor=ACTOR):
            draft = tariff_operations.save_draft(
                actor=ACTOR, at=whatif.NOW, tariff=made.place.tariff, document=whatif.dearer()
            )
            chosen = comparing.of_version(draft.public_id)
            again = recalculating.ask_recalculation(
                actor=ACTOR,
                at=whatif.NOW,
                mode=Mode.WHAT_IF,
                scope=recalculating.Scope(site=made.place.site.public_id),
                version=draft.public_id,
            )
            rows = correction_queries.results_of(recalculation_id=again.pk)
            now: dict[str, Decimal] = defaultdict(Decimal)
            for each in rows:
                assert each.now is not None
                now[each.account_number] += each.now.amount
            scope = asking.Scope(sites=frozenset({made.place.site.pk}))
            found = comparing.compare(asking.Asked(scope, whatif.FIRST, whatif.UNTIL, chosen), now=whatif.NOW)

        assert {each.number: each.after.amount for each in found.accounts} == now
        assert {each.number: each.before.amount for each in found.accounts} == billed(made)
        # 0.45 a day more, over 90 days, and 21 % on it: a cent of rounding a month at most
        assert all(abs(each.change.amount - Decimal("49.005")) <= Decimal("0.015") for each in found.accounts)
        assert found.counts == {asking.TariffEffect.LOSES: 3}
        assert found.services == (Service.ELECTRICITY,)
        assert found.change.amount == sum(each.change.amount for each in found.accounts)

    def test_who_loses_most_stands_first_and_who_wins_most_last(self, three: whatif.History) -> None:
        raw = whatif.dearer(price="0.40")
        raw["components"][0]["prices"] = {"peak": "0.3001", "off": "0.10"}

        found = compared(three, raw)

        changes = [each.change.amount for each in found.accounts]
        assert changes == sorted(changes, reverse=True)
        assert found.counts[asking.TariffEffect.WINS] == 3

    def test_lines_tell_what_each_price_period_and_tier_brings(self, bakery: whatif.History) -> None:
        raw = billing.document()
        raw["components"].append({**tariffs.TIERS, "code": "grid", "name": "Grid"})

        found = compared(bakery, raw)

        lines = {(each.text["en"], each.tier): each for each in found.lines}
        used = sum(each.quantity for each in found.lines if each.tier is None and each.quantity is not None)
        tiered = [each.quantity for each in found.lines if each.tier is not None and each.quantity is not None]
        assert sum(tiered) == used > 0
        assert ("Grid", 1) in lines
        assert lines["Base", None].quantity is None
        assert lines["Base", None].accounts == 1
        assert sum(each.amount.amount for each in found.lines) < found.after.amount  # the tax is not among them

    @pytest.mark.spec("M-059/1")
    def test_a_ladder_over_the_year_goes_on_from_month_to_month_by_the_chosen_prices(
        self, bakery: whatif.History
    ) -> None:

        found = compared(bakery, tariffs.document(currency="EUR", components=EVERYTHING[:1]))

        tiers = {each.tier: each for each in found.lines}
        assert tiers[1].quantity == Decimal(900)
        whole = sum((each.quantity for each in found.lines if each.quantity is not None), Decimal(0))
        assert whole > 1_800
        assert tiers[2].quantity == whole - 900

    def test_prices_for_another_unit_or_service_touch_nothing(self, bakery: whatif.History) -> None:
        with scoping.scope([bakery.owner], actor=ACTOR):
            water = asking.Scope(service=Service.COLD_WATER)
            chosen = comparing.of_document(whatif.dearer())
            found = comparing.compare(asking.Asked(water, whatif.FIRST, whatif.UNTIL, chosen), now=whatif.NOW)

        (row,) = found.accounts
        assert (row.is_touched, row.change.amount, found.lines) == (False, 0, ())


class TestWithoutBills:
    def test_the_tariff_of_the_contract_stands_before(self) -> None:
        made = whatif.history()
        before = compared(made)
        found = compared(made, whatif.dearer())
        whatif.bill(made)

        assert {each.number: each.before.amount for each in found.accounts} == billed(made)
        assert [(each.bills, each.months) for each in found.accounts] == [(0, 3)] * 3
        assert before.change.amount == 0
        assert found.change.amount > 0

    def test_bills_and_months_without_one_stand_beside_each_other(self) -> None:
        made = whatif.history()
        whatif.bill(made, until=date(2026, 3, 1))

        found = compared(made)

        assert [(each.bills, each.months) for each in found.accounts] == [(2, 1)] * 3
        assert found.change.amount == 0

    def test_days_from_before_the_first_version_have_that_of_today(self) -> None:
        place = billing.place(code="WH")
        late = billing.tariff(
            organization=place.organization, raw={**billing.document(), "code": "LATE"}, first_day=date(2026, 5, 1)
        )
        made = whatif.history(billing.Place(place.organization, place.site, late, place.landlord), names=("Bakery",))

        found = compared(made)

        assert not found.troubled
        assert found.accounts[0].after.amount > 0

    def test_a_gap_is_named_and_stands_in_no_sum(self) -> None:
        made = whatif.history(stops_day=date(2026, 2, 10))

        found = compared(made, whatif.dearer())

        (row,) = found.troubled
        assert (row.customer_name, row.months) == ("Bakery", 1)
        assert [(each.first_day, each.until_day) for each in row.troubles] == [
            (date(2026, 2, 1), date(2026, 3, 1)),
            (date(2026, 3, 1), date(2026, 4, 1)),
        ]
        assert {each.reasons[0]["reason"] for each in row.troubles} <= {"MISSING", "INCOMPLETE"}
        assert {each.month: each.count for each in found.months} == {
            date(2026, 1, 1): 3,
            date(2026, 2, 1): 2,
            date(2026, 3, 1): 2,
        }

    def test_what_is_yet_to_come_is_left_out(self) -> None:
        made = whatif.history()

        found = compared(made, until=date(2027, 1, 1))

        assert [each.month for each in found.months][:3] == [date(2026, month, 1) for month in (1, 2, 3)]
        assert {each.troubles[0].until_day for each in found.troubled} == {date(2026, 5, 1)}


class TestWhoAndWhen:
    def test_accounts_by_number_and_by_tariff(self, three: whatif.History) -> None:
        number = three.accounts[1].number
        with scoping.scope([three.owner], actor=ACTOR):
            one, by_tariff = (
                comparing.compare(asking.Asked(scope, whatif.FIRST, whatif.UNTIL), now=whatif.NOW)
                for scope in (
                    asking.Scope(numbers=(number,)),
                    asking.Scope(tariff=three.place.tariff.public_id),
                )
            )

        assert [each.number for each in one.accounts] == [number]
        assert {each.number for each in by_tariff.accounts} >= {each.number for each in three.accounts}

    def test_only_what_is_priced_by_the_tariff_gets_the_other_prices(self) -> None:
        made = whatif.history(names=("Bakery",))
        other = billing.tariff(organization=made.place.organization, raw={**billing.document(), "code": "T2"})
        meter = billing.metered(made.place, name="Oven")
        start, end = (civil.start_of_day(each, billing.MADRID) for each in (whatif.FIRST, whatif.UNTIL))
        billing.count(meter.energy, start, end)
        customers.contract(account=made.accounts[0], point=meter.point, tariff=other, starts_at=start)
        whatif.bill(made)
        with scoping.scope([made.owner], actor=ACTOR):
            chosen = comparing.of_document(whatif.dearer())
            days = whatif.FIRST, whatif.UNTIL
            both, one = (
                comparing.compare(asking.Asked(scope, *days, chosen), now=whatif.NOW)
                for scope in (asking.Scope(), asking.Scope(tariff=other.public_id))
            )

        assert both.change.amount == pytest.approx(one.change.amount * 2, abs=Decimal("0.03"))

    def test_others_are_not_there(self) -> None:
        made, foreign = whatif.history(names=("Bakery",)), whatif.history(names=("Florist",))
        with scoping.scope([made.owner], actor=ACTOR):
            days = whatif.FIRST, whatif.UNTIL
            for scope, field in (
                (asking.Scope(numbers=("A-999999",)), "accounts"),
                (asking.Scope(tariff=foreign.place.tariff.public_id), "tariff"),
            ):
                with pytest.raises(asking.ScopeInvalid) as refused:
                    comparing.compare(asking.Asked(scope, *days), now=whatif.NOW)
                assert refused.value.field == field
            with pytest.raises(asking.NobodyThere):
                comparing.compare(
                    asking.Asked(asking.Scope(sites=frozenset({foreign.place.site.pk})), *days), now=whatif.NOW
                )
        with scoping.scope([foreign.owner], actor=ACTOR):
            draft = tariff_operations.save_draft(
                actor=ACTOR, at=whatif.NOW, tariff=foreign.place.tariff, document=billing.document()
            )
        with scoping.scope([made.owner], actor=ACTOR), pytest.raises(comparing.VersionNotFound):
            comparing.of_version(draft.public_id)

    def test_an_organization_without_accounts_is_told_so(self) -> None:
        organization = identity.organization()
        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(asking.NobodyThere):
            comparing.compare(asking.Asked(asking.Scope(), whatif.FIRST, whatif.UNTIL), now=whatif.NOW)

    @pytest.mark.parametrize(
        ("first", "until"),
        [
            (date(2026, 2, 1), date(2026, 2, 1)),
            (date(2020, 1, 1), date(2026, 1, 1)),
            (date(2026, 6, 1), date(2026, 7, 1)),
        ],
        ids=["none", "too many", "to come"],
    )
    def test_days_that_cannot_be_are_refused(self, first: date, until: date) -> None:
        with pytest.raises(asking.DaysInvalid):
            asking.Asked(asking.Scope(), first, until).check(whatif.NOW.date())

    def test_another_currency_is_left_out_and_counted(self, bakery: whatif.History) -> None:
        dollars = {**billing.document(), "currency": "USD"}

        with pytest.raises(asking.NobodyThere):
            compared(bakery, dollars)


def test_the_number_of_queries_does_not_grow_with_accounts(django_assert_max_num_queries: Any) -> None:  # noqa: ANN401
    few, many = whatif.history(names=("One",)), whatif.history(names=[f"Shop {number}" for number in range(6)])
    counts = []
    for made in (few, many):
        whatif.bill(made)
        with scoping.scope([made.owner], actor=ACTOR):
            ask = asked(made, whatif.dearer())
            with django_assert_max_num_queries(1_000) as captured:
                comparing.compare(ask, now=whatif.NOW)
            counts.append(len(captured))
    assert counts[0] == counts[1]
