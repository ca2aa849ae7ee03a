"""Seconds that one more day of 1,000 meters costs while 1,000, 10,000 and 100,000 have a month of blocks.

All meters are of one site. A day is 96 live batches of 1,000 readings, then the derivation of their blocks, month rows
and the site's sums. The month that is there was written as blocks, directly; its making is not measured. Baseline: bare
COPY of the same readings, in turn with ours, so that a slower moment of the machine shows in both.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from bench import derive, ingest, measure

MEASURED = 1_000
SIZES = (1_000, 10_000, 100_000)
DAYS = 5  # measured of each size
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
MICROSECONDS = 86_400_000_000
FILL = """
INSERT INTO {table} ({columns})
SELECT {given} FROM unnest(%(series)s::bigint[]) AS s(id) CROSS JOIN
    (SELECT * FROM {table} WHERE series_id = %(like)s AND {span} BETWEEN %(first)s AND %(last)s) AS t
"""


def main() -> None:
    """This will print one line a size, and how much more a day costs at the largest than at the smallest."""
    with measure.database():
        organization_id, series = derive.make_site(MEASURED)
        site = _site_of(organization_id)
        ingest._make_baseline()
        days = _days()
        for day in itertools.islice(days, 31):  # the month of those that are measured, by the product itself
            _more(organization_id, series, day)
        costs = []
        for size in SIZES:
            present = MEASURED if not costs else SIZES[len(costs) - 1]
            _fill(organization_id, series[0], derive.add_meters(site, range(present, size)))
            _more(organization_id, series, next(days))  # not measured: caches
            costs.append(_measure(organization_id, series, days, size))
        measure.report(
            "growth", "times the cost of a day at the smallest", costs[-1] / costs[0], sizes=SIZES, asked=1.25
        )


def _measure(organization_id: int, series: list[int], days: Iterator[date], size: int) -> float:
    ours, bare = [], []
    for _ in range(DAYS):
        day = next(days)
        begin = time.perf_counter()
        for batch in _batches(series, day):
            ingest._copy(organization_id, batch, _instant(day))
        bare.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        _more(organization_id, series, day)
        ours.append(time.perf_counter() - begin)
    found = statistics.median(ours)
    measure.report(
        "growth_day",
        "ms a day of 1,000 meters",
        found * 1000,
        statistics.median(bare) * 1000,
        meters=size,
        range=[round(min(ours) * 1000), round(max(ours) * 1000)],
    )
    return found


def _more(organization_id: int, series: list[int], day: date) -> None:
    for batch in _batches(series, day):
        ingest._record(organization_id, batch)
    outcome = derive.derive_marked(organization_id)
    assert outcome.changed >= MEASURED, outcome


def _batches(series: list[int], day: date) -> Iterator[Any]:
    """96 slots, the last of them the midnight that ends the day."""
    from meterbook.metering import operations

    ids = np.array(series, np.int64)
    rise = np.random.default_rng(7).integers(1, 5_000, len(ids))
    number = (day - FIRST).days * derive.SLOTS
    for slot in range(1, derive.SLOTS + 1):
        yield operations.ReadingBatch(
            series_id=ids,
            at=np.full(len(ids), _instant(day) + slot * ingest.STEP, np.int64),
            value=1_000_000 + rise * (number + slot),
            quality=np.zeros(len(ids), np.int64),
            source=np.ones(len(ids), np.int64),
        )


def _days() -> Iterator[date]:
    return (FIRST + timedelta(days=number) for number in itertools.count())


def _instant(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def _site_of(organization_id: int) -> Any:  # noqa: ANN401 - a Site
    from meterbook.foundation import scoping
    from meterbook.sites import models
    from tests.factories import identity

    with scoping.scope([organization_id], actor=identity.ACTOR):
        return models.Site.objects.get(organization_id=organization_id)


def _fill(organization_id: int, like: int, series: list[int]) -> None:
    """Blocks and month rows of March for new series, those of one that is measured; then the site's sums."""
    from django.db import connections

    from meterbook.metering import operations
    from tests.factories import identity

    if not series:
        return
    with connections["owner"].cursor() as cursor:
        for table, span in (("metering_seriesday", "day"), ("metering_seriesmonth", "month")):
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                " AND is_generated = 'NEVER' ORDER BY ordinal_position",
                [table],
            )
            columns = [name for (name,) in cursor.fetchall()]
            given = ["s.id" if name == "series_id" else f"t.{name}" for name in columns]
            words = {"table": table, "columns": ", ".join(columns), "given": ", ".join(given), "span": span}
            values = {"series": series, "like": like, "first": FIRST, "last": LAST}
            cursor.execute(FILL.format(**words), values)
        cursor.execute("VACUUM ANALYZE")
    derive.derive_marked(organization_id)  # the marks of new installations, if there are any
    operations.rebuild_totals(
        organization_id=organization_id,
        actor=identity.ACTOR,
        at=datetime(2026, 4, 1, tzinfo=UTC),
        first=FIRST,
        until=LAST + timedelta(days=1),
    )


if __name__ == "__main__":
    main()
