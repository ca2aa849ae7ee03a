"""Meters whose use several bear: nobody is looked for who pays for them alone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import letting, unbilled
from tests.db.billing.test_pools import DAYS, FIRST, House
from tests.factories import billing, pools


@pytest.fixture
def house() -> House:
    return House()


def test_a_meter_whose_use_is_shared_waits_for_no_tenant(house: House) -> None:
    light = billing.metered(house.place, name="Corridor", code="COR")
    cost = {"kind": "METER", "meter_point": str(light.point.public_id), "price": "0.25"}
    pools.pool(house.place, source=cost, parts=[{"key": "AREA"}], leaving="LANDLORD")

    with house.scope():
        shared = pool_queries.shared_meters(on=FIRST)
        places, rest = (letting.places(at=DAYS.ends_at, shared=each) for each in ((), shared))
        sites = [house.place.site.pk]
        counts = [unbilled.count_nobodys(site_ids=sites, at=DAYS.ends_at, shared=each) for each in ((), shared)]
        listed = [unbilled.Place(house.place.site.pk, ZoneInfo(house.place.site.time_zone))]
        found = unbilled.find_unbilled(sites=listed, at=DAYS.ends_at, shared=shared)

    assert shared == {light.point.public_id}
    assert light.point.public_id in {point.public_id for place in places for point in place.points}
    assert light.point.public_id not in {point.public_id for place in rest for point in place.points}
    assert counts[0] == counts[1] + 1
    assert light.point.public_id not in {each.public_id for each in (*found.used, *found.nobodys)}
