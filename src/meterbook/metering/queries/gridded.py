"""What is known of many meter points in the cells of a grid: counts of intervals, from packed days.

Three queries for 1,000 points. The values stay in the database: a complete day comes as its number, others with their
codes. Needs a running scope.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, tallies, values, zones

BATCH = 1_000  # points whose intervals are counted at once: a month of them is 3 MB
_MONTHS = 12
# Days of one step: those that are complete, those with codes (both counted from the first), and the codes.
_Stored = tuple[int, tuple[int, ...], tuple[int, ...], bytes]
_NO_ZONES = "[]"
_POINTS = """
    SELECT p.id, p.public_id, p.code, p.name, p.service, p.time_zone, p.former_zones,
        site.id, site.name, site.time_zone, COALESCE(node.name, ''), s.id, s.step
    FROM metering_meterpoint p
    JOIN sites_site site ON site.id = p.site_id AND site.organization_id = ANY(%(organizations)s)
    LEFT JOIN sites_sitenode node ON node.id = p.node_id AND node.organization_id = ANY(%(organizations)s)
    LEFT JOIN metering_series s ON s.meter_point_id = p.id AND s.organization_id = ANY(%(organizations)s)
        AND s.code = %(codes)s::jsonb ->> p.service
    WHERE p.organization_id = ANY(%(organizations)s) AND p.id = ANY(%(points)s)
"""
_HUNG = """
    SELECT meter_point_id, lower(during), upper(during) FROM metering_installation
    WHERE organization_id = ANY(%(organizations)s) AND meter_point_id = ANY(%(points)s)
        AND during && tstzrange(%(start)s, %(end)s)
"""
_BLOCKS = """
    SELECT series_id, step, array_agg(day - %(first)s ORDER BY day) FILTER (WHERE quality IS NULL),
        array_agg(day - %(first)s ORDER BY day) FILTER (WHERE quality IS NOT NULL),
        string_agg(quality, ''::bytea ORDER BY day) FILTER (WHERE quality IS NOT NULL)
    FROM metering_seriesday
    WHERE organization_id = ANY(%(organizations)s) AND series_id = ANY(%(series)s)
        AND day >= %(first)s AND day < %(until)s AND revision = 0
    GROUP BY series_id, step ORDER BY series_id, step
"""


@dataclass(frozen=True)
class Grid:
    """The columns: dates at whose local midnight a cell begins, and that at which the last one ends."""

    starts: tuple[date, ...]
    until: date

    @classmethod
    def month(cls, day: date) -> Grid:
        """This will make one of the days of the month that holds a day."""
        first, until = day.replace(day=1), civil.next_month(day)
        return cls(tuple(civil.dates(first, until)), until)

    @classmethod
    def year(cls, day: date) -> Grid:
        """This will make one of the months of the year that holds a day."""
        return cls(tuple(date(day.year, number, 1) for number in range(1, _MONTHS + 1)), date(day.year + 1, 1, 1))


@dataclass(frozen=True)
class Point:
    """A meter point with the series that is billed; `series_id` None where it has none."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    service: values.Service
    zone: ZoneInfo
    site_id: int
    site_name: str
    node_name: str
    series_id: int | None
    step: int


@dataclass(frozen=True)
class _Facts:
    """All that the counts of a point follow from: what is stored, and when a meter hung there."""

    step: int
    zone: ZoneInfo
    stored: tuple[_Stored, ...]
    hung: tuple[tuple[datetime, datetime | None], ...]


@dataclass(frozen=True)
class Counted:
    """A meter point's tallies by cell; `is_end_open`: the last interval should be known and is not."""

    point: Point
    counts: NDArray[np.int64]  # of shape (cells, 7)
    is_end_open: bool


@lru_cache(maxsize=512)
def edges_of(grid: Grid, zone: ZoneInfo) -> tuple[datetime, ...]:
    """This will return when the cells of a grid begin in a zone, and when the last one ends."""
    return tuple(civil.start_of_day(each, zone) for each in (*grid.starts, grid.until))


def count(point_ids: Sequence[int], grid: Grid, at: datetime) -> Iterator[Counted]:
    """This will count the due intervals of meter points in the cells of a grid, in the given order."""
    for begin in range(0, len(point_ids), BATCH):
        ids = list(point_ids[begin : begin + BATCH])
        points = {each.id: each for each in _points(ids)}
        shown = [points[each] for each in ids if each in points]
        yield from _counted(shown, grid, at)


