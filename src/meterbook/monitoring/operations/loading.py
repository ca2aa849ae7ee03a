"""Meter points with a day and the weeks before it, and what is known around that day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
from django.db.models import Count, Q

from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, UNBILLABLE, Quality
from meterbook.kernel.series import UsageSeries
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values
from meterbook.metering.checking.days import Integers
from meterbook.metering.checking.thresholds import Thresholds
from meterbook.metering.queries import runs
from meterbook.metering.queries import series as series_queries

BACK = 28
VOLTAGES = ("voltage_l1", "voltage_l2", "voltage_l3")
POWER, EXPORT = "power", "energy_export"
LOOKED_AT = frozenset({*values.COUNTED_SERIES.values(), *VOLTAGES, POWER, EXPORT})
_NOT_ACTUAL = np.array(sorted(UNBILLABLE | ESTIMATED), np.uint8)


@dataclass(frozen=True)
class Point:
    """A meter point with its series by code, the local day that is looked at, and what is told of such a point."""

    point: metering_models.MeterPoint
    series: dict[str, metering_models.Series]
    day: date
    runs: dict[int, UsageSeries]
    thresholds: Thresholds

    @property
    def bounds(self) -> Period:
        """The day."""
        return civil.day_bounds(self.day, self.point.zone)

    @property
    def counted(self) -> metering_models.Series:
        """The series that tells how much was used."""
        return self.series[values.COUNTED_SERIES[values.Service(self.point.service)]]

    def on(self, code: str, day: date) -> Integers | None:
        """This will return the intervals of a local day; None unless all were measured."""
        series = self.series.get(code)
        if series is None or civil.is_skipped(day, self.point.zone):
            return None
        run, period = self.runs[series.pk], civil.day_bounds(day, self.point.zone)
        first, until = (period.start - run.start) // run.step, (period.end - run.start) // run.step
        if first < 0 or until > len(run) or np.isin(run.quality[first:until], _NOT_ACTUAL).any():
            return None
        return run.values[first:until]

    def measured(self, code: str) -> Integers:
        """This will return those intervals of the day that were measured."""
        series = self.series.get(code)
        if series is None:
            return np.zeros(0, np.int64)
        run, period = self.runs[series.pk], civil.day_bounds(self.day, self.point.zone)
        part = slice((period.start - run.start) // run.step, (period.end - run.start) // run.step)
        return run.values[part][~np.isin(run.quality[part], _NOT_ACTUAL)]

    def before(self, code: str) -> dict[date, Integers]:
        """This will return the days of the four weeks before that were measured throughout, the latest first."""
        listed = (self.day - timedelta(days=each) for each in range(1, BACK + 1))
        return {day: found for day in listed if (found := self.on(code, day)) is not None}

    def apportioned(self) -> int:
        """This will count the intervals of the day that have no reading at both ends."""
        run, period = self.runs[self.counted.pk], self.bounds
        part = slice((period.start - run.start) // run.step, (period.end - run.start) // run.step)
        return int((run.quality[part] == Quality.INTERPOLATED).sum())


def load(ids: Sequence[int], day_of: Callable[[metering_models.MeterPoint], date], *, back: int = BACK) -> list[Point]:
    """This will load meter points with the intervals of a day of each and of so many days `back`, in a few queries."""
    organization_id = scoping.current().organization_id
    points = list(
        metering_models.MeterPoint.objects.select_related("site")
        .filter(organization_id=organization_id, pk__in=set(ids))
        .order_by("id")
    )
    series: dict[int, dict[str, metering_models.Series]] = defaultdict(dict)
    for each in metering_models.Series.objects.filter(
        organization_id=organization_id, meter_point__in=points, code__in=LOOKED_AT
    ):
        series[each.meter_point_id][each.code] = each
    shown = [each for each in points if values.COUNTED_SERIES[values.Service(each.service)] in series[each.pk]]
    if not shown:
        return []
    days = [day_of(each) for each in shown]
    long = {s.pk: s.step for own in series.values() for s in own.values() if s.code not in (*VOLTAGES, POWER)}
    short = {s.pk: s.step for own in series.values() for s in own.values() if s.pk not in long}
    first, until = min(days), max(days) + timedelta(days=3)
    loaded = runs.runs_of(steps=long, first=first - timedelta(days=back + 2), until=until)
    loaded |= runs.runs_of(steps=short, first=first - timedelta(days=2), until=until)
    policies = metering_queries.checking_policies()
    return [
        Point(each, series[each.pk], day, loaded, policies.holding(site_id=each.site_id, service=each.service))
        for each, day in zip(shown, days, strict=True)
    ]


def occupancy(points: Sequence[Point]) -> tuple[dict[int, bool], set[int]]:
    """This will tell whether a contract covers the day (True) or none does (False), and which points ever had one."""
    found: dict[int, bool] = {}
    contracts: dict[int, list[Any]] = defaultdict(list)
    for each in customer_models.Contract.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id__in=[each.point.pk for each in points]
    ):
        contracts[each.meter_point_id].append(each.during)
    for point in points:
        period = civil.day_bounds(point.day, point.point.zone)
        own = contracts[point.point.pk]
        if any(each.lower <= period.start and (each.upper is None or each.upper >= period.end) for each in own):
            found[point.point.pk] = True
        elif not any(each.lower < period.end and (each.upper is None or each.upper > period.start) for each in own):
            found[point.point.pk] = False
    return found, {pk for pk, own in contracts.items() if own}


def conflicts(points: Sequence[Point]) -> dict[int, int]:
    """This will count by point the second numbers that came for instants of its day."""
    rows = metering_models.ReadingConflict.objects.filter(organization_id=scoping.current().organization_id)
    return _counted(points, rows)


def arrived(points: Sequence[Point]) -> dict[int, int]:
    """This will count by point the readings of its day."""
    rows = metering_models.Reading.objects.filter(organization_id=scoping.current().organization_id)
    return _counted(points, rows)


def _counted(points: Iterable[Point], rows: Any) -> dict[int, int]:  # noqa: ANN401 - a query set of readings
    """In a query for each time zone."""
    by_bounds: dict[tuple[datetime, datetime], dict[int, int]] = defaultdict(dict)
    for each in points:
        by_bounds[each.bounds.start, each.bounds.end][each.counted.pk] = each.point.pk
    found = {}
    for (start, end), own in by_bounds.items():
        counted = rows.filter(series_id__in=list(own), at__gt=start, at__lte=end).values("series_id")
        for row in counted.annotate(count=Count("at")).order_by("series_id"):
            found[own[row["series_id"]]] = row["count"]
    return found


def registers(points: Sequence[Point]) -> dict[int, tuple[int, int]]:
    """This will tell by point what its register counted over the day, and what one count is, in the series' scale."""
    bounds = {each.counted.pk: civil.day_bounds(each.day, each.point.zone) for each in points}
    shown: dict[tuple[int, datetime], int] = {}
    readings = metering_models.Reading.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id__in=list(bounds),
        at__in={instant for each in bounds.values() for instant in (each.start, each.end)},
    ).order_by("source")
    for series_id, at, value in readings.values_list("series_id", "at", "value"):
        shown.setdefault((series_id, at), value)
    told = doubted(bounds)
    rows = metering_queries.list_series(meter_point_ids=[each.point.pk for each in points])
    scales = series_queries.scales_of(series=[each for each in rows if each.id in bounds])
    return dict(_differences(points, bounds, shown, told, scales))


