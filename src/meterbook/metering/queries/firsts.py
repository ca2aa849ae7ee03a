"""Since when a meter point is known: its oldest reading, or what its first meter showed when it was put up."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from meterbook.foundation import scoping
from meterbook.metering import values

_COUNTED = json.dumps({service.value: code for service, code in values.COUNTED_SERIES.items()})
OLDEST = """
SELECT p.id, least(oldest.at, opened.at)
FROM metering_meterpoint p
JOIN metering_series s ON s.meter_point_id = p.id AND s.organization_id = p.organization_id
    AND s.code = %(codes)s::jsonb ->> p.service
LEFT JOIN LATERAL (SELECT r.at FROM metering_reading r WHERE r.organization_id = p.organization_id
    AND r.series_id = s.id ORDER BY r.at LIMIT 1) oldest ON true
LEFT JOIN LATERAL (SELECT lower(i.during) AS at FROM metering_installationregister r
    JOIN metering_installation i ON i.id = r.installation_id AND i.organization_id = r.organization_id
    WHERE r.organization_id = p.organization_id AND r.series_id = s.id AND r.opening IS NOT NULL
    ORDER BY 1 LIMIT 1) opened ON true
WHERE p.organization_id = %(organization)s AND p.id = ANY(%(points)s::bigint[])
"""


def first_known(*, meter_point_ids: Collection[int]) -> dict[int, datetime]:
    """This will return when the register that is billed was first read, by meter point; others are left out."""
    facts: dict[str, Any] = {
        "codes": _COUNTED,
        "organization": scoping.current().organization_id,
        "points": sorted(meter_point_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(OLDEST, facts)
        return {point_id: at for point_id, at in cursor.fetchall() if at is not None}
