"""What is known of meters as things: now, before, and what was kept about them. Each needs a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from meterbook.foundation import scoping
from meterbook.metering import assets, calibrations, models
from meterbook.metering.calibrations import CalibrationState
from meterbook.metering.queries import meters


class AssetFileNotFound(LookupError):
    """There is no such photo or certificate in this organization."""


@dataclass(frozen=True)
class PlateRow:
    """What stood on a meter from `starts_at` on, and who noted it."""

    starts_at: datetime
    plate: assets.Plate
    author: str


@dataclass(frozen=True)
class EquipmentRow:
    """What stood at a meter point from `starts_at` on, and who noted it."""

    starts_at: datetime
    equipment: assets.Equipment
    author: str


@dataclass(frozen=True)
class FileRow:
    """A photo or a certificate, without its content."""

    public_id: uuid.UUID
    kind: assets.FileKind
    at: datetime
    media_type: str
    author: str

    @property
    def is_picture(self) -> bool:
        """Whether a page can show it."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True)
class TestRow:
    """A test of a meter; `file` is its certificate, where one was uploaded."""

    public_id: uuid.UUID
    meter_public_id: uuid.UUID
    test: assets.Test
    file: FileRow | None
    author: str
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_because: str


@dataclass(frozen=True)
class Asset:
    """One meter of a point as a thing, newest first; `files` without certificates, which stand with their tests."""

    meter_public_id: uuid.UUID
    serial_number: str
    plates: tuple[PlateRow, ...]
    tests: tuple[TestRow, ...]
    files: tuple[FileRow, ...]

    @property
    def plate(self) -> assets.Plate:
        """The newest that was noted."""
        return self.plates[0].plate if self.plates else assets.Plate()

    @property
    def latest_test(self) -> TestRow | None:
        """The test that decides."""
        return next((each for each in self.tests if each.withdrawn_at is None), None)

    def state_on(self, day: date) -> CalibrationState:
        """This will return what is known of its calibration on a day."""
        held = [each.test.tested for each in reversed(self.tests) if each.withdrawn_at is None]
        return calibrations.state_on(held, day)


def plate_at(*, meter_id: int, at: datetime) -> assets.Plate:
    """This will return what stood on a meter at an instant; an empty plate where nobody noted anything."""
    rows = models.MeterPlate.objects.filter(
        organization_id=scoping.current().organization_id, meter_id=meter_id, starts_at__lte=at
    )
    found = rows.order_by("-starts_at", "-id").first()
    return assets.Plate() if found is None else plate_of(found)


def equipment_at(*, meter_point_id: int, at: datetime) -> assets.Equipment:
    """This will return what stood at a meter point at an instant; nothing where nobody noted anything."""
    rows = models.PointEquipment.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id=meter_point_id, starts_at__lte=at
    )
    found = rows.order_by("-starts_at", "-id").first()
    return assets.Equipment() if found is None else equipment_from(found)


def equipment_of(*, meter_point: uuid.UUID) -> tuple[EquipmentRow, ...]:
    """This will return what stood at a meter point when, newest first."""
    rows = models.PointEquipment.objects.filter(
        organization_id=scoping.current().organization_id, meter_point__public_id=meter_point
    )
    return tuple(EquipmentRow(each.starts_at, equipment_from(each), each.author) for each in rows.order_by(*NEWEST))


NEWEST = ("-starts_at", "-id")


def assets_of(*, installations: Collection[meters.InstallationRow]) -> tuple[Asset, ...]:
    """This will return the meters of installations as things, each once, in their order; in three queries."""
    ids = list(dict.fromkeys(each.meter_id for each in installations))
    named = {each.meter_id: each for each in installations}
    owner = scoping.current().organization_id
    plates: dict[int, list[PlateRow]] = defaultdict(list)
    for plate in models.MeterPlate.objects.filter(organization_id=owner, meter_id__in=ids).order_by(*NEWEST):
        plates[plate.meter_id].append(PlateRow(plate.starts_at, plate_of(plate), plate.author))
    files: dict[int, list[FileRow]] = defaultdict(list)
    photos = models.AssetFile.objects.filter(organization_id=owner, meter_id__in=ids).defer("content")
    for file in photos.exclude(kind=assets.FileKind.CERTIFICATE).order_by("-at", "-id"):
        files[file.meter_id].append(_file(file))
    tests = _tests(ids)
    return tuple(
        Asset(
            named[each].meter_public_id,
            named[each].serial_number,
            tuple(plates[each]),
            tuple(tests.get(each, ())),
            tuple(files[each]),
        )
        for each in ids
    )


def _tests(meter_ids: Collection[int]) -> Mapping[int, list[TestRow]]:
    found: dict[int, list[TestRow]] = defaultdict(list)
    rows = models.MeterTest.objects.filter(
        organization_id=scoping.current().organization_id, meter_id__in=list(meter_ids)
    )
    for each in rows.select_related("meter", "file").defer("file__content").order_by("-tested_on", "-id"):
        found[each.meter_id].append(_test(each))
    return found


def get_test(*, public_id: uuid.UUID) -> TestRow:
    """This will return one test of a meter.

    :raises AssetFileNotFound: when it is not there or belongs to another organization
    """
    rows = models.MeterTest.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_related("meter", "file").defer("file__content").first()
    if found is None:
        raise AssetFileNotFound(AssetFileNotFound.__doc__)
    return _test(found)


def get_asset_file(*, public_id: uuid.UUID, meter_public_ids: Collection[uuid.UUID]) -> tuple[FileRow, bytes, str]:
    """This will return a file about one of these meters, its content, and a name to save it under.

    :raises AssetFileNotFound: when it is not there, or about another meter
    """
    rows = models.AssetFile.objects.filter(
        organization_id=scoping.current().organization_id,
        public_id=public_id,
        meter__public_id__in=list(meter_public_ids),
    )
    found = rows.select_related("meter").first()
    if found is None:
        raise AssetFileNotFound(AssetFileNotFound.__doc__)
    serial = "".join(each if each.isascii() and each.isalnum() else "-" for each in found.meter.serial_number)
    name = f"{found.kind.lower()}-{serial}-{found.at.date().isoformat()}.{found.extension}"
    return _file(found), bytes(found.content), name


def plate_of(row: models.MeterPlate) -> assets.Plate:
    """This will return what a row says of a plate."""
    return assets.Plate(
        row.accuracy_class, assets.Approval(row.approval), row.approval_number, tuple(row.seals), row.battery_until
    )


def equipment_from(row: models.PointEquipment) -> assets.Equipment:
    """This will return what a row says of what stands at a meter point."""
    return assets.Equipment(
        row.location,
        assets.Transformers(row.current_ratio, row.current_serials, row.current_class),
        assets.Transformers(row.voltage_ratio, row.voltage_serials, row.voltage_class),
    )


def _file(row: models.AssetFile) -> FileRow:
    return FileRow(row.public_id, assets.FileKind(row.kind), row.at, row.media_type, row.author)


def _test(row: models.MeterTest) -> TestRow:
    error: Decimal | None = row.largest_error
    return TestRow(
        public_id=row.public_id,
        meter_public_id=row.meter.public_id,
        test=assets.Test(
            tested_on=row.tested_on,
            until_day=row.until_day,
            is_passed=row.is_passed,
            laboratory=row.laboratory,
            certificate_number=row.certificate_number,
            largest_error=error,
            note=row.note,
        ),
        file=None if row.file is None else _file(row.file),
        author=row.author,
        recorded_at=row.recorded_at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_because=row.withdrawn_because,
    )
