"""A closed sheet that would come out differently: what either way costs, and all members billed again in one step."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError

from meterbook.billing import models
from meterbook.billing.operations import pool_rebilling, pool_swapping
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.pools import recompute
from meterbook.billing.queries import pool_changes, pool_rebills
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from tests.db.billing.test_pools import DAYS, FIRST, UNTIL, House
from tests.db.billing.test_supplier_invoices import LINES, PASSED, WHOLE
from tests.factories import billing, identity, pools, supplier_invoices

LATER = DAYS.ends_at + timedelta(days=30)
ME: dict[str, Any] = {"actor": billing.ACTOR, "at": LATER}


class Late:
    """A utility's invoice passed through and billed; then the supplier corrects it by 30.00 more."""

    def __init__(self) -> None:
        self.house = House()
        self.pool = pools.pool(self.house.place, code="UTILITY", name="Utility", **PASSED)
        self.invoice = supplier_invoices.invoice(self.house.place, **WHOLE)
        self.run = billing.advance(billing.approve(self.house.run()))
        lines = [LINES[0] | {"amount": "130.01"}, *LINES[1:]]
        document = supplier_invoices.document(**{**WHOLE, "lines": lines, "total": "168.36"})
        with self.house.scope():
            invoice_operations.correct_invoice(**ME, invoice=self.invoice.public_id, document=document, reason="read")

    @property
    def sheet(self) -> models.PoolSheet:
        with self.house.scope():
            return models.PoolSheet.objects.get(organization_id=self.pool.organization_id, is_replaced=False)

    def look(self) -> pool_swapping.BothWays:
        with self.house.scope():
            return pool_swapping.look(sheet=self.sheet_id, at=LATER)

    def propose(self, **more: Any) -> models.PoolRebill:  # noqa: ANN401
        with self.house.scope():
            return pool_rebilling.propose_rebill(
                **{**ME, **more}, sheet=self.sheet_id, reason="the supplier corrected it"
            )

    def approve(self, made: models.PoolRebill, **more: Any) -> models.PoolSheet:  # noqa: ANN401
        with self.house.scope():
            return pool_rebilling.approve_rebill(**{**ME, **more}, rebill=made.public_id)

    @property
    def sheet_id(self) -> Any:  # noqa: ANN401
        rows = models.PoolSheet.objects.filter(organization_id=self.pool.organization_id, is_replaced=False)
        return rows.values_list("public_id", flat=True).get()

    def totals(self) -> dict[str, Decimal]:
        """By account, what bills that stand ask for."""
        with self.house.scope():
            rows = models.Bill.objects.filter(organization_id=self.pool.organization_id, credit_note=None)
            return dict(rows.values_list("account__number", "draft__total"))


@pytest.fixture
def late() -> Late:
    return Late()


@pytest.mark.spec("B-64/1")
def test_both_ways_are_told_by_member_and_nothing_changes(late: Late) -> None:
    before = late.totals()

    found = late.look()

    assert found.difference == Decimal("30.00")
    assert sum(amount for _account, amount in found.carried) == Decimal("30.00")
    assert found.is_possible
    assert {each.account: each.before for each in found.members} == before
    more = sum((each.now or 0) - (each.before or 0) for each in found.members)
    assert more == Decimal("30.00")
    assert late.totals() == before
    with late.house.scope():
        assert models.PoolSheet.objects.filter(organization_id=late.pool.organization_id).count() == 1


def test_who_only_looks_is_told_so_and_writes_nothing(late: Late) -> None:
    with late.house.scope():
        scoping.forbid_writing()
        found = pool_swapping.look(sheet=late.sheet_id, at=LATER)

    assert (found.difference, found.members, found.is_possible) == (Decimal("30.00"), (), False)
    assert "only looking" in found.trouble


@pytest.mark.spec("B-64/1")
def test_all_members_are_billed_again_in_one_step(late: Late) -> None:
    told = {each.account: each.now for each in late.look().members}
    old = late.sheet
    made = late.propose()

    sheet = late.approve(made)

    assert sheet.replaces_id == old.pk
    assert late.totals() == told
    with late.house.scope():
        owner = late.pool.organization_id
        notes = models.CreditNote.objects.filter(organization_id=owner)
        shares = models.PoolShare.objects.filter(organization_id=owner, sheet=sheet)
        unbilled = shares.filter(charge=None)
        assert notes.count() == sum(1 for each in made.plan if each["before"] != each["now"]) == 4
        assert {each.replacement_id is not None for each in notes} == {True}
        assert sum(shares.values_list("amount", flat=True)) == Decimal("158.36")
        assert not unbilled.exists()
        assert pool_rebills.standing_of(sheet=old.public_id) == (None, sheet.public_id)
        balance = models.PoolCharge.objects.filter(organization_id=owner, share__sheet=old)
        assert not balance.exists()
    assert recompute.differences(late.house.sheet_of(sheet)) == []
    with pytest.raises(DatabaseError), late.house.scope():
        models.PoolSheet.objects.filter(organization_id=old.organization_id, pk=old.pk).update(is_replaced=False)


