"""Day blocks for tests of what reads them, as the derivation would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

from meterbook.foundation import bulk
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, models, operations

ACTOR = Actor.system("tests")
DAY_OF_96 = tuple(range(1, 97))


def day_block(
    series: models.Series,
    day: date,
    values: Sequence[int] = DAY_OF_96,
    *,
    quality: Mapping[int, Quality] | None = None,
    revision: int = 0,
) -> None:
    """This will store the block of one UTC day; slots named in `quality` have that quality, missing ones no value."""
    codes = np.full(len(values), Quality.VALID, np.uint8)
    numbers = np.array(values, np.int64)
    for slot, code in (quality or {}).items():
        codes[slot] = code
        if code is Quality.MISSING:
            numbers[slot] = 0
    block = blocks.encode(numbers, codes, 1_440 // len(values))
    with bulk.transact() as connection:
        connection.execute("SELECT metering_make_partition('metering_seriesday', %s)", [day])
        connection.execute(
            "INSERT INTO metering_seriesday"
            ' (organization_id, series_id, day, revision, step, "values", quality, digest)'
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                series.organization_id,
                series.pk,
                day,
                revision,
                block.step,
                block.values,
                block.quality,
                block.digest,
            ],
        )


def flat_days(series: models.Series, first: date, count: int, value: int = 250) -> None:
    """This will store whole days in which every interval has the same value."""
    for offset in range(count):
        day_block(series, first + timedelta(days=offset), [value] * (1_440 // series.step))


def sum_days(organization_id: int, day: date) -> None:
    """This will sum the stored blocks of the 70 days before a day and the two after, as bulk loading has to."""
    operations.rebuild_totals(
        organization_id=organization_id,
        actor=ACTOR,
        at=datetime.combine(day, datetime.min.time(), UTC),
        first=day - timedelta(days=70),
        until=day + timedelta(days=3),
    )
