"""Zones and languages of meter points in workbooks: made, changed, and billed days that stay."""

from __future__ import annotations

from datetime import date

from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from tests.db.journeys.building_desk import ACTOR, NOW, PLACES, POINTS, Desk
from tests.factories import billing, buildings, customers

HEAD = ["Code", "Time zone", "Language of documents"]


def points(desk: Desk) -> dict[str, tuple[str, str, list[list[str]]]]:
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        found = metering_models.MeterPoint.objects.filter(organization_id=desk.organization.pk)
        return {each.code: (each.time_zone, each.language, each.former_zones) for each in found}


def test_are_made_changed_and_exported() -> None:
    desk = Desk()
    rows = [[*POINTS[0], "America/Mexico_City", "es"], [*POINTS[1]]]
    desk.bring(
        buildings.workbook(
            {
                "Sites": [buildings.SITES, buildings.SITE],
                "Places": [buildings.PLACES, *PLACES],
                "Meter points": [[*buildings.POINTS, *HEAD[1:]], *rows],
            }
        )
    )
    assert points(desk) == {"E12": ("America/Mexico_City", "es", []), "W12": ("", "", [])}
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        hung = metering_models.Installation.objects.get(organization_id=desk.organization.pk)
        # "Today" began at the meter's midnight.
        assert hung.during.lower.isoformat() == "2026-06-02T06:00:00+00:00"
    again = desk.check(desk.export())
    assert (again.problems, again.changes) == ((), [])

    counts = desk.bring(buildings.workbook({"Meter points": [HEAD, ["E12", "", "en"], ["W12", "Asia/Tokyo", ""]]}))

    assert counts == {"POINTS_CHANGED": 2}
    assert points(desk) == {"E12": ("", "en", []), "W12": ("Asia/Tokyo", "", [])}
    faults = desk.faults(buildings.workbook({"Meter points": [HEAD, ["E12", "Mars/Olympus", "fr"]]}))
    assert {column for _sheet, _line, column, _words in faults} == {"Time zone", "Language of documents"}


def test_keep_the_days_that_were_billed() -> None:
    place = billing.place(code="HM")
    meters = [billing.metered(place, code=code) for code in ("MP-1", "MP-2", "MP-3")]
    days = billing.Days(date(2026, 5, 1), date(2026, 5, 3))
    account = customers.account(organization=place.organization, site=place.site)
    for meter in meters[:2]:
        billing.count(meter.energy, days.starts_at, days.ends_at)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=days.starts_at)
    billing.count(meters[2].energy, days.starts_at, days.ends_at)
    billing.issued(place, first_day=days.first_day, until_day=days.until_day)
    desk = Desk(place.organization)

    desk.bring(
        buildings.workbook(
            {
                "Sites": [["Code", "Time zone"], ["HM", "America/Mexico_City"]],
                "Meter points": [["Code", "Time zone"], ["MP-2", "Europe/Madrid"], ["MP-3", "Asia/Tokyo"]],
            }
        ),
        at=NOW,
    )

    found = points(desk)
    assert found["MP-1"] == ("", "", [["2026-05-03", "Europe/Madrid"]])
    assert found["MP-2"] == ("Europe/Madrid", "", [])  # it stays where it was
    assert found["MP-3"] == ("Asia/Tokyo", "", [])  # never billed
