"""Day blocks of many series as runs of intervals, in one query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from meterbook.foundation import scoping
from meterbook.kernel.quality import Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering import blocks, models


def runs_of(*, steps: Mapping[int, int], first: date, until: date) -> dict[int, UsageSeries]:
    """This will return the intervals of the UTC days [first, until) by series id, MISSING where no block is.

    Blocks of another step than a series has now count as missing.

    :param steps: minutes of an interval by series id
    """
    days = (until - first).days
    sizes = {pk: days * (blocks.MINUTES_A_DAY // step) for pk, step in steps.items()}
    values = {pk: np.zeros(size, np.int64) for pk, size in sizes.items()}
    qualities = {pk: np.full(size, Quality.MISSING, np.uint8) for pk, size in sizes.items()}
    rows = models.SeriesDay.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id__in=list(steps),
        day__gte=first,
        day__lt=until,
        revision=0,
    )
    for series_id, day, step, data, quality in rows.values_list("series_id", "day", "step", "values", "quality"):
        if step == steps[series_id]:
            slots = blocks.MINUTES_A_DAY // step
            part = slice((day - first).days * slots, (day - first).days * slots + slots)
            numbers, codes = blocks.decode(bytes(data), None if quality is None else bytes(quality), step)
            values[series_id][part], qualities[series_id][part] = numbers, codes
    start = datetime.combine(first, time(0), tzinfo=UTC)
    return {pk: UsageSeries(start, timedelta(minutes=steps[pk]), values[pk], qualities[pk]) for pk in steps}
