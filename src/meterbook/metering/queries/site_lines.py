"""The quarters of sites by service and role, over the days that today, yesterday and this month are compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from django.db.models import Count
from django.db.models.functions import Lower, Upper
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import local_quarters, models, quarters
from meterbook.metering.deriving import totals
from meterbook.metering.local_quarters import Stretch
from meterbook.metering.quarters import A_DAY, Quarters

Integers = NDArray[np.int64]

_LATE = timedelta(minutes=quarters.QUARTER)  # an interval may arrive that long after its end


@dataclass(frozen=True)
class Place:
    """A site and the zone of its days."""

    site_id: int
    zone: tzinfo


@dataclass
class Line:
    """One site, service and role: its installations, and its quarters from `first` (a UTC day since 1970) on."""

    installed: list[tuple[datetime, datetime | None, int]] = field(default_factory=list)
    first: int = 0
    data: Quarters = field(default_factory=lambda: Quarters.empty(0))

    @property
    def points(self) -> int:
        """How many points have a meter now."""
        return sum(count for _start, end, count in self.installed if end is None)

    def part(self, stretch: Stretch) -> Quarters:
        """This will return the quarters of a stretch, each array of shape (n,)."""
        offset = self.first * A_DAY
        return Quarters(
            *(each.reshape(-1)[stretch.first - offset : stretch.until - offset] for each in self.data.parts)
        )

    def expected(self, stretch: Stretch, at: datetime) -> Integers:
        """This will return how many points should be known in each quarter of a stretch, shape (n,)."""
        found = np.zeros(stretch.until - stretch.first, np.int64)
        due = local_quarters.index(at - _LATE)
        for start, end, count in self.installed:
            first = -(-(start - datetime(1970, 1, 1, tzinfo=UTC)) // _LATE) - stretch.first
            until = (due if end is None else min(due, local_quarters.index(end))) - stretch.first
            found[max(first, 0) : max(until, 0)] += count
        return found


def periods(at: datetime, zone: tzinfo) -> dict[str, tuple[Period, Period]]:
    """This will return today, yesterday and this month of a place, each with the period before."""
    today = civil.local_date(at, zone)
    day, month = civil.day_bounds(today, zone), civil.month_bounds(today, zone)
    before = civil.day_bounds(civil.local_date(day.start - timedelta.resolution, zone), zone)
    earlier = civil.day_bounds(civil.local_date(before.start - timedelta.resolution, zone), zone)
    month_before = civil.month_bounds(civil.local_date(month.start - timedelta.resolution, zone), zone)
    return {"today": (day, before), "yesterday": (before, earlier), "month": (month, month_before)}


def load(site_ids: Sequence[int]) -> dict[totals.Group, Line]:
    """This will return the installations of sites by service and role, without quarters, in one query."""
    hung = models.Installation.objects.filter(
        organization_id__in=scoping.current().organizations, meter_point__site_id__in=site_ids
    )
    counted = (
        hung.annotate(starts_at=Lower("during"), ends_at=Upper("during"))
        .values_list("meter_point__site_id", "meter_point__service", "meter_point__role", "starts_at", "ends_at")
        .annotate(count=Count("id"))
        .order_by("meter_point__site_id", "meter_point__service", "meter_point__role", "starts_at", "ends_at")
    )
    lines: dict[totals.Group, Line] = defaultdict(Line)
    for site_id, service, role, starts_at, ends_at, count in counted:
        lines[totals.Group(site_id, service, role)].installed.append((starts_at, ends_at, count))
    return dict(lines)


def fill(lines: dict[totals.Group, Line], places: Sequence[Place], at: datetime) -> None:
    """This will put the kept sums of this and last month into the lines, in one query; a day without one has no use."""
    spans = [periods(at, place.zone) for place in places]
    first = min(span["month"][1].start.date() for span in spans)
    until = max(span["month"][0].end.date() for span in spans) + timedelta(days=1)
    start, count = local_quarters.day_index(first), (until - first).days
    stored = models.SiteDay.objects.filter(
        organization_id__in=scoping.current().organizations,
        site_id__in={group.site_id for group in lines},
        day__gte=first,
        day__lt=until,
    ).values_list("site_id", "service", "role", "day", "use", "estimated", "known")
    rows = [row for row in stored if totals.Group(*row[:3]) in lines]
    data = quarters.decode_rows([(bytes(row[4]), bytes(row[5]), bytes(row[6])) for row in rows])
    places_of: dict[totals.Group, list[tuple[int, int]]] = defaultdict(list)
    for place, row in enumerate(rows):
        places_of[totals.Group(*row[:3])].append((place, (row[3] - first).days))
    for group, line in lines.items():
        line.first, line.data = start, Quarters.empty(count)
        own = np.array(places_of[group], np.int64).reshape(-1, 2)
        for target, source in zip(line.data.parts, data.parts, strict=True):
            target[own[:, 1]] = source[own[:, 0]]
