"""How lines and meters answer: counted by the collector, kept by the hour, forgotten after a while."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.monitoring import models
from meterbook.monitoring.values import BUCKETS_MS

KEPT_OF_BUSES = timedelta(days=35)
KEPT_OF_METERS = timedelta(days=8)


@dataclass(frozen=True)
class HourOfLine:
    """What is added to the hour of a bus, or of one of its devices; the counts are those of `models.LineHour`."""

    bus_id: int
    device_id: int | None
    hour: datetime
    asked: int = 0
    answered: int = 0
    timeouts: int = 0
    damaged: int = 0
    strange: int = 0
    refused: int = 0
    lost: int = 0
    busy_ms: int = 0
    watched_ms: int = 0
    buckets: tuple[int, ...] = (0,) * (len(BUCKETS_MS) + 1)
    skews: int = 0
    skew_ms: int = 0
    skew_most_ms: int = 0
    clock_ms: int | None = None
    clock_at: datetime | None = None


_SUMS = (
    *("asked", "answered", "timeouts", "damaged", "strange", "refused", "lost"),
    *("busy_ms", "watched_ms", "skews", "skew_ms"),
)
_BUCKETS = ", ".join(f"t.buckets[{each}] + excluded.buckets[{each}]" for each in range(1, len(BUCKETS_MS) + 2))
_ADD = f"""
INSERT INTO monitoring_linehour AS t
    (organization_id, bus_id, device_id, hour, {", ".join(_SUMS)}, buckets, skew_most_ms, clock_ms, clock_at)
SELECT b.organization_id, b.id, d.id, n.hour, {", ".join(f"n.{each}" for each in _SUMS)},
    n.buckets, n.skew_most_ms, n.clock_ms, n.clock_at
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n(
    bus_id bigint, device_id bigint, hour timestamptz, {", ".join(f"{each} bigint" for each in _SUMS)},
    buckets int[], skew_most_ms bigint, clock_ms bigint, clock_at timestamptz)
JOIN acquisition_bus b ON b.id = n.bus_id AND b.organization_id = %(organization)s
LEFT JOIN acquisition_device d ON d.id = n.device_id AND d.organization_id = %(organization)s
WHERE n.device_id IS NULL OR d.id IS NOT NULL
ORDER BY b.id, d.id, n.hour
ON CONFLICT (bus_id, device_id, hour) DO UPDATE SET
    {", ".join(f"{each} = t.{each} + excluded.{each}" for each in _SUMS)},
    buckets = ARRAY[{_BUCKETS}],
    skew_most_ms = greatest(t.skew_most_ms, excluded.skew_most_ms),
    clock_ms = CASE WHEN excluded.clock_at IS NULL THEN t.clock_ms ELSE excluded.clock_ms END,
    clock_at = coalesce(excluded.clock_at, t.clock_at)
"""  # noqa: S608 - of constants only


@operation.operation
def add_hours(*, actor: Actor, at: datetime, hours: Iterable[HourOfLine]) -> None:
    """This will add what came of questions to what is stored, in one statement; of buses that are gone, nothing.

    :param hours: one a bus or device, and hour
    """
    rows = [
        {**vars(each), "hour": each.hour.isoformat(), "clock_at": each.clock_at and each.clock_at.isoformat()}
        for each in hours
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"organization": scoping.current().organization_id, "rows": json.dumps(rows)})


@operation.operation
def forget_hours(*, actor: Actor, at: datetime) -> int:
    """This will forget the hours of meters after 8 days and those of buses after 35, and return how many rows."""
    own = models.LineHour.objects.filter(organization_id=scoping.current().organization_id)
    of_meters, _kinds = own.filter(device__isnull=False, hour__lt=at - KEPT_OF_METERS).delete()
    of_buses, _kinds = own.filter(device__isnull=True, hour__lt=at - KEPT_OF_BUSES).delete()
    return of_meters + of_buses
