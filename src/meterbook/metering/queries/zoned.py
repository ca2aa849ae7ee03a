"""In which zone the days of a meter point are, and in which language its documents. Needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from meterbook.foundation import scoping
from meterbook.metering import models


@dataclass(frozen=True)
class PointZone:
    """`zone` is in force; `time_zone` and `language` are its own, empty where those of the site (account) hold."""

    zone: ZoneInfo
    time_zone: str
    language: str


def find_zone(*, public_id: uuid.UUID) -> PointZone | None:
    """This will return the zone and the language of a meter point; None when the organization has no such one."""
    points = models.MeterPoint.objects.filter(organization_id__in=scoping.current().organizations)
    found = points.select_related("site").filter(public_id=public_id).first()
    return None if found is None else PointZone(found.zone, found.time_zone, found.language)
