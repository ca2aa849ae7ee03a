"""Which of many meter points lack an interval that should be known: found without reading the days that lack nothing.

Month rows say by a bit which days are whole; only what is due on other days is looked at, code by code. Three queries,
however many points. Needs a running scope.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, tallies, values, zones
from meterbook.metering.queries import gridded

Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]
_FAR = 2**62
# Integers come as bytes, big-endian: rows of Python's would take longer than all else.
_HUNG = """
    SELECT p.time_zone, p.former_zones::text, site.time_zone, s.step,
        string_agg(int8send(p.id), ''::bytea), string_agg(int8send(s.id), ''::bytea),
        string_agg(int8send((extract(epoch FROM lower(i.during)) * 1000000)::bigint), ''::bytea),
        string_agg(int8send(COALESCE((extract(epoch FROM upper(i.during)) * 1000000)::bigint, %(far)s)), ''::bytea)
    FROM metering_meterpoint p
    JOIN metering_installation i ON i.meter_point_id = p.id AND i.organization_id = ANY(%(organizations)s)
        AND i.during && tstzrange(%(start)s, %(end)s)
    JOIN sites_site site ON site.id = p.site_id AND site.organization_id = ANY(%(organizations)s)
    JOIN metering_series s ON s.meter_point_id = p.id AND s.organization_id = ANY(%(organizations)s)
        AND s.code = %(codes)s::jsonb ->> p.service
    WHERE p.organization_id = ANY(%(organizations)s) AND p.id = ANY(%(points)s)
    GROUP BY p.time_zone, p.former_zones::text, site.time_zone, s.step
"""
_MONTHS = """
    SELECT month, string_agg(int8send(series_id), ''::bytea), string_agg(int4send(whole), ''::bytea)
    FROM metering_seriesmonth
    WHERE organization_id = ANY(%(organizations)s) AND series_id = ANY(%(series)s)
        AND month >= %(first)s AND month < %(until)s
    GROUP BY month ORDER BY month
"""
# Series with the same codes of a day come together: most are alike in what they lack.
_BLOCKS = """
    SELECT day - %(first)s, step, quality, string_agg(int8send(series_id), ''::bytea)
    FROM metering_seriesday
    WHERE organization_id = ANY(%(organizations)s) AND series_id = ANY(%(series)s) AND day = %(day)s AND revision = 0
    GROUP BY day, step, quality
