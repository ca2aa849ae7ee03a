"""Time between two readings that lie far apart: how much was used is measured, when is not."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import models
from meterbook.metering.queries import standing
from meterbook.metering.queries.gaps import (
    Gap,
    GapRefused,
    NoGap,
    count_of,
    readings_of,
    register_until,
    segments_of,
    set_by_people,
)
from meterbook.metering.queries.series import SeriesRow
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

_NEAR = timedelta(minutes=5)  # of a boundary, within which a reading still measures it at most


def find_apart(*, series: SeriesRow, until: datetime, start: datetime | None = None) -> Gap:
    """This will return the longest time between two readings that follow each other in the day before `until`.

    Its `difference` is measured, its course is not.

    :param start: of the only time that is asked for

    :raises GapRefused: when readings lie at both ends of each interval, or the register does not say what was used
    """
    register = register_until(series, until)
    points = _around(series, register, until)
    apart = [(after[0] - before[0], before, after) for before, after in itertools.pairwise(points)]
    apart = [each for each in apart if start is None or each[1][0] == start]
    if not apart:
        raise GapRefused(NoGap.MEASURED)
    length, (begin, shown), (end, later) = max(apart, key=lambda each: (each[0], each[1]))
    step = timedelta(minutes=series.step)
    if length <= step + 2 * min(step / 10, _NEAR):
        raise GapRefused(NoGap.MEASURED)
    segments = segments_of(register)
    if any(begin < each.starts_at < end for each in segments):
        raise GapRefused(NoGap.MULTIPLIER)
    if later < shown or _is_doubted(series, begin, end):
        raise GapRefused(NoGap.FELL)
    if _is_spread(series, begin, end):
        raise GapRefused(NoGap.SPREAD)
    count = count_of(series, register, segments, begin)
    gap = Gap(series, Period(begin, end), shown, count, None)
    return replace(gap, difference=gap.booked(later - shown))


def _around(series: SeriesRow, register: models.InstallationRegister, until: datetime) -> list[tuple[datetime, int]]:
    """What the register showed in the day before an instant, with the readings next to that, in order of time."""
    since = until - timedelta(days=1)
    counting = standing.counting(readings_of(series, register))
    rows = [
        counting.filter(at__lte=since).order_by("-at", "source")[:1],
        counting.filter(at__gt=since, at__lt=until).order_by("-source"),
        counting.filter(at__gte=until).order_by("at", "source")[:1],
    ]
    known = {at: shown for found in rows for at, shown in found.values_list("at", "shown")}
    said = [
        set_by_people(series, register, Q(at__lte=since)).order_by("-at", "-recorded_at", "-id")[:1],
        set_by_people(series, register, Q(at__gt=since, at__lt=until)).order_by("recorded_at", "id"),
        set_by_people(series, register, Q(at__gte=until)).order_by("at", "-recorded_at", "-id")[:1],
    ]
    known |= {each.at: each.value for found in said for each in found if each.value is not None}
    begin, end = register.installation.during.lower, register.installation.during.upper
    if register.opening is not None:
        known[begin] = register.opening
    if register.closing is not None and end is not None and not register.is_closing_estimated:
        known[end] = register.closing
    ordered = sorted(known.items())
    first = max((place for place, (at, _shown) in enumerate(ordered) if at <= since), default=0)
    final = min((place for place, (at, _shown) in enumerate(ordered) if at >= until), default=len(ordered))
    return ordered[first : final + 1]


def _is_doubted(series: SeriesRow, start: datetime, end: datetime) -> bool:
    """Whether the derivation noticed something about that time: the register difference is not simply what was used."""
    noticed = models.SeriesFinding.objects.filter(
        organization_id=scoping.current().organization_id, series_id=series.id, at__lte=end
    ).exclude(kind__in=(FindingKind.JITTER, FindingKind.TRUE_UP))
    return noticed.filter(Q(until=None) | Q(until__gt=start)).exists()


def _is_spread(series: SeriesRow, start: datetime, end: datetime) -> bool:
    facts = models.Correction.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id=series.id,
        kind__in=(CorrectionKind.APPORTION, CorrectionKind.WITHDRAW),
        at=start,
        until=end,
    )
    return facts.order_by("-recorded_at", "-id").values_list("kind", flat=True).first() == CorrectionKind.APPORTION
