"""Which slot of many series was read last: a collector that begins does not read it twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from meterbook.foundation import scoping

_NEWEST = """
SELECT wanted.id, newest.at
FROM unnest(%(series)s::bigint[]) AS wanted(id)
CROSS JOIN LATERAL (SELECT r.at FROM metering_reading r
    WHERE r.series_id = wanted.id AND r.organization_id = %(organization)s AND r.at >= %(since)s
    ORDER BY r.at DESC LIMIT 1) newest
"""


def newest_readings(*, series_ids: Collection[int], since: datetime) -> dict[int, datetime]:
    """This will return the instant of the newest reading from `since` on by series; series without one are left out."""
    facts: dict[str, Any] = {
        "series": sorted(series_ids),
        "organization": scoping.current().organization_id,
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, facts)
        return dict(cursor.fetchall())
