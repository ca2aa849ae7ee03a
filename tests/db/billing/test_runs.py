"""A run from plan to close: drafts, decisions, approval, numbers, postings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from meterbook.audit import models as audit_models
from meterbook.billing import models, operations, queries, values
from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import queries as customer_queries
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import models as metering_models
from tests.factories import billing, customers, identity, metering, sites, tariffs

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)


def shop(place: billing.Place, *, without: Sequence[datetime] = ()) -> customer_models.Account:
    """A metered shop with a tenant since the period's start."""
    meter = billing.metered(place)
    billing.count(meter.energy, START, END, without=without)
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    return account


def reviewed(place: billing.Place, actor: Actor = ACTOR) -> models.BillRun:
    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL, actor=actor))
    assert run.state == values.RunState.REVIEW
    return run


def held(run: models.BillRun) -> list[queries.ComparedRow]:
    narrowing = queries.Narrowing(show=queries.Show.HELD)
    with scoping.scope([run.organization_id], actor=ACTOR):
        return list(queries.run_members(run_public_id=run.public_id, narrowing=narrowing).rows)


def leave_out(run: models.BillRun, account: customer_models.Account) -> None:
    with scoping.scope([run.organization_id], actor=ACTOR):
        operations.exclude_accounts(actor=ACTOR, at=END, run=run, account_ids=[account.pk], reason="moves out")


def digests(run: models.BillRun) -> dict[int, str]:
    """What the drafts of a run say, by account."""
    with scoping.scope([run.organization_id], actor=ACTOR):
        drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
        return dict(drafts.order_by("position").values_list("account_id", "digest"))


class TestRun:
    @pytest.mark.spec("B-67")
    def test_issues_numbered_bills_that_are_posted(self) -> None:
        place = billing.place(code="HR")
        account = [shop(place) for _number in range(3)][-1]

        run = billing.issued(place, first_day=FIRST, until_day=UNTIL)

        assert run.state == values.RunState.CLOSED
        with scoping.scope([place.organization.pk], actor=ACTOR):
            page = queries.run_bills(run_public_id=run.public_id)
            assert [each.number for each in page.rows] == ["HR-2026-000001", "HR-2026-000002", "HR-2026-000003"]
            assert page.count == 3
            # 745 hours, 4 intervals of 0.25 kWh each: 745 kWh; 31 days of 14 hours at peak: 434 kWh.
            assert {each.net for each in page.rows} == {Money.of("178.35", "EUR")}  # 130.20 + 31.10 + 17.05
            assert {each.total for each in page.rows} == {Money.of("215.80", "EUR")}
            assert ledger_queries.balance(account.receivable_id) == Money.of("215.80", "EUR")
            assert ledger_queries.trial_balance() == {"EUR": Money.zero("EUR")}
            tax = ledger_queries.find_account("TAX-EUR-vat")
            assert tax is not None
            assert ledger_queries.balance(tax.id) == Money.of("-112.35", "EUR")
            (series,) = document_queries.list_series()
            assert (series.newest, series.issued) == ("HR-2026-000003", 3)
            (bill,) = queries.account_bills(account_id=account.pk)
            assert (bill.due_date - bill.bill_date).days == values.DUE_DAYS

    def test_answers_every_screen_in_a_fixed_number_of_queries(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        place = billing.place()
        for _number in range(3):
            shop(place)
        run = billing.issued(place, first_day=FIRST, until_day=UNTIL)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            with django_assert_max_num_queries(4):
                queries.run_bills(run_public_id=run.public_id)
            with django_assert_max_num_queries(2):
                queries.list_runs()
            with django_assert_max_num_queries(6):
                queries.get_run(public_id=run.public_id)

    def test_is_invisible_to_other_organizations(self) -> None:
        run = billing.issued(_one_shop(), first_day=FIRST, until_day=UNTIL)

        with scoping.scope([identity.organization().pk], actor=ACTOR):
            with pytest.raises(queries.RunNotFound):
                queries.get_run(public_id=run.public_id)
            assert queries.list_runs() == []

    def test_waits_until_its_days_are_over(self) -> None:
        place = billing.place()
        with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(operations.PeriodNotOver):
            operations.plan_run(
                actor=ACTOR, at=END - timedelta(seconds=1), site=place.site, first_day=FIRST, until_day=UNTIL
            )

    def test_is_alone_with_its_days(self) -> None:
        place = _one_shop()
        run = billing.plan(place, first_day=FIRST, until_day=UNTIL)

        with pytest.raises(operations.RunPresent):
            billing.plan(place, first_day=date(2026, 10, 15), until_day=UNTIL)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            operations.cancel_run(actor=ACTOR, at=END, run=run, reason="wrong days")
        assert billing.plan(place, first_day=date(2026, 10, 15), until_day=UNTIL).state == values.RunState.PLANNED

    def test_says_before_it_starts_that_nobody_pays_for_a_vacancy(self) -> None:
        place = billing.place()
        other = sites.site(organization=place.organization, code="NL")
        bare = dataclasses.replace(place, site=other)
        meter = billing.metered(bare)
        account = customers.account(organization=place.organization, site=other)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START + timedelta(days=3))

        with pytest.raises(customer_queries.NoLandlord):
            billing.plan(bare, first_day=FIRST, until_day=UNTIL)

    def test_leaves_what_another_run_billed(self) -> None:
        place = _one_shop()
        billing.issued(place, first_day=FIRST, until_day=date(2026, 10, 20))

        rest = billing.issued(place, first_day=FIRST, until_day=UNTIL)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            (row,) = queries.run_bills(run_public_id=rest.public_id).rows
            (point,) = billing.bill_of(row).content["meter_points"]
        assert (point["from"], point["days"]) == ("2026-10-20T00:00:00+02:00", 12)


