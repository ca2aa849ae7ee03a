"""Partitions are there before readings need them, and have no grants."""

from __future__ import annotations

import concurrent.futures
import threading
from datetime import UTC, datetime

from django.db import connections
from django.db.backends.utils import CursorWrapper

from meterbook.metering import operations
from tests.support import processes


def leaves() -> set[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
        return {row[0] for row in cursor.fetchall()}


class TestMakePartitions:
    def test_makes_this_month_and_two_ahead_once(self, empty_database: str) -> None:
        first = operations.make_partitions(at=datetime(2031, 11, 30, 23, 59, tzinfo=UTC))
        again = operations.make_partitions(at=datetime(2031, 11, 1, tzinfo=UTC))

        assert (first, again) == (6, 0)
        expected = {"metering_reading_y2031m11", "metering_reading_y2031m12", "metering_seriesday_y2032m01"}
        assert expected <= leaves()

    def test_many_at_once_make_each_partition_once(self, empty_database: str) -> None:
        at = datetime(2032, 5, 1, tzinfo=UTC)

        def make(_number: int) -> int:
            try:
                return operations.make_partitions(at=at)
            finally:
                connections.close_all()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(make, range(16))) == 6

    def test_leaves_give_nothing_to_anybody(self, empty_database: str) -> None:
        operations.make_partitions(at=datetime(2031, 11, 30, tzinfo=UTC))

        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT relname, relacl::text FROM pg_class WHERE relispartition AND relkind = 'r'"
                " AND relacl IS NOT NULL AND relacl::text ~ '(app|bulk|maintenance)='"
            )
            assert cursor.fetchall() == []

    def test_waits_for_nobody_who_waits_for_it(self, empty_database: str) -> None:
        """Another program looks at blocks first and at readings then, as deriving does."""
        made: list[int] = []
        with connections["owner"].cursor() as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM metering_seriesday")
            making = threading.Thread(target=lambda: made.append(make_and_close()))
            making.start()
            processes.until(lambda: waits_for_blocks(other), what="the partition waits for the blocks")

            other.execute("SELECT count(*) FROM metering_reading")
            other.execute("COMMIT")
        making.join(timeout=60)

        assert made == [6]


def make_and_close() -> int:
    try:
        return operations.make_partitions(at=datetime(2033, 11, 1, tzinfo=UTC))
    finally:
        connections.close_all()


def waits_for_blocks(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'metering_seriesday'::regclass")
    return bool(cursor.fetchone()[0])
