"""Moves, many accounts at once, contracts' tariffs and imported files of meters in a zone of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from meterbook.customers import agreements, letting, unbilled
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.journeys import changing_zones, moving_out, opening_many
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.importing.mapping import Mapping
from tests.factories import billing, imports, moves

ACTOR = Actor.system("test")
AT = datetime(2026, 6, 16, 12, tzinfo=UTC)
DAY = date(2026, 6, 1)
MADRID, MEXICO = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Mexico_City")


def in_mexico(unit: moves.Unit) -> moves.Unit:
    with scoping.scope([unit.organization.pk], actor=ACTOR):
        changing_zones.change_point(
            actor=ACTOR, at=AT, meter_point=unit.point.public_id, time_zone=MEXICO.key, language=None
        )
    return unit


def test_a_first_day_begins_at_the_midnight_of_each_units_meters() -> None:
    place = billing.place()
    here, there = moves.unit(place, name="Unit 1"), in_mexico(moves.unit(place, name="Unit 2"))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        opening_many.open_accounts(
            actor=ACTOR,
            at=AT,
            site=place.site.public_id,
            openings=[opening_many.Opening(each.key, f"A-{n}", "Ana") for n, each in enumerate((here, there), start=1)],
            tariffs={"ELECTRICITY": place.tariff.public_id},
            first_day=DAY,
            language="es",
        )
        contracts = customer_models.Contract.objects.filter(organization_id=place.organization.pk)
        starts = {each.meter_point_id: each.during.lower for each in contracts}
        zones = {each.point_code: each.zone.key for each in agreements.of_account(account_id=contracts[1].account_id)}
        units = {each.name: each.points[0].zone.key for each in letting.places(at=AT)}
        found = moving_out.zone_of(
            account_id=contracts[1].account_id, of_site=MADRID.key, contracts=[contracts[1].public_id]
        )

    assert starts == {
        here.point.pk: civil.start_of_day(DAY, MADRID),
        there.point.pk: civil.start_of_day(DAY, MEXICO),
    }
    assert zones == {there.point.code: MEXICO.key}
    assert units == {"Unit 1": MADRID.key, "Unit 2": MEXICO.key}
    assert found == MEXICO


def test_what_nobody_pays_for_is_counted_by_the_meters_month() -> None:
    """Between midnight in Madrid and midnight in Mexico City it is still May there: nothing was used in June."""
    place = billing.place()
    unit = in_mexico(moves.unit(place))
    start = civil.start_of_day(DAY, MADRID)
    billing.count(unit.meter.energy, start, civil.start_of_day(DAY, MEXICO))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        at = civil.start_of_day(DAY, MEXICO)
        found = unbilled.find_unbilled(sites=[unbilled.Place(place.site.pk, MADRID)], at=at.replace(minute=30))

    assert found.used == ()
    assert [each.code for each in found.nobodys] == [unit.point.code]


def test_local_times_of_a_file_are_those_of_the_meter() -> None:
    place = billing.place()
    unit = in_mexico(moves.unit(place))
    rows = [(f"2026-06-15 0{hour}:00", 100 + hour) for hour in range(4)]
    with scoping.scope([place.organization.pk], actor=ACTOR):
        outcome = metering_operations.check_import(
            content=imports.csv_file(rows), name="a.csv", mapping=Mapping(point=unit.point.code, kind="REGISTERS")
        )

    assert [each.starts_at for each in outcome.points] == ["2026-06-15T00:00:00-06:00"]
