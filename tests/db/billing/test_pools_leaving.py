"""Who left pays what was known then; what differs later is the landlord's or theirs, as the shared cost says (B-65)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models
from meterbook.billing.operations import pool_rebilling, pool_swapping
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.pools import recompute
from meterbook.documents.rendering import shared, words
from tests.db.billing.test_pools import DAYS, FIRST, UNTIL, House
from tests.factories import billing, pools, supplier_invoices

LATER = DAYS.ends_at + timedelta(days=30)
ME: dict[str, Any] = {"actor": billing.ACTOR, "at": LATER}
NEXT = date(2026, 6, 7)
EACH = {"division": "EACH", "parts": [{"key": "EQUAL"}]}


def line(amount: str) -> dict[str, Any]:
    return {"kind": "OTHER", "text": "Cleaning", "amount": amount, "pool": "CLEAN"}


def billed(leaving: str, **more: Any) -> tuple[House, models.Pool, Any]:  # noqa: ANN401
    """Three units, of which A left after one day of three, billed 90.00; then the supplier asks for twice that."""
    house = House()
    pool = pools.pool(house.place, code="CLEAN", source={"kind": "INVOICE"}, **{"leaving": leaving, **more})
    given: dict[str, Any] = {"first_day": FIRST.isoformat(), "until_day": UNTIL.isoformat()}
    invoice = supplier_invoices.invoice(house.place, **given, lines=[line("90.00")], total="90.00")
    billing.advance(billing.approve(house.run()))
    document = supplier_invoices.document(**given, lines=[line("180.00")], total="180.00")
    with house.scope():
        invoice_operations.correct_invoice(**ME, invoice=invoice.public_id, document=document, reason="misread")
        sheet = models.PoolSheet.objects.get(organization_id=pool.organization_id, pool=pool).public_id
    return house, pool, sheet


def standing(house: House) -> dict[str, tuple[str, ...]]:
    """By account, what the bills that stand say of the shared cost."""
    found = {}
    with house.scope():
        rows = models.Bill.objects.filter(organization_id=house.place.organization.pk, credit_note=None)
        named = {each.account_id: each for each in rows.select_related("draft", "run")}
    accounts = {**house.accounts, "landlord": house.place.landlord}
    for name, account in accounts.items():
        draft = billing_content(named[account.pk], house)
        found[name] = tuple(sorted(each["amount"] for each in draft["shared_costs"]))
    return found


def billing_content(bill: models.Bill, house: House) -> dict[str, Any]:
    with house.scope():
        return json.loads(bytes(models.BillDraft.objects.get(pk=bill.draft_id).content))  # type: ignore[no-any-return]


@pytest.mark.spec("B-65")
@pytest.mark.parametrize(
    ("leaving", "left", "landlord"),
    [("FORMER_MEMBER", "20.00", ("40.00",)), ("LANDLORD", "10.00", ("10.00", "40.00"))],
)
def test_billed_again_who_left_pays_more_or_the_landlord_does(
    leaving: str, left: str, landlord: tuple[str, ...]
) -> None:
    house, pool, sheet = billed(leaving)
    before = standing(house)

    with house.scope():
        made = pool_rebilling.propose_rebill(**ME, sheet=sheet, reason="the supplier corrected it")
        further = pool_rebilling.approve_rebill(**ME, rebill=made.public_id)
    now = standing(house)

    assert before == {"A": ("10.00",), "B": ("30.00",), "C": ("30.00",), "landlord": ("20.00",)}
    assert now == {"A": (left,), "B": ("60.00",), "C": ("60.00",), "landlord": landlord}
    plain = house.sheet_of(further)
    assert recompute.differences(plain) == []
    assert [(each["why"], each["amount"]) for each in plain["landlord"]] == (
        [("LEFT", "10.00")] if leaving == "LANDLORD" else []
    )
    with house.scope():
        notes = models.CreditNote.objects.filter(organization_id=pool.organization_id)
        assert notes.filter(bill__account=house.accounts["A"]).exists() == (leaving == "FORMER_MEMBER")
        with pytest.raises(pool_swapping.NothingToRebill):  # the further sheet stands: nothing differs from it
            pool_swapping.look(sheet=further.public_id, at=LATER)


@pytest.mark.spec("B-65")
def test_carrying_is_refused_where_who_left_bears_it_and_can_be_billed_again() -> None:
    house, pool, sheet = billed("FORMER_MEMBER")

    with house.scope():
        ways = pool_swapping.look(sheet=sheet, at=LATER)
        with pytest.raises(pool_operations.CarryRefused, match=house.accounts["A"].number):
            pool_operations.carry_difference(**ME, sheet=sheet)
        assert not pool.entries.filter(kind="ADJUSTMENT").exists()

    assert (ways.leavers, ways.is_possible, ways.can_carry) == ((house.accounts["A"].number,), True, False)


@pytest.mark.spec("B-65")
@pytest.mark.parametrize(
    ("more", "leaving", "landlord", "member"),
    [
        ({}, "FORMER_MEMBER", ("10.00",), "46.67"),
        ({}, "LANDLORD", ("10.00",), "46.67"),
        (EACH, "LANDLORD", ("10.00",), "46.67"),
    ],
    ids=["former-member-too-old", "landlord", "landlord-each-line"],
)
def test_carried_the_part_of_who_left_is_the_landlords(
    more: dict[str, Any], leaving: str, landlord: tuple[str, ...], member: str
) -> None:
    house, pool, sheet = billed(leaving, **more)
    at = LATER + timedelta(days=200 if leaving == "FORMER_MEMBER" else 0)  # too late to be asked for more
    with house.scope():
        models.CorrectionRules.objects.create(organization_id=pool.organization_id, back_billing_months=1)
        told = dict(pool_swapping.look(sheet=sheet, at=at).carried)
        entry = pool_operations.carry_difference(actor=billing.ACTOR, at=at, sheet=sheet)
    assert sum(told.values()) == entry.amount == Decimal("90.00")
    assert entry.landlord_amount == sum(map(Decimal, landlord))

    given: dict[str, Any] = {"first_day": UNTIL.isoformat(), "until_day": NEXT.isoformat(), "number": "F-2"}
    supplier_invoices.invoice(house.place, **given, lines=[line("60.00")], total="60.00")
    days = billing.Days(UNTIL, NEXT)
    for meter, rise in zip(house.meters.values(), (20, 30, 40), strict=True):
        billing.count(meter.energy, days.starts_at + billing.STEP, days.ends_at, rise=rise, begin=100_000 + 289 * rise)
    run = billing.advance(billing.plan(house.place, first_day=UNTIL, until_day=NEXT))

    with house.scope():
        content = models.PoolSheet.objects.get(organization_id=pool.organization_id, run=run)
    plain = house.sheet_of(content)
    assert recompute.differences(plain) == []
    assert tuple(each["amount"] for each in plain["landlord"] if each["why"] == "LEFT") == landlord
    costs = house.bill(run, house.accounts["B"])["shared_costs"]
    assert sum(Decimal(each["amount"]) for each in costs) == Decimal(member)
    changed = {**plain, "lines": [{**each, "amount": "1.00"} for each in plain["lines"]]}
    assert recompute.differences(changed)


@pytest.mark.spec("B-65")
@pytest.mark.parametrize(
    ("leaving", "said"),
    [("FORMER_MEMBER", "may come with a correction note"), ("LANDLORD", "a later difference is the landlord's")],
)
def test_the_last_bill_says_who_bears_what_is_later(leaving: str, said: str) -> None:
    house = House()
    pool = pools.pool(house.place, leaving=leaving)
    pools.amount(pool, "90.00", first_day=FIRST, until_day=UNTIL)
    run = house.run()

    lines = {}
    for name, account in (*house.accounts.items(), ("landlord", house.place.landlord)):
        (row,) = shared.groups(house.bill(run, account), words.of("en"))[0]["rows"]
        lines[name] = said in row["name"]
    assert lines == {"A": True, "B": False, "C": False, "landlord": False}
