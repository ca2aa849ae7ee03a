"""How often devices are asked and do not answer, by the hour: many at once, now and then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


@dataclass(frozen=True)
class Tally:
    """Questions to a device within the hour that begins at `hour`, and how many of them failed."""

    device_id: int
    hour: datetime
    asked: int
    failed: int


_ADD = """
INSERT INTO acquisition_devicetally AS t
    (organization_id, device_id, hour, asked, failed, asked_before, failed_before)
SELECT %(organization)s, d.id, %(hour)s, n.asked, n.failed, 0, 0
FROM unnest(%(devices)s::bigint[], %(asked)s::int[], %(failed)s::int[]) AS n(device_id, asked, failed)
JOIN acquisition_device d ON d.id = n.device_id AND d.organization_id = %(organization)s
ON CONFLICT (device_id) DO UPDATE SET
    asked_before = CASE
        WHEN excluded.hour = t.hour THEN t.asked_before
        WHEN excluded.hour = t.hour + interval '1 hour' THEN t.asked ELSE 0 END,
    failed_before = CASE
        WHEN excluded.hour = t.hour THEN t.failed_before
        WHEN excluded.hour = t.hour + interval '1 hour' THEN t.failed ELSE 0 END,
    asked = CASE WHEN excluded.hour = t.hour THEN t.asked ELSE 0 END + excluded.asked,
    failed = CASE WHEN excluded.hour = t.hour THEN t.failed ELSE 0 END + excluded.failed,
    hour = excluded.hour
WHERE excluded.hour >= t.hour
"""


@operation.operation
def add_tallies(*, actor: Actor, at: datetime, tallies: Iterable[Tally]) -> None:
    """This will add questions and failures to what is stored; an hour older than the stored one is left out.

    :param tallies: one a device and hour
    """
    by_hour: dict[datetime, list[Tally]] = defaultdict(list)
    for each in tallies:
        by_hour[each.hour].append(each)
    for hour in sorted(by_hour):
        rows = sorted(by_hour[hour], key=lambda each: each.device_id)
        given: dict[str, Any] = {
            "organization": scoping.current().organization_id,
            "hour": hour,
            "devices": [each.device_id for each in rows],
            "asked": [each.asked for each in rows],
            "failed": [each.failed for each in rows],
        }
        with connection.cursor() as cursor:
            cursor.execute(_ADD, given)
