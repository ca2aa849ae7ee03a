"""Intervals a second from raw readings to committed day blocks, against reading them only (`make bench-derive`).

Two organizations, one process each, as two workers would; readings lie in the table in the order in which they arrived.
Every run derives days that were never derived. Blocks, month rows and the removal of the marks are committed.
"""

from __future__ import annotations

import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench import measure

SERIES = 2_000  # of each organization
DAYS_A_RUN = 3
ORGANIZATIONS = 2
SLOTS = 96
FIRST = date(2026, 3, 2)
SPARE = 2  # runs that are not measured: connections, caches and partitions are there then
RUNS = measure.PAIRS + SPARE

READINGS = """
INSERT INTO metering_reading (organization_id, series_id, at, value, quality, source, received_at)
SELECT organization_id, series_id, at, 1000000 + number * (1 + series_id %% 97), 0, 1, at
FROM (SELECT at, row_number() OVER (ORDER BY at) AS number
      FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz, '15 minutes') AS at) AS slot
CROSS JOIN (SELECT organization_id, id AS series_id FROM metering_series
            WHERE organization_id = ANY(%(organizations)s) ORDER BY id) AS series
ORDER BY at, series_id
"""


def main() -> None:
    """This will print the rate of both processes together."""
    with measure.database():
        sites = [make_site() for _ in range(ORGANIZATIONS)]
        read_meters([organization_id for organization_id, _series in sites])
        from django.db import connections

        connections.close_all()
        starts = itertools.count()
        again = itertools.count()
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(ORGANIZATIONS, mp_context=context) as pool:

            def read() -> int:
                day = FIRST + timedelta(days=DAYS_A_RUN * next(again))
                return sum(pool.map(_read, [(*site, day) for site in sites]))

            def derive() -> int:
                day = FIRST + timedelta(days=DAYS_A_RUN * next(starts))
                list(pool.map(mark, [(*site, day) for site in sites]))
                return sum(pool.map(_derive, [site[0] for site in sites]))

            for _ in range(SPARE):
                read(), derive()
            pairs = measure.interleaved(read, derive)
        measure.report_pairs(
            "derive",
            "intervals/s",
            pairs,
            against="packed read of the same readings",
            processes=ORGANIZATIONS,
            series=SERIES * ORGANIZATIONS,
        )


def make_site(count: int = SERIES) -> tuple[int, list[int]]:
    """This will make an organization with `count` clean meters, directly: their making is not measured."""
    from tests.factories import identity, sites

    organization = identity.organization()
    return organization.pk, add_meters(sites.site(organization=organization), range(count))


def add_meters(site: Any, numbers: range) -> list[int]:  # noqa: ANN401 - a Site
    """This will make clean meters at a site, directly, and return the ids of their series."""
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

    from meterbook.foundation import scoping
    from meterbook.metering import models, values
    from tests.factories import identity

    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    own: dict[str, Any] = {"organization_id": site.organization_id}
    with scoping.scope([site.organization_id], actor=identity.ACTOR):
        points = models.MeterPoint.objects.bulk_create(
            models.MeterPoint(**own, site=site, code=f"P{number}", name="Bench", service=values.Service.ELECTRICITY)
            for number in numbers
        )
        meters = models.Meter.objects.bulk_create(
            models.Meter(**own, serial_number=f"S{number}", model_code="bench") for number in numbers
        )
        hung = models.Installation.objects.bulk_create(
            models.Installation(
                **own, meter_point=point, meter=meter, during=DateTimeTZRange(long_ago, None), rated_per_hour=69_000
            )
            for point, meter in zip(points, meters, strict=True)
        )
        models.MultiplierSegment.objects.bulk_create(
            models.MultiplierSegment(**own, installation=each, starts_at=long_ago, numerator=40) for each in hung
        )
        series = models.Series.objects.bulk_create(
            models.Series(
                **own,
                meter_point=point,
                code="energy_import",
                kind=values.SeriesKind.CUMULATIVE,
                unit="KWH",
                decimals=3,
                step=15,
            )
            for point in points
        )
        models.InstallationRegister.objects.bulk_create(
            models.InstallationRegister(
                **own, installation=each, series=fed, register_code="energy", unit="KWH", decimals=2
            )
            for each, fed in zip(hung, series, strict=True)
        )
    return [each.pk for each in series]


def read_meters(organizations: list[int]) -> None:
    """This will store readings of all days, quarter after quarter, through the owner, who also brings statistics."""
    from django.db import connections

    end = FIRST + timedelta(days=DAYS_A_RUN * RUNS)
    with connections["owner"].cursor() as cursor:
        for month in sorted({(FIRST + timedelta(days=day)).replace(day=1) for day in range((end - FIRST).days + 1)}):
            cursor.execute("SELECT metering_make_partition('metering_reading', %s)", [month])
        span = {"start": f"{FIRST - timedelta(days=1)} 23:45+00", "end": f"{end} 00:00+00"}
        cursor.execute(READINGS, {**span, "organizations": organizations})
        cursor.execute("ANALYZE")


def mark(given: tuple[int, list[int], date]) -> None:
    """This will mark the days of a run to be derived: of an organization, its series, from a day on."""
    from meterbook.foundation import scoping
    from meterbook.metering.operations import marking
    from tests.factories import identity

    organization_id, series_ids, day = given
    with scoping.scope([organization_id], actor=identity.ACTOR):
        marking.mark_dirty(
            organization_id=organization_id,
            series_ids=series_ids,
            first_day=day,
            until_day=day + timedelta(days=DAYS_A_RUN),
        )


def _derive(organization_id: int) -> int:
    outcome = derive_marked(organization_id)
    assert outcome.changed == outcome.derived == SERIES * DAYS_A_RUN, outcome
    return int(outcome.derived * SLOTS)


def derive_marked(organization_id: int) -> Any:  # noqa: ANN401 - operations.DeriveOutcome
    """This will derive all days that are marked and return the outcome."""
    from meterbook.metering import operations
    from tests.factories import identity

    return operations.derive_dirty_days(
        organization_id=organization_id, actor=identity.ACTOR, at=datetime(2026, 4, 1, tzinfo=UTC)
    )


def _read(given: tuple[int, list[int], date]) -> int:
    """The rows as the deriver asks for them, and nothing done with them."""
    import numpy as np

    from meterbook.foundation import bulk
    from meterbook.metering.deriving import marks, readings
    from meterbook.metering.validation.inputs import DAY

    organization_id, series_ids, day = given
    start = (day - date(1970, 1, 1)).days * DAY
    size = marks.SERIES_DAYS // DAYS_A_RUN
    with bulk.transact() as connection:
        connection.execute("SET LOCAL work_mem = '64MB'")
        for first in range(0, len(series_ids), size):
            ids = np.array(series_ids[first : first + size], np.int64)
            end = start + DAYS_A_RUN * DAY
            readings.fetch_window(connection, organization_id, ids, start=start, end=end, with_neighbors=True)
    return len(series_ids) * DAYS_A_RUN * SLOTS


if __name__ == "__main__":
    main()
