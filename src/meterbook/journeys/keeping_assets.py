"""Note what is known of the meter at a point as a thing, test it anew, and take a test back."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.documents.attachments import Attachment
from meterbook.foundation import operation, scoping
from meterbook.journeys import exchange_meter
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import assets, models
from meterbook.metering import operations as metering_operations
from meterbook.metering.queries.meters import MeterNotFound


@operation.operation
def describe(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    meter_id: uuid.UUID | None,
    starts_at: datetime,
    plate: assets.Plate | None,
    equipment: assets.Equipment | None,
    reason: str = "",
) -> bool:
    """This will note what stands on the meter that hangs at a point and around it; False when all of it is known.

    :param meter_id: the meter that the person saw; None: none hangs there
    :param plate: None: it stays as it is, as `equipment`
    :raises MeterNotFound: when there is no such meter point
    :raises exchange_meter.ChangedMeanwhile: when another meter hangs there than `meter_id`
    :raises metering_operations.FactsAhead: when `starts_at` is after `at`
    """
    point = _point(point_id)
    meter = _hanging(point)
    if (meter.public_id if meter is not None else None) != meter_id:
        raise exchange_meter.ChangedMeanwhile(
            _("Another meter hangs there by now: look at its page, then begin again.")
        )
    is_new = False
    if plate is not None and meter is not None:
        is_new = metering_operations.describe_meter(
            actor=actor, at=at, meter=meter, starts_at=starts_at, plate=plate, reason=reason
        )
    if equipment is not None:
        is_around_new = metering_operations.describe_point(
            actor=actor, at=at, meter_point=point, starts_at=starts_at, equipment=equipment, reason=reason
        )
        is_new = is_new or is_around_new
    return is_new


@operation.operation
def recalibrate(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    meter_id: uuid.UUID,
    test: assets.Test,
    certificate: Attachment | None = None,
) -> models.MeterTest:
    """This will keep a test of a meter that hangs or hung at a point, with its certificate.

    :raises MeterNotFound: when that meter never hung at that point
    :raises metering_operations.TestImpossible: when its days cannot be
    """
    point = _point(point_id)
    found = _hung(point, meter_id)
    file = None
    if certificate is not None:
        file = metering_operations.keep_asset_file(
            actor=actor,
            at=at,
            meter=found.meter,
            kind=assets.FileKind.CERTIFICATE,
            instant=civil.start_of_day(test.tested_on, point.zone),
            content=certificate.content,
            media_type=certificate.media_type,
            extension=certificate.extension,
        )
    return metering_operations.record_test(
        actor=actor, at=at, meter=found.meter, test=test, today=civil.local_date(at, point.zone), file=file
    )


class PhotoMisplaced(ValueError):
    """A photo is of a meter that hangs or hung there, of its removal once it is taken away, of a change in between."""


@operation.operation
def keep_photo(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    meter_id: uuid.UUID,
    kind: assets.FileKind,
    photo: Attachment,
    changed_at: datetime | None = None,
) -> models.AssetFile:
    """This will keep a photo of a meter that hangs or hung at a point: of its installation, its removal, or a change.

    :param changed_at: of a change, when that was
    :raises MeterNotFound: when that meter never hung at that point
    :raises PhotoMisplaced: when there was no such event
    """
    found = _hung(_point(point_id), meter_id)
    instants = {
        assets.FileKind.INSTALLED: found.during.lower,
        assets.FileKind.REMOVED: found.during.upper,
        assets.FileKind.CHANGED: changed_at,
    }
    instant = instants.get(kind)
    if instant is None and kind is assets.FileKind.REMOVED:
        raise PhotoMisplaced(_("This meter still hangs there: take it away first."))
    if instant is None or instant > at or not _is_within(found, instant):
        raise PhotoMisplaced(_("Say when the multiplier changed: an instant that is over, while the meter hung there."))
    return metering_operations.keep_asset_file(
        actor=actor,
        at=at,
        meter=found.meter,
        kind=kind,
        instant=instant,
        content=photo.content,
        media_type=photo.media_type,
        extension=photo.extension,
        installation=found,
    )


def _is_within(hung: models.Installation, instant: datetime) -> bool:
    upper = hung.during.upper
    return bool(hung.during.lower <= instant and (upper is None or instant <= upper))


def _hung(point: models.MeterPoint, meter_id: uuid.UUID) -> models.Installation:
    hung = models.Installation.objects.filter(
        organization_id=point.organization_id, meter_point=point, meter__public_id=meter_id
    ).select_related("meter")
    found = hung.order_by("-during", "-id").first()
    if found is None:
        raise MeterNotFound(_("There is no such meter."))
    return found


@operation.operation
def withdraw(*, actor: Actor, at: datetime, point_id: uuid.UUID, test_id: uuid.UUID, reason: str) -> None:
    """This will take back a test of a meter that hangs or hung at a point.

    :raises metering_operations.TestGone: when it was withdrawn before, or there is none
    """
    point = _point(point_id)
    meters = models.Installation.objects.filter(organization_id=point.organization_id, meter_point=point)
    tests = models.MeterTest.objects.select_for_update(of=("self",)).filter(
        organization_id=point.organization_id, public_id=test_id, meter_id__in=meters.values("meter_id")
    )
    test = tests.select_related("meter").first()
    if test is None:
        raise metering_operations.TestGone(_("There is no such test of this meter."))
    metering_operations.withdraw_test(actor=actor, at=at, test=test, reason=reason)


def _point(point_id: uuid.UUID) -> models.MeterPoint:
    points = models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, public_id=point_id
    ).select_related("site")
    found = points.first()
    if found is None:
        raise MeterNotFound(_("There is no such meter."))
    return found


def _hanging(point: models.MeterPoint) -> models.Meter | None:
    hung = models.Installation.objects.select_for_update(of=("self",)).filter(
        organization_id=point.organization_id, meter_point=point, during__upper_inf=True
    )
    found = hung.select_related("meter").first()
    return found.meter if found is not None else None
