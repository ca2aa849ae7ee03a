"""Thirteen local months of a meter point, exact: whole UTC days from month rows, the days at the edges from blocks."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import F
from numpy.typing import NDArray

from meterbook.billing import content
from meterbook.billing.calculating import facts, usage
from meterbook.customers import models as customer_models
from meterbook.foundation import many
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, Quality
from meterbook.metering import blocks

MONTHS = 13  # twelve, and before them the same month of the year before
MONTH_ROWS = b"""
SELECT series_id, month, days FROM metering_seriesmonth
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[])
    AND month >= %(first)s::date AND month < %(until)s::date
"""
# Blocks that look alike in one row; whatever is unusual is read one by one.
EDGES = b"""
SELECT day, step, quality IS NULL, string_agg(int8send(series_id), ''::bytea), string_agg("values", ''::bytea)
FROM metering_seriesday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[]) AND day = ANY(%(days)s::date[])
GROUP BY day, step, octet_length("values"), quality IS NULL
"""
SINGLE_EDGES = b"""
SELECT series_id, day, step, "values", quality FROM metering_seriesday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[]) AND day = ANY(%(days)s::date[])
ORDER BY series_id, day, revision
"""
ODD = b"""
SELECT series_id, day, quality FROM metering_seriesday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[])
    AND day >= %(first)s::date AND day < %(until)s::date AND quality IS NOT NULL