def _differences(
    points: Sequence[Point],
    bounds: dict[int, Period],
    shown: dict[tuple[int, datetime], int],
    told: set[int],
    scales: dict[int, list[Any]],
) -> Iterator[tuple[int, tuple[int, int]]]:
    for each in points:
        pk, period = each.counted.pk, bounds[each.counted.pk]
        first, final = shown.get((pk, period.start)), shown.get((pk, period.end))
        own = scales.get(pk, [])
        whole = [s for s in own if s.starts_at <= period.start and (s.ends_at is None or s.ends_at > period.end)]
        if first is None or final is None or final < first or pk in told or not whole:
            continue
        count = whole[-1].fraction * Fraction(10) ** each.counted.decimals
        yield each.point.pk, (int((final - first) * count), -(-count.numerator // count.denominator))


def doubted(bounds: Mapping[int, Period]) -> set[int]:
    """This will return the series of which a person or the derivation said something around that time.

    Their registers count otherwise than they show.
    """
    start, end = min(each.start for each in bounds.values()), max(each.end for each in bounds.values())
    organization_id = scoping.current().organization_id
    corrected = metering_models.Correction.objects.filter(
        organization_id=organization_id, series_id__in=list(bounds), at__lte=end
    ).filter(Q(at__gte=start) | Q(until__gte=start))
    noticed = metering_models.SeriesFinding.objects.filter(
        organization_id=organization_id, series_id__in=list(bounds), at__lte=end
    ).filter(Q(until=None) | Q(until__gte=start))
    return set(corrected.values_list("series_id", flat=True)) | set(noticed.values_list("series_id", flat=True))
