"""The day blocks that bills were made from, kept when readings change them, and found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connection as django_connection

from meterbook.billing.calculating import usage
from meterbook.foundation import bulk
from meterbook.metering import blocks

# Days that are not over are still being read: nothing was billed from them. One probe of the index for each new block:
# a join without statistics of `derived_day` reads the whole month.
KEEP = """
INSERT INTO billing_formerday
    (organization_id, series_id, day, step, "values", quality, digest, superseded_at)
SELECT k.organization_id, k.series_id, k.day, k.step, k."values", k.quality, k.digest, %s
FROM derived_day n CROSS JOIN LATERAL (
    SELECT organization_id, series_id, day, step, "values", quality, digest FROM metering_seriesday s
    WHERE s.series_id = n.series_id AND s.day = n.day AND s.revision = n.revision
    OFFSET 0) k
WHERE n.day < %s AND k.organization_id = n.organization_id AND k.digest <> n.digest
"""
# Once looked at, a block stays: whatever is billed later was made from newer ones.
UNBILLED = """
DELETE FROM billing_formerday f
WHERE f.organization_id = %(organization)s AND NOT f.is_billed AND NOT EXISTS (
    SELECT FROM metering_series e
    CROSS JOIN LATERAL (
        SELECT during FROM billing_runshare s
        WHERE s.organization_id = e.organization_id AND s.meter_point_id = e.meter_point_id
        UNION ALL
        SELECT during FROM billing_creditedshare c
        WHERE c.organization_id = e.organization_id AND c.meter_point_id = e.meter_point_id) AS billed
    WHERE e.organization_id = f.organization_id AND e.id = f.series_id AND billed.during
        && tstzrange(f.day::timestamp AT TIME ZONE 'UTC', (f.day + 1)::timestamp AT TIME ZONE 'UTC'))
"""
BILLED = "UPDATE billing_formerday SET is_billed = true WHERE organization_id = %(organization)s AND NOT is_billed"
# Of each day the block that held at an instant, where it was changed since.
FORMER = b"""
SELECT DISTINCT ON (series_id, day) series_id, day, step, "values", quality, digest
FROM billing_formerday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[])
    AND day >= %(first)s::date AND day < %(until)s::date AND superseded_at > %(at)s
ORDER BY series_id, day, superseded_at, id
"""


def keep(connection: psycopg.Connection[Any], *, at: datetime) -> None:
    """This will keep the blocks of days before the (UTC) day of `at` that are about to change."""
    bulk.execute(connection, KEEP, [at, at.date()])


def forget_unbilled(organization_id: int) -> None:
    """This will forget the blocks that no bill or draft was made from; those that are left are kept for good."""
    with django_connection.cursor() as cursor:
        cursor.execute(UNBILLED, {"organization": organization_id})
        cursor.execute(BILLED, {"organization": organization_id})


def load_as_of(
    as_of: datetime, *, organization_id: int, series_ids: Sequence[int], step: int, first: date, until: date
) -> usage.Blocks:
    """This will load the blocks of series as they were at an instant, as far as they were kept (`usage.load`)."""
    found = usage.load(organization_id=organization_id, series_ids=series_ids, step=step, first=first, until=until)
    facts = {"organization": organization_id, "series": sorted(set(series_ids)), "first": first, "until": until}
    rows = usage.fetch(FORMER, {**facts, "at": as_of})
    digests = {series_id: bytearray(found.digests[series_id]) for series_id, *_others in rows}
    slots, size = blocks.MINUTES_A_DAY // step, blocks.DIGEST_SIZE
    for series_id, day, own_step, values, quality, digest in rows:
        if own_step != step:  # the step was changed since: such a bill is not made again
            continue
        numbers, codes = blocks.decode(values, quality, step)
        place = (day - first).days
        part = slice(place * slots, (place + 1) * slots)
        found.values[found.row_of[series_id], part] = numbers
        if codes.any() or series_id in found.quality:
            whole = found.quality.setdefault(series_id, np.zeros(found.values.shape[1], np.uint8))
            whole[part] = codes
        digests[series_id][place * size : (place + 1) * size] = digest
    found.digests.update({series_id: bytes(own) for series_id, own in digests.items()})
    return found
