"""One household with several meters of several services pays one bill."""

from __future__ import annotations

from datetime import timedelta

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.journeys.values import JourneyKind, Step
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Service
from meterbook.sites import values as site_values
from tests.factories import billing, metering, moves, sites, tariffs

ACTOR = Actor.system("test")
VOLUME = metering_operations.RegisterPlan("volume", "volume", Unit.M3, 3, wrap=None)
START, END = billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at


def water_tariff(place: billing.Place) -> str:
    raw = tariffs.document(
        components=[{"code": "water", "name": {"en": "Water", "es": "Agua"}, "charge": "ENERGY", "price": "2.00"}],
        currency="EUR",
        code="WATER",
        unit="M3",
    )
    return str(billing.tariff(organization=place.organization, raw=raw).public_id)


def test_four_meters_of_three_services_are_on_one_bill() -> None:
    place = billing.place()
    node = sites.node(site=place.site, kind=site_values.NodeKind.UNIT, name="Flat 3")
    services = {
        "F3-1": Service.ELECTRICITY,
        "F3-2": Service.COLD_WATER,
        "F3-3": Service.ELECTRICITY,
        "F3-4": Service.HOT_WATER,
    }
    meters = {
        code: metering.installed_meter(
            organization=place.organization,
            site=place.site,
            node=node,
            code=code,
            name=code,
            service=service,
            registers=(metering.ENERGY if service is Service.ELECTRICITY else VOLUME,),
        )
        for code, service in services.items()
    }
    for meter in meters.values():
        (series,) = meter.series.values()
        billing.count(series, START, END, rise=10)
    water = water_tariff(place)
    chosen = {
        str(meter.point.public_id): str(place.tariff.public_id) if services[code] is Service.ELECTRICITY else water
        for code, meter in meters.items()
    }
    home = moves.Unit(place, meters["F3-1"], f"u{node.public_id}")
    answers = moves.answers_in(home, starts_at=START)
    answers[Step.UNIT]["points"] = list(chosen)
    answers[Step.TARIFF] = chosen
    journey = moves.journey(
        organization=place.organization, kind=JourneyKind.MOVE_IN, answers=answers, at=END + timedelta(days=1)
    )
    moves.finish(journey, at=END + timedelta(days=1))

    run = billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)

    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
        points = billing.bill_of(row).content["meter_points"]
    assert row.account_number == "A-000001"
    assert sorted((each["code"], each["service"], each["unit"]) for each in points) == [
        ("F3-1", "ELECTRICITY", "KWH"),
        ("F3-2", "COLD_WATER", "M3"),
        ("F3-3", "ELECTRICITY", "KWH"),
        ("F3-4", "HOT_WATER", "M3"),
    ]
    # 28 days of 96 quarters: 0.10 kWh or 0.010 m³ each.
    assert {each["quantity"] for each in points if each["service"] == "ELECTRICITY"} == {268_800}
    assert {each["quantity"] for each in points if each["service"] != "ELECTRICITY"} == {26_880}
