"""A meter that counts in another unit than it is billed in (M-017): both stand on the bill, converted exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.web.billing import paper
from tests.factories import billing, customers, metering

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
START, END = (civil.start_of_day(day, billing.MADRID) for day in (FIRST, UNTIL))


@pytest.mark.spec("B-50")
@pytest.mark.spec("M-017/1")
@pytest.mark.parametrize(
    ("unit", "symbol", "a_unit"),
    [(Unit.GAL_US, "gal", "0.003785411784"), (Unit.CCF, "CCF", "2.8316846592"), (Unit.FT3, "ft³", "0.028316846592")],
)
def test_stands_on_the_bill_beside_the_billing_unit(unit: Unit, symbol: str, a_unit: str) -> None:
    place = billing.place(raw=tariff_of_water())
    register = metering_operations.RegisterPlan("volume", "volume", unit, 1)
    meter = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        service=metering_values.Service.COLD_WATER,
        registers=(register,),
    )
    series = meter.series["volume"]
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    quarters = (END - START) // billing.STEP
    billing.count(series, START, END, rise=3, begin=5_000)

    point, shown = bill(place)

    (segment,) = point["segments"]
    difference = 3 * quarters
    exact = Decimal(difference) / 10 * Decimal(a_unit)
    assert (segment["unit"], segment["decimals"], segment["difference"]) == (unit.value, 1, difference)
    # Each end is converted and rounded as the ends of intervals are, so that the parts of a bill add up.
    assert abs(segment["quantity"] - exact * 1000) < 1
    assert (point["unit"], point["quantity"], point["adjustment"]) == ("M3", segment["quantity"], 0)
    assert (shown.register_unit, shown.unit) == (symbol, "m³")


def tariff_of_water() -> dict[str, Any]:
    """The usual document of these tests, for cubic meters."""
    raw = billing.document()
    raw["unit"] = "M3"
    return raw


def bill(place: billing.Place) -> tuple[dict[str, Any], Any]:
    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        (content,) = (billing.bill_of(each).content for each in rows if each.bill_public_id is not None)
    (point,) = content["meter_points"]
    return point, paper.read(content).points[0].segments[0]
