"""Day blocks of one series as one run of intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering import blocks, models
from meterbook.metering.queries.series import SeriesRow

NEWEST_BLOCKS = 100


def get_intervals(*, series: SeriesRow, period: Period) -> UsageSeries:
    """This will return the intervals that start inside a period, MISSING where there is no block, in one query.

    Values are integers of the series' scale. A step that does not divide the zone's offset gives the intervals whose
    start lies inside.
    """
    step = timedelta(minutes=series.step)
    first_day = period.start.date()
    base = datetime.combine(first_day, time(0), tzinfo=UTC)
    days = ((period.end - timedelta.resolution).date() - first_day).days + 1
    slots = blocks.MINUTES_A_DAY // series.step
    values = np.zeros(days * slots, np.int64)
    quality = np.full(days * slots, Quality.MISSING, np.uint8)
    for day, own_values, own_quality in _blocks(series, first_day, first_day + timedelta(days=days)):
        start = (day - first_day).days * slots
        values[start : start + slots] = own_values
        quality[start : start + slots] = own_quality
    first, until = -((base - period.start) // step), -((base - period.end) // step)
    return UsageSeries(base + first * step, step, values[first:until], quality[first:until])


def newest_known(*, series: SeriesRow, period: Period) -> datetime | None:
    """This will return the start of the newest interval in a period that has a value, in one query.

    None where there is none among the newest blocks of the period; `NEWEST_BLOCKS` of them are looked at.
    """
    rows = models.SeriesDay.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id=series.id,
        day__gte=period.start.date(),
        day__lte=period.end.date(),
    ).order_by("-day", "-revision")
    looked_at: set[date] = set()
    for day, step, values, quality in rows.values_list("day", "step", "values", "quality")[:NEWEST_BLOCKS]:
        if day in looked_at:
            continue  # an older revision of a day that had nothing
        looked_at.add(day)
        _numbers, codes = blocks.decode(bytes(values), None if quality is None else bytes(quality), step)
        base, length = datetime.combine(day, time(0), tzinfo=UTC), timedelta(minutes=step)
        for place in np.flatnonzero(codes != Quality.MISSING)[::-1]:
            start = base + int(place) * length
            if period.start <= start < period.end:
                return start
    return None


def _blocks(series: SeriesRow, first: date, until: date) -> list[tuple[date, NDArray[np.int64], NDArray[np.uint8]]]:
    rows = models.SeriesDay.objects.filter(
        organization_id__in=scoping.current().organizations, series_id=series.id, day__gte=first, day__lt=until
    ).order_by("day", "revision")  # the newest revision comes last and wins
    return [
        (day, *_decode(bytes(values), None if quality is None else bytes(quality), step, series.step))
        for day, step, values, quality in rows.values_list("day", "step", "values", "quality")
    ]


def _decode(
    values: bytes, quality: bytes | None, step: int, wanted_step: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    numbers, codes = blocks.decode(values, quality, step)
    return (numbers, codes) if step == wanted_step else _regroup(numbers, codes, step, wanted_step)


def _regroup(
    numbers: NDArray[np.int64], codes: NDArray[np.uint8], step: int, wanted_step: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Blocks from before the series' step was changed, in today's step; sums stay exact, the worst quality holds."""
    if step < wanted_step:
        size = wanted_step // step
        return numbers.reshape(-1, size).sum(axis=1), codes.reshape(-1, size).max(axis=1)
    size = step // wanted_step
    spread = np.zeros(len(numbers) * size, np.int64)
    spread[size - 1 :: size] = numbers
    shape_unknown = np.where(codes == Quality.MISSING, codes, np.uint8(Quality.INTERPOLATED))
    return spread, np.repeat(shape_unknown, size)