"""
_ESTIMATED = np.array(sorted(ESTIMATED), np.uint8)

Block = tuple[NDArray[np.int64], NDArray[np.uint8] | None]  # without qualities all of it is VALID


@dataclass(frozen=True)
class LocalMonth:
    """A calendar month of a place: UTC days wholly inside, by month row, and the parts of UTC days at its edges."""

    first: date
    days: int
    period: Period
    whole: tuple[tuple[date, slice], ...]
    edges: tuple[tuple[date, Period], ...]


@dataclass(frozen=True)
class Edge:
    """Blocks of a UTC day that look alike: `values` of shape (series, slots), all VALID."""

    series: list[int]
    values: NDArray[np.int64]


@dataclass
class Store:
    """Month rows, blocks at the edges of months, and the days with an estimated interval, by series.

    `edges` are blocks by day, `odd_edges` those that are not plain.
    """

    months: dict[date, dict[int, bytes]] = field(default_factory=lambda: defaultdict(dict))
    edges: dict[date, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    odd_edges: dict[date, dict[int, Block]] = field(default_factory=lambda: defaultdict(dict))
    estimated: set[tuple[int, date]] = field(default_factory=set)
    covered: dict[tuple[object, ...], list[int]] = field(default_factory=dict)
    _used: dict[Period, dict[int, int]] = field(default_factory=dict)

    def quantity(self, series_id: int, month: LocalMonth) -> int | None:
        """This will return what was used in a local month, or None when an interval of it is missing."""
        used = self._used.get(month.period)
        if used is None:
            used = self._used[month.period] = self._of(month)
        return used.get(series_id)

    def is_estimated(self, series_id: int, month: LocalMonth) -> bool:
        """This will tell whether an interval of the UTC days of a month is estimated."""
        if not self.estimated:
            return False
        return any((series_id, day) in self.estimated for day in civil.dates(*usage.utc_days(month.period)))

    def _of(self, month: LocalMonth) -> dict[int, int]:
        """What was used in a month, by all series that lack nothing in it."""
        parts = [self._whole(first, days) for first, days in month.whole]
        parts += [self._edge(day, part) for day, part in month.edges]
        complete = functools.reduce(lambda one, other: one & other.keys(), parts[1:], set(parts[0]))
        return {each: sum(part[each] for part in parts) for each in complete}

    def _whole(self, first: date, days: slice) -> dict[int, int]:
        """The sums of days of a month row, of all series that lack nothing in them."""
        rows = self.months.get(first, {})
        figures = blocks.decode_months(list(rows.values()))[:, days]
        totals = figures[:, :, blocks.TOTAL].sum(axis=1, dtype=np.int64).tolist()
        lacking = np.count_nonzero(figures[:, :, blocks.MISSING], axis=1).tolist()
        listed = zip(rows, totals, lacking, strict=True)
        return {series_id: total for series_id, total, is_lacking in listed if not is_lacking}

    def _edge(self, day: date, part: Period) -> dict[int, int]:
        """The sums of a part of a UTC day, of all series that lack nothing in it."""
        found: dict[int, int] = {}
        for each in self.edges.get(day, ()):
            used = each.values[:, _slots(day, part, each.values.shape[1])].sum(axis=1, dtype=np.int64)
            found.update(zip(each.series, used.tolist(), strict=True))
        for series_id, (values, codes) in self.odd_edges.get(day, {}).items():
            own = _slots(day, part, len(values))
            found.pop(series_id, None)
            if codes is None or not (codes[own] == Quality.MISSING).any():
                found[series_id] = int(values[own].sum())
        return found


_UTC = ZoneInfo("UTC")


@functools.lru_cache(maxsize=1_024)
def _slots(day: date, part: Period, slots: int) -> slice:
    """Those of a UTC day's intervals that lie in a part of it; as in a bill, each belongs to where it starts."""
    step, midnight = timedelta(days=1) / slots, civil.start_of_day(day, _UTC)
    return slice(-((midnight - part.start) // step), -((midnight - part.end) // step))


@functools.lru_cache(maxsize=256)
def month_of(day: date, zone: ZoneInfo) -> Period:
    """This will return the local month that holds a day; the bills of a run ask for the same one again and again."""
    return civil.month_bounds(day, zone)


def months_until(day: date) -> list[date]:
    """This will return the first days of the thirteen months that end with that of a day, the oldest first."""
    found = [day.replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[::-1]


def tenures(organization_id: int, chunk: facts.Chunk) -> dict[tuple[int, int], list[Period]]:
    """This will return when an account had a meter point by contract, by (account, meter point)."""
    rows = customer_models.Contract.objects.filter(
        many.among("account_id", chunk.accounts),
        many.among("meter_point_id", chunk.points),
        organization_id=organization_id,
    ).order_by("during", "id")
    found: dict[tuple[int, int], list[Period]] = defaultdict(list)
    made = functools.cache(Period)
    for account_id, point_id, start, end in many.rows(
        rows.values_list("account_id", "meter_point_id", *many.both_ends(F("during")))
    ):
        own = found[account_id, point_id]
        period = made(start, end or _FAR)
        if own and own[-1].end == period.start:
            own[-1] = Period(own[-1].start, period.end)
        else:
            own.append(period)
    return dict(found)


_FAR = civil.start_of_day(date(9000, 1, 1), _UTC)


@dataclass(frozen=True)
class Place:
    """The series of a meter point and the zone of its months."""

    series_id: int
    zone: ZoneInfo


def load(
    run: facts.Run,
    wanted: dict[tuple[int, int], tuple[int, ZoneInfo]],
    held: dict[tuple[int, int], list[Period]],
) -> Store:
    """This will load what the histories need; `wanted` is series ids and zones by (account, meter point)."""
    store = Store()
    by_zone: dict[ZoneInfo, set[int]] = defaultdict(set)
    bounds = {}
    for key, (series_id, zone) in wanted.items():
        if zone not in bounds:
            bounds[zone] = _calendar(run.until_day - timedelta(days=1), zone)[:-1]
        oldest, earliest = bounds[zone][0].period.start, bounds[zone][-1].period.start
        if any(each.start <= earliest and each.end > oldest for each in held.get(key, [])):
            by_zone[zone].add(series_id)
    for zone, series in by_zone.items():
        _load(store, run, sorted(series), bounds[zone])
    return store


def _load(store: Store, run: facts.Run, series: list[int], months: Sequence[LocalMonth]) -> None:
    """What months of one zone need: whole UTC days by month, and the days at their edges."""
    oldest, present = months[0].period.start, months[-1].period.end
    first, until = usage.utc_days(Period(oldest, present))
    parameters = {"organization": run.organization_id, "series": series, "first": first.replace(day=1), "until": until}
    for series_id, month, days in usage.fetch(MONTH_ROWS, parameters):
        store.months[month][series_id] = days
    edges = {each.period.start for each in months} | {present}
    days = sorted({each.date() for each in edges if each != civil.start_of_day(each.date(), _UTC)})
    _load_edges(store, {**parameters, "days": days})
    for series_id, day, quality in usage.fetch(ODD, {**parameters, "first": first}):
        if np.isin(np.frombuffer(quality, np.uint8), _ESTIMATED).any():
            store.estimated.add((series_id, day))


def _load_edges(store: Store, parameters: dict[str, Any]) -> None:
    seen: dict[date, set[int]] = defaultdict(set)
    odd: set[int] = set()
    for day, step, is_plain, ids, packed in usage.fetch(EDGES, parameters) if parameters["days"] else []:
        series = np.frombuffer(ids, ">i8").tolist()
        odd |= set(series) & seen[day] if is_plain else set(series)
        odd |= set(series) if len(set(series)) < len(series) else set()
        seen[day].update(series)
        if is_plain:
            store.edges[day].append(Edge(series, blocks.decode_plain(packed, len(series), step)))
    rows = usage.fetch(SINGLE_EDGES, {**parameters, "series": sorted(odd)}) if odd else []
    for series_id, day, step, values, quality in rows:
        numbers, codes = blocks.decode(values, quality, step)
        store.odd_edges[day][series_id] = numbers, None if quality is None else codes


@functools.lru_cache(maxsize=64)
def _calendar(day: date, zone: ZoneInfo) -> tuple[LocalMonth, ...]:
    """The thirteen months that end with that of a day."""
    return tuple(_local_month(first, zone) for first in months_until(day))


def _local_month(first: date, zone: ZoneInfo) -> LocalMonth:
    period = civil.month_bounds(first, zone)
    whole: dict[date, list[int]] = defaultdict(list)
    edges = []
    for day in civil.dates(*usage.utc_days(period)):
        start = civil.start_of_day(day, _UTC)
        part = Period(start, start + timedelta(days=1)).intersection(period)
        if part is not None and part.duration == timedelta(days=1):
            whole[day.replace(day=1)].append(day.day)
        elif part is not None:
            edges.append((day, part))
    return LocalMonth(
        first=first,
        days=(civil.next_month(first) - first).days,
        period=period,
        whole=tuple((month, slice(days[0] - 1, days[-1])) for month, days in whole.items()),
        edges=tuple(edges),
    )


def months(
    store: Store, place: Place, held: Sequence[Period], run: facts.Run, own: content.Month | None
) -> list[content.Month]:
    """This will return thirteen months of a meter point; `own` is the present one, where the bill holds all of it."""
    final = run.until_day - timedelta(days=1)
    calendar, found = _calendar(final, place.zone), list(_unknown(final, place.zone))
    for number in _own(store, calendar, held, _start_of_day(run.first_day, place.zone)):
        month = calendar[number]
        quantity = store.quantity(place.series_id, month)
        is_estimated = quantity is not None and store.is_estimated(place.series_id, month)
        found[number] = content.Month(month.first, month.days, quantity, is_estimated)
    if own is not None:
        found[-1] = own
    return found


def _own(store: Store, calendar: Sequence[LocalMonth], held: Sequence[Period], begins: datetime) -> list[int]:
    """Which months before an instant an account had a meter point all of: many accounts have the same."""
    ends = (instant for each in held for instant in (each.start, each.end))
    key = (begins, calendar[0].period.start, calendar[-1].period.end, *ends)
    found = store.covered.get(key)
    if found is None:
        found = store.covered[key] = [
            number
            for number, month in enumerate(calendar)
            if month.period.end <= begins and any(each.covers(month.period) for each in held)
        ]
    return found


@functools.lru_cache(maxsize=64)
def _unknown(day: date, zone: ZoneInfo) -> tuple[content.Month, ...]:
    """Months of which nothing is known, as most are of who has just moved in."""
    return tuple(content.Month(each.first, each.days, None, is_estimated=False) for each in _calendar(day, zone))


@functools.lru_cache(maxsize=1_024)
def _start_of_day(day: date, zone: ZoneInfo) -> datetime:
    return civil.start_of_day(day, zone)
