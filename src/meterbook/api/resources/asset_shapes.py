"""How meters are told as things: plates and seals, transformers, tests, files."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import Field

from meterbook.api import problems, values
from meterbook.metering import assets
from meterbook.metering import queries as metering_queries
from meterbook.metering.calibrations import CalibrationState

Short = Annotated[values.Words, Field(max_length=assets.CLASS_LENGTH)]
Long = Annotated[values.Words, Field(max_length=assets.PLACE_LENGTH)]
Number = Annotated[values.Words, Field(max_length=assets.NUMBER_LENGTH)]
Seal = Annotated[values.Words, Field(min_length=1, max_length=assets.SEAL_LENGTH)]
SignedDecimal = Annotated[str, Field(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,3})?$", max_length=8)]


class TransformerFacts(values.Told):
    """Current or voltage transformers; empty texts are not known."""

    ratio: str
    serials: str
    accuracy_class: str


class PlateFacts(values.Told):
    """What stood on a meter from `starts_at` on. `battery_until` is the day until which its battery is to last."""

    starts_at: values.InstantTold
    seals: list[str]
    accuracy_class: str
    approval: assets.Approval
    approval_number: str
    battery_until: date | None
    author: str


class EquipmentFacts(values.Told):
    """Where exactly a meter point is, and which transformers stood there, from `starts_at` on."""

    starts_at: values.InstantTold
    location: str
    current: TransformerFacts
    voltage: TransformerFacts
    author: str


class AssetFile(values.Told):
    """A photo or a certificate, without its content."""

    id: uuid.UUID
    kind: assets.FileKind
    at: values.InstantTold
    media_type: str
    author: str


class MeterTest(values.Told):
    """A test of a meter: its calibration holds from `tested_on` through `last_day`; null: no end was given.

    `largest_error` is in percent. One that was withdrawn says nothing any more.
    """

    id: uuid.UUID
    meter: uuid.UUID
    tested_on: date
    last_day: date | None
    is_passed: bool
    laboratory: str
    certificate_number: str
    largest_error: values.DecimalTold | None
    note: str
    certificate: uuid.UUID | None
    author: str
    recorded_at: values.InstantTold
    withdrawn_at: values.InstantTold | None
    withdrawn_by: str
    withdrawn_because: str


class MeterAsset(values.Told):
    """A meter that hangs, or hung, at a point as a thing; plates and tests newest first."""

    meter: uuid.UUID
    serial_number: str
    calibration: CalibrationState
    plates: list[PlateFacts]
    tests: list[MeterTest]
    photos: list[AssetFile]


class PointAssets(values.Told):
    """The meters of a point, newest first, and what stands around them."""

    meters: list[MeterAsset]
    equipment: list[EquipmentFacts]


class GivenTransformers(values.Given):
    """Current or voltage transformers; the ratio as it stands on them, such as 200/5."""

    ratio: Annotated[values.Words, Field(max_length=40)] = ""
    serials: Long = ""
    accuracy_class: Short = ""


class GivenPlate(values.Given):
    """All that stands on a meter from then on: what is left out is no longer known."""

    seals: Annotated[list[Seal], Field(max_length=assets.MOST_SEALS)] = Field([])
    accuracy_class: Short = ""
    approval: Literal["", "MID", "ANSI", "TYPE", "OTHER"] = ""
    approval_number: Number = ""
    battery_until: values.DayGiven | None = None


class GivenEquipment(values.Given):
    """All that stands around a meter from then on: what is left out is no longer known."""

    location: Long = ""
    current: GivenTransformers = Field(default_factory=GivenTransformers)
    voltage: GivenTransformers = Field(default_factory=GivenTransformers)


class NewAssetFacts(values.Given):
    """What is known from an instant on. `plate` or `equipment` left out: it stays as it is.

    `meter` is the one that hangs there, null when none does: had it been exchanged meanwhile, nothing happens.
    """

    meter: uuid.UUID | None
    starts_at: values.InstantGiven
    plate: GivenPlate | None = None
    equipment: GivenEquipment | None = None
    reason: Annotated[values.Words, Field(max_length=200)] = ""


class NewTest(values.Given):
    """A test of a meter of the point. A failed one holds for no day, whatever `last_day` says."""

    meter: uuid.UUID
    tested_on: values.DayGiven
    is_passed: bool
    last_day: values.DayGiven | None = None
    laboratory: Long = ""
    certificate_number: Number = ""
    largest_error: SignedDecimal | None = None
    note: Annotated[values.Words, Field(max_length=assets.NOTE_LENGTH)] = ""


class TestWithdrawal(values.Given):
    """Why a test is taken back."""

    reason: Annotated[values.Words, Field(min_length=1, max_length=200)]


class Calibration(values.Told):
    """A meter that hangs, and through which day its calibration holds; null: no end is known."""

    meter_point: uuid.UUID
    meter_point_code: str
    meter_point_name: str
    site_name: str
    place: str
    serial_number: str
    model: str
    state: CalibrationState
    tested_on: date | None
    last_day: date | None
    certificate_number: str


class Calibrations(values.Told):
    """By the end of the calibration: those that are past first, those without a test last."""

    items: list[Calibration]


def plate(given: GivenPlate) -> assets.Plate:
    """This will return what a program sent of a plate; each seal once."""
    return assets.Plate(
        accuracy_class=given.accuracy_class,
        approval=assets.Approval(given.approval),
        approval_number=given.approval_number,
        seals=tuple(dict.fromkeys(given.seals)),
        battery_until=given.battery_until,
    )


def equipment(given: GivenEquipment) -> assets.Equipment:
    """This will return what a program sent of what stands around a meter.

    :raises problems.Problem: for a ratio that is none
    """
    current = transformers(given.current, "/body/equipment/current/ratio")
    voltage = transformers(given.voltage, "/body/equipment/voltage/ratio")
    return assets.Equipment(given.location, current or assets.Transformers(), voltage or assets.Transformers())


def transformers(given: GivenTransformers | None, pointer: str) -> assets.Transformers | None:
    """This will return what a program sent of transformers; None of nothing.

    :param pointer: to the ratio, for the complaint
    :raises problems.Problem: for a ratio that is none
    """
    if given is None:
        return None
    try:
        if given.ratio:
            assets.read_ratio(given.ratio)
    except (ValueError, ZeroDivisionError) as error:
        words = _("Write the ratio as it stands on the transformer, such as 200/5.")
        raise problems.invalid(pointer, words) from error
    return assets.Transformers(**given.model_dump())


def test(given: NewTest) -> assets.Test:
    """This will return the test that a program sent."""
    until = given.last_day + timedelta(days=1) if given.last_day is not None and given.is_passed else None
    return assets.Test(
        tested_on=given.tested_on,
        until_day=until,
        is_passed=given.is_passed,
        laboratory=given.laboratory,
        certificate_number=given.certificate_number,
        largest_error=None if given.largest_error is None else Decimal(given.largest_error),
        note=given.note,
    )


def told(
    held: tuple[metering_queries.Asset, ...], around: tuple[metering_queries.EquipmentRow, ...], day: date
) -> PointAssets:
    """This will tell the meters of a point as things on a day."""
    return PointAssets(
        meters=[
            MeterAsset(
                meter=each.meter_public_id,
                serial_number=each.serial_number,
                calibration=each.state_on(day),
                plates=[_plate(row) for row in each.plates],
                tests=[told_test(row) for row in each.tests],
                photos=[_file(row) for row in each.files],
            )
            for each in held
        ],
        equipment=[
            EquipmentFacts(
                starts_at=values.instant(row.starts_at),
                location=row.equipment.location,
                current=_transformers(row.equipment.current),
                voltage=_transformers(row.equipment.voltage),
                author=row.author,
            )
            for row in around
        ],
    )


def told_test(row: metering_queries.TestRow) -> MeterTest:
    """This will tell a test."""
    facts = row.test
    return MeterTest(
        id=row.public_id,
        meter=row.meter_public_id,
        tested_on=facts.tested_on,
        last_day=_last_day(facts.until_day),
        is_passed=facts.is_passed,
        laboratory=facts.laboratory,
        certificate_number=facts.certificate_number,
        largest_error=values.maybe_decimal(facts.largest_error),
        note=facts.note,
        certificate=None if row.file is None else row.file.public_id,
        author=row.author,
        recorded_at=values.instant(row.recorded_at),
        withdrawn_at=values.maybe_instant(row.withdrawn_at),
        withdrawn_by=row.withdrawn_by,
        withdrawn_because=row.withdrawn_because,
    )


def told_calibration(row: metering_queries.CalibrationRow) -> Calibration:
    """This will tell how long a meter's calibration holds."""
    return Calibration(
        meter_point=row.point_public_id,
        meter_point_code=row.point_code,
        meter_point_name=row.point_name,
        site_name=row.site_name,
        place=row.place,
        serial_number=row.serial_number,
        model=row.model_code,
        state=row.state,
        tested_on=row.tested_on,
        last_day=row.last_day,
        certificate_number=row.certificate_number,
    )


def _plate(row: metering_queries.PlateRow) -> PlateFacts:
    return PlateFacts(
        starts_at=values.instant(row.starts_at),
        seals=list(row.plate.seals),
        accuracy_class=row.plate.accuracy_class,
        approval=row.plate.approval,
        approval_number=row.plate.approval_number,
        battery_until=row.plate.battery_until,
        author=row.author,
    )


def _file(row: metering_queries.FileRow) -> AssetFile:
    at: datetime = row.at
    return AssetFile(
        id=row.public_id, kind=row.kind, at=values.instant(at), media_type=row.media_type, author=row.author
    )


def _transformers(row: assets.Transformers) -> TransformerFacts:
    return TransformerFacts(ratio=row.ratio, serials=row.serials, accuracy_class=row.accuracy_class)


def _last_day(until_day: date | None) -> date | None:
    return None if until_day is None else until_day - timedelta(days=1)
