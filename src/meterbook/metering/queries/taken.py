"""Readings that people brought in although they looked wrong, and which sites ask for photos."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, zones
from meterbook.metering.values import ReadingKind

MOST = 200


@dataclass(frozen=True)
class FlaggedRow:
    """A reading that looked wrong and was taken with a reason; `doubts` are codes, `value` stands in `unit`."""

    public_id: uuid.UUID
    meter_point: uuid.UUID
    code: str
    name: str
    site_id: int
    at: datetime
    zone: ZoneInfo
    value: Decimal
    unit: Unit
    kind: ReadingKind
    doubts: tuple[str, ...]
    reason: str
    photo: uuid.UUID | None
    author: str
    recorded_at: datetime
    reviewed_at: datetime | None
    reviewer: str


def list_flagged(*, site_ids: Collection[int] | None, is_waiting: bool = True) -> list[FlaggedRow]:
    """This will return at most 200 readings that looked wrong, the latest first.

    :param site_ids: only of these sites; None means all
    :param is_waiting: those that nobody looked at again; else those that somebody did
    """
    found = (
        models.TakenReading.objects.filter(
            organization_id=scoping.current().organization_id, reviewed_at__isnull=is_waiting
        )
        .exclude(doubts="")
        .select_related("series__meter_point__site", "photo")
        .defer("photo__content")
        .order_by("-id")
    )
    if site_ids is not None:
        found = found.filter(series__meter_point__site_id__in=list(site_ids))
    return [_flagged(each) for each in found[:MOST]]


def site_of_taken(*, public_id: uuid.UUID) -> int | None:
    """This will return the site of a reading that was brought in; None where there is none."""
    found = models.TakenReading.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    return found.values_list("series__meter_point__site_id", flat=True).first()


def sites_with_photos() -> frozenset[int]:
    """This will return the sites that ask for a photo with each reading."""
    rules = models.ReadingRule.objects.filter(organization_id=scoping.current().organization_id, is_photo_required=True)
    return frozenset(rules.values_list("site_id", flat=True))


def _flagged(row: models.TakenReading) -> FlaggedRow:
    point = row.series.meter_point
    return FlaggedRow(
        public_id=row.public_id,
        meter_point=point.public_id,
        code=point.code,
        name=point.name,
        site_id=point.site_id,
        at=row.at,
        zone=zones.resolve(point.time_zone, point.former_zones, point.site.time_zone),
        value=row.value.normalize(),
        unit=Unit(row.unit),
        kind=ReadingKind(row.kind),
        doubts=tuple(row.doubts.split(",")),
        reason=row.reason,
        photo=row.photo.public_id if row.photo is not None else None,
        author=row.author,
        recorded_at=row.recorded_at,
        reviewed_at=row.reviewed_at,
        reviewer=row.reviewer,
    )
