"""Meters whose clocks keep standard time or UTC all year: the zone of the meter says so, tariff hours follow (B-13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from meterbook.billing import queries
from meterbook.foundation import scoping
from meterbook.journeys import changing_zones
from meterbook.kernel.actor import Actor
from tests.factories import billing, customers

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
UTC_SIX = 6 * 4  # the quarter of the UTC day in which use begins; it lasts an hour


@pytest.mark.spec("B-13")
@pytest.mark.spec("C-16")
@pytest.mark.parametrize(
    ("zone", "days", "peak", "hours"),
    [
        # From 6 to 7 by UTC: 8 o'clock in summer and 7 from the 25th on; peak begins at 8.
        ("", 31, 24, 745),
        ("Etc/GMT-1", 31, 0, 744),
        ("Etc/GMT-3", 31, 31, 744),
        ("UTC", 31, 0, 744),
    ],
)
def test_tariff_hours_are_those_of_the_meters_own_clock(zone: str, days: int, peak: int, hours: int) -> None:
    place = billing.place()
    meter = billing.metered(place)
    first = datetime(2026, 9, 30, tzinfo=UTC)
    rises = [25 if UTC_SIX <= slot < UTC_SIX + 4 else 0 for slot in range(96)]
    billing.count(meter.energy, first, first + timedelta(days=33), rise=rises)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        changing_zones.change_point(
            actor=ACTOR, at=first, meter_point=meter.point.public_id, time_zone=zone, language=None
        )
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=first)

    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        (bill,) = (billing.bill_of(each).content for each in rows if each.bill_public_id is not None)
    (point,) = bill["meter_points"]
    (charge,) = point["charges"]
    used = {each["code"]: Decimal(each["quantity"]) for each in charge["periods"]}
    assert (used.get("peak", 0), used.get("off", 0)) == (peak, days - peak)
    assert point["quality"]["intervals"] == hours * 4
