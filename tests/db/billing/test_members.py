"""The accounts of a run as lists need them: counted, narrowed, sorted, compared with the days before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from meterbook.billing import models, operations, queries, values
from meterbook.billing.queries import Narrowing, Show, Sort
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.factories import billing, customers, identity

ACTOR = Actor.system("test")
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
MADRID = ZoneInfo("Europe/Madrid")
START, MIDDLE, END = (civil.start_of_day(each, MADRID) for each in (SEPTEMBER, OCTOBER, NOVEMBER))
LATE = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)


def shop(
    place: billing.Place, name: str, unit: str, *, october: int = 25, has_gap: bool = False
) -> customer_models.Account:
    """A tenant of a unit: 0.25 kWh a quarter in September, `october` counts of 0.01 kWh a quarter then."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        node = site_operations.create_node(
            actor=ACTOR, at=START, site=place.site, kind=site_values.NodeKind.UNIT, code=unit, name="Let to a tenant"
        )
    meter = billing.metered(place, name=name, node=node)
    shown = billing.count(meter.energy, START, MIDDLE)
    without = [LATE + count * billing.STEP for count in range(3)] if has_gap else []
    billing.count(meter.energy, MIDDLE + billing.STEP, END, rise=october, begin=shown + october, without=without)
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    return account


@pytest.fixture(scope="module")
def run(database: str) -> models.BillRun:
    """October for review: one like September, one that used four times as much, one held, one left out."""
    place = billing.place(code="HM")
    shop(place, "Petrova Books", "2-9", october=100)
    shop(place, "Calder Bakery", "2-10")
    shop(place, "Row Pharmacy", "1-01", has_gap=True)
    out = shop(place, "Tide Coffee", "1-02")
    billing.issued(place, first_day=SEPTEMBER, until_day=OCTOBER)
    made = billing.advance(billing.plan(place, first_day=OCTOBER, until_day=NOVEMBER))
    with scoping.scope([made.organization_id], actor=ACTOR):
        operations.exclude_accounts(actor=ACTOR, at=END, run=made, account_ids=[out.pk], reason="moves out")
    return billing.fresh(made)


def names(run: models.BillRun, narrowing: Narrowing) -> list[str]:
    with scoping.scope([run.organization_id], actor=ACTOR):
        page = queries.run_members(run_public_id=run.public_id, narrowing=narrowing)
    assert page.count == len(page.rows)
    return [each.member.customer_name.split()[0] for each in page.rows]


class TestSummary:
    def test_counts_what_each_filter_finds(self, run: models.BillRun) -> None:
        with scoping.scope([run.organization_id], actor=ACTOR):
            found = queries.run_summary(run_public_id=run.public_id)

        assert dict(found.counts) == {
            Show.ALL: 4,
            Show.HELD: 1,
            Show.READY: 2,
            Show.ESTIMATED: 0,
            Show.VACANCY: 0,
            Show.CHANGED: 1,
            Show.UNUSUAL: 0,
            Show.ISSUED: 0,
            Show.EXCLUDED: 1,
        }
        assert sum(found.reasons.values()) >= 1
        assert set(found.reasons) <= {values.HoldReason.MISSING, values.HoldReason.INCOMPLETE}

    def test_compares_like_with_like(self, run: models.BillRun) -> None:
        """September: 30 days of 24 kWh, 14 hours at peak; October one day longer with an hour more of night."""
        with scoping.scope([run.organization_id], actor=ACTOR):
            found = queries.run_summary(run_public_id=run.public_id)
            again = queries.run_members(run_public_id=run.public_id, narrowing=Narrowing(show=Show.READY)).rows

        assert found.days_before == (SEPTEMBER, OCTOBER)
        # 420 x 0.30 + 300 x 0.10 + 30 x 0.55 = 172.50; 21 % of it: 36.23 (rounded half up): 208.73, twice.
        assert found.before == Money.of("417.46", "EUR")
        assert found.again == found.total == again[0].member.total + again[1].member.total  # type: ignore[operator]

    def test_has_nothing_to_compare_with_at_first(self) -> None:
        place = billing.place()
        shop(place, "Calder Bakery", "1")
        made = billing.advance(billing.plan(place, first_day=SEPTEMBER, until_day=OCTOBER))

        with scoping.scope([made.organization_id], actor=ACTOR):
            found = queries.run_summary(run_public_id=made.public_id)
            (row,) = queries.run_members(run_public_id=made.public_id, narrowing=Narrowing()).rows

        assert (found.days_before, found.before, found.counts[Show.CHANGED]) == (None, Money.zero("EUR"), 0)
        assert (row.before, row.difference, row.is_changed) == (None, None, False)

    def test_sums_up_by_tariff_to_the_net_of_the_run(self, run: models.BillRun) -> None:
        with scoping.scope([run.organization_id], actor=ACTOR):
            (found,) = queries.tariff_sums(run_public_id=run.public_id)
            summary = queries.run_summary(run_public_id=run.public_id)

        assert (found.accounts, found.net) == (2, summary.net)

    def test_is_invisible_to_other_organizations(self, run: models.BillRun) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            for ask in (queries.run_summary, queries.tariff_sums):
                with pytest.raises(queries.RunNotFound):
                    ask(run_public_id=run.public_id)


