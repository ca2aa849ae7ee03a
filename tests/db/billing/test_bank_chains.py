"""Banks of energy fed in over several bills: tried by other prices, corrected, left with a contract, and renamed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import models, queries
from meterbook.billing.correction_values import Dependence, Mode, Outcome
from meterbook.billing.operations import chaining, correcting, recalculating
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.db.billing.test_credit_banks import EXPORT, SUNNY, issue, used
from tests.factories import billing, customers, identity, metering, sites

ACTOR, CHECKER = Actor.system("test"), Actor.user(0, "checker", source="")
MONTHS = [billing.Days(date(2026, month, 1), date(2026, month + 1, 1)) for month in (1, 2, 3)]
JANUARY, FEBRUARY, MARCH = MONTHS
NOW = civil.start_of_day(date(2026, 5, 20), billing.MADRID)
RISES = ((10, 50), (60, 10), (30, 5))  # used and fed in, in 0.01 kWh of each quarter


def roof(
    place: billing.Place, starts_at: datetime = JANUARY.starts_at, ends_at: datetime | None = None
) -> metering.Installed:
    """A tenant with panels, number A-1."""
    node = sites.node(site=place.site, name="Roof", code="Roof")
    registers = (metering.ENERGY, EXPORT)
    meter = metering.installed_meter(
        organization=place.organization, site=place.site, name="Roof", registers=registers, node=node
    )
    account = customers.account(organization=place.organization, site=place.site, name="Roof", number="A-1")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=starts_at, ends_at=ends_at)
    return meter


def counted(meter: metering.Installed) -> tuple[int, int]:
    """Three months of use; what the registers show at the end of January."""
    shown = ends = 100_000, 100_000
    for number, (days, rises) in enumerate(zip(MONTHS, RISES, strict=True)):
        shown = used(meter, days, *rises, shown)
        ends = ends if number else shown
    return ends


def whole(place: billing.Place) -> metering.Installed:
    """Three months of a tenant, billed."""
    meter = roof(place)
    counted(meter)
    for days in MONTHS:
        issue(place, days)
    return meter


def contents(place: billing.Place) -> list[dict[str, Any]]:
    """The tenant's bills that stand, the oldest first."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        found = models.Bill.objects.filter(
            organization_id=place.organization.pk, account__number="A-1", credit_note__isnull=True
        )
        listed = [each.public_id for each in found.order_by("run__days", "id")]
        return [queries.get_bill(public_id=each).content for each in listed]


def told(bill: Mapping[str, Any], code: str = "bank", charge: int = 0) -> dict[str, Any]:
    """The line of a component."""
    lines = bill["meter_points"][0]["charges"][charge]["lines"]
    found: dict[str, Any] = next(each for each in lines if each["code"] == code)
    return found


def compared(place: billing.Place, first: date, until: date, raw: dict[str, Any] | None = None) -> asking.AccountResult:
    """The tenant's row of a what-if."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        chosen = None if raw is None else comparing.of_document(raw)
        found = comparing.compare(asking.Asked(asking.Scope(numbers=("A-1",)), first, until, chosen), now=NOW)
        assert not found.troubled
        return found.accounts[0]


def again(place: billing.Place, raw: dict[str, Any], first_day: date | None = None) -> list[Decimal | None]:
    """What the tenant's bills come to when they are calculated again by other prices, before taxes."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        draft = tariff_operations.save_draft(actor=ACTOR, at=NOW, tariff=place.tariff, document=raw)
        account = customer_models.Account.objects.get(organization_id=place.organization.pk, number="A-1")
        scope = recalculating.Scope(account=account.public_id, first_day=first_day)
        found = recalculating.ask_recalculation(
            actor=ACTOR, at=NOW, mode=Mode.WHAT_IF, scope=scope, version=draft.public_id
        )
        rows = models.RecalculatedBill.objects.filter(organization_id=place.organization.pk, recalculation=found)
        return list(rows.order_by("bill__run__days").values_list("total_now", flat=True))


