"""The readings before and after instants that have none, as they are believed.

What a person set counts like a reading; a reading that a person took out, or that is doubted, does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterbook.billing.calculating import usage
from meterbook.foundation import scoping
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

OF_INSTANTS = (CorrectionKind.SET, CorrectionKind.EXCLUDE, CorrectionKind.RESTORE)
NOT_BELIEVED = (FindingKind.GLITCH, FindingKind.SPIKE, FindingKind.HELD_READING)
# Looked for within 62 days.
BESIDE = b"""
WITH standing AS MATERIALIZED (
    SELECT * FROM (
        SELECT DISTINCT ON (series_id, at) series_id, at, kind, value FROM metering_correction
        WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[]) AND kind = ANY(%(kinds)s)
        ORDER BY series_id, at, recorded_at DESC, id DESC) AS newest
    WHERE kind <> %(restored)s),
doubted AS MATERIALIZED (
    SELECT series_id, at, coalesce(until, 'infinity') AS until FROM metering_seriesfinding
    WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[]) AND kind = ANY(%(doubts)s))
SELECT wanted.series_id, wanted.at, before.at, before.value, after.at, after.value
FROM unnest(%(series)s::bigint[], %(at)s::timestamptz[]) AS wanted (series_id, at)
CROSS JOIN LATERAL (
    SELECT * FROM (
        (SELECT r.at, r.value FROM metering_reading r WHERE r.organization_id = %(organization)s
            AND r.series_id = wanted.series_id AND r.at < wanted.at AND r.at > wanted.at - interval '62 days'
            AND NOT EXISTS (SELECT FROM standing k WHERE k.series_id = r.series_id AND k.at = r.at)
            AND NOT EXISTS (SELECT FROM doubted d WHERE d.series_id = r.series_id
                AND (d.at = r.at OR d.at < r.at AND r.at < d.until))
        ORDER BY r.at DESC, r.source LIMIT 1)
        UNION ALL
        (SELECT k.at, k.value FROM standing k WHERE k.series_id = wanted.series_id AND k.value IS NOT NULL
            AND k.at < wanted.at AND k.at > wanted.at - interval '62 days'
        ORDER BY k.at DESC LIMIT 1)) AS found ORDER BY at DESC LIMIT 1) AS before
CROSS JOIN LATERAL (
    SELECT * FROM (
        (SELECT r.at, r.value FROM metering_reading r WHERE r.organization_id = %(organization)s
            AND r.series_id = wanted.series_id AND r.at > wanted.at AND r.at < wanted.at + interval '62 days'
            AND NOT EXISTS (SELECT FROM standing k WHERE k.series_id = r.series_id AND k.at = r.at)
            AND NOT EXISTS (SELECT FROM doubted d WHERE d.series_id = r.series_id
                AND (d.at = r.at OR d.at < r.at AND r.at < d.until))
        ORDER BY r.at, r.source LIMIT 1)
        UNION ALL
        (SELECT k.at, k.value FROM standing k WHERE k.series_id = wanted.series_id AND k.value IS NOT NULL
            AND k.at > wanted.at AND k.at < wanted.at + interval '62 days'
        ORDER BY k.at LIMIT 1)) AS found ORDER BY at LIMIT 1) AS after
"""

Key = tuple[int, datetime]
Pair = tuple[datetime, int, datetime, int]


def beside(wanted: Sequence[Key]) -> dict[Key, Pair]:
    """This will return, by series and instant, (instant, value) before and after it, where both are there."""
    if not wanted:
        return {}
    parameters = {
        "organization": scoping.current().organization_id,
        "series": [series_id for series_id, _at in wanted],
        "at": [at for _series_id, at in wanted],
        "kinds": [each.value for each in OF_INSTANTS],
        "restored": CorrectionKind.RESTORE.value,
        "doubts": [each.value for each in NOT_BELIEVED],
    }
    return {
        (series_id, at): (start, low, end, high)
        for series_id, at, start, low, end, high in usage.fetch(BESIDE, parameters)
    }
