"""What is known of many meters as things, with few statements. The caller checked what it writes, and audits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from meterbook.foundation import scoping
from meterbook.metering import assets, models
from meterbook.metering.queries import assets as asset_queries

BATCH = 1_000


def plates_of(meter_ids: Collection[int]) -> Mapping[int, assets.Plate]:
    """This will return the newest plate of meters that have one, in one query."""
    rows = models.MeterPlate.objects.filter(
        organization_id=scoping.current().organization_id, meter_id__in=list(meter_ids)
    )
    newest = rows.order_by("meter_id", "-starts_at", "-id").distinct("meter_id")
    return {each.meter_id: asset_queries.plate_of(each) for each in newest}


def equipment_of(meter_point_ids: Collection[int]) -> Mapping[int, assets.Equipment]:
    """This will return what stands around meter points of which something is known, in one query."""
    rows = models.PointEquipment.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id__in=list(meter_point_ids)
    )
    newest = rows.order_by("meter_point_id", "-starts_at", "-id").distinct("meter_point_id")
    return {each.meter_point_id: asset_queries.equipment_from(each) for each in newest}


def hanging_at(meter_point_ids: Collection[int]) -> Mapping[int, models.Installation]:
    """This will return what hangs at meter points, with its meter, in one query."""
    rows = models.Installation.objects.filter(
        organization_id=scoping.current().organization_id,
        meter_point_id__in=list(meter_point_ids),
        during__upper_inf=True,
    )
    return {each.meter_point_id: each for each in rows.select_related("meter").order_by("id")}


@dataclass
class Writer:
    """Gathers rows, and writes them at once."""

    author: str
    at: datetime
    plates: list[models.MeterPlate] = field(default_factory=list)
    points: list[models.PointEquipment] = field(default_factory=list)
    tests: list[models.MeterTest] = field(default_factory=list)

    def plate(self, meter: models.Meter, starts_at: datetime, plate: assets.Plate) -> None:
        """This will note what stands on a meter from an instant on."""
        facts = {**asdict(plate), "approval": plate.approval.value, "seals": list(plate.seals)}
        self.plates.append(
            models.MeterPlate(
                organization_id=meter.organization_id,
                meter=meter,
                starts_at=starts_at,
                author=self.author,
                recorded_at=self.at,
                **facts,
            )
        )

    def point(self, point: models.MeterPoint, starts_at: datetime, equipment: assets.Equipment) -> None:
        """This will note what stands at a meter point from an instant on."""
        self.points.append(
            models.PointEquipment(
                organization_id=point.organization_id,
                meter_point=point,
                starts_at=starts_at,
                author=self.author,
                recorded_at=self.at,
                **assets.flat(equipment),
            )
        )

    def test(self, meter: models.Meter, test: assets.Test) -> None:
        """This will note a test of a meter."""
        self.tests.append(
            models.MeterTest(
                organization_id=meter.organization_id,
                meter=meter,
                author=self.author,
                recorded_at=self.at,
                **asdict(test),
            )
        )

    def write(self) -> None:
        """This will store all of it."""
        models.MeterPlate.objects.bulk_create(self.plates, batch_size=BATCH)
        models.PointEquipment.objects.bulk_create(self.points, batch_size=BATCH)
        models.MeterTest.objects.bulk_create(self.tests, batch_size=BATCH)