@pytest.mark.spec("B-75")
@pytest.mark.spec("M-059/2")
def test_other_prices_go_on_from_what_they_kept_themselves_and_the_same_give_the_same() -> None:
    place = billing.place(raw=SUNNY)
    meter = roof(place)
    counted(meter)
    raw = copy.deepcopy(SUNNY)
    raw["components"][1]["price"] = "-0.08"
    open_months = compared(place, JANUARY.first_day, MARCH.until_day, raw)
    for days in MONTHS:
        issue(place, days)
    due = [Decimal(each["net"]) for each in contents(place)]

    # 2976 quarters in January, 2688 in February, 2972 in March: 29.76, 161.28 and 89.16 are charged.
    assert due == [Decimal("0.00"), Decimal("103.20"), Decimal("81.73")]
    same = compared(place, JANUARY.first_day, MARCH.until_day)
    late = compared(place, FEBRUARY.first_day, MARCH.until_day)
    assert (same.bills, same.before.amount, same.after.amount) == (3, sum(due), sum(due))
    assert (late.bills, late.before.amount, late.after.amount) == (2, sum(due[1:]), sum(due[1:]))
    # At 0.08: 119.04, 21.50 and 11.89 are earned; 89.28 is kept in January and used up in February.
    march = Decimal("89.16") - Decimal("11.89")
    dearer = Decimal("161.28") - Decimal("89.28") - Decimal("21.50") + march
    other = compared(place, JANUARY.first_day, MARCH.until_day, raw)
    assert (other.after.amount, open_months.after.amount) == (dearer, dearer)
    assert (open_months.months, open_months.before.amount) == (3, sum(due))
    # From February on, January's 44.64 are what there is.
    from_february = compared(place, FEBRUARY.first_day, MARCH.until_day, raw)
    assert from_february.after.amount == dearer + Decimal("89.28") - Decimal("44.64")
    # A component of another code begins with nothing, unless it takes the bank over.
    renamed = copy.deepcopy(raw)
    renamed["components"][2]["code"] = "saved"
    without = compared(place, FEBRUARY.first_day, MARCH.until_day, renamed)
    renamed["components"][2]["bank"] = {"continues": "bank"}
    taken = compared(place, FEBRUARY.first_day, MARCH.until_day, renamed)
    assert (without.after.amount, taken.after.amount) == (dearer + Decimal("89.28"), from_february.after.amount)
    # A recalculation by these prices goes on from what they kept, too, whatever bills are asked for.
    assert again(place, raw) == [Decimal("0.00"), Decimal("161.28") - Decimal("89.28") - Decimal("21.50"), march]
    assert again(place, raw, FEBRUARY.first_day) == [Decimal("161.28") - Decimal("44.64") - Decimal("21.50"), march]


@pytest.mark.spec("M-059/2")
def test_what_was_settled_of_an_estimate_counts_once() -> None:
    """June is estimated at 900 kWh; the register says 1,550 over June and July."""
    june, july = (billing.Days(date(2026, month, 1), date(2026, month + 1, 1)) for month in (6, 7))
    place = billing.place(raw=SUNNY)
    meter = roof(place, june.starts_at)
    export = meter.series["energy_export"]
    shown = billing.count(export, june.starts_at, june.ends_at, rise=[80])
    metering.record(meter.energy, [(june.starts_at, 100_000)])
    billing.derive(place.organization.pk)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        guessed = metering_operations.Estimated(method=Method.MANUAL, used=900_000, made_of={}, reason="no reading")
        metering_operations.estimate(
            actor=ACTOR,
            at=june.ends_at,
            series=meter.energy,
            until=june.ends_at,
            estimated=guessed,
            needs_second=False,
        )
    billing.derive(place.organization.pk)
    issue(place, june)
    billing.count(export, july.starts_at, july.ends_at, rise=[10], begin=shown)
    metering.record(meter.energy, [(july.ends_at, 255_000)])
    billing.derive(place.organization.pk)
    issue(place, july)

    second = contents(place)[1]
    assert second["settlements"][0]["banks"]
    due = sum(Decimal(each["net"]) for each in contents(place))
    late = datetime(2026, 8, 20, tzinfo=billing.MADRID)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        both, one = (
            comparing.compare(asking.Asked(asking.Scope(numbers=("A-1",)), first, july.until_day), now=late).accounts[0]
            for first in (june.first_day, july.first_day)
        )
    assert (one.before.amount, one.after.amount) == (Decimal(second["net"]), Decimal(second["net"]))
    assert both.before.amount == due
    # What the estimate kept too little in June pays in July now, and is no longer kept for August.
    more = Decimal(second["settlements"][0]["banks"][0]["balance"])
    assert both.after.amount == due - more