def test_a_later_run_takes_no_share_of_a_sheet_that_was_replaced(late: Late) -> None:
    late.approve(late.propose())

    with pytest.raises(billing.operations.NobodyToBill):
        billing.plan(late.house.place, first_day=FIRST, until_day=UNTIL)


def test_who_proposes_does_not_approve_while_somebody_else_can(late: Late) -> None:
    one, other = (
        identity.user(organization=late.house.place.organization, role=RoleCode.ORGANIZATION_ADMIN)
        for _each in range(2)
    )
    first, second = (Actor.user(each.pk, each.email) for each in (one, other))
    made = late.propose(actor=first)

    with pytest.raises(pool_rebilling.RebillNeedsAnother):
        late.approve(made, actor=first)
    late.approve(made, actor=second)

    with late.house.scope():
        row = pool_rebills.get_rebill(public_id=made.public_id)
    assert (row.state, row.is_decided_alone) == ("DONE", False)
    with pytest.raises(pool_rebilling.RebillDecided):
        late.approve(made, actor=second)


def test_what_changed_since_is_not_approved(late: Late) -> None:
    made = late.propose()
    with late.house.scope():
        invoice_operations.withdraw_invoice(**ME, invoice=late.invoice.public_id, reason="other invoice")
    pools_before = late.totals()

    with pytest.raises((pool_rebilling.RebillOutdated, pool_swapping.NothingToRebill)):
        late.approve(made)

    assert late.totals() == pools_before


def test_what_is_carried_is_not_billed_again_and_a_rejected_proposal_changes_nothing(late: Late) -> None:
    made = late.propose()
    with pytest.raises(pool_rebilling.RebillPresent):
        late.propose()
    with late.house.scope():
        pool_rebilling.reject_rebill(**ME, rebill=made.public_id, reason="too small")
        # Too late to be asked for more: then what concerns who left is carried, and the landlord's.
        models.CorrectionRules.objects.create(organization_id=made.organization_id, back_billing_months=1)
        much_later = {**ME, "at": ME["at"] + timedelta(days=200)}
        pool_operations.carry_difference(**much_later, sheet=late.sheet_id)

    with pytest.raises(pool_swapping.NothingToRebill, match="carried"):
        late.look()


def test_a_bill_whose_correction_waits_blocks_the_others(late: Late) -> None:
    with late.house.scope():
        bill = models.Bill.objects.filter(organization_id=late.pool.organization_id).order_by("id").first()
        assert bill is not None
    with late.house.scope():
        draft = models.BillDraft.objects.get(organization_id=bill.organization_id, bill=bill)
        models.Correction.objects.create(
            organization_id=bill.organization_id,
            bill=bill,
            account_id=bill.account_id,
            state="PROPOSED",
            reason="misread",
            currency="EUR",
            total_before=draft.total,
            proposed_at=LATER,
            proposed_by="somebody",
        )

    assert not late.look().is_possible
    with pytest.raises(pool_swapping.RebillBlocked, match="waits for approval"):
        late.propose()


@pytest.mark.spec("B-76/1")
def test_one_members_corrected_reading_lists_the_others_whose_shares_change() -> None:
    house = House()
    pool = pools.pool(house.place, parts=[{"key": "USAGE", "secondary": "EQUAL"}])
    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)
    run = billing.advance(billing.approve(house.run()))
    meter = house.meters["C"]
    with house.scope():
        bill = models.Bill.objects.get(
            organization_id=run.organization_id, run=run, account_id=house.accounts["C"].pk
        ).public_id
        assert pool_changes.changed_sheets_of(bill=bill) == []
        final = 100_000 + 40 * ((DAYS.ends_at - DAYS.starts_at) // billing.STEP)
        metering_operations.correct_readings(
            **ME,
            series=meter.energy,
            kind=CorrectionKind.SET,
            corrected_at=DAYS.ends_at,
            value=final + 400,
            reason="x",
        )
    billing.derive(run.organization_id)

    with house.scope():
        (found,) = pool_changes.changed_sheets_of(bill=bill)

    assert found.difference.before == found.difference.now == Decimal("300.00")
    changed = {each.account for each in found.difference.shifts}
    assert len(changed) == 4  # A, B and C, and the landlord for the days after A
    assert sum(each.now - each.before for each in found.difference.shifts) == 0
