"""Meters as things in a building's workbook: brought, exported unchanged, changed, and refused by cell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from meterbook.foundation import scoping
from meterbook.journeys.building import exporting
from meterbook.metering import assets, models, queries
from meterbook.metering.calibrations import CalibrationState
from tests.db.journeys.building_desk import ACTOR, NOW, PLACES, Desk
from tests.factories import buildings

ASSETS = (
    "Where exactly it hangs",
    "Seal numbers",
    "Accuracy class",
    "Mark of approval",
    "Battery lasts until",
    "Current transformers, ratio",
    "Tested on",
    "Holds through",
    "Number of the certificate",
)
METER = ("E12", "Shop 12", "Electricity", None, None, "U12", "SN-12", None, None, None, None)
FACTS = (
    "Riser 2",
    "A1, A2",
    "B",
    "MID mark on the plate",
    date(2030, 1, 1),
    "200/5",
    date(2025, 1, 1),
    date(2026, 12, 31),
    "K-1",
)


def book(*facts: Any, meter: tuple[Any, ...] = METER) -> bytes:  # noqa: ANN401
    return buildings.workbook(
        {
            "Sites": [buildings.SITES, buildings.SITE],
            "Places": [buildings.PLACES, *PLACES],
            "Meter points": [(*buildings.POINTS, *ASSETS), (*meter, *facts)],
        }
    )


def held(desk: Desk) -> tuple[queries.Asset, assets.Equipment]:
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        point = models.MeterPoint.objects.get(organization_id=desk.organization.pk, code="E12")
        detail = queries.get_meter(public_id=point.public_id)
        return (
            queries.assets_of(installations=detail.installations)[0],
            queries.equipment_at(meter_point_id=point.pk, at=NOW),
        )


def test_brings_them_with_the_meter_and_exports_them_unchanged() -> None:
    desk = Desk()

    desk.bring(book(*FACTS))
    asset, around = held(desk)
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        content = exporting.export()

    assert asset.plate == assets.Plate("B", assets.Approval.MID, "", ("A1", "A2"), date(2030, 1, 1))
    assert asset.state_on(date(2026, 12, 31)) is CalibrationState.VALID
    assert asset.state_on(date(2027, 1, 1)) is CalibrationState.EXPIRED
    assert around == assets.Equipment("Riser 2", assets.Transformers("200/5"))
    again = desk.check(content)
    assert (again.total_problems, again.changes) == (0, [])


def test_changes_what_differs_from_now_on_and_keeps_tests_where_cells_are_empty() -> None:
    desk = Desk()
    desk.bring(book(*FACTS))

    desk.bring(book("Riser 3", "A1, A9", None, "MID mark on the plate", None, "200/5", None, None, None))
    asset, around = held(desk)

    assert [each.plate.seals for each in asset.plates] == [("A1", "A9"), ("A1", "A2")]
    assert asset.plate.accuracy_class == ""
    assert around.location == "Riser 3"
    assert len(asset.tests) == 1
    assert all(isinstance(each.starts_at, datetime) for each in asset.plates)


def test_tells_the_cell_of_what_cannot_be() -> None:
    desk = Desk()
    wrong = book(None, "x" * 41, None, None, None, "forty", date(2099, 1, 1), date(2098, 1, 1), None)
    without = book(None, "A1", None, None, None, None, None, None, None, meter=(*METER[:6], *[None] * 5))

    found = [each.column for each in desk.check(wrong).problems]
    lonely = [each.problem for each in desk.check(without).problems]

    assert found == ["Seal numbers", "Current transformers, ratio", "Tested on", "Holds through"]
    assert lonely == ["No meter hangs there that it could be true of."]
