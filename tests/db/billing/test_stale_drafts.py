"""Drafts whose readings, prices or printed facts changed since they were calculated are never issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from meterbook.billing import models, operations, queries
from meterbook.billing.values import RunState
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.journeys import changed_inputs
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, metering

ACTOR = Actor.system("test")
DAYS = billing.FEBRUARY
AT = DAYS.ends_at


@dataclass(frozen=True)
class Reviewed:
    """A run for review of two shops."""

    place: billing.Place
    meters: tuple[metering.Installed, ...]
    run: models.BillRun


def reviewed() -> Reviewed:
    place = billing.place()
    meters = tuple(billing.shop(place, name=name, days=DAYS) for name in ("Bakery", "Florist"))
    run = billing.advance(billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day))
    assert run.state == RunState.REVIEW
    return Reviewed(place, meters, run)


def account_of(made: Reviewed, meter: metering.Installed) -> customer_models.Account:
    owner = made.place.organization.pk
    contract = customer_models.Contract.objects.select_related("account__customer").get(
        organization_id=owner, meter_point=meter.point
    )
    return contract.account


def correct(made: Reviewed, *, at: datetime = AT) -> None:
    """The register at the end of the days showed 5 kWh less."""
    with scoping.scope([made.place.organization.pk], actor=ACTOR):
        final = 100_000 + 25 * ((DAYS.ends_at - DAYS.starts_at) // billing.STEP)
        metering_operations.correct_readings(
            actor=ACTOR,
            at=at,
            series=made.meters[0].energy,
            kind=CorrectionKind.SET,
            corrected_at=DAYS.ends_at,
            reason="misread",
            value=final - 10,
        )


def correct_and_derive(made: Reviewed) -> None:
    correct(made)
    billing.derive(made.place.organization.pk)


def publish(made: Reviewed) -> None:
    """Another price from the middle of the days on."""
    raw = billing.document(decimals=3)
    raw["components"][-1]["price"] = "0.75"
    with scoping.scope([made.place.organization.pk], actor=ACTOR):
        tariff_operations.save_draft(actor=ACTOR, at=AT, tariff=made.place.tariff, document=raw)
        tariff_operations.publish_version(actor=ACTOR, at=AT, tariff=made.place.tariff, first_day=date(2026, 2, 15))


def rename(made: Reviewed) -> None:
    with scoping.scope([made.place.organization.pk], actor=ACTOR):
        customer = account_of(made, made.meters[0]).customer
        customer_models.Customer.objects.filter(organization_id=customer.organization_id, pk=customer.pk).update(
            name="Bakery and Sons"
        )


def numbers(made: Reviewed, *, everybody: bool) -> list[str]:
    with scoping.scope([made.place.organization.pk], actor=ACTOR):
        meters = made.meters if everybody else made.meters[:1]
        return [account_of(made, each).number for each in meters]


def totals(made: Reviewed) -> dict[str, str]:
    with scoping.scope([made.place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=made.run.public_id).rows
        return {each.account_number: str(each.total) for each in rows if each.total}


class TestStaleDrafts:
    @pytest.mark.parametrize(
        ("change", "everybody"),
        [
            pytest.param(correct, False, id="reading not derived yet"),
            pytest.param(correct_and_derive, False, id="reading"),
            pytest.param(publish, True, id="tariff"),
            pytest.param(rename, False, id="customer"),
        ],
    )
    def test_are_named_and_not_issued_until_they_are_made_anew(
        self, change: Callable[[Reviewed], None], everybody: bool
    ) -> None:
        made = reviewed()
        before = totals(made)
        change(made)

        with pytest.raises(operations.DraftsStale) as refused:
            billing.approve(made.run)
        billing.derive(made.place.organization.pk)
        with scoping.scope([made.place.organization.pk], actor=ACTOR):
            stale = queries.stale_members(run_public_id=made.run.public_id)
            operations.check_again(actor=ACTOR, at=AT, run=made.run)
        again = billing.advance(made.run)
        after = totals(made)

        expected = sorted(numbers(made, everybody=everybody))
        assert all(number in str(refused.value) for number in expected)
        assert sorted(each.account_number for each in stale) == expected
        assert again.state == RunState.REVIEW
        if change is not rename:
            assert sorted(number for number in before if before[number] != after[number]) == expected
        assert billing.approve(again).state == RunState.APPROVED

    def test_only_those_are_made_anew(self) -> None:
        made = reviewed()
        with scoping.scope([made.place.organization.pk], actor=ACTOR):
            kept = account_of(made, made.meters[1]).pk
            ids = dict(
                models.BillDraft.objects.filter(organization_id=made.run.organization_id, run=made.run).values_list(
                    "account_id", "pk"
                )
            )
        correct_and_derive(made)

        with scoping.scope([made.place.organization.pk], actor=ACTOR):
            operations.check_again(actor=ACTOR, at=AT, run=made.run)
        billing.advance(made.run)

        with scoping.scope([made.place.organization.pk], actor=ACTOR):
            now = dict(
                models.BillDraft.objects.filter(organization_id=made.run.organization_id, run=made.run).values_list(
                    "account_id", "pk"
                )
            )
        assert {account for account in now if now[account] == ids[account]} == {kept}

    def test_what_comes_after_the_days_changes_nothing(self) -> None:
        made = reviewed()
        metering.record(made.meters[0].energy, [(DAYS.ends_at + billing.STEP, 200_000)])
        billing.derive(made.place.organization.pk)

        assert billing.approve(made.run).state == RunState.APPROVED

    def test_one_from_before_its_inputs_were_kept_is_stale(self) -> None:
        made = reviewed()
        with scoping.scope([made.place.organization.pk], actor=ACTOR):
            draft = models.BillDraft.objects.filter(organization_id=made.run.organization_id, run=made.run).first()
            assert draft is not None
            copy = {
                each.attname: getattr(draft, each.attname) for each in draft._meta.concrete_fields if each.name != "id"
            }
            draft.delete()
            models.BillDraft.objects.create(**{**copy, "inputs_stamp": ""})

        with pytest.raises(operations.DraftsStale):
            billing.approve(made.run)

    def test_a_draft_left_out_holds_up_nobody(self) -> None:
        made = reviewed()
        correct_and_derive(made)
        with scoping.scope([made.place.organization.pk], actor=ACTOR):
            account = account_of(made, made.meters[0])
            operations.exclude_accounts(
                actor=ACTOR, at=AT, run=made.run, account_ids=[account.pk], reason="to be settled"
            )

        assert billing.approve(made.run).state == RunState.APPROVED


class TestIssuedBills:
    def test_whose_reading_is_corrected_afterwards_are_named(self) -> None:
        made = reviewed()
        owner = made.place.organization.pk
        issued = billing.advance(billing.approve(made.run))
        late = billing.fresh(issued).closed_at
        assert late is not None
        with scoping.scope([owner], actor=ACTOR):
            before = queries.corrected_bills(since=AT, limit=10)
            (bill, _other) = queries.run_bills(run_public_id=made.run.public_id).rows
        correct(made, at=late + timedelta(days=1))

        with scoping.scope([owner], actor=ACTOR):
            found = queries.corrected_bills(since=AT, limit=10)
            point = made.meters[0].point.pk
            named = queries.bills_with_reading(meter_point_ids=[point], at=DAYS.ends_at)
            outside = queries.bills_with_reading(meter_point_ids=[point], at=DAYS.ends_at + timedelta(hours=1))
            told = changed_inputs.of_reading(meter_point_id=point, at=DAYS.ends_at, may_view=True)
            hidden = changed_inputs.of_reading(meter_point_id=point, at=DAYS.ends_at, may_view=False)

        assert before == []
        assert [(each.number, each.site_id) for each in found] == [(bill.number, made.place.site.pk)]
        assert (named, outside) == ({point: [bill.number]}, {})
        assert bill.number is not None
        assert (bill.number in told, bill.number in hidden, hidden != "") == (True, False, True)

    def test_tell_what_was_corrected_behind_them_and_what_they_would_be_now(self) -> None:
        made = reviewed()
        owner = made.place.organization.pk
        late = billing.fresh(billing.advance(billing.approve(made.run))).closed_at
        assert late is not None
        with scoping.scope([owner], actor=ACTOR):
            rows = queries.run_bills(run_public_id=made.run.public_id).rows
            bills = {each.account_number: each.bill_public_id for each in rows if each.bill_public_id}
            quiet = [queries.changed_behind(public_id=each) for each in bills.values()]
        correct(made, at=late + timedelta(days=1))

        with scoping.scope([owner], actor=ACTOR):
            touched = bills[account_of(made, made.meters[0]).number]
            waiting = queries.changed_behind(public_id=touched)
        billing.derive(owner)
        with scoping.scope([owner], actor=ACTOR):
            found = {each: queries.changed_behind(public_id=each) for each in bills.values()}
            before = queries.get_bill(public_id=touched)

        assert quiet == [None, None]
        assert waiting is not None
        assert waiting.total_now is None
        now = found.pop(touched)
        assert list(found.values()) == [None]
        assert now is not None
        assert now.total_now is not None
        assert now.total_now.amount < before.total.amount
        (told,) = now.corrected
        assert (told.meter_point, told.at, told.author, told.reason, told.recorded_at) == (
            made.meters[0].point.code,
            DAYS.ends_at,
            ACTOR.label,
            "misread",
            late + timedelta(days=1),
        )

    def test_for_whose_days_readings_come_late_are_named_and_stay(self) -> None:
        place = billing.place()
        gap = DAYS.starts_at + timedelta(days=10, hours=5)
        hole = [gap + number * billing.STEP for number in range(8)]
        meter = billing.shop(place, name="Bakery", days=DAYS, without=hole)
        other = billing.shop(place, name="Florist", days=DAYS)
        owner = place.organization.pk
        run = billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day)

        def contents() -> list[bytes]:
            with scoping.scope([owner], actor=ACTOR):
                bills = queries.run_bills(run_public_id=run.public_id).rows
                return [queries.bill_bytes(public_id=each.bill_public_id) for each in bills if each.bill_public_id]

        def derive(*, at: datetime) -> list[queries.CorrectedBill]:
            metering_operations.derive_dirty_days(organization_id=owner, actor=ACTOR, at=at)
            with scoping.scope([owner], actor=ACTOR):
                while operations.has_more():
                    operations.note_late_changes(at=at)
                return queries.late_bills(since=AT, limit=10)

        before, late = contents(), DAYS.ends_at + timedelta(days=9)
        # What arrives for the days after the bill, and the same reading again, change no bill.
        metering.record(other.energy, [(DAYS.ends_at + timedelta(hours=9), 9_900_000)])
        metering.record(meter.energy, [(DAYS.starts_at, 100_000)])
        quiet = derive(at=late)
        start = 100_000 + 25 * ((gap - DAYS.starts_at) // billing.STEP)
        metering.record(meter.energy, [(each, start + 3 * number) for number, each in enumerate(hole)])
        found = derive(at=late + timedelta(hours=1))

        assert quiet == []
        assert [(each.meter_point, each.corrected_at) for each in found] == [
            (meter.point.code, late + timedelta(hours=1))
        ]
        assert derive(at=late + timedelta(hours=2)) == found
        assert len(before) == 2
        assert contents() == before

    def test_and_drafts_are_counted_when_a_tariff_is_published_into_their_days(self) -> None:
        made = reviewed()
        tariff_id = made.place.tariff.pk

        def told(first_day: date) -> str:
            with scoping.scope([made.place.organization.pk], actor=ACTOR):
                return changed_inputs.of_version(tariff_id=tariff_id, first_day=first_day)

        open_run = told(date(2026, 2, 28))
        billing.advance(billing.approve(made.run))

        assert open_run.startswith("2 drafts of open runs")
        assert told(date(2026, 2, 28)).startswith("2 issued bills have days from 28 Feb 2026 on")
        assert told(DAYS.until_day) == ""
