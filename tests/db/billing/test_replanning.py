"""A run in review is planned anew when it is checked again: what contracts say then is billed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from meterbook.audit import models as audit_models
from meterbook.billing import models, operations, values
from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.foundation import scoping
from meterbook.metering.values import Service
from tests.db.billing.test_runs import ACTOR, END, START, leave_out, reviewed, shop
from tests.factories import billing, calendars, customers, metering, services
from tests.factories.billing import FEBRUARY

MOST = 100
MIDDLE = START + timedelta(days=9)


def contract_of(account: customer_models.Account) -> customer_models.Contract:
    return customer_models.Contract.objects.select_related("account").get(
        organization_id=account.organization_id, account=account
    )


def end(account: customer_models.Account, at: datetime) -> None:
    with scoping.scope([account.organization_id], actor=ACTOR):
        customer_operations.end_contract(actor=ACTOR, at=END, contract=contract_of(account), ends_at=at)


def void(account: customer_models.Account) -> None:
    """The contract was a mistake: the account pays for nothing."""
    with scoping.scope([account.organization_id], actor=ACTOR):
        contract_of(account).delete()


def planned(run: models.BillRun) -> operations.Planned:
    with scoping.scope([run.organization_id], actor=ACTOR):
        return operations.planned_since(run=run.public_id, most=MOST)


def check(run: models.BillRun) -> models.BillRun:
    with scoping.scope([run.organization_id], actor=ACTOR):
        operations.check_again(actor=ACTOR, at=END, run=run)
    return billing.advance(run)


def members(run: models.BillRun) -> dict[str, str]:
    with scoping.scope([run.organization_id], actor=ACTOR):
        rows = models.RunMember.objects.filter(organization_id=run.organization_id, run=run).order_by("position")
        return dict(rows.values_list("account__number", "state"))


class TestCheckingAgain:
    def test_takes_in_who_came_lets_go_who_is_gone_and_keeps_what_was_decided(self) -> None:
        place = billing.place()
        stays, out, leaves, shorter = (shop(place) for _account in range(4))
        run = reviewed(place)
        leave_out(run, out)
        kept = dict(drafts(run))[stays.pk]
        assert planned(run).is_same

        late = shop(place)  # its contract is entered when the run is in review
        void(leaves)
        end(shorter, MIDDLE)
        told = planned(run)
        with pytest.raises(operations.RunOutdated, match="check again"):
            billing.approve(run)
        again = check(run)

        vacant = place.landlord.number  # whom the rest of two meters falls to
        assert (told.came, told.gone, told.changed) == (
            tuple(sorted([late.number, vacant])),
            (leaves.number,),
            (shorter.number,),
        )
        assert members(again) == {
            stays.number: "DRAFTED",
            out.number: "EXCLUDED",
            shorter.number: "DRAFTED",
            late.number: "DRAFTED",
            vacant: "DRAFTED",
        }
        assert dict(drafts(again))[stays.pk] == kept  # nothing about it changed: the same draft
        assert planned(again).is_same
        with scoping.scope([place.organization.pk], actor=ACTOR):
            entry = audit_models.AuditEntry.objects.get(action="billing:check_again")
            shares = models.RunShare.objects.filter(organization_id=run.organization_id, run=run, account=shorter)
            assert [each.during.upper for each in shares] == [MIDDLE]
        assert entry.after["came"] == sorted([late.number, vacant])
        assert (entry.after["gone"], entry.after["changed"]) == ([leaves.number], [shorter.number])
        assert billing.advance(billing.approve(again)).state == values.RunState.CLOSED

    def test_after_nothing_happened_changes_no_draft(self) -> None:
        place = billing.place()
        for _account in range(2):
            shop(place)
        run = reviewed(place)
        before = drafts(run)

        again = check(run)

        assert drafts(again) == before

    def test_takes_nothing_that_another_run_has_and_refuses_where_nobody_pays(self) -> None:
        place = billing.place()
        first = shop(place)
        run = reviewed(place)
        late = shop(place)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            operations.plan_manual(
                actor=ACTOR,
                at=END,
                wanted=operations.Wanted(account=late.public_id, unit=None, start=START, end=MIDDLE),
            )
            other = models.BillRun.objects.exclude(pk=run.pk).get(organization_id=place.organization.pk)
        billing.advance(other)

        check(run)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            shares = models.RunShare.objects.filter(organization_id=run.organization_id, run=run, account=late)
            assert [(each.during.lower, each.during.upper) for each in shares] == [(MIDDLE, END)]
            customer_models.Account.objects.filter(organization_id=place.organization.pk, pk=place.landlord.pk).update(
                is_landlord=False
            )
        end(first, MIDDLE)
        assert "landlord" in planned(run).obstacle

    def test_starts_runs_beside_it_for_services_that_have_bills_of_their_own(self) -> None:
        place = billing.place()
        billing.shop(place, name="Shop", days=FEBRUARY)
        calendars.calendar(place, starts_on=date(2100, 1, 1), bundling=values.Bundling.BY_SERVICE)
        run = billing.advance(billing.plan(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day))
        late = customers.account(organization=place.organization, site=place.site, name="Marta Ruiz")
        services.meter(place, late, Service.ELECTRICITY, metering.ENERGY, None, 25)
        services.meter(place, late, Service.COLD_WATER, services.VOLUME, services.WATER, 10)

        check(run)
        check(run)  # the run beside it holds that account already

        runs = calendars.runs(place.organization)
        assert [(each.services, each.account_ids) for each in runs] == [(None, None), (["COLD_WATER"], [late.pk])]
        assert members(run)[late.number] == "DRAFTED"


def drafts(run: models.BillRun) -> list[tuple[int, int]]:
    with scoping.scope([run.organization_id], actor=ACTOR):
        rows = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
        return list(rows.order_by("position").values_list("account_id", "id"))