@pytest.mark.spec("B-76/2")
def test_the_bills_after_a_corrected_one_are_listed_and_follow() -> None:
    place = billing.place(raw=SUNNY)
    meter = roof(place)
    end = counted(meter)
    for days in MONTHS:
        issue(place, days)
    owner = place.organization.pk
    with scoping.scope([owner], actor=ACTOR):
        found = models.Bill.objects.filter(organization_id=owner, account__number="A-1").order_by("run__days")
        january, february, march = found
        metering_operations.correct_readings(
            actor=ACTOR,
            at=NOW,
            series=meter.series["energy_export"],
            kind=CorrectionKind.SET,
            corrected_at=JANUARY.ends_at,
            reason="misread",
            value=end[1] - 40,
        )
    metering_operations.derive_dirty_days(organization_id=owner, actor=ACTOR, at=NOW)

    # 0.40 kWh were fed in in February, not in January: 0.02 less is kept, and 0.02 more is earned after it.
    with scoping.scope([owner], actor=ACTOR):
        listed = chaining.chain_of(bill=january.public_id)
        assert [(each.number, each.why) for each in listed] == [
            (february.number, (Dependence.BANK,)),
            (march.number, (Dependence.BANK,)),
        ]
        first = correcting.propose_correction(actor=ACTOR, at=NOW, bill=january.public_id, reason="misread")
        with pytest.raises(chaining.EarlierFirst, match=january.number):
            correcting.propose_correction(actor=ACTOR, at=NOW, bill=february.public_id, reason="misread")
    with scoping.scope([owner], actor=CHECKER):
        correcting.approve_correction(actor=CHECKER, at=NOW, correction=first.public_id)
    with scoping.scope([owner], actor=ACTOR):
        moved = chaining.chain_of(bill=january.public_id)
        assert [(each.outcome, each.is_next) for each in moved] == [(Outcome.DIFFERENT, True), (Outcome.SAME, False)]
        second = correcting.propose_correction(actor=ACTOR, at=NOW, bill=february.public_id, reason="misread")
    with scoping.scope([owner], actor=CHECKER):
        correcting.approve_correction(actor=CHECKER, at=NOW, correction=second.public_id)

    after = contents(place)
    assert [told(each)["trace"]["bank"] for each in after[:2]] == [
        {"opening": "0", "earned": "74.38", "applied": "29.76", "closing": "44.62"},
        {"opening": "44.62", "earned": "13.46", "applied": "58.08", "closing": "0.00"},
    ]
    assert [each["net"] for each in after] == ["0.00", "103.20", "81.73"]