class TestHeld:
    @pytest.mark.spec("M-023/1")
    def test_names_what_is_missing_and_is_billed_once_it_is_there(self) -> None:
        place = billing.place()
        gap = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)  # to the end: no later reading shows the usage
        account = shop(place, without=[gap + count * billing.STEP for count in range(3)])
        run = reviewed(place)

        (row,) = held(run)
        assert row.member.account_number == account.number
        (reason,) = row.member.reasons
        assert reason.code in (values.HoldReason.MISSING, values.HoldReason.INCOMPLETE)
        assert "31 Oct 2026 23:15" in reason.detail
        assert reason.remedy
        with pytest.raises(operations.HeldRemain):
            billing.approve(run)

        series = metering_models.Series.objects
        with scoping.scope([place.organization.pk], actor=ACTOR):
            energy = series.get(organization_id=place.organization.pk)
        metering.record(energy, [(END, 100_000 + 2980 * 25)])
        billing.derive(place.organization.pk)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            operations.check_again(actor=ACTOR, at=END, run=run)
        run = billing.advance(run)

        assert held(run) == []
        assert billing.advance(billing.approve(run)).state == values.RunState.CLOSED

    def test_waits_for_readings_that_are_not_derived_and_tells_nothing_else(self) -> None:
        shop(place := billing.place(), without=[END - count * billing.STEP for count in range(2, 5)])
        with scoping.scope([place.organization.pk], actor=ACTOR):
            energy = metering_models.Series.objects.get(organization_id=place.organization.pk)
        metering.record(energy, [(START + timedelta(minutes=7), 100_010)])
        (row,) = held(reviewed(place))

        assert [each.code for each in row.member.reasons] == [values.HoldReason.NOT_DERIVED]

    def test_has_no_tariff_version(self) -> None:
        place = _one_shop()
        late = billing.tariff(
            organization=place.organization,
            raw={**billing.document(), "code": "LATE"},
            first_day=date(2026, 10, 5),
        )
        meter = billing.metered(place)
        billing.count(meter.energy, START, END)
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=late, starts_at=START)

        (row,) = held(reviewed(place))

        assert [each.code for each in row.member.reasons] == [values.HoldReason.NO_VERSION]
        assert "LATE" in row.member.reasons[0].detail
        assert "2026-10-01" in row.member.reasons[0].detail
        with translation.override("es"):
            assert row.member.reasons[0].detail == "Tarifa LATE desde el 2026-10-01."

    def test_left_out_is_taken_by_the_next_run(self) -> None:
        place = _one_shop()
        gap = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)
        account = shop(place, without=[gap + count * billing.STEP for count in range(3)])
        run = reviewed(place)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            operations.exclude_accounts(
                actor=ACTOR, at=END, run=run, account_ids=[account.pk], reason="meter is read tomorrow"
            )
        first = billing.advance(billing.approve(billing.fresh(run)))
        assert first.state == values.RunState.CLOSED

        second = reviewed(place)

        assert [each.account_number for each in (row.member for row in held(second))] == [account.number]


