"""Make the partitions of the coming months ahead, so that no batch of readings waits for one."""

from __future__ import annotations

from datetime import UTC, date, datetime

from meterbook.foundation import bulk
from meterbook.kernel import civil

TABLES = ("metering_reading", "metering_seriesday")
MONTHS_AHEAD = 2
LOCK = 4762311  # one program at a time makes partitions ahead


def make_partitions(*, at: datetime) -> int:
    """This will make what is missing for the month of `at` and the two after it, and return how many it made.

    Outside a scope: partitions belong to no organization. Each is made in a transaction of its own: a new partition
    locks its whole table until the transaction ends, and one that held both tables would wait for a program that holds
    the other, and that one for it.
    """
    month = at.astimezone(UTC).date().replace(day=1)
    made = 0
    for _month in range(MONTHS_AHEAD + 1):
        for table in TABLES:
            made += _make(table, month)
        month = civil.next_month(month)
    return made


def _make(table: str, month: date) -> int:
    with bulk.transact() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        row = connection.execute("SELECT metering_make_partition(%s, %s)", [table, month]).fetchone()
    return int(row is not None and bool(row[0]))
