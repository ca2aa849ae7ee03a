"""Look at days of meters for what can hardly be right (B-18): yesterday, and again what changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q

from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import values
from meterbook.metering.checking import days
from meterbook.metering.checking.days import CheckKind
from meterbook.metering.deriving import late
from meterbook.monitoring.operations import judging, keeping, loading, tariff_registers
from meterbook.monitoring.operations.loading import BACK, Point

AT_ONCE = 200  # points whose four weeks are in memory together
MOST_PAIRS = 2_000  # days of series that are checked again in one transaction
OF_POINT = frozenset(CheckKind) - {CheckKind.PARENT_SUM}
_SUMMED = (values.PointRole.MAIN, values.PointRole.TENANT, values.PointRole.COMMON)
Sums = list[tuple[Point, int | None]]


@operation.operation
def check_days(*, actor: Actor, at: datetime) -> int:
    """This will look at the local day before `at` of every meter, and keep what can hardly be right; it counts that.

    Done again for the same day it changes nothing. Days with gaps are left alone: the data quality tells of those.
    """
    ids = _hanging(Q(during__contains=at - timedelta(days=1)))
    count = 0
    sums: dict[tuple[int, str], Sums] = defaultdict(list)

    def yesterday(point: metering_models.MeterPoint) -> date:
        return civil.local_date(at, point.zone) - timedelta(days=1)

    for begin in range(0, len(ids), AT_ONCE):
        points = loading.load(ids[begin : begin + AT_ONCE], yesterday)
        count += _check_points(points, actor, at)
        for each in points:
            sums[each.point.site_id, each.point.service].append((each, _used(each)))
    return count + sum(_check_parents(group, actor, at) for group in sums.values())


@operation.operation
def recheck_days(*, actor: Actor, at: datetime) -> int:
    """This will check days again that late readings or a threshold changed, and say how many; 0: nothing is left.

    Only days of the last four weeks, and such as are over, are looked at. What is right now is told no more.
    """
    organization_id = scoping.current().organization_id
    rows, pairs = [], set()
    for row in metering_models.UncheckedDays.objects.filter(organization_id=organization_id).order_by("id"):
        rows.append(row.pk)
        pairs |= set(late.pairs(bytes(row.series), bytes(row.days)))
        if len(pairs) >= MOST_PAIRS:
            break
    if not rows:
        return 0
    for day, ids in sorted(_local_days(pairs, at).items()):
        for begin in range(0, len(ids), AT_ONCE):
            points = loading.load(ids[begin : begin + AT_ONCE], _on(day))
            _check_points(points, actor, at)
        for site_id, service in _groups(ids):
            _check_group(site_id, service, day, actor, at)
    metering_models.UncheckedDays.objects.filter(organization_id=organization_id, pk__in=rows).delete()
    return len(pairs)


def _on(day: date) -> Callable[[metering_models.MeterPoint], date]:
    return lambda _point: day


def _hanging(when: Q) -> list[int]:
    """The points at which a meter hung that is not computed from others."""
    found = metering_models.Installation.objects.filter(when, organization_id=scoping.current().organization_id)
    listed = found.exclude(meter__model_code=values.VIRTUAL).order_by("meter_point_id")
    return list(listed.values_list("meter_point_id", flat=True).distinct())


def _local_days(pairs: Collection[tuple[int, date]], at: datetime) -> dict[date, list[int]]:
    """By local day the points of these series, of the UTC days that the local ones share time with."""
    series = metering_models.Series.objects.filter(
        organization_id=scoping.current().organization_id,
        pk__in={series_id for series_id, _day in pairs},
        code__in=loading.LOOKED_AT.union(values.TARIFF_SERIES),
    ).select_related("meter_point__site")
    point_of = {each.pk: each.meter_point for each in series}
    found: dict[date, set[int]] = defaultdict(set)
    for series_id, day in pairs:
        point = point_of.get(series_id)
        if point is None:
            continue
        start = datetime.combine(day, time(0), tzinfo=UTC)
        today = civil.local_date(at, point.zone)
        for instant in (start, start + timedelta(days=1) - timedelta.resolution):
            local = civil.local_date(instant, point.zone)
            if today - timedelta(days=BACK) <= local < today:
                found[local].add(point.pk)
    noon = {day: datetime.combine(day, time(12), tzinfo=UTC) for day in found}
    return {day: _hanging(Q(meter_point_id__in=ids, during__contains=noon[day])) for day, ids in found.items()}


def _groups(ids: Sequence[int]) -> list[tuple[int, str]]:
    """The sites and services of points that have a main meter."""
    organization_id = scoping.current().organization_id
    points = metering_models.MeterPoint.objects.filter(organization_id=organization_id, pk__in=ids, role__in=_SUMMED)
    wanted = set(points.values_list("site_id", "service"))
    mains = metering_models.MeterPoint.objects.filter(
        organization_id=organization_id, role=values.PointRole.MAIN, site_id__in={site for site, _service in wanted}
    )
    return sorted(wanted & set(mains.values_list("site_id", "service")))


def _check_group(site_id: int, service: str, day: date, actor: Actor, at: datetime) -> int:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    ids = _hanging(
        Q(
            meter_point__site_id=site_id,
            meter_point__service=service,
            meter_point__role__in=_SUMMED,
            during__contains=noon,
        )
    )
    group: Sums = []
    for begin in range(0, len(ids), AT_ONCE):
        points = loading.load(ids[begin : begin + AT_ONCE], _on(day), back=0)
        group += [(each, _used(each)) for each in points]
    return _check_parents(group, actor, at)


def _check_points(points: Sequence[Point], actor: Actor, at: datetime) -> int:
    if not points:
        return 0
    occupied, ever = loading.occupancy(points)
    registers = loading.registers(points)
    conflicts, divided = loading.conflicts(points), tariff_registers.shown(points)
    apportioned = {each.point.pk: count for each in points if (count := each.apportioned())}
    arrived = loading.arrived([each for each in points if each.point.pk in apportioned])
    judged = []
    for each in points:
        pk, day = each.point.pk, each.on(each.counted.code, each.day)
        found = judging.of_point(each, day, occupied.get(pk), ever=pk in ever)
        found.append(days.duplicates(conflicts.get(pk, 0), each.thresholds))
        if day is not None:
            found.append(days.off_time(apportioned.get(pk, 0), len(day), arrived.get(pk, 0), each.thresholds))
        if day is not None and pk in registers:
            found.append(days.registers(int(day.sum()), *registers[pk], each.thresholds))
        if pk in divided:
            found.append(tariff_registers.judge(divided[pk], each))
        judged.append((each, found))
    return keeping.keep(judged=judged, kinds=OF_POINT, actor=actor, at=at)


def _used(point: Point) -> int | None:
    day = point.on(point.counted.code, point.day)
    return None if day is None else int(day.sum())


def _check_parents(group: Iterable[tuple[Point, int | None]], actor: Actor, at: datetime) -> int:
    by_role: dict[str, Sums] = defaultdict(list)
    for each in group:
        by_role[each[0].point.role].append(each)
    mains = by_role[values.PointRole.MAIN]
    parts = [used for role in (values.PointRole.TENANT, values.PointRole.COMMON) for _point, used in by_role[role]]
    known = [used for used in parts if used is not None]
    above = [used for _point, used in mains if used is not None]
    if not mains:
        return 0
    first = mains[0][0]
    is_whole = len(known) == len(parts) and len(above) == len(mains)
    found = days.parent(sum(above), known, first.thresholds.sum_percent) if is_whole else None
    return keeping.keep(judged=[(first, [found])], kinds={CheckKind.PARENT_SUM}, actor=actor, at=at)
