"""Months of blocks that were written twice get their place back, and stay as they were."""

from __future__ import annotations

from django.db import connections

from meterbook.foundation import bulk
from meterbook.metering import operations

FILL = """
INSERT INTO metering_seriesday (organization_id, series_id, day, revision, step, "values", digest)
SELECT 1, n, '2026-03-05', 0, 15, decode(repeat(md5(n::text), 16), 'hex'), '\\x00' FROM generate_series(1, 6000) AS n
"""
ALL = """
SELECT count(*), md5(string_agg(series_id::text || md5("values"), '' ORDER BY series_id)) FROM metering_seriesday
"""
SIZE = "SELECT pg_relation_size('metering_seriesday_y2026m03')"


def ask(statement: str) -> object:
    with bulk.transact() as connection:
        return connection.execute(statement.encode()).fetchone()


def test_a_month_that_is_half_air_is_rewritten_once_and_not_while_it_is_in_use(empty_database: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT metering_make_partition('metering_seriesday', '2026-03-01')")
        cursor.execute(FILL)
        cursor.execute("VACUUM metering_seriesday")
        assert operations.compact_months() == 0  # full as it is

        cursor.execute("UPDATE metering_seriesday SET digest = '\\x01'")
        cursor.execute("VACUUM metering_seriesday")
        cursor.execute(SIZE)
        [(loose,)] = cursor.fetchall()
        before = ask(ALL)
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM metering_seriesday")
        assert operations.compact_months() == 0  # somebody reads
        cursor.execute("COMMIT")

        assert operations.compact_months() == 1

        cursor.execute(SIZE)
        assert cursor.fetchall()[0][0] < 0.6 * loose
    assert ask(ALL) == before
    assert operations.compact_months() == 0
