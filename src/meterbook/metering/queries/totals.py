"""What sites use by service: today, yesterday and this month, each against the period before. Needs a running scope.

A site with MAIN points of a service uses what they count; one without, what its COMMON and TENANT points count. Sums
are those of the intervals, exactly: integers of the catalogue's scale.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

import numpy as np
from django.db.models import Max, Min

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.metering import local_quarters, models, values
from meterbook.metering.local_quarters import Stretch
from meterbook.metering.quarters import Quarters
from meterbook.metering.queries import site_lines
from meterbook.metering.queries.site_lines import Line, Place

QUARTERS_AN_HOUR = 4


@dataclass(frozen=True)
class Figure:
    """The use of a period. `estimated` is a part of `total`; `missing` counts quarters of meters that should be there.

    `here` and `there` are the use of this period and the one before in those quarters that both have (`common`).
    """

    total: int = 0
    estimated: int = 0
    missing: int = 0
    expected: int = 0
    common: int = 0
    here: int = 0
    there: int = 0

    def __add__(self, other: Figure) -> Figure:
        return Figure(
            self.total + other.total,
            self.estimated + other.estimated,
            self.missing + other.missing,
            self.expected + other.expected,
            self.common + other.common,
            self.here + other.here,
            self.there + other.there,
        )

    @property
    def change(self) -> Decimal | None:
        """The change in percent with one decimal; None without anything to compare to: 120 to 100 is 20.0."""
        if not self.common or self.there == 0:
            return None
        tenths = rounding.divide((self.here - self.there) * 1000, self.there, RoundingMode.HALF_UP)
        return Decimal(tenths).scaleb(-1, context=rounding.EXACT)

    @property
    def known_percent(self) -> Decimal | None:
        """What is known of what should be there, in percent with one decimal, rounded down; None if nothing should."""
        if not self.expected:
            return None
        return Decimal((self.expected - self.missing) * 1000 // self.expected).scaleb(-1, context=rounding.EXACT)


@dataclass(frozen=True)
class Hour:
    """One hour of today: its use, how much of it is estimated, and the use of the same hour yesterday.

    None where nothing is known; `is_whole` when all meters that should be there are known in all of it. `start` is in
    the zone of the site, of several sites in that of the first.
    """

    start: datetime
    value: int | None
    estimated: int
    before: int | None
    is_whole: bool


@dataclass(frozen=True)
class ServiceUse:
    """One service over the sites asked for. `hours` are those of today, 23 or 25 when clocks change.

    `main` of the `points` that are summed are MAIN. `parts` is today's use by role where a site has MAIN points;
    `load` is the use of the newest quarter in which all of them are known, and `load_at` where it begins.
    """

    service: values.Service
    unit: Unit
    decimals: int
    points: int
    main: int
    today: Figure
    yesterday: Figure
    month: Figure
    hours: tuple[Hour, ...]
    parts: Mapping[values.PointRole, int]
    load: int | None = None
    load_at: datetime | None = None

    def number(self, value: int) -> Decimal:
        """This will return an integer of the series' scale as the exact number of units."""
        return Decimal(value).scaleb(-self.decimals, context=rounding.EXACT)


def days_with_blocks() -> tuple[date, date] | None:
    """This will return the UTC days [first, until) that day blocks lie in; None where there are none."""
    blocks = models.SeriesDay.objects.filter(organization_id__in=scoping.current().organizations)
    found = blocks.aggregate(first=Min("day"), last=Max("day"))
    return None if found["first"] is None else (found["first"], found["last"] + timedelta(days=1))


def service_use(*, places: Sequence[Place], at: datetime) -> tuple[ServiceUse, ...]:
    """This will return the use of each service that the sites have, in the order of the services, in two queries.

    What was loaded in bulk counts once `rebuild_totals` has summed it.
    """
    lines = site_lines.load([place.site_id for place in places])
    if not lines:
        return ()
    site_lines.fill(lines, places, at)
    by_service: dict[values.Service, list[tuple[Place, dict[values.PointRole, Line]]]] = defaultdict(list)
    for place in places:
        for service in values.Service:
            own = {
                values.PointRole(group.role): line
                for group, line in lines.items()
                if (group.site_id, group.service) == (place.site_id, service)
            }
            if any(role is not values.PointRole.OTHER for role in own):
                by_service[service].append((place, own))
    return tuple(_service(service, by_service[service], at) for service in values.Service if service in by_service)


def counted_roles(roles: Mapping[values.PointRole, object] | set[values.PointRole]) -> tuple[values.PointRole, ...]:
    """This will say points of which roles are summed at a site that has points of these roles."""
    if values.PointRole.MAIN in roles:
        return (values.PointRole.MAIN,)
    return tuple(role for role in (values.PointRole.COMMON, values.PointRole.TENANT) if role in roles)


