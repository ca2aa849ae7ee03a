"""Look at yesterday of every meter for what can hardly be right (B-18), and settle what was found."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models as customer_models
from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, UNBILLABLE
from meterbook.kernel.quantity import Unit
from meterbook.kernel.series import UsageSeries
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values
from meterbook.metering.checking import days
from meterbook.metering.checking.days import Found, Integers
from meterbook.metering.queries import runs
from meterbook.metering.queries import series as series_queries
from meterbook.monitoring import models

AT_ONCE = 200  # points whose four weeks are in memory together
BACK = 28
WEEKEND = 5
_VOLTAGES = ("voltage_l1", "voltage_l2", "voltage_l3")
_POWER, _EXPORT = "power", "energy_export"
_NOT_ACTUAL = np.array(sorted(UNBILLABLE | ESTIMATED), np.uint8)


class FindingSettled(LookupError):
    """There is no such finding, or it was settled already."""


class ReasonMissing(ValueError):
    """What was found is settled with a reason."""


@dataclass(frozen=True)
class _Point:
    """A meter point with its series by code, and the local day that is looked at."""

    point: metering_models.MeterPoint
    series: dict[str, metering_models.Series]
    day: date
    runs: dict[int, UsageSeries]

    @property
    def counted(self) -> metering_models.Series:
        return self.series[values.COUNTED_SERIES[values.Service(self.point.service)]]

    def on(self, code: str, day: date) -> Integers | None:
        """The intervals of a local day; None unless all were measured."""
        series = self.series.get(code)
        if series is None:
            return None
        run, period = self.runs[series.pk], civil.day_bounds(day, self.point.zone)
        first, until = (period.start - run.start) // run.step, (period.end - run.start) // run.step
        if first < 0 or until > len(run) or np.isin(run.quality[first:until], _NOT_ACTUAL).any():
            return None
        return run.values[first:until]

    def measured(self, code: str) -> Integers:
        """Those intervals of the day that were measured."""
        series = self.series.get(code)
        if series is None:
            return np.zeros(0, np.int64)
        run, period = self.runs[series.pk], civil.day_bounds(self.day, self.point.zone)
        part = slice((period.start - run.start) // run.step, (period.end - run.start) // run.step)
        return run.values[part][~np.isin(run.quality[part], _NOT_ACTUAL)]

    def before(self, code: str) -> dict[date, Integers]:
        """The four weeks before, without days that were not measured throughout."""
        listed = (self.day - timedelta(days=each) for each in range(1, BACK + 1))
        return {day: found for day in listed if (found := self.on(code, day)) is not None}


@operation.operation
def check_days(*, actor: Actor, at: datetime) -> int:
    """This will look at the local day before `at` of every meter, and keep what can hardly be right; it counts that.

    Done again for the same day it changes nothing. Days with gaps are left alone: the data quality tells of those.
    """
    organization_id = scoping.current().organization_id
    ids = list(
        metering_models.Installation.objects.filter(
            Q(during__contains=at - timedelta(days=1)), organization_id=organization_id
        )
        .exclude(meter__model_code=values.VIRTUAL)
        .order_by("meter_point_id")
        .values_list("meter_point_id", flat=True)
    )
    count = 0
    sums: dict[tuple[int, str], list[tuple[_Point, int | None]]] = defaultdict(list)
    for begin in range(0, len(ids), AT_ONCE):
        points = _load(ids[begin : begin + AT_ONCE], at)
        if not points:
            continue
        occupied, ever = _occupancy(points)
        registers = _registers(points)
        for each in points:
            code = each.counted.code
            day = each.on(code, each.day)
            sums[each.point.site_id, each.point.service].append((each, None if day is None else int(day.sum())))
            found = _of_point(each, day, occupied.get(each.point.pk), ever=each.point.pk in ever)
            if day is not None and each.point.pk in registers:
                found.append(days.registers(int(day.sum()), *registers[each.point.pk]))
            count += _keep(each, found, at)
    for group in sums.values():
        count += _check_parents(group, at)
    return count


@operation.operation
def settle_day_finding(*, actor: Actor, at: datetime, finding: uuid.UUID, reason: str) -> None:
    """This will settle what was found about days of a meter: it is known and dealt with, or right.

    :raises FindingSettled: when it is not there or was settled already
    :raises ReasonMissing: without a reason
    """
    if not reason.strip():
        raise ReasonMissing(_("Say why; it stays on record."))
    found = (
        models.DayFinding.objects.select_for_update()
        .filter(organization_id=scoping.current().organization_id, public_id=finding, settled_at=None)
        .first()
    )
    if found is None:
        raise FindingSettled(_("There is nothing to settle any more; somebody did so meanwhile."))
    found.settled_at, found.settled_by, found.reason = at, actor.label, reason.strip()
    found.save(update_fields=["settled_at", "settled_by", "reason"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="monitoring:settle_day_finding",
        subject=found,
        before={"kind": found.kind, "first_day": found.first_day, "last_day": found.last_day},
        after=None,
        reason=found.reason,
    )


def _of_point(point: _Point, day: Integers | None, is_occupied: bool | None, *, ever: bool) -> list[Found | None]:
    """What can be said of a point by itself; `is_occupied` None: for a part of the day."""
    found: list[Found | None] = [days.phases([_whole(point, code) for code in _VOLTAGES])]
    if day is None:
        return found
    code, used = point.counted.code, int(day.sum())
    before = point.before(code)
    is_weekend = point.day.weekday() >= WEEKEND
    alike = [each for when, each in before.items() if (when.weekday() >= WEEKEND) == is_weekend]
    totals = [int(each.sum()) for each in before.values()]
    power = point.measured(_POWER)
    scale = 10**point.counted.decimals
    exported = point.on(_EXPORT, point.day)
    exported_before = [int(each.sum()) for each in point.before(_EXPORT).values()]
    standing = days.stuck(used, power, _rest(point))
    return [
        *found,
        days.spike(day, alike),
        standing or days.nothing_used(used, totals, is_occupied=is_occupied is True),
        days.used_while_vacant(
            used, scale if _is_energy(point) else scale // 10, is_vacant=is_occupied is False and ever
        ),
        days.reversed_transformer(used, 0 if exported is None else int(exported.sum()), totals, exported_before),
    ]


def _whole(point: _Point, code: str) -> Integers:
    found = point.on(code, point.day)
    return np.zeros(0, np.int64) if found is None else found


def _rest(point: _Point) -> int:
    """A tenth of a unit of power."""
    series = point.series.get(_POWER)
    return 10**series.decimals // 10 if series else 0


def _is_energy(point: _Point) -> bool:
    return Unit(point.counted.unit) is not Unit.M3


def _check_parents(group: Sequence[tuple[_Point, int | None]], at: datetime) -> int:
    by_role: dict[str, list[tuple[_Point, int | None]]] = defaultdict(list)
    for each in group:
        by_role[each[0].point.role].append(each)
    mains = by_role[values.PointRole.MAIN]
    parts = [used for role in (values.PointRole.TENANT, values.PointRole.COMMON) for _point, used in by_role[role]]
    known = [used for used in parts if used is not None]
    above = [used for _point, used in mains if used is not None]
    if not mains or len(known) < len(parts) or len(above) < len(mains):
        return 0
    return _keep(mains[0][0], [days.parent(sum(above), known)], at)


def _keep(point: _Point, found: Iterable[Found | None], at: datetime) -> int:
    count = 0
    for each in found:
        if each is None:
            continue
        known = models.DayFinding.objects.filter(
            organization_id=point.point.organization_id, meter_point=point.point, kind=each.kind
        )
        if known.filter(last_day__gte=point.day).exists():
            continue
        facts: dict[str, Any] = {**each.facts, "unit": point.counted.unit, "decimals": point.counted.decimals}
        if not known.filter(settled_at=None).update(last_day=point.day, facts=facts):
            models.DayFinding.objects.create(
                organization_id=point.point.organization_id,
                meter_point=point.point,
                kind=each.kind,
                first_day=point.day,
                last_day=point.day,
                facts=facts,
                found_at=at,
            )
        count += 1
    return count


def _load(ids: Sequence[int], at: datetime) -> list[_Point]:
    organization_id = scoping.current().organization_id
    codes = {*values.COUNTED_SERIES.values(), *_VOLTAGES, _POWER, _EXPORT}
    points = list(
        metering_models.MeterPoint.objects.select_related("site")
        .filter(organization_id=organization_id, pk__in=set(ids))
        .order_by("id")
    )
    series: dict[int, dict[str, metering_models.Series]] = defaultdict(dict)
    for each in metering_models.Series.objects.filter(
        organization_id=organization_id, meter_point__in=points, code__in=codes
    ):
        series[each.meter_point_id][each.code] = each
    shown = [each for each in points if values.COUNTED_SERIES[values.Service(each.service)] in series[each.pk]]
    today = at.date()
    long = {s.pk: s.step for own in series.values() for s in own.values() if s.code not in (*_VOLTAGES, _POWER)}
    short = {s.pk: s.step for own in series.values() for s in own.values() if s.pk not in long}
    until = today + timedelta(days=2)
    loaded = runs.runs_of(steps=long, first=today - timedelta(days=BACK + 4), until=until)
    loaded |= runs.runs_of(steps=short, first=today - timedelta(days=4), until=until)
    return [
        _Point(each, series[each.pk], civil.local_date(at, each.zone) - timedelta(days=1), loaded) for each in shown
    ]


def _occupancy(points: Sequence[_Point]) -> tuple[dict[int, bool], set[int]]:
    """Of points whether a contract covers the day (True) or none does (False); and those that ever had one."""
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


def _registers(points: Sequence[_Point]) -> dict[int, tuple[int, int]]:
    """By point: what its register counted over the day, in the series' scale, and what one count is there."""
    bounds = {each.counted.pk: civil.day_bounds(each.day, each.point.zone) for each in points}
    shown: dict[tuple[int, datetime], int] = {}
    readings = metering_models.Reading.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id__in=list(bounds),
        at__in={instant for each in bounds.values() for instant in (each.start, each.end)},
    ).order_by("source")
    for series_id, at, value in readings.values_list("series_id", "at", "value"):
        shown.setdefault((series_id, at), value)
    doubted = _doubted(bounds)
    rows = metering_queries.list_series(meter_point_ids=[each.point.pk for each in points])
    scales = series_queries.scales_of(series=[each for each in rows if each.id in bounds])
    return dict(_differences(points, bounds, shown, doubted, scales))


