"""A month of chilled water: energy of flow and temperatures, capacity as declared, and a low difference (B-54)."""

from __future__ import annotations

import copy
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from meterbook.billing import queries, values
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from tests.factories import billing, chilled, customers, tariffs

ACTOR = Actor.system("test")
DAYS = billing.FEBRUARY
QUARTERS = 28 * 96
COOLING = tariffs.document(
    currency="EUR",
    components=[
        {"code": "cold", "name": "Cold", "charge": "ENERGY", "price": "0.09"},
        {
            "code": "capacity",
            "name": "Capacity",
            "charge": "DEMAND",
            "price": "21.50",
            "demand": {
                "interval": 60,
                "unit": "RT",
                "contracted": {"fact": "declared_rt", "charge": "MEASURED", "least_percent": "80"},
            },
        },
        {
            "code": "delta",
            "name": "Low difference",
            "charge": "LOW_DELTA_T",
            "components": ["cold"],
            "delta_t": {"rule": "STEPS", "steps": [{"below": "8", "percent": "2"}]},
        },
    ],
)


def rent(place: billing.Place, point: metering_models.MeterPoint, name: str) -> None:
    account = customers.account(organization=place.organization, site=place.site, name=name)
    owner = place.organization.pk
    with scoping.scope([owner], actor=ACTOR):
        own = customer_models.Customer.objects.filter(organization_id=owner, pk=account.customer_id)
        own.update(custom={"declared_rt": "3"})
    customers.contract(account=account, point=point, tariff=place.tariff, starts_at=DAYS.starts_at)


def drafted(place: billing.Place) -> tuple[dict[str, dict[str, Any]], list[Any]]:
    """Contents of the bills by meter point, and why others are held."""
    run = billing.advance(billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        bills = [billing.bill_of(each).content for each in rows if each.bill_public_id is not None]
        return (
            {each["meter_points"][0]["code"]: each for each in bills if each["meter_points"]},
            [reason for each in rows for reason in each.reasons],
        )


def twice(place: billing.Place, percent: str) -> asking.Result:
    """The month by another percentage a kelvin."""
    raw = copy.deepcopy(COOLING)
    raw["components"][2]["delta_t"]["steps"] = [{"below": "8", "percent": percent}]
    with scoping.scope([place.organization.pk], actor=ACTOR):
        asked = asking.Asked(asking.Scope(), DAYS.first_day, DAYS.until_day, comparing.of_document(raw))
        return comparing.compare(asked, now=DAYS.ends_at + timedelta(days=20))


@pytest.mark.spec("B-54")
@pytest.mark.spec("M-059/2")
def test_a_month_by_flow_and_temperatures_and_by_a_heat_meter() -> None:
    """Each quarter 0.250 m3 that come back 5 K warmer: 0.250 x 5 x 999.70 x 4.1954 / 3600 = 1.45630... kWh."""
    place = billing.place(raw=COOLING)
    water = chilled.meter(place.organization, place.site, code="WATER")
    counter = chilled.meter(place.organization, place.site, code="HEAT", registers=(chilled.HEAT, chilled.VOLUME))
    bare = chilled.meter(place.organization, place.site, code="BARE", registers=(chilled.HEAT,))
    chilled.count(water, DAYS.starts_at, DAYS.ends_at, volume=250)
    chilled.measure(water, DAYS.starts_at, DAYS.ends_at, flow=6_50, returned=11_50)
    chilled.count(counter, DAYS.starts_at, DAYS.ends_at, heat=1_456, volume=250)
    chilled.count(bare, DAYS.starts_at, DAYS.ends_at, heat=1_456)
    virtual = chilled.computed(water)
    billing.derive(place.organization.pk)
    billing.derive(place.organization.pk)
    for point, name in ((virtual.series.meter_point, "Hall"), (counter.point, "Shop"), (bare.point, "Bare")):
        rent(place, point, name)

    bills, held = drafted(place)

    assert [(each.code, each.meter_point) for each in held] == [(values.HoldReason.NO_CHANNEL, "BARE")]
    energy = QUARTERS * Decimal("1.25") * Decimal("999.70") * Decimal("4.1954") / 3600
    of_hall = {line["code"]: line for line in bills["COLD"]["meter_points"][0]["charges"][0]["lines"]}
    # A UTC day of 139.80471 kWh is rounded once, to 139.805: within half a watt hour a day of the exact sum.
    assert Decimal(of_hall["cold"]["quantity"]) == 28 * Decimal("139.805")
    assert abs(28 * Decimal("139.805") - energy) <= 28 * Decimal("0.0005")
    assert of_hall["cold"]["amount"] == str((energy * Decimal("0.09")).quantize(Decimal("0.01")))
    assert (of_hall["capacity"]["quantity"], of_hall["capacity"]["unit"]) == ("2.400", "RT")  # 80 % of 3 declared
    assert of_hall["capacity"]["trace"]["actual"] == "1.657"  # 5.826 kWh in the hours that took a watt hour up
    assert of_hall["delta"]["trace"]["delta_t"] == "5.0"
    assert of_hall["delta"]["quantity"] == "6"  # three kelvins of 2 %
    assert bills["COLD"]["meter_points"][0]["service"] == "COOLING"
    of_shop = {line["code"]: line["trace"] for line in bills["HEAT"]["meter_points"][0]["charges"][0]["lines"]}
    assert (of_shop["delta"]["delta_t"], of_shop["delta"]["volume"]) == ("5.0", "672")
    # A what-if measures the same water: at twice the percentage the surcharge is there twice, and what is held is held.
    found = twice(place, "4")
    whatif = {each.customer_name: each for each in found.accounts}
    lines = {line["code"]: Decimal(line["amount"]) for line in bills["COLD"]["meter_points"][0]["charges"][0]["lines"]}
    assert whatif["Hall"].before.amount == Decimal(bills["COLD"]["total"])
    assert whatif["Shop"].before.amount == Decimal(bills["HEAT"]["total"])
    more = (lines["cold"] * Decimal("0.12")).quantize(Decimal("0.01"), ROUND_HALF_UP) - lines["delta"]
    assert whatif["Hall"].change.amount == more
    assert lines["delta"] == (lines["cold"] * Decimal("0.06")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert [each.customer_name for each in found.troubled] == ["Bare"]
