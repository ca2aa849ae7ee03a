"""Readings a second, durable and idempotent, with latest values and dirty marks, against bare COPY."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from bench import derive, measure

SERIES = 10_000
SLOTS_A_RUN = 24
STEP = 900_000_000  # a quarter of an hour
START = datetime(2026, 3, 1, tzinfo=UTC)
BASELINE = """
CREATE TABLE bench_reading (LIKE metering_reading INCLUDING DEFAULTS, PRIMARY KEY (series_id, at, source))
    PARTITION BY RANGE (at);
CREATE TABLE bench_reading_y2026m03 PARTITION OF bench_reading
    FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00');
CREATE TABLE bench_reading_y2026m04 PARTITION OF bench_reading
    FOR VALUES FROM ('2026-04-01 00:00:00+00') TO ('2026-05-01 00:00:00+00');
GRANT INSERT, SELECT ON bench_reading TO meterbook_bulk;
"""


def main() -> None:
    """This will print live batches first (the headline), then such with one row in a hundred stored already, then
    batches that are stored already; baseline and ours with another organization's days being derived beside them."""
    with measure.database():
        organization_id, series = _site()
        _make_baseline()
        from django.db import connections

        with _deriving():
            slots, bare_slots = itertools.count(), itertools.count()
            ours, bare = _slots(series, slots), _slots(series, bare_slots)
            received = _microseconds(START)

            def write_ours() -> int:
                return sum(_record(organization_id, next(ours)) for _ in range(SLOTS_A_RUN))

            def write_bare() -> int:
                return sum(_copy(organization_id, next(bare), received) for _ in range(SLOTS_A_RUN))

            def write_some_again() -> int:
                batches = [_with_known(next(ours), known) for _ in range(SLOTS_A_RUN)]
                return sum(_record(organization_id, each) for each in batches)

            def write_again() -> int:
                return sum(_record(organization_id, known) for _ in range(SLOTS_A_RUN))

            known = next(_slots(series, itertools.count()))
            write_bare(), write_ours()  # both once, unmeasured: connections, caches and partitions are there
            _checkpoint(connections["owner"])
            for name, run in (
                ("ingest", write_ours),
                ("ingest_1pct_known", write_some_again),
                ("ingest_again", write_again),
            ):
                pairs = measure.interleaved(write_bare, run)
                measure.report_pairs(
                    name, "readings/s", pairs, key="(series_id, at, source)", batch=SERIES, beside="derive"
                )


@contextlib.contextmanager
def _deriving() -> Iterator[None]:
    """Another organization's days are derived without a break, in a process of its own, as a worker would."""
    site = derive.make_site()
    derive.read_meters([site[0]])
    from django.db import connections

    connections.close_all()
    context = multiprocessing.get_context("fork")
    ended, begun = context.Event(), context.Event()
    worker = context.Process(target=_derive_on, args=(site, begun, ended))
    worker.start()
    begun.wait()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def _derive_on(site: tuple[int, list[int]], begun: Any, ended: Any) -> None:  # noqa: ANN401 - events
    days = [derive.FIRST + timedelta(days=derive.DAYS_A_RUN * number) for number in range(derive.RUNS)]
    for day in itertools.cycle(days):
        if ended.is_set():
            return
        derive.mark((*site, day))
        derive.derive_marked(site[0])
        begun.set()


def _with_known(batch: Any, known: Any) -> Any:  # noqa: ANN401 - batches
    """Every hundredth row is one that is stored already."""
    from meterbook.metering import operations

    is_known = np.arange(SERIES) % 100 == 0
    return operations.ReadingBatch(
        **{
            name: np.where(is_known, getattr(known, name), getattr(batch, name))
            for name in ("series_id", "at", "value", "quality", "source")
        }
    )


def _site() -> tuple[int, Any]:
    """10,000 series of one organization. Made directly: their making is not measured."""
    from meterbook.foundation import scoping
    from meterbook.metering import models, values
    from tests.factories import identity, sites

    organization = identity.organization()
    site = sites.site(organization=organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        point = models.MeterPoint.objects.create(
            organization_id=organization.pk, site=site, code="BENCH", name="Bench", service=values.Service.ELECTRICITY
        )
        made = models.Series.objects.bulk_create(
            models.Series(
                organization_id=organization.pk,
                meter_point=point,
                code=f"s{number}",
                kind=values.SeriesKind.CUMULATIVE,
                unit="KWH",
                decimals=3,
                step=15,
            )
            for number in range(SERIES)
        )
    return organization.pk, np.array([each.pk for each in made], np.int64)


def _slots(series: Any, slots: Iterator[int]) -> Iterator[Any]:  # noqa: ANN401 - arrays and batches
    """Live batches: all series at one slot, each register a little higher than before."""
    from meterbook.metering import operations

    rise = np.random.default_rng(7).integers(1, 5_000, len(series))
    for slot in slots:
        size = len(series)
        yield operations.ReadingBatch(
            series_id=series,
            at=np.full(size, _microseconds(START) + slot * STEP, np.int64),
            value=1_000_000 + rise * slot,
            quality=np.zeros(size, np.int64),
            source=np.ones(size, np.int64),
        )


def _record(organization_id: int, batch: Any) -> int:  # noqa: ANN401 - a ReadingBatch
    from meterbook.kernel.actor import Actor
    from meterbook.metering import operations

    outcome = operations.record_readings(
        organization_id=organization_id, actor=Actor.system("bench"), at=START, batch=batch
    )
    assert not outcome.conflicts, outcome
    return outcome.inserted + outcome.unchanged


def _copy(organization_id: int, batch: Any, received: int) -> int:  # noqa: ANN401 - a ReadingBatch
    from meterbook.foundation import bulk
    from meterbook.metering.operations import batches

    data = batches.copy_bytes(batch, organization_id=organization_id, received_at=received)
    statement = f"COPY bench_reading ({batches.COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with bulk.transact() as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)
    return len(batch)


def _make_baseline() -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(BASELINE)


def _checkpoint(wrapper: Any) -> None:  # noqa: ANN401 - Django's connection
    """Needs a role that may; the owner may not everywhere, and then the server does it when it wants."""
    try:
        with wrapper.cursor() as cursor:
            cursor.execute("CHECKPOINT")
    except Exception as error:
        if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            raise


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000


if __name__ == "__main__":
    main()
