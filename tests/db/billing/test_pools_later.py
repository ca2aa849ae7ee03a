"""A shared cost that waits does not stop the others: it is put off to a later run, or shared by estimates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from meterbook.audit import models as audit_models
from meterbook.billing import models, operations, queries
from meterbook.billing.operations import pool_deciding
from meterbook.billing.pools import recompute
from meterbook.billing.queries import pool_later
from meterbook.documents.rendering import shared, words
from meterbook.foundation import scoping
from meterbook.journeys import keeping_calendars
from meterbook.sites.values import NodeKind
from tests.db.billing.test_pools import FIRST, SECOND, UNTIL, House
from tests.factories import billing, customers, pools

LATER = date(2026, 6, 7)


@pytest.fixture
def house() -> House:
    return House()


def decide(house: House, run: models.BillRun, pool: models.Pool, **more: Any) -> models.BillRun:  # noqa: ANN401
    given = {"actor": billing.ACTOR, "at": billing.LONG_AGO, "run": run.public_id, "pool": pool.public_id, **more}
    with scoping.scope([house.place.organization.pk], actor=billing.ACTOR):
        if "reason" in more:
            pool_deciding.put_pool_off(**given)
        else:
            pool_deciding.take_pool_up(**given)
    return billing.advance(run)


@pytest.mark.spec("B-65")
def test_members_are_billed_without_it_and_the_next_run_divides_both_times(house: House) -> None:
    pool, other = pools.pool(house.place), pools.pool(house.place, code="LIFT", name="Lift")
    pools.amount(other, "30.00", first_day=FIRST, until_day=UNTIL)
    run = house.run()
    assert set(house.states(run).values()) == {"HELD"}
    with house.scope(), pytest.raises(pool_deciding.PoolNotWaiting):
        pool_deciding.put_pool_off(
            actor=billing.ACTOR, at=billing.LONG_AGO, run=run.public_id, pool=other.public_id, reason="late"
        )

    run = decide(house, run, pool, reason="The invoice is late.")
    said = house.bill(run, house.accounts["B"])["shared_costs"]
    undone = decide(house, run, pool)
    held = set(house.states(undone).values())
    run = decide(house, undone, pool, reason="The invoice is late.")
    issued = billing.advance(billing.approve(run))
    with house.scope():
        kept = models.PoolSheet.objects.get(organization_id=run.organization_id, pool=pool)
        trail = audit_models.AuditEntry.objects.filter(action="billing:put_pool_off").count()

    assert sorted((each["pool"]["code"], each["amount"], each.get("why", "")) for each in said) == [
        (pool.code, "0.00", "LATER"),
        ("LIFT", "10.00", ""),
    ]
    assert (held, issued.state, trail) == ({"HELD"}, "CLOSED", 2)
    assert (kept.is_put_off, kept.reasons[0]["data"]["why"]) == (True, "The invoice is late.")

    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)
    pools.amount(pool, "60.00", first_day=UNTIL, until_day=LATER)
    pools.amount(other, "30.00", first_day=UNTIL, until_day=LATER)
    for meter, rise in zip(house.meters.values(), (20, 30, 40), strict=True):
        starts, ends = billing.Days(UNTIL, LATER).starts_at + billing.STEP, billing.Days(UNTIL, LATER).ends_at
        billing.count(meter.energy, starts, ends, rise=rise, begin=100_000 + 289 * rise)
    later = billing.advance(billing.plan(house.place, first_day=UNTIL, until_day=LATER))
    costs = house.bill(later, house.accounts["B"])["shared_costs"]
    left = house.bill(later, house.accounts["A"])["shared_costs"]

    assert sorted(each["amount"] for each in costs if each["pool"]["code"] == pool.code) == ["100.00", "20.00"]
    assert [each["amount"] for each in left] == ["33.33"]  # who moved out in the first time gets a bill of that alone
    done = billing.advance(billing.approve(later))
    assert done.state == "CLOSED"
    with house.scope():
        sheets = models.PoolSheet.objects.filter(organization_id=run.organization_id, pool=pool, is_put_off=False)
        assert sheets.count() == 2
        links = pool_later.links_of(sheet=kept.public_id)
        assert [(each.first_day, each.is_put_off) for each in links.divided] == [(FIRST, False)]
        back = pool_later.links_of(sheet=links.divided[0].public_id)
        assert ([each.public_id for each in back.put_off], back.divided) == ([kept.public_id], ())


def test_costs_that_go_with_it_are_put_off_together(house: House) -> None:
    light = pools.pool(house.place, code="LIGHT", name="Lighting", stage=2)
    corridor = billing.metered(house.place, name="Corridor", code="COR")
    billing.count(corridor.energy, billing.Days(FIRST, UNTIL).starts_at, billing.Days(FIRST, UNTIL).ends_at)
    members = [{"unit": str(node.public_id), "value": "1"} for node in house.units.values()]
    members.append({"meter_point": str(corridor.point.public_id), "value": "1", "pool": "LIGHT"})
    lost = pools.pool(house.place, code="LOST", name="Lost", members=members, parts=[{"key": "WEIGHTS"}])
    pools.amount(lost, "400.00", first_day=FIRST, until_day=UNTIL)
    run = house.run()  # lighting has no amount

    run = decide(house, run, light, reason="The invoice is late.")

    with house.scope():
        rows = models.PoolSheet.objects.filter(organization_id=run.organization_id, run=run)
        assert set(rows.values_list("pool__code", "is_put_off")) == {("LIGHT", True), ("LOST", True)}
    assert [each["why"] for each in house.bill(run, house.accounts["B"])["shared_costs"]] == ["LATER", "LATER"]


@pytest.mark.spec("B-65")
def test_a_member_whose_readings_lack_is_estimated_and_every_share_says_so(house: House) -> None:
    unit = pools.unit(house.place, area="30", code="U-D", name="D", kind=NodeKind.UNIT)
    meter = billing.metered(house.place, name="Unit D", node=unit, code="M-D")
    days = billing.Days(FIRST, UNTIL)
    billing.count(meter.energy, days.starts_at, SECOND)
    account = customers.account(organization=house.place.organization, site=house.place.site, name="T D")
    customers.contract(account=account, point=meter.point, tariff=house.place.tariff, starts_at=days.starts_at)
    pool = pools.pool(house.place, parts=[{"key": "USAGE", "secondary": "EQUAL"}])
    pools.amount(pool, "300.00", first_day=FIRST, until_day=UNTIL)
    run = house.run()
    held = set(house.states(run).values())
    at = days.ends_at + timedelta(days=1)
    with house.scope():
        review = queries.run_in_review(run_public_id=run.public_id)
        assert review is not None
        assert list(review.lacking) == [account.pk]  # it can be estimated, though the shared cost waits, too
        filled = keeping_calendars.estimate_accounts(
            actor=billing.ACTOR, at=at, run=run.public_id, account_ids=[account.pk], reason="The bus was down."
        )
    billing.derive(run.organization_id)
    with house.scope():
        operations.check_again(actor=billing.ACTOR, at=at, run=run)
    run = billing.advance(run)

    assert (held, filled, set(house.states(run).values())) == ({"HELD"}, 1, {"DRAFTED"})
    sheet = house.sheet(pool)
    rows = {each["member"]: each.get("is_estimated", False) for each in sheet["parts"][0]["rows"]}
    assert "ESTIMATED" in sheet["flags"]
    assert {code for code, is_estimated in rows.items() if is_estimated} == {"U-D"}
    assert recompute.differences(sheet) == []
    told = house.bill(run, house.accounts["B"])
    assert [each["is_estimated"] for each in told["shared_costs"]] == [True]  # B was measured, the sum was not
    printed = shared.groups(told, words.of("en"))[0]["rows"]
    assert [each["is_estimated"] for each in printed] == [True]
