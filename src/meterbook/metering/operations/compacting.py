"""Rewrite months of day blocks of which much was derived again: every block written anew leaves its old place empty."""

from __future__ import annotations

import structlog

from meterbook.foundation import bulk

_log = structlog.get_logger(__name__)
_MONTHS = """
SELECT to_date(right(c.relname, 7), 'YYYY"m"MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'metering_seriesday'::regclass ORDER BY 1
"""


def compact_months() -> int:
    """This will rewrite the months of blocks of which a third or more is empty, and return how many. Outside a scope.

    Each in a transaction of its own, during which nobody reads or writes this month (a second for 3,000 series); one
    that is in use is left for the next time. Blocks stay as they are, in the order of their series.
    """
    with bulk.transact() as connection:
        months = [month for (month,) in connection.execute(_MONTHS).fetchall()]
    done = 0
    for month in months:
        with bulk.transact() as connection:
            row = connection.execute("SELECT metering_compact_month(%s)", [month]).fetchone()
        if row is not None and row[0]:
            done += 1
            _log.info("metering.month_compacted", month=month.isoformat())
    return done