def _service(
    service: values.Service, sites: Sequence[tuple[Place, dict[values.PointRole, Line]]], at: datetime
) -> ServiceUse:
    kind = values.series_type(values.COUNTED_SERIES[service])
    figures: dict[str, Figure] = defaultdict(Figure)
    parts: dict[values.PointRole, int] = defaultdict(int)
    hours: list[Hour] = []
    points = main = 0
    loads = []
    for place, own in sites:
        roles = counted_roles(own)
        chosen = [own[role] for role in roles]
        own_points = sum(line.points for line in chosen)
        points += own_points
        spans = _stretches(at, place.zone)
        for name, (here, there) in spans.items():
            figures[name] += _figure(chosen, here, there, at)
        today = spans["today"][0]
        hours = _joined(hours, _hours(chosen, today, spans["yesterday"][0], place.zone))
        loads.append(_load(chosen, spans["yesterday"][0], today))
        if roles == (values.PointRole.MAIN,):
            main += own_points
            for role, line in own.items():
                parts[role] += int(line.part(today).use.sum())
    newest = [each for each in loads if each is not None]
    same = {each[1] for each in newest}
    is_load = len(newest) == len(loads) and len(same) == 1
    return ServiceUse(
        service=service,
        unit=kind.unit,
        decimals=kind.decimals,
        points=points,
        main=main,
        today=figures["today"],
        yesterday=figures["yesterday"],
        month=figures["month"],
        hours=tuple(hours),
        parts=dict(parts),
        load=sum(each[0] for each in newest) if is_load else None,
        load_at=local_quarters.start(same.pop()) if is_load else None,
    )


def _stretches(at: datetime, zone: tzinfo) -> dict[str, tuple[Stretch, Stretch]]:
    return {
        name: (local_quarters.stretch(here, zone), local_quarters.stretch(there, zone))
        for name, (here, there) in site_lines.periods(at, zone).items()
    }


def _figure(lines: Sequence[Line], here: Stretch, there: Stretch, at: datetime) -> Figure:
    own, before = _sum([line.part(here) for line in lines]), _sum([line.part(there) for line in lines])
    expected = sum((line.expected(here, at) for line in lines), np.zeros(here.until - here.first, np.int64))
    a, b = local_quarters.pair(here, there, own.known, before.known)
    return Figure(
        total=int(own.use.sum()),
        estimated=int(own.estimated.sum()),
        missing=int(np.maximum(expected - own.known, 0).sum()),
        expected=int(expected.sum()),
        common=len(a),
        here=int(own.use[a].sum()),
        there=int(before.use[b].sum()),
    )


def _sum(parts: Sequence[Quarters]) -> Quarters:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _hours(lines: Sequence[Line], today: Stretch, yesterday: Stretch, zone: tzinfo) -> list[Hour]:
    own, before = _sum([line.part(today) for line in lines]), _sum([line.part(yesterday) for line in lines])
    expected = sum((line.points for line in lines), 0)
    found = []
    for first in range(0, today.until - today.first, QUARTERS_AN_HOUR):
        part = slice(first, first + QUARTERS_AN_HOUR)
        same = np.isin(yesterday.place, today.place[part][today.place[part] != local_quarters.TWICE])
        known, known_before = own.known[part], before.known[same]
        is_there = bool((known > 0).any() or own.use[part].any())
        found.append(
            Hour(
                start=local_quarters.start(today.first + first).astimezone(zone),
                value=int(own.use[part].sum()) if is_there else None,
                estimated=int(own.estimated[part].sum()),
                before=int(before.use[same].sum()) if (known_before > 0).any() else None,
                is_whole=bool((known >= expected).all()),
            )
        )
    return found


def _joined(hours: Sequence[Hour], more: Sequence[Hour]) -> list[Hour]:
    """The hours of several sites, by their place in the day; a site of which nothing is known today does not count."""
    if not any(each.value is not None for each in hours):
        return list(more)
    if not any(each.value is not None for each in more):
        return list(hours)
    longer, shorter = (hours, more) if len(hours) >= len(more) else (more, hours)
    return [*(_both(a, b) for a, b in zip(longer, shorter, strict=False)), *longer[len(shorter) :]]


def _both(one: Hour, other: Hour) -> Hour:
    return Hour(
        start=one.start,
        value=_known_sum(one.value, other.value),
        estimated=one.estimated + other.estimated,
        before=_known_sum(one.before, other.before),
        is_whole=one.is_whole and other.is_whole,
    )


def _known_sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _load(lines: Sequence[Line], yesterday: Stretch, today: Stretch) -> tuple[int, int] | None:
    """The use of the newest quarter of these two days in which nearly all points are known, and that quarter."""
    both = Stretch(yesterday.first, today.until, np.concatenate([yesterday.place, today.place]))
    data = _sum([line.part(both) for line in lines])
    points = sum(line.points for line in lines)
    full = np.flatnonzero((data.known > 0) & (data.known * 100 >= points * (100 - local_quarters.TOLERANCE_PERCENT)))
    return (int(data.use[full[-1]]), both.first + int(full[-1])) if len(full) else None
