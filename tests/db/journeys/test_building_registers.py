"""Meters with several registers in a building's workbook: hung, exported unchanged, and refused by cell."""

from __future__ import annotations

from typing import Any

import pytest

from meterbook.foundation import scoping
from meterbook.journeys.building import exporting
from meterbook.metering import models
from tests.db.journeys.building_desk import ACTOR, PLACES, Desk
from tests.factories import buildings

HEAD = "Further registers"


def book(*meters: tuple[Any, ...]) -> bytes:
    """Meter points with service, model, serial number and what the column of further registers holds."""
    rows = [
        (f"E{place}", f"Shop {place}", service, None, None, "U12", serial, model, None, None, None, further)
        for place, (service, model, serial, further) in enumerate(meters)
    ]
    points = [(*buildings.POINTS, HEAD), *rows]
    return buildings.workbook(
        {"Sites": [buildings.SITES, buildings.SITE], "Places": [buildings.PLACES, *PLACES], "Meter points": points}
    )


def hung(desk: Desk) -> dict[str, list[str]]:
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        rows = models.InstallationRegister.objects.filter(organization_id=desk.organization.pk).order_by("id")
        found: dict[str, list[str]] = {}
        for point, code in rows.values_list("series__meter_point__code", "series__code"):
            found.setdefault(point, []).append(code)
        return found


@pytest.mark.spec("M-026/5")
def test_registers_are_hung_and_exported_unchanged() -> None:
    desk = Desk()

    desk.bring(
        book(
            ("Electricity", None, "SN-0", "T1, t2; Reactive energy"),
            ("Electricity", None, "SN-1", "Energía devuelta, MDI"),
            ("Heating", None, "SN-2", "Volume"),
            ("Electricity", None, "SN-3", None),
        )
    )
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        content = exporting.export()
    again = desk.check(content)
    changed = desk.check(book(("Electricity", None, "SN-0", "T1, T2, T3")))

    assert hung(desk) == {
        "E0": ["energy_import", "energy_reactive_import", "energy_import_t1", "energy_import_t2"],
        "E1": ["energy_import", "energy_export", "power_maximum"],
        "E2": ["heat", "volume"],
        "E3": ["energy_import"],
    }
    assert (again.total_problems, again.changes) == (0, [])
    assert [each.column for each in changed.problems] == [HEAD]


@pytest.mark.spec("M-026/5")
def test_what_cannot_be_is_told_by_its_cell() -> None:
    desk = Desk()

    found = desk.check(
        book(
            ("Electricity", None, "SN-0", "T5"),
            ("Cold water", None, "SN-1", "T1"),
            ("Electricity", "Eastron SDM630", "SN-2", "T1"),
            ("Electricity", None, None, "T1"),
        )
    )

    assert [(each.line, each.column) for each in found.problems] == [
        (2, HEAD),
        (3, HEAD),
        (4, HEAD),
        (5, "Meter serial number"),
    ]
    assert found.problems[0].problem == "A meter of this service has no register “T5”."
    assert "Energy T1" in found.problems[0].remedy
    assert hung(desk) == {}
