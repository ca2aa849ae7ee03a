"""Bytes that a 15-minute interval takes in day blocks, after a month was derived again, and what a raw reading takes.

1,000 meters with uneven use. The month is derived, then twice again with another multiplier, so that every block is
written anew; after each time the server's own cleaning ran (VACUUM), as it does by itself, and the product's nightly
job that compacts months. Baseline: the same intervals as one row each, with a key.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from bench import derive, ingest, measure

METERS = 1_000
FIRST, DAYS = date(2026, 3, 1), 31
ROWS = """
CREATE TABLE bench_interval (organization_id int NOT NULL, series_id bigint NOT NULL, at timestamptz NOT NULL,
    value bigint NOT NULL, quality smallint NOT NULL, PRIMARY KEY (series_id, at));
INSERT INTO bench_interval
SELECT organization_id, series_id, at, value, quality FROM metering_reading WHERE at < '2026-03-04';
"""
SIZE = """
SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent = %s::regclass
"""


def main() -> None:
    """This will print the bytes of an interval in blocks, and those of a raw reading with its key."""
    with measure.database():
        organization_id, series = derive.make_site(METERS)
        _read(organization_id, series)
        from django.db import connections

        from meterbook.metering import operations

        intervals = METERS * DAYS * derive.SLOTS
        sizes, loose = [], []
        with connections["owner"].cursor() as cursor:
            for numerator in (40, 41, 42):
                _derive(organization_id, series, numerator)
                cursor.execute("VACUUM metering_seriesday")
                loose.append(_size(cursor, "metering_seriesday") / intervals)
                operations.compact_months()
                sizes.append(_size(cursor, "metering_seriesday") / intervals)
            cursor.execute(ROWS)
            cursor.execute("SELECT pg_total_relation_size('bench_interval')::float / count(*) FROM bench_interval")
            [(row,)] = cursor.fetchall()
            reading = _size(cursor, "metering_reading") / (intervals + METERS)
        until_night = round(max(loose), 2)
        _report("storage", "bytes an interval in blocks", sizes[-1], row, until_night=until_night, asked=6)
        _report("storage_reading", "bytes a raw reading with its key", reading)


def _report(name: str, unit: str, value: float, baseline: float | None = None, **details: object) -> None:
    exact = {} if baseline is None else {"exact_baseline": round(baseline, 2)}
    measure.report(name, unit, value, baseline, exact=round(value, 2), **exact, **details)


def _read(organization_id: int, series: list[int]) -> None:
    from meterbook.metering import operations

    ids = np.array(series, np.int64)
    generator = np.random.default_rng(7)
    shown = np.full(METERS, 1_000_000, np.int64)
    start = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp()) * 1_000_000
    for slot in range(DAYS * derive.SLOTS + 1):
        ingest._record(
            organization_id,
            operations.ReadingBatch(
                series_id=ids,
                at=np.full(METERS, start + slot * ingest.STEP, np.int64),
                value=shown.copy(),
                quality=np.zeros(METERS, np.int64),
                source=np.ones(METERS, np.int64),
            ),
        )
        shown += generator.integers(0, 400, METERS)


def _derive(organization_id: int, series: list[int], numerator: int) -> None:
    """With another multiplier each block is another."""
    from meterbook.foundation import scoping
    from meterbook.metering import models
    from meterbook.metering.operations import marking
    from tests.factories import identity

    own: dict[str, Any] = {"organization_id": organization_id}
    with scoping.scope([organization_id], actor=identity.ACTOR):
        models.MultiplierSegment.objects.filter(**own).update(numerator=numerator)
        marking.mark_dirty(**own, series_ids=series, first_day=FIRST, until_day=FIRST + timedelta(days=DAYS))
    outcome = derive.derive_marked(organization_id)
    assert outcome.changed >= METERS * DAYS, outcome


def _size(cursor: Any, table: str) -> float:  # noqa: ANN401 - a cursor
    cursor.execute(SIZE, [table])
    [(size,)] = cursor.fetchall()
    return float(size)


if __name__ == "__main__":
    main()
