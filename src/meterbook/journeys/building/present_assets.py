"""What the columns about meters as things hold of those that are there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from meterbook.journeys.building.cells import Value
from meterbook.metering import assets, models
from meterbook.metering.operations import bulk_assets
from meterbook.metering.queries import calibrated


def load(installed: Iterable[models.Installation], points: Iterable[models.MeterPoint]) -> dict[int, dict[str, Value]]:
    """This will return what the columns hold by meter point, in three queries."""
    hung = list(installed)
    plates = bulk_assets.plates_of([each.meter_id for each in hung])
    around = bulk_assets.equipment_of([each.pk for each in points])
    tests = calibrated.tests_of(meter_ids=[each.meter_id for each in hung])
    found: dict[int, dict[str, Value]] = {point: _around(each) for point, each in around.items()}
    for each in hung:
        values = found.setdefault(each.meter_point_id, {})
        if each.meter_id in plates:
            values |= _plate(plates[each.meter_id])
        if tests.get(each.meter_id):
            values |= _test(tests[each.meter_id][-1])
    return found


def _plate(plate: assets.Plate) -> dict[str, Value]:
    return {
        "seals": ", ".join(plate.seals) or None,
        "accuracy_class": plate.accuracy_class or None,
        "approval": plate.approval.value or None,
        "approval_number": plate.approval_number or None,
        "battery_until": plate.battery_until,
    }


def _around(equipment: assets.Equipment) -> dict[str, Value]:
    return {
        "location": equipment.location or None,
        "current_ratio": equipment.current.ratio or None,
        "current_serials": equipment.current.serials or None,
        "voltage_ratio": equipment.voltage.ratio or None,
        "voltage_serials": equipment.voltage.serials or None,
    }


def _test(test: models.MeterTest) -> dict[str, Value]:
    through = None if test.until_day is None else test.until_day - timedelta(days=1)
    return {
        "tested_on": test.tested_on,
        "calibrated_through": through,
        "certificate_number": test.certificate_number or None,
    }
