"""What of readings waits for a person: findings that go on until somebody decides."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from meterbook.foundation import scoping
from meterbook.metering import models


@dataclass(frozen=True)
class WaitingFindings:
    """How many meter points have questionable readings, since when, and the one that waits longest."""

    count: int
    since: datetime
    point_id: uuid.UUID
    point_name: str


def waiting_findings(*, site_ids: Collection[int] | None = None) -> WaitingFindings | None:
    """This will return the open findings on which a person must decide; None when there are none.

    :param site_ids: only those sites; None means all of the organization
    """
    found = models.SeriesFinding.objects.filter(
        organization_id=scoping.current().organization_id, until=None, kind__in=models.WAITING_FINDINGS
    )
    if site_ids is not None:
        found = found.filter(series__meter_point__site_id__in=site_ids)
    oldest = found.select_related("series__meter_point").order_by("at", "id").first()
    if oldest is None:
        return None
    point = oldest.series.meter_point
    return WaitingFindings(
        count=found.aggregate(count=Count("series__meter_point_id", distinct=True))["count"],
        since=oldest.at,
        point_id=point.public_id,
        point_name=point.name,
    )
