"""Tariff registers beside the register that counts all, between two instants at which all of them were read (B-18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import connection

from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values
from meterbook.metering.checking import days
from meterbook.metering.queries import series as series_queries
from meterbook.monitoring.operations import loading
from meterbook.monitoring.operations.loading import Point

LEAST = 2  # of one tariff register nobody expects that it counts all
# Nearest around the day; a register that is read less often than each quarter of a year is not compared.
_AROUND = """
WITH parts AS (SELECT * FROM unnest(%(owners)s::bigint[], %(parts)s::bigint[]) AS p (point, series))
SELECT a.point, b.at, e.at
FROM unnest(%(points)s::bigint[], %(totals)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS a (point, total, starts, ends)
CROSS JOIN LATERAL (
    SELECT r.at FROM metering_reading r
    WHERE r.organization_id = %(organization)s AND r.series_id = a.total
        AND r.at <= a.starts AND r.at >= a.starts - interval '93 days' AND NOT EXISTS (
            SELECT FROM parts p WHERE p.point = a.point AND NOT EXISTS (
                SELECT FROM metering_reading t
                WHERE t.organization_id = %(organization)s AND t.series_id = p.series AND t.at = r.at))
    ORDER BY r.at DESC LIMIT 1) AS b
CROSS JOIN LATERAL (
    SELECT r.at FROM metering_reading r
    WHERE r.organization_id = %(organization)s AND r.series_id = a.total
        AND r.at >= a.ends AND r.at <= a.ends + interval '93 days' AND NOT EXISTS (
            SELECT FROM parts p WHERE p.point = a.point AND NOT EXISTS (
                SELECT FROM metering_reading t
                WHERE t.organization_id = %(organization)s AND t.series_id = p.series AND t.at = r.at))
    ORDER BY r.at LIMIT 1) AS e
"""


@dataclass(frozen=True)
class Divided:
    """What the registers of a meter showed at the ends of `period`: the one that counts all, and those of tariffs."""

    period: Period
    total: days.Shown
    parts: tuple[days.Shown, ...]


def shown(points: Sequence[Point]) -> dict[int, Divided]:
    """This will return by point what its registers showed around its day, where it has two tariff registers or more.

    Nothing where one of them was exchanged, passed its end or was corrected between, or was not read with the others.
    """
    registers = _registers(points)
    asked = [each for each in points if len(registers[each.point.pk]) >= LEAST + 1]
    periods = _around(asked, registers)
    asked = [each for each in asked if each.point.pk in periods]
    if not asked:
        return {}
    bounds = {row.series_id: periods[each.point.pk] for each in asked for row in registers[each.point.pk]}
    told, known = loading.doubted(bounds), _values(bounds)
    rows = metering_queries.list_series(meter_point_ids=[each.point.pk for each in asked])
    scales = series_queries.scales_of(series=[each for each in rows if each.id in bounds])
    found = {}
    for each in asked:
        own = registers[each.point.pk]
        counted = [_shown(row, bounds[row.series_id], known, scales) for row in own if row.series_id not in told]
        whole = [one for one in counted if one is not None]
        if len(whole) == len(own):
            found[each.point.pk] = Divided(periods[each.point.pk], whole[0], tuple(whole[1:]))
    return found


def judge(divided: Divided, point: Point) -> days.Found | None:
    """This will say whether the tariff registers counted together what the other one did, and between which days."""
    found = days.tariffs(divided.total, divided.parts, point.thresholds)
    if found is None:
        return None
    ends = (divided.period.start, divided.period.end)
    since, until = (each.astimezone(point.point.zone).date().isoformat() for each in ends)
    return replace(found, facts={**found.facts, "since": since, "until": until})


def _registers(points: Sequence[Point]) -> dict[int, list[metering_models.InstallationRegister]]:
    """By point the registers that hang there all day: the one that counts all first, then those of tariffs.

    In one query; nothing of a point without tariff registers.
    """
    by_id = {each.point.pk: each for each in points}
    rows = metering_models.InstallationRegister.objects.filter(
        organization_id=scoping.current().organization_id,
        series__meter_point_id__in=list(by_id),
        series__code__in=[*values.TARIFF_SERIES, *{each.counted.code for each in points}],
    ).select_related("series", "installation")
    found: dict[int, list[metering_models.InstallationRegister]] = defaultdict(list)
    for row in sorted(rows, key=lambda each: (each.series.code in values.TARIFF_SERIES, each.series.code, each.pk)):
        during, bounds = row.installation.during, by_id[row.series.meter_point_id].bounds
        if during.lower <= bounds.start and (during.upper is None or during.upper >= bounds.end):
            found[row.series.meter_point_id].append(row)
    return found


def _around(
    points: Sequence[Point], registers: Mapping[int, Sequence[metering_models.InstallationRegister]]
) -> dict[int, Period]:
    """In one query; none without points."""
    if not points:
        return {}
    parts = [(each.point.pk, row.series_id) for each in points for row in registers[each.point.pk][1:]]
    given: dict[str, Any] = {
        "organization": scoping.current().organization_id,
        "points": [each.point.pk for each in points],
        "totals": [each.counted.pk for each in points],
        "starts": [each.bounds.start for each in points],
        "ends": [each.bounds.end for each in points],
        "owners": [point for point, _series in parts],
        "parts": [series for _point, series in parts],
    }
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, given)
        return {point: Period(start, end) for point, start, end in cursor.fetchall()}


def _values(bounds: Mapping[int, Period]) -> dict[tuple[int, datetime], int]:
    """What counts of the readings at the ends."""
    rows = metering_models.Reading.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id__in=list(bounds),
        at__in={at for each in bounds.values() for at in (each.start, each.end)},
    ).order_by("source")
    known: dict[tuple[int, datetime], int] = {}
    for series_id, at, value in rows.values_list("series_id", "at", "value"):
        known.setdefault((series_id, at), value)
    return known


def _shown(
    register: metering_models.InstallationRegister,
    period: Period,
    known: Mapping[tuple[int, datetime], int],
    scales: Mapping[int, Sequence[series_queries.RegisterScale]],
) -> days.Shown | None:
    """None where its multiplier changed between, or its counter began anew."""
    series = register.series
    first, final = known[series.pk, period.start], known[series.pk, period.end]
    whole = [
        each
        for each in scales.get(series.pk, ())
        if each.starts_at <= period.start and (each.ends_at is None or each.ends_at >= period.end)
    ]
    if final < first or not whole:
        return None
    count = whole[-1].fraction * Fraction(10) ** series.decimals
    return days.Shown(first, final, count, register.decimals)