class TestMembers:
    @pytest.mark.parametrize(
        ("narrowing", "expected"),
        [
            (Narrowing(), ["Row", "Petrova", "Calder", "Tide"]),
            (Narrowing(show=Show.HELD), ["Row"]),
            (Narrowing(show=Show.CHANGED), ["Petrova"]),
            (Narrowing(show=Show.EXCLUDED), ["Tide"]),
            (Narrowing(search="petro"), ["Petrova"]),
            (Narrowing(search="2-1"), ["Calder"]),
            (Narrowing(search="100%"), []),
            (Narrowing(reason=values.HoldReason.NO_TARIFF), []),
            (Narrowing(sort=Sort.NAME, is_descending=True), ["Tide", "Row", "Petrova", "Calder"]),
            (Narrowing(show=Show.READY, sort=Sort.CHANGE, is_descending=True), ["Petrova", "Calder"]),
            (Narrowing(show=Show.READY, sort=Sort.TOTAL), ["Calder", "Petrova"]),
        ],
    )
    def test_are_narrowed_and_sorted(self, run: models.BillRun, narrowing: Narrowing, expected: list[str]) -> None:
        assert names(run, narrowing) == expected

    def test_tell_what_was_billed_before_and_where(self, run: models.BillRun) -> None:
        with scoping.scope([run.organization_id], actor=ACTOR):
            (row,) = queries.run_members(run_public_id=run.public_id, narrowing=Narrowing(search="Petrova")).rows

        assert (row.before, row.is_changed, row.units) == (Money.of("208.73", "EUR"), True, ("2-9",))
        assert row.difference == row.member.total - row.before  # type: ignore[operator]

    def test_are_named_by_their_ids_for_what_is_done_to_all(self, run: models.BillRun) -> None:
        with scoping.scope([run.organization_id], actor=ACTOR):
            page = queries.run_members(run_public_id=run.public_id, narrowing=Narrowing(show=Show.READY))
            ids = queries.member_ids(run_public_id=run.public_id, narrowing=Narrowing(show=Show.READY))

        assert ids == [each.member.account_id for each in page.rows]

    def test_come_in_a_fixed_number_of_queries(
        self, run: models.BillRun, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        with scoping.scope([run.organization_id], actor=ACTOR):
            with django_assert_max_num_queries(5):
                queries.run_summary(run_public_id=run.public_id)
            with django_assert_max_num_queries(7):
                queries.run_members(run_public_id=run.public_id, narrowing=Narrowing())


class TestUnusualUse:
    def test_a_draft_of_far_more_than_usual_or_plausible_is_pointed_at(self, database: str) -> None:
        place = billing.place(code="HU")
        shop(place, "Calder Bakery", "1-01")
        shop(place, "Petrova Books", "1-02", october=260)
        shop(place, "Row Pharmacy", "1-03", october=2_600)
        billing.issued(place, first_day=SEPTEMBER, until_day=OCTOBER)
        made = billing.advance(billing.plan(place, first_day=OCTOBER, until_day=NOVEMBER))

        with scoping.scope([made.organization_id], actor=ACTOR):
            page = queries.run_members(run_public_id=made.public_id, narrowing=Narrowing())
            summary = queries.run_summary(run_public_id=made.public_id)
        told = {
            each.member.customer_name: [(why.code.value, why.meter_point, why.detail) for why in each.member.reasons]
            for each in page.rows
        }
        assert (summary.counts[Show.UNUSUAL], summary.counts[Show.HELD], summary.counts[Show.READY]) == (2, 0, 3)
        assert names(made, Narrowing(show=Show.UNUSUAL)) == ["Petrova", "Row"]
        assert {name: [why[0] for why in whys] for name, whys in told.items()} == {
            "Petrova Books": ["UNUSUAL"],
            "Row Pharmacy": ["TOO_MUCH"],
            "Calder Bakery": [],
        }
        assert told["Petrova Books"][0][2] == "249.935 kWh a day; 24 were usual in the months before."
        assert told["Row Pharmacy"][0][2] == "2,499.355 kWh a day; at most 2,400 are plausible."
