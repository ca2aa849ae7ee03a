"""Shared costs in runs: who bears what, what bills say, and what happens when an input comes later."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError

from meterbook.billing import models, operations
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.pools import recompute
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import PointRole
from meterbook.sites.values import NodeKind
from meterbook.tariffs import sources
from tests.factories import billing, customers, metering, pools, tariffs

FIRST, UNTIL = date(2026, 6, 1), date(2026, 6, 4)
DAYS = billing.Days(FIRST, UNTIL)
SECOND = civil.start_of_day(date(2026, 6, 2), billing.MADRID)


class House:
    """Three alike units: A is let for one day of three, B and C for all."""

    def __init__(self) -> None:
        self.place = billing.place()
        self.units: dict[str, Any] = {}
        self.meters: dict[str, metering.Installed] = {}
        self.accounts: dict[str, Any] = {}
        for code, area, until, rise in (("A", "120.5", SECOND, 20), ("B", "80.25", None, 30), ("C", "45", None, 40)):
            self.units[code] = pools.unit(self.place, area=area, code=f"U-{code}", name=code, kind=NodeKind.UNIT)
            meter = billing.metered(self.place, name=f"Unit {code}", node=self.units[code], code=f"M-{code}")
            billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at, rise=rise)
            account = customers.account(organization=self.place.organization, site=self.place.site, name=f"T {code}")
            customers.contract(
                account=account, point=meter.point, tariff=self.place.tariff, starts_at=DAYS.starts_at, ends_at=until
            )
            self.meters[code], self.accounts[code] = meter, account

    def run(self) -> models.BillRun:
        return billing.advance(billing.plan(self.place, first_day=FIRST, until_day=UNTIL))

    def scope(self) -> Any:  # noqa: ANN401
        return scoping.scope([self.place.organization.pk], actor=billing.ACTOR)

    def bill(self, run: models.BillRun, account: Any) -> dict[str, Any]:  # noqa: ANN401
        with self.scope():
            draft = models.BillDraft.objects.get(organization_id=run.organization_id, run=run, account_id=account.pk)
            return json.loads(bytes(draft.content))  # type: ignore[no-any-return]

    def sheet(self, pool: models.Pool) -> dict[str, Any]:
        with self.scope():
            found = models.PoolSheet.objects.get(organization_id=pool.organization_id, pool=pool)
            assert found.reasons == []
            return json.loads(bytes(found.content))  # type: ignore[no-any-return]

    def sheet_of(self, sheet: models.PoolSheet) -> dict[str, Any]:
        with self.scope():
            content = models.PoolSheet.objects.values_list("content", flat=True).get(pk=sheet.pk)
        return json.loads(bytes(content))  # type: ignore[no-any-return]

    def states(self, run: models.BillRun) -> dict[str, str]:
        with self.scope():
            rows = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
            return dict(rows.values_list("account__customer__name", "state"))


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.spec("M-061/3")
def test_a_tenant_who_left_bears_a_third_and_the_landlord_the_rest(house: House) -> None:
    pool = pools.pool(house.place, tax={"code": "vat", "name": "VAT", "rate": "0.21"})
    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)

    run = house.run()

    bills = {name: house.bill(run, account) for name, account in house.accounts.items()}
    landlord = house.bill(run, house.place.landlord)
    amounts = {name: [each["amount"] for each in bill["shared_costs"]] for name, bill in bills.items()}
    assert amounts == {"A": ["33.33"], "B": ["100.00"], "C": ["100.00"]}
    assert [each["amount"] for each in landlord["shared_costs"]] == ["66.67"]
    lines = sum(Decimal(charge["net"]) for point in bills["B"]["meter_points"] for charge in point["charges"])
    assert Decimal(bills["B"]["net"]) == lines + 100
    assert [tax["base"] for tax in bills["B"]["taxes"]] == [bills["B"]["net"]]
    told = bills["A"]["shared_costs"][0]
    assert (told["total"], told["own"], told["whole"], told["days"]) == ("300.00", "1", "9", 1)
    assert recompute.differences(house.sheet(pool)) == []


def test_what_is_issued_is_posted_and_the_sheet_stays(house: House) -> None:
    pool = pools.pool(house.place)
    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)

    run = billing.advance(billing.approve(house.run()))

    assert run.state == "CLOSED"
    with house.scope():
        issued = models.Bill.objects.filter(organization_id=run.organization_id, run=run).count()
        shares = models.PoolShare.objects.filter(organization_id=run.organization_id)
        assert sum(shares.values_list("amount", flat=True)) == Decimal("300")
        assert issued == 4
    with pytest.raises(DatabaseError, match="stays as it was approved"), house.scope():
        models.PoolSheet.objects.filter(organization_id=run.organization_id)._raw_delete("default")
    with pytest.raises(pool_operations.AmountImpossible):
        pools.amount(pool, "5.00", first_day=FIRST, until_day=UNTIL)


def test_an_amount_that_lacks_holds_the_members_until_it_is_entered(house: House) -> None:
    pool = pools.pool(house.place)

    run = house.run()

    assert set(house.states(run).values()) == {"HELD"}
    with house.scope():
        reasons = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
        assert {each["reason"] for found in reasons.values_list("reasons", flat=True) for each in found} == {
            "POOL_AMOUNT"
        }
    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)
    with house.scope():
        operations.check_again(actor=billing.ACTOR, at=billing.LONG_AGO, run=run)
    run = billing.advance(run)
    assert set(house.states(run).values()) == {"DRAFTED"}
    assert house.bill(run, house.accounts["C"])["shared_costs"][0]["amount"] == "100.00"


def test_another_amount_makes_drafts_stale_until_they_are_checked_again(house: House) -> None:
    pool = pools.pool(house.place, parts=[{"key": "AREA"}])
    entry = pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)
    run = house.run()
    with house.scope():
        pool_operations.withdraw_amount(actor=billing.ACTOR, at=billing.LONG_AGO, entry=entry.public_id)
    pools.amount(pool, "30.00", first_day=FIRST, until_day=UNTIL)

    with pytest.raises(operations.DraftsStale):
        billing.approve(run)
    with house.scope():
        operations.check_again(actor=billing.ACTOR, at=billing.LONG_AGO, run=run)
    run = billing.approve(billing.advance(run))

    assert run.state == "APPROVED"
    assert house.bill(run, house.accounts["B"])["shared_costs"][0]["amount"] == "9.80"


@pytest.mark.parametrize(
    ("policy", "shared", "landlord"),
    [("SHARED", "25.00", None), ("LANDLORD", "0.00", "LOSS_POLICY"), ("CAPPED", "9.75", "LOSS_CAP")],
)
def test_a_loss_is_shared_by_use(house: House, policy: str, shared: str, landlord: str | None) -> None:
    main = billing.metered(house.place, name="Main", code="MAIN", role=PointRole.MAIN)
    billing.count(main.energy, DAYS.starts_at, DAYS.ends_at, rise=130)
    behind = [str(each.point.public_id) for each in house.meters.values()]
    cost = {
        "kind": "LOSS",
        "meter_point": str(main.point.public_id),
        "meters": behind,
        "price": "0.21701389",
        "policy": policy,
        "cap": "12",
    }

    pool = pools.pool(house.place, source=cost, parts=[{"key": "USAGE", "secondary": "EQUAL"}])
    run = house.run()

    sheet = house.sheet(pool)
    assert sheet["loss"]["percent"] == "30.77"
    assert sheet["total"] == "25.00"
    assert sheet["shared"] == shared
    assert [each["why"] for each in sheet["landlord"]] == ([landlord] if landlord else [])
    assert recompute.differences(sheet) == []
    assert run.state == "REVIEW"


def test_more_behind_a_main_meter_than_through_it_is_never_credited(house: House) -> None:
    main = billing.metered(house.place, name="Main", code="MAIN", role=PointRole.MAIN)
    billing.count(main.energy, DAYS.starts_at, DAYS.ends_at, rise=50)
    behind = [str(each.point.public_id) for each in house.meters.values()]
    cost = {"kind": "LOSS", "meter_point": str(main.point.public_id), "meters": behind, "price": "0.2"}

    pool = pools.pool(house.place, source=cost, parts=[{"key": "USAGE", "secondary": "EQUAL"}])
    run = house.run()

    sheet = house.sheet(pool)
    assert (sheet["total"], sheet["flags"], sheet["loss"]["loss"][0]) == ("0.00", ["NEGATIVE_LOSS"], "-")
    assert "shared_costs" not in house.bill(run, house.accounts["B"])


def test_a_later_stage_takes_what_an_earlier_one_gave_it(house: House) -> None:
    pools.pool(house.place, code="LIGHT", name="Lighting", stage=2)
    members = [{"unit": str(node.public_id), "value": "1"} for node in house.units.values()]
    corridor = billing.metered(house.place, name="Corridor", code="COR", role=PointRole.COMMON)
    billing.count(corridor.energy, DAYS.starts_at, DAYS.ends_at)
    members.append({"meter_point": str(corridor.point.public_id), "value": "1", "pool": "LIGHT"})
    first = pools.pool(house.place, code="LOST", name="Lost", members=members, parts=[{"key": "WEIGHTS"}])
    with house.scope():
        light = models.Pool.objects.get(organization_id=first.organization_id, code="LIGHT")
    for pool, amount in ((first, "400.00"), (light, "200.00")):
        pools.amount(pool, amount, first_day=FIRST, until_day=UNTIL)

    run = house.run()

    assert house.sheet(light)["total"] == "300.00"
    assert [each["amount"] for each in house.bill(run, house.accounts["B"])["shared_costs"]] == ["100.00", "100.00"]
    with house.scope():
        shares = models.PoolShare.objects.filter(organization_id=run.organization_id)
        assert sum(shares.values_list("amount", flat=True)) == 600


def test_an_account_left_out_bears_its_share_in_a_later_run(house: House) -> None:
    pool = pools.pool(house.place)
    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)
    run = house.run()
    with house.scope():
        operations.exclude_accounts(
            actor=billing.ACTOR, at=billing.LONG_AGO, run=run, account_ids=[house.accounts["B"].pk], reason="asked"
        )
    billing.advance(billing.approve(run))

    later = house.run()

    assert house.states(later) == {"T B": "DRAFTED"}
    assert house.bill(later, house.accounts["B"])["shared_costs"][0]["amount"] == "100.00"


def test_a_unit_without_a_meter_is_the_landlords_who_gets_a_bill_of_it_alone(house: House) -> None:
    store = pools.unit(house.place, area="10", code="U-S", name="Store", kind=NodeKind.UNIT)
    pool = pools.pool(house.place, members=[{"unit": str(store.public_id)}], parts=[{"key": "AREA"}])
    pools.amount(pool, "12.00", first_day=FIRST, until_day=UNTIL)
    with house.scope():
        models.Pool.objects.filter(organization_id=pool.organization_id).update(starts_day=FIRST)

    run = billing.advance(billing.approve(house.run()))

    landlord = house.bill(run, house.place.landlord)
    assert landlord["shared_costs"][0]["member"] == {"code": "U-S", "name": "Store"}
    assert run.state == "CLOSED"


@pytest.mark.spec("M-064/1")
def test_a_late_correction_is_told_and_carried_into_the_next_period(house: House) -> None:
    light = billing.metered(house.place, name="Corridor", code="COR", role=PointRole.COMMON)
    final = billing.count(light.energy, DAYS.starts_at, DAYS.ends_at, rise=10)
    cost = {"kind": "METER", "meter_point": str(light.point.public_id), "price": "0.25"}
    pool = pools.pool(house.place, source=cost, parts=[{"key": "AREA"}], leaving="LANDLORD")
    run = billing.advance(billing.approve(house.run()))
    before = house.sheet(pool)
    assert (before["total"], run.state) == ("7.20", "CLOSED")
    with house.scope():
        sheet = models.PoolSheet.objects.get(organization_id=pool.organization_id, pool=pool)
    carry = {"actor": billing.ACTOR, "at": billing.LONG_AGO, "sheet": sheet.public_id}
    with house.scope(), pytest.raises(pool_operations.NothingToCarry):
        pool_operations.carry_difference(**carry)

    with house.scope():
        metering_operations.correct_readings(
            actor=billing.ACTOR,
            at=DAYS.ends_at,
            series=light.energy,
            kind=CorrectionKind.SET,
            corrected_at=DAYS.ends_at,
            value=final + 400,
            reason="misread",
        )
    billing.derive(pool.organization_id)
    with house.scope():
        entry = pool_operations.carry_difference(**carry)
    with house.scope(), pytest.raises(pool_operations.NothingToCarry):
        pool_operations.carry_difference(**carry)

    assert (entry.kind, entry.amount, entry.days.lower) == ("ADJUSTMENT", Decimal("1.00"), UNTIL)
    assert house.sheet(pool) == before


def test_another_definition_is_another_version_and_names_only_what_is_there(house: House) -> None:
    pool = pools.pool(house.place)
    with house.scope():
        changed = pool_operations.change_pool(
            actor=billing.ACTOR, at=billing.LONG_AGO, pool=pool.public_id, document=pools.document(cap="20")
        )
    assert (changed.version, changed.definition["cap"]) == (2, "20")
    with house.scope(), pytest.raises(pool_operations.PoolImpossible):
        pool_operations.change_pool(
            actor=billing.ACTOR,
            at=billing.LONG_AGO,
            pool=pool.public_id,
            document=pools.document(members=[{"unit": str(pool.public_id)}]),
        )


def test_fan_coils_share_by_the_hours_that_they_ran_times_their_flow(house: House) -> None:
    for code, hours in (("A", 600), ("B", 300), ("C", 100)):
        counter = metering_operations.RegisterPlan("run_hours", "run_hours", Unit.H, 2)
        coil = metering.installed_meter(
            organization=house.place.organization,
            site=house.place.site,
            code=f"FC-{code}",
            name=f"Fan coil {code}",
            node=house.units[code],
            registers=(counter,),
        )
        billing.count(coil.series["run_hours"], DAYS.starts_at, DAYS.ends_at, rise=hours // 100)
    members = [
        {"unit": str(house.units[code].public_id), "value": flow} for code, flow in (("A", "1"), ("B", "2"), ("C", "4"))
    ]
    pool = pools.pool(house.place, parts=[{"key": "HOURS", "secondary": "AREA"}], members=members)
    pools.amount(pool, "160.00", first_day=FIRST, until_day=UNTIL)

    house.run()

    rows = house.sheet(pool)["parts"][0]["rows"]
    assert [(each["member"], each["share"]) for each in rows] == [
        ("U-A", "20.00"),
        ("U-A", "40.00"),
        ("U-B", "60.00"),
        ("U-C", "40.00"),
    ]


def test_a_tariff_by_the_hour_prices_a_shared_cost(house: House) -> None:
    light = billing.metered(house.place, name="Corridor", code="COR", role=PointRole.COMMON)
    billing.count(light.energy, DAYS.starts_at, DAYS.ends_at, rise=100)
    components = [{"code": "energy", "name": "Energy", "charge": "ENERGY", "price_series": {"code": "hourly"}}]
    raw = tariffs.document(currency="EUR", code="SPOT", components=components, taxes=[])
    spot = billing.tariff(organization=house.place.organization, raw=raw)
    cost = {"kind": "METER", "meter_point": str(light.point.public_id), "tariff": str(spot.public_id)}
    pool = pools.pool(house.place, source=cost)
    with house.scope():
        sources.put_prices(
            actor=billing.ACTOR,
            at=billing.LONG_AGO,
            code="hourly",
            name="Spot",
            step=60,
            start=DAYS.starts_at,
            prices=[Decimal("0.10"), Decimal("0.30")] * 36,
        )

    house.run()

    sheet = house.sheet(pool)
    assert sheet["total"] == "57.60"  # 288 kWh, half of them at 0.10 and half at 0.30
    assert recompute.differences(sheet) == []
