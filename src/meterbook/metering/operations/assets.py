"""Keep what is known of meters as things: plates and seals, transformers, tests, photos and certificates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.metering import assets, models
from meterbook.metering.queries import assets as asset_queries


class FactsAhead(ValueError):
    """What is known of a meter begins at an instant that is over, not one that lies ahead."""


class TestImpossible(ValueError):
    """A test lies ahead, or holds until a day before it; `field` names what to correct."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class TestGone(LookupError):
    """The test was withdrawn meanwhile; look at the meter's page again."""


@operation.operation
def describe_meter(
    *, actor: Actor, at: datetime, meter: models.Meter, starts_at: datetime, plate: assets.Plate, reason: str = ""
) -> bool:
    """This will note what stands on a meter and hangs on it from an instant on; False when that is known already.

    :raises FactsAhead: when `starts_at` is after `at`
    """
    _require_past(starts_at, at)
    before = asset_queries.plate_at(meter_id=meter.pk, at=starts_at)
    if before == plate:
        return False
    models.MeterPlate.objects.create(
        organization_id=meter.organization_id,
        meter=meter,
        starts_at=starts_at,
        accuracy_class=plate.accuracy_class,
        approval=plate.approval.value,
        approval_number=plate.approval_number,
        seals=list(plate.seals),
        battery_until=plate.battery_until,
        author=actor.label,
        recorded_at=at,
    )
    _audit(actor, at, "describe_meter", meter, _told(before), {"starts_at": starts_at, **_told(plate)}, reason)
    return True


@operation.operation
def describe_point(
    *,
    actor: Actor,
    at: datetime,
    meter_point: models.MeterPoint,
    starts_at: datetime,
    equipment: assets.Equipment,
    reason: str = "",
) -> bool:
    """This will note where a meter point is and what stands before its meter, from an instant on; False: it is known.

    The multiplier is not changed by it: `change_multiplier` does that, with what the registers showed.

    :raises FactsAhead: when `starts_at` is after `at`
    """
    _require_past(starts_at, at)
    before = asset_queries.equipment_at(meter_point_id=meter_point.pk, at=starts_at)
    if before == equipment:
        return False
    models.PointEquipment.objects.create(
        organization_id=meter_point.organization_id,
        meter_point=meter_point,
        starts_at=starts_at,
        author=actor.label,
        recorded_at=at,
        **assets.flat(equipment),
    )
    after = {"starts_at": starts_at, **assets.flat(equipment)}
    _audit(actor, at, "describe_point", meter_point, assets.flat(before), after, reason)
    return True


@operation.operation
def keep_asset_file(
    *,
    actor: Actor,
    at: datetime,
    meter: models.Meter,
    kind: assets.FileKind,
    instant: datetime,
    content: bytes,
    media_type: str,
    extension: str,
    installation: models.Installation | None = None,
) -> models.AssetFile:
    """This will keep a photo or a certificate of a meter.

    :param content: what came through `documents.attachments`
    """
    kept = models.AssetFile.objects.create(
        organization_id=meter.organization_id,
        meter=meter,
        installation=installation,
        kind=kind.value,
        at=instant,
        media_type=media_type,
        extension=extension,
        content=content,
        author=actor.label,
        recorded_at=at,
    )
    _audit(actor, at, "keep_asset_file", meter, None, {"kind": kind.value, "at": instant, "bytes": len(content)})
    return kept


@operation.operation
def record_test(
    *,
    actor: Actor,
    at: datetime,
    meter: models.Meter,
    test: assets.Test,
    today: date,
    file: models.AssetFile | None = None,
) -> models.MeterTest:
    """This will keep a test of a meter; its calibration holds from then on as the test says.

    :param today: the day at the meter
    :raises TestImpossible: when it lies ahead, or ends before it holds
    """
    if test.tested_on > today:
        raise TestImpossible("tested_on", _("The test lies ahead; take a day that is over, or today."))
    if test.until_day is not None and test.until_day <= test.tested_on:
        raise TestImpossible("last_day", _("It would have run out before the test; take a later day."))
    kept = models.MeterTest.objects.create(
        organization_id=meter.organization_id,
        meter=meter,
        file=file,
        author=actor.label,
        recorded_at=at,
        **asdict(test),
    )
    after = {**asdict(test), "certificate": file is not None}
    _audit(actor, at, "record_test", meter, None, after)
    return kept


@operation.operation
def withdraw_test(*, actor: Actor, at: datetime, test: models.MeterTest, reason: str) -> None:
    """This will take back a test that was noted wrongly: it says nothing any more, and stays on record.

    :raises TestGone: when it was withdrawn before
    """
    if test.withdrawn_at is not None:
        raise TestGone(_("The test was withdrawn meanwhile; look at the meter's page again."))
    test.withdrawn_at, test.withdrawn_by, test.withdrawn_because = at, actor.label, reason
    test.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_because"])
    before = {"tested_on": test.tested_on, "until_day": test.until_day, "is_passed": test.is_passed}
    _audit(actor, at, "withdraw_test", test.meter, before, None, reason)


def _require_past(starts_at: datetime, at: datetime) -> None:
    if starts_at > at:
        raise FactsAhead(_("This lies ahead; take a time that is over."))


def _told(plate: assets.Plate) -> dict[str, Any]:
    return {**asdict(plate), "approval": plate.approval.value, "seals": list(plate.seals)}


def _audit(
    actor: Actor,
    at: datetime,
    verb: str,
    subject: models.Meter | models.MeterPoint,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str = "",
) -> None:
    audit_operations.record(
        actor=actor, at=at, action=f"metering:{verb}", subject=subject, before=before, after=after, reason=reason
    )