def _counted(points: Sequence[Point], grid: Grid, at: datetime) -> list[Counted]:
    first, until = grid.starts[0] - timedelta(days=1), grid.until + timedelta(days=1)  # no zone is a day away from UTC
    start, end = (datetime.combine(each, time(0), tzinfo=UTC) for each in (first, until))
    hung: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    given = {"points": [each.id for each in points], "start": start, "end": end}
    for point_id, came, went in fetch(_HUNG, given):
        hung[point_id].append((max(came, start), went))
    stored = _stored([each for each in points if each.series_id is not None], first, until)
    facts = [
        _Facts(
            each.step,
            each.zone,
            tuple(stored.get(each.series_id or 0, ())),
            tuple(hung[each.id]) if each.series_id is not None else (),
        )
        for each in points
    ]
    # Most meters of a site are alike in what is known of them: each kind is counted once.
    alike: dict[tuple[int, ZoneInfo], list[_Facts]] = defaultdict(list)
    for each in dict.fromkeys(facts):
        alike[each.step, each.zone].append(each)
    counted: dict[_Facts, tuple[NDArray[np.int64], bool]] = {}
    for own in alike.values():
        counted.update(zip(own, _count_kinds(own, grid, at), strict=True))
    return [Counted(point, *counted[each]) for point, each in zip(points, facts, strict=True)]


def _count_kinds(kinds: Sequence[_Facts], grid: Grid, at: datetime) -> list[tuple[NDArray[np.int64], bool]]:
    """Counts of facts of one step and zone, and whether the last interval should be known and is not."""
    step, zone = kinds[0].step, kinds[0].zone
    first, until = grid.starts[0] - timedelta(days=1), grid.until + timedelta(days=1)
    start, minutes = datetime.combine(first, time(0), tzinfo=UTC), timedelta(minutes=step)
    edges = np.array([-((start - each) // minutes) for each in edges_of(grid, zone)], np.int64)
    codes = np.full((len(kinds), (until - first).days, blocks.MINUTES_A_DAY // step), Quality.MISSING, np.uint8)
    due = np.zeros((len(kinds), codes.shape[1] * codes.shape[2]), np.bool_)
    for row, each in enumerate(kinds):
        for own_step, whole, with_codes, data in each.stored:
            _lay(codes[row], step, own_step, whole, with_codes, data)
        for came, went in each.hung:
            latest = at - minutes if went is None else min(went, at - minutes)
            begin = -((start - came) // minutes)
            due[row, begin : max((latest - start) // minutes, begin)] = True
    flat = codes.reshape(len(kinds), -1)
    counts = tallies.count(flat, due, edges)
    final = edges[-1] - 1
    is_open = due[:, final] & np.isin(flat[:, final], (Quality.MISSING, Quality.MIXED))
    return list(zip(counts, is_open.tolist(), strict=True))


def _lay(
    target: NDArray[np.uint8], step: int, own_step: int, whole: tuple[int, ...], days: tuple[int, ...], data: bytes
) -> None:
    """Puts the stored days of one step into a point's days, shape (days, slots)."""
    slots = blocks.MINUTES_A_DAY // own_step
    if whole:
        nothing_wrong = np.zeros((1, slots), np.uint8)
        target[list(whole)] = tallies.regroup(nothing_wrong, own_step, step)
    if days:
        if len(data) != len(days) * slots:
            raise blocks.BlockDamaged(blocks.BlockDamaged.__doc__)
        target[list(days)] = tallies.regroup(np.frombuffer(data, np.uint8).reshape(-1, slots), own_step, step)


def _stored(points: Sequence[Point], first: date, until: date) -> dict[int, list[_Stored]]:
    given = {"series": [each.series_id for each in points], "first": first, "until": until}
    found: dict[int, list[_Stored]] = defaultdict(list)
    for series_id, step, whole, days, data in fetch(_BLOCKS, given):
        found[series_id].append((step, tuple(whole or ()), tuple(days or ()), bytes(data or b"")))
    return found


def _points(ids: list[int]) -> Iterator[Point]:
    codes = {service.value: code for service, code in values.COUNTED_SERIES.items()}
    for row in fetch(_POINTS, {"points": ids, "codes": json.dumps(codes)}):
        key, public_id, code, name, service, zone, former, site_id, site_name, site_zone, node_name, *series = row
        yield Point(
            id=key,
            public_id=public_id,
            code=code,
            name=name,
            service=values.Service(service),
            zone=zones.resolve(zone, () if former == _NO_ZONES else json.loads(former), site_zone),
            site_id=site_id,
            site_name=site_name,
            node_name=node_name,
            series_id=series[0],
            step=series[1] or values.STEPS[2],
        )


def fetch(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    """This will run a statement of constant text, which narrows itself to `organizations`, and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organizations": list(scoping.current().organizations), **given})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