"""


@dataclass(frozen=True)
class _Stretches:
    """Stretches of due intervals of one step, counted from the first UTC day: of which point and series, and where."""

    step: int
    point: Ids
    series: Ids
    begin: Ids
    until: Ids

    @property
    def slots(self) -> int:
        return blocks.MINUTES_A_DAY // self.step


def points_with_gaps(*, point_ids: Sequence[int], grid: gridded.Grid, at: datetime) -> tuple[int, ...]:
    """This will return those of the meter points, in their order, that lack an interval which is due in the grid."""
    return _lacking(point_ids, grid, at, is_end_only=False)


def points_with_open_end(*, point_ids: Sequence[int], grid: gridded.Grid, at: datetime) -> tuple[int, ...]:
    """This will return those whose last interval of the grid is due and not known: what the register showed is open."""
    return _lacking(point_ids, grid, at, is_end_only=True)


def _lacking(point_ids: Sequence[int], grid: gridded.Grid, at: datetime, *, is_end_only: bool) -> tuple[int, ...]:
    first, until = grid.starts[0] - timedelta(days=1), grid.until + timedelta(days=1)  # no zone is a day away from UTC
    if is_end_only:
        first = until - timedelta(days=3)
        if at < datetime.combine(grid.until, time(0), tzinfo=UTC) - timedelta(days=1):
            return ()  # it has ended in no zone
    found: set[int] = set()
    for stretches in _due(point_ids, grid, first, until, at, is_end_only=is_end_only):
        found.update(_of_stretches(stretches, first, until))
    return tuple(each for each in point_ids if each in found)


def _due(
    point_ids: Sequence[int], grid: gridded.Grid, first: date, until: date, at: datetime, *, is_end_only: bool
) -> Iterator[_Stretches]:
    start, end = (datetime.combine(each, time(0), tzinfo=UTC) for each in (first, until))
    codes = json.dumps({service.value: code for service, code in values.COUNTED_SERIES.items()})
    given = {"points": list(point_ids), "start": start, "end": end, "far": _FAR, "codes": codes}
    begin_us, now_us = _microseconds(start), _microseconds(at)
    for own, former, of_site, step, *columns in gridded.fetch(_HUNG, given):
        zone = zones.resolve(own, json.loads(former), of_site)
        point, series, came, went = (_integers(each) for each in columns)
        slot = step * blocks.MINUTE
        low, high = _window(grid, zone, start, step, is_end_only=is_end_only)
        begin = np.maximum(-((begin_us - np.maximum(came, begin_us)) // slot), low)
        finish = np.minimum((np.minimum(went, now_us - slot) - begin_us) // slot, high)
        is_due = finish > begin
        yield _Stretches(step, point[is_due], series[is_due], begin[is_due], finish[is_due])


def _window(grid: gridded.Grid, zone: ZoneInfo, start: datetime, step: int, *, is_end_only: bool) -> tuple[int, int]:
    """The first slot of the grid and that after its last one; edges within a slot count as `gridded` counts them."""
    edges = gridded.edges_of(grid, zone)
    low, high = (-((start - each) // timedelta(minutes=step)) for each in (edges[0], edges[-1]))
    return (high - 1 if is_end_only else low), high


def _of_stretches(due: _Stretches, first: date, until: date) -> Iterator[int]:
    """The points of stretches in which something lacks. A point may come twice."""
    if not len(due.point):
        return
    whole = _whole_days(due.series, first, until)
    days = np.arange(whole.shape[1] - 1)
    from_day, to_day = due.begin // due.slots, (due.until - 1) // due.slots
    is_doubtful = (days >= from_day[:, None]) & (days <= to_day[:, None]) & ~whole[:, :-1]
    # What a reading covers only in part is no missing interval. It is the newest one, so it can stand alone on a whole
    # day only as its last, with nothing known after it.
    rows = np.flatnonzero(due.until == (to_day + 1) * due.slots)
    is_doubtful[rows, to_day[rows]] |= ~whole[rows, to_day[rows] + 1]
    for day in np.flatnonzero(is_doubtful.any(axis=0)).tolist():
        yield from due.point[_lacking_on(due, np.flatnonzero(is_doubtful[:, day]), first, day)].tolist()


def _lacking_on(due: _Stretches, rows: Ids, first: date, day: int) -> Ids:
    """Those of the rows that lack something on a UTC day."""
    begin = np.maximum(due.begin[rows] - day * due.slots, 0)
    finish = np.minimum(due.until[rows] - day * due.slots, due.slots)
    lacks = np.ones(len(rows), np.bool_)  # until a block says otherwise
    given = {"series": np.unique(due.series[rows]).tolist(), "first": first, "day": first + timedelta(days=day)}
    order = np.argsort(due.series[rows], kind="stable")
    by_series = due.series[rows][order]
    for _day, step, quality, series in gridded.fetch(_BLOCKS, given):
        own = _integers(series)
        low, high = np.searchsorted(by_series, own), np.searchsorted(by_series, own, side="right")
        of_block = order[_ranges(low, high)]
        if quality is None:
            lacks[of_block] = False
            continue
        codes = np.frombuffer(quality, np.uint8).reshape(1, -1)
        if codes.shape[1] != blocks.MINUTES_A_DAY // step:
            raise blocks.BlockDamaged(blocks.BlockDamaged.__doc__)
        is_bad = np.isin(tallies.regroup(codes, step, due.step)[0], (Quality.MISSING, Quality.MIXED))
        until = np.concatenate([[0], np.cumsum(is_bad)])
        lacks[of_block] = until[finish[of_block]] > until[begin[of_block]]
    return rows[lacks]


def _whole_days(series: Ids, first: date, until: date) -> Flags:
    """Whether each UTC day from the first to `until` itself lacks nothing, of shape (series, days)."""
    known = np.unique(series)
    whole = np.zeros((len(known), (until - first).days + 1), np.bool_)
    given = {"series": known.tolist(), "first": first.replace(day=1), "until": until + timedelta(days=1)}
    for month, keys, masks in gridded.fetch(_MONTHS, given):
        bits = np.frombuffer(masks, ">i4").astype(np.int64)
        place = np.searchsorted(known, _integers(keys))
        for number in range(blocks.DAYS_A_MONTH):
            day = (month - first).days + number
            if 0 <= day < whole.shape[1]:
                whole[place, day] |= (bits >> number & 1).astype(np.bool_)
    return whole[np.searchsorted(known, series)]


def _ranges(low: Ids, high: Ids) -> Ids:
    """The integers of all the ranges, one after the other."""
    sizes = high - low
    return np.repeat(high - np.cumsum(sizes), sizes) + np.arange(int(sizes.sum()))


def _integers(data: bytes) -> Ids:
    return np.frombuffer(data, ">i8").astype(np.int64)


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
