"""Which tenants' meter points use the most of a service this month. Needs a running scope.

A month row holds the totals of UTC days. Those of the month's days put points in an order; the hours by which the local
month differs are then counted exactly. Every figure is exact; of more than `MOST_COUNTED` points only the first ones of
that order are counted, so that of points that differ by less than those hours use one may be left out. Which these are
is looked up anew after ten minutes: who used the most of a month does not change from one minute to the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from meterbook.foundation import bulk, scoping
from meterbook.metering import blocks, local_quarters, models, quarters, values
from meterbook.metering.local_quarters import Stretch
from meterbook.metering.quarters import A_DAY
from meterbook.metering.queries import site_lines
from meterbook.metering.queries import totals as totals_queries

Integers = NDArray[np.int64]

MOST_CONSUMERS = 7
MOST_COUNTED = 200
_DAY_BYTES = blocks.FIGURES * 8
# One value: of each series its id and the figures of the wanted days. Row by row it would take five times as long.
_MONTHS = """
SELECT string_agg(int8send(m.series_id) || substring(m.days FROM %(begin)s FOR %(length)s), ''::bytea)
FROM metering_meterpoint p
JOIN metering_series s ON s.meter_point_id = p.id AND s.code = %(code)s AND s.organization_id = ANY(%(organizations)s)
JOIN metering_seriesmonth m ON m.series_id = s.id AND m.month = %(month)s AND m.organization_id = ANY(%(organizations)s)
WHERE p.organization_id = ANY(%(organizations)s) AND p.site_id = %(site)s AND p.service = %(service)s
    AND p.role = 'TENANT' AND (%(candidates)s::bigint[] IS NULL OR s.id = ANY(%(candidates)s))