def _differences(
    points: Sequence[_Point],
    bounds: dict[int, Period],
    shown: dict[tuple[int, datetime], int],
    doubted: set[int],
    scales: dict[int, list[Any]],
) -> Iterator[tuple[int, tuple[int, int]]]:
    for each in points:
        pk, period = each.counted.pk, bounds[each.counted.pk]
        first, final = shown.get((pk, period.start)), shown.get((pk, period.end))
        own = scales.get(pk, [])
        whole = [s for s in own if s.starts_at <= period.start and (s.ends_at is None or s.ends_at > period.end)]
        if first is None or final is None or final < first or pk in doubted or not whole:
            continue
        count = whole[-1].fraction * Fraction(10) ** each.counted.decimals
        yield each.point.pk, (int((final - first) * count), -(-count.numerator // count.denominator))


def _doubted(bounds: dict[int, Period]) -> set[int]:
    """Series of which a person or the derivation said something around that time: their registers count otherwise."""
    start, end = min(each.start for each in bounds.values()), max(each.end for each in bounds.values())
    organization_id = scoping.current().organization_id
    corrected = metering_models.Correction.objects.filter(
        organization_id=organization_id, series_id__in=list(bounds), at__lte=end
    ).filter(Q(at__gte=start) | Q(until__gte=start))
    noticed = metering_models.SeriesFinding.objects.filter(
        organization_id=organization_id, series_id__in=list(bounds), at__lte=end
    ).filter(Q(until=None) | Q(until__gte=start))
    return set(corrected.values_list("series_id", flat=True)) | set(noticed.values_list("series_id", flat=True))