@pytest.mark.spec("B-08/2")
@pytest.mark.parametrize("is_renewed", [False, True], ids=["leaves", "stays"])
def test_the_bill_of_a_move_out_settles_the_bank(is_renewed: bool) -> None:
    raw = copy.deepcopy(SUNNY)
    raw["components"][2]["bank"] = {"at_move_out": "PAY_BALANCE"}
    place = billing.place(raw=raw)
    leaves = civil.start_of_day(date(2026, 1, 20), billing.MADRID)
    meter = roof(place, ends_at=leaves)
    if is_renewed:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            account = customer_models.Account.objects.get(organization_id=place.organization.pk, number="A-1")
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=leaves)
    used(meter, JANUARY, 10, 50, (100_000, 100_000))
    run = issue(place, JANUARY)

    (bill,) = contents(place)
    if is_renewed:
        # The bank goes on with the second contract on the same bill.
        first, second = (each["charges"][0]["lines"][-1]["trace"]["bank"] for each in bill["meter_points"])
        assert (first["closing"], second["opening"], second["closing"]) == ("27.36", "27.36", "44.64")
        return
    # 19 days of 96 quarters: 18.24 are charged, 45.60 earned.
    line = told(bill, "bank.out")
    assert (line["amount"], bill["net"]) == ("-27.36", "-27.36")
    assert told(bill)["trace"]["bank_out"] == {"paid": "27.36"}
    assert bill["meter_points"][0]["charges"][0]["inputs"]["is_final_period"] is True
    assert "waiting_banks" not in bill["meter_points"][0]["charges"][0]["inputs"]  # nothing waits
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
    (row,) = [each for each in rows if each.account_number == "A-1"]
    client = Client()
    client.force_login(identity.user(organization=place.organization))
    page = client.get(reverse("bill", args=[place.organization.public_id, row.bill_public_id])).content.decode()
    assert "The contract ended: 27.36 are paid." in page
    assert client.get(reverse("bill_pdf", args=[place.organization.public_id, row.bill_public_id])).status_code == 200


@pytest.mark.spec("B-08/3")
def test_a_new_version_says_what_becomes_of_a_bank_and_bills_follow() -> None:
    place = billing.place(raw=SUNNY)
    meter = roof(place)
    shown = used(meter, JANUARY, 10, 50, (100_000, 100_000))
    issue(place, JANUARY)
    for days in (FEBRUARY, MARCH):
        shown = used(meter, days, 10, 50, shown)
    forgets, renames = copy.deepcopy(SUNNY), copy.deepcopy(SUNNY)
    del forgets["components"][2]
    renames["components"][2] |= {"code": "saved", "bank": {"continues": "bank"}}
    ends = copy.deepcopy(forgets)
    terms = {"continues": "saved", "holds": "MONEY", "at_end": "PAY_BALANCE"}
    ends["components"].append({"code": "rest", "name": "Rest", "charge": "BANK_END", "bank_end": terms})

    def save(raw: dict[str, Any], first_day: date | None = None) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            tariff_operations.save_draft(actor=ACTOR, at=NOW, tariff=place.tariff, document=raw)
            if first_day is not None:
                tariff_operations.publish_version(actor=ACTOR, at=NOW, tariff=place.tariff, first_day=first_day)

    with pytest.raises(TariffInvalid, match="components: the version before keeps money in the bank “Kept”"):
        save(forgets)
    save(renames, date(2026, 2, 15))
    with pytest.raises(TariffInvalid, match=r"bank “Kept” \(saved\)"):
        save(forgets)
    issue(place, FEBRUARY)
    save(ends, date(2026, 3, 1))
    issue(place, MARCH)

    january, february, march = contents(place)
    kept = told(january)["trace"]["bank"]["closing"]
    before, after = (told(february, code, charge)["trace"] for charge, code in enumerate(("bank", "saved")))
    assert (kept, before["bank"]["opening"]) == ("44.64", "44.64")
    assert (after["bank"]["opening"], after["bank_taken"]) == (before["bank"]["closing"], "bank")
    rest = told(march, "rest")
    assert Decimal(rest["amount"]) == -Decimal(after["bank"]["closing"])
    held = march["meter_points"][0]["charges"][0]["inputs"]["history"]["bank"]
    assert {code: Decimal(each["balance"]) for code, each in held.items()} == {
        "bank": 0,
        "saved": -Decimal(rest["amount"]),
    }