class TestIncluding:
    def test_takes_an_account_in_again_as_if_it_had_never_been_out(self) -> None:
        place = billing.place(code="HR")
        out, other = shop(place), shop(place)
        run = reviewed(place)
        before = digests(run)
        leave_out(run, out)
        assert list(digests(run)) == [other.pk]

        with scoping.scope([place.organization.pk], actor=ACTOR):
            operations.include_accounts(actor=ACTOR, at=END, run=run, account_ids=[out.pk])
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=place.organization.pk, action="billing:include_accounts"
            )
            (entry,) = entries
        again = billing.advance(billing.fresh(run))

        assert entry.after == {"accounts": [out.number]}
        assert again.state == values.RunState.REVIEW
        assert digests(run) == before
        assert billing.advance(billing.approve(again)).state == values.RunState.CLOSED

    def test_checks_what_was_held_again(self) -> None:
        place = _one_shop()
        gap = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)
        out = shop(place, without=[gap + count * billing.STEP for count in range(3)])
        run = reviewed(place)
        leave_out(run, out)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            operations.include_accounts(actor=ACTOR, at=END, run=run, account_ids=[out.pk])
        billing.advance(billing.fresh(run))

        assert [each.member.account_id for each in held(run)] == [out.pk]

    def test_refuses_who_was_not_left_out(self) -> None:
        place = billing.place()
        account = shop(place)
        run = reviewed(place)

        with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(operations.MemberNotFound):
            operations.include_accounts(actor=ACTOR, at=END, run=run, account_ids=[account.pk])

    def test_refuses_whose_contract_is_gone(self) -> None:
        place = billing.place()
        out = shop(place)
        shop(place)
        run = reviewed(place)
        leave_out(run, out)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            customer_models.Contract.objects.filter(organization_id=place.organization.pk, account=out).delete()

        with (
            scoping.scope([place.organization.pk], actor=ACTOR),
            pytest.raises(operations.NothingLeft, match=out.number),
        ):
            operations.include_accounts(actor=ACTOR, at=END, run=run, account_ids=[out.pk])

    def test_refuses_once_the_run_is_approved(self) -> None:
        place = billing.place()
        out = shop(place)
        shop(place)
        run = reviewed(place)
        leave_out(run, out)
        billing.approve(billing.fresh(run))

        with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(operations.NotInReview):
            operations.include_accounts(actor=ACTOR, at=END, run=run, account_ids=[out.pk])


class TestApproval:
    def test_needs_a_second_person_where_there_is_one(self) -> None:
        place = _one_shop()
        starter, other = (identity.user(organization=place.organization) for _person in range(2))
        run = reviewed(place, actor=identity.actor(starter))

        with pytest.raises(operations.SecondPersonNeeded):
            billing.approve(run, actor=identity.actor(starter))
        approved = billing.approve(run, actor=identity.actor(other))

        assert (approved.state, approved.is_approved_alone) == (values.RunState.APPROVED, False)

    def test_is_marked_where_one_person_does_both(self) -> None:
        place = _one_shop()
        starter = identity.actor(identity.user(organization=place.organization))
        run = reviewed(place, actor=starter)

        approved = billing.approve(run, actor=starter)

        assert approved.is_approved_alone is True

    def test_refuses_what_contracts_do_not_say_any_more(self) -> None:
        place = _one_shop()
        run = reviewed(place)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            contract = customer_models.Contract.objects.select_related("account").get(
                organization_id=place.organization.pk
            )
            customer_operations.end_contract(actor=ACTOR, at=END, contract=contract, ends_at=START + timedelta(days=9))

        with pytest.raises(operations.RunOutdated):
            billing.approve(run)


class TestBill:
    def test_is_never_changed_or_removed(self) -> None:
        run = billing.issued(_one_shop(), first_day=FIRST, until_day=UNTIL)

        for statement in (
            "UPDATE billing_bill SET number = 'X' WHERE run_id = %s",
            "DELETE FROM billing_bill WHERE run_id = %s",
            "UPDATE billing_billdraft SET total = 0 WHERE run_id = %s",
            "DELETE FROM billing_billdraft WHERE run_id = %s",
        ):
            with (
                pytest.raises(DatabaseError),
                scoping.scope([run.organization_id], actor=ACTOR),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, [run.pk])

    def test_of_nothing_has_a_number_and_posts_nothing(self) -> None:
        place = billing.place(raw=tariffs.document(currency="EUR", components=[tariffs.TIERS]))
        meter = billing.metered(place)
        billing.count(meter.energy, START, END, rise=0)
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)

        run = billing.issued(place, first_day=FIRST, until_day=UNTIL)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            (row,) = queries.run_bills(run_public_id=run.public_id).rows
            bill = billing.bill_of(row)
        assert (row.total, bill.transaction_id) == (Money.zero("EUR"), None)


def _one_shop() -> billing.Place:
    place = billing.place()
    shop(place)
    return place
