"""Mark days whose intervals must be derived again because a fact about a meter changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.db.models import Max

from meterbook.metering import models


def mark_dirty(*, organization_id: int, series_ids: Sequence[int], first_day: date, until_day: date) -> None:
    """This will mark the UTC days from `first_day` up to, not including, `until_day`; inside the caller's scope."""
    packed = np.unique(np.array(series_ids, "<i8")).tobytes()
    days = [first_day + timedelta(days=offset) for offset in range((until_day - first_day).days)]
    if packed:
        models.DirtyDays.objects.bulk_create(
            [models.DirtyDays(organization_id=organization_id, day=day, series=packed) for day in days]
        )


def mark_dirty_from(*, organization_id: int, series_ids: Sequence[int], starts_at: datetime) -> None:
    """This will mark the days from an instant (and the one before it) to the newest reading of the series, if later."""
    readings = models.Reading.objects.filter(organization_id=organization_id, series_id__in=list(series_ids))
    newest = readings.aggregate(newest=Max("at"))["newest"] or starts_at
    day = starts_at.astimezone(UTC).date()
    mark_dirty(
        organization_id=organization_id,
        series_ids=series_ids,
        first_day=day - timedelta(days=1),
        until_day=max(newest.astimezone(UTC).date(), day) + timedelta(days=1),
    )