"""
_LOOK_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class _Candidates:
    """Those of many series that can be among the largest: the ids, when they were found and for which month."""

    found_at: datetime
    month: date
    series: tuple[int, ...]


_candidates: dict[tuple[int, int, values.Service], _Candidates] = {}  # by organization, site and service


@dataclass(frozen=True)
class Consumer:
    """A meter point with its use of the month so far."""

    point_id: int
    public_id: uuid.UUID
    code: str
    name: str
    node_name: str
    figure: totals_queries.Figure


def top_consumers(
    *, site_id: int, zone: tzinfo, service: values.Service, at: datetime, most: int = MOST_CONSUMERS
) -> tuple[Consumer, ...]:
    """This will return the TENANT points of a site with the largest use this month, the largest first.

    :param zone: the site's, whose month is meant
    """
    here, there = site_lines.periods(at, zone)["month"]
    own, before = local_quarters.stretch(here, zone), local_quarters.stretch(there, zone)
    first, until = here.start.date(), min(here.end, at).date()
    # The month that most of its UTC days are of; in the first hours of some places that has not begun yet.
    month = min((here.start + (here.end - here.start) / 2).date(), until).replace(day=1)
    days = (max(first, month), min(until, _month_end(month)))
    series, ranked = _rank(site_id, service, days, at)
    chosen = _largest(series, ranked, own, days, until, most)
    if not chosen:
        return ()
    figures = _figures(chosen, own, before)
    points = models.Series.objects.filter(
        organization_id__in=scoping.current().organizations, pk__in=chosen
    ).select_related("meter_point__node")
    by_series = {each.pk: each.meter_point for each in points}
    return tuple(
        Consumer(
            point_id=by_series[each].pk,
            public_id=by_series[each].public_id,
            code=by_series[each].code,
            name=by_series[each].name,
            node_name=node.name if (node := by_series[each].node) else "",
            figure=figures[each],
        )
        for each in chosen
    )


def _rank(site_id: int, service: values.Service, days: tuple[date, date], at: datetime) -> tuple[Integers, Integers]:
    """Series and the sum of the UTC days [first, last], both of one month: of many only the largest, in their order."""
    key, month = (scoping.current().organization_id, site_id, service), days[0].replace(day=1)
    known = _candidates.get(key)
    if known is not None and known.month == month and timedelta(0) <= at - known.found_at < _LOOK_AGAIN:
        return _sums(site_id, service, days, known.series)
    series, sums = _sums(site_id, service, days, None)
    if len(series) > MOST_COUNTED:
        largest = np.lexsort((series, -sums))[:MOST_COUNTED]
        series, sums = series[largest], sums[largest]
        _candidates[key] = _Candidates(at, month, tuple(series.tolist()))
    return series, sums


def _sums(
    site_id: int, service: values.Service, days: tuple[date, date], candidates: Sequence[int] | None
) -> tuple[Integers, Integers]:
    """Series and the sum of their UTC days [first, last], from their month rows."""
    begin, end = days
    count = (end - begin).days + 1
    given = {
        "organizations": list(scoping.current().organizations),
        "site": site_id,
        "service": service.value,
        "code": values.COUNTED_SERIES[service],
        "month": begin.replace(day=1),
        "begin": (begin.day - 1) * _DAY_BYTES + 1,
        "length": count * _DAY_BYTES,
        "candidates": None if candidates is None else list(candidates),
    }
    [(data,)] = bulk.fetch(connection.connection, _MONTHS, given)
    rows = np.frombuffer(data or b"", [("series", ">i8"), ("days", "<i8", (count, blocks.FIGURES))])
    return rows["series"].astype(np.int64), rows["days"][:, :, blocks.TOTAL].sum(axis=1)


def _month_end(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _largest(
    series: Integers, ranked: Integers, month: Stretch, days: tuple[date, date], until: date, most: int
) -> list[int]:
    """The series that used most, by their exact use of the month, equal ones by their id."""
    edges = _edges(series.tolist(), month, days, until)
    exact = {each: used + edges.get(each, 0) for each, used in zip(series.tolist(), ranked.tolist(), strict=True)}
    largest = sorted(exact.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [series_id for series_id, used in largest if used > 0]


def _edges(series: Collection[int], month: Stretch, days: tuple[date, date], until: date) -> dict[int, int]:
    """What the month used in UTC days outside of `days`, less what `days` hold from before or after the month."""
    touched = (local_quarters.day(month.first // A_DAY), local_quarters.day((month.until - 1) // A_DAY))
    edges = sorted({each for each in touched if each <= until})
    found: dict[int, int] = {}
    if not series or not edges:
        return found
    rows = _blocks(series, edges)
    data = quarters.decode([row[2:] for row in rows]).use
    for (series_id, day, *_rest), use in zip(rows, data, strict=True):
        start = local_quarters.day_index(day) * A_DAY
        inside = int(use[max(month.first - start, 0) : max(min(month.until - start, A_DAY), 0)].sum())
        counted = int(use.sum()) if days[0] <= day <= days[1] else 0
        found[series_id] = found.get(series_id, 0) + inside - counted
    return found


def _figures(series: Sequence[int], month: Stretch, before: Stretch) -> dict[int, totals_queries.Figure]:
    first, until = before.first // A_DAY, -(-month.until // A_DAY)
    days = [local_quarters.day(place) for place in range(first, until)]
    grid = quarters.Quarters.empty(len(series) * len(days))
    rows = _blocks(series, days)
    place_of = {series_id: place for place, series_id in enumerate(series)}
    places = np.array(
        [place_of[row[0]] * len(days) + local_quarters.day_index(row[1]) - first for row in rows], np.int64
    )
    for target, source in zip(grid.parts, quarters.decode([row[2:] for row in rows]).parts, strict=True):
        target[places] = source
    use, estimated, known = (each.reshape(len(series), -1) for each in grid.parts)
    offset = first * A_DAY
    here, there = (slice(each.first - offset, each.until - offset) for each in (month, before))
    found = {}
    for series_id, row in place_of.items():
        a, b = local_quarters.pair(month, before, known[row, here], known[row, there])
        found[series_id] = totals_queries.Figure(
            total=int(use[row, here].sum()),
            estimated=int(estimated[row, here].sum()),
            common=len(a),
            here=int(use[row, here][a].sum()),
            there=int(use[row, there][b].sum()),
        )
    return found


def _blocks(series: Collection[int], days: Sequence[date]) -> list[tuple[int, date, int, bytes, bytes | None]]:
    found = models.SeriesDay.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id__in=series,
        day__gte=days[0],
        day__lte=days[-1],
        revision=0,
    ).values_list("series_id", "day", "step", "values", "quality")
    wanted = set(days)
    return [
        (series_id, day, step, bytes(data), None if codes is None else bytes(codes))
        for series_id, day, step, data, codes in found
        if day in wanted
    ]
