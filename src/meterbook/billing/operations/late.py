"""Note which approved drafts would be calculated from something else now, because readings came late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from meterbook.billing import models, values
from meterbook.billing.calculating import drafting, facts
from meterbook.billing.correcting import keeping
from meterbook.foundation import operation, scoping
from meterbook.metering import models as metering_models
from meterbook.metering.deriving import late

ROWS_AT_ONCE, ACCOUNTS_AT_ONCE = 200, 1_000
# From here on a draft is not made anew; before, approving compares it.
SETTLED = (
    values.RunState.APPROVED,
    values.RunState.ISSUING,
    values.RunState.DELIVERED,
    values.RunState.CLOSED,
)
# The time of a share is looked at by UTC days, as the days that changed are.
TOUCHED = """
SELECT r.id, d.id, d.account_id, d.inputs_stamp, (array_agg(s.meter_point_id ORDER BY w.day))[1], min(w.day)
FROM unnest(%(series)s::bigint[], %(days)s::date[]) AS w (series_id, day)
JOIN metering_series e ON e.organization_id = %(organization)s AND e.id = w.series_id
JOIN billing_runshare s ON s.organization_id = e.organization_id AND s.meter_point_id = e.meter_point_id
    AND s.during && tstzrange(w.day::timestamp AT TIME ZONE 'UTC', (w.day + 1)::timestamp AT TIME ZONE 'UTC')
JOIN billing_billrun r ON r.organization_id = s.organization_id AND r.id = s.run_id AND r.state = ANY(%(settled)s)
JOIN billing_billdraft d ON d.organization_id = s.organization_id AND d.run_id = s.run_id
    AND d.account_id = s.account_id
WHERE NOT EXISTS (
    SELECT 1 FROM billing_latechange k WHERE k.organization_id = d.organization_id AND k.draft_id = d.id)
GROUP BY r.id, d.id, d.account_id, d.inputs_stamp
ORDER BY r.id, d.id
"""


class _Touched(NamedTuple):
    """A draft some of whose days changed."""

    run_id: int
    draft_id: int
    account_id: int
    stamp: str
    meter_point_id: int
    first_day: date


@operation.operation
def note_late_changes(*, at: datetime) -> int:
    """This will look at the days that changed since it last did, and note the approved drafts that would differ now.

    Nothing of a draft or bill changes. Only drafts with such days are compared, by the digest of their inputs. It
    returns how many were noted; call it again until `has_more` is False.
    """
    organization_id = scoping.current().organization_id
    rows = list(
        metering_models.ChangedDays.objects.filter(organization_id=organization_id).order_by("id")[:ROWS_AT_ONCE]
    )
    changed = {pair for each in rows for pair in late.pairs(bytes(each.series), bytes(each.days))}
    found = _differing(organization_id, _touched(organization_id, changed)) if changed else []
    models.LateChange.objects.bulk_create(
        [
            models.LateChange(
                organization_id=organization_id,
                draft_id=each.draft_id,
                account_id=each.account_id,
                meter_point_id=each.meter_point_id,
                first_day=each.first_day,
                noted_at=at,
            )
            for each in found
        ],
        ignore_conflicts=True,
    )
    metering_models.ChangedDays.objects.filter(
        organization_id=organization_id, pk__in=[each.pk for each in rows]
    ).delete()
    keeping.forget_unbilled(organization_id)
    return len(found)


def has_more() -> bool:
    """This will tell whether changed days wait that nobody looked at."""
    return metering_models.ChangedDays.objects.filter(organization_id=scoping.current().organization_id).exists()


def _touched(organization_id: int, changed: Iterable[tuple[int, date]]) -> list[_Touched]:
    ordered = sorted(changed)
    with connection.cursor() as cursor:
        cursor.execute(
            TOUCHED,
            {
                "organization": organization_id,
                "series": [series_id for series_id, _day in ordered],
                "days": [day for _series_id, day in ordered],
                "settled": [each.value for each in SETTLED],
            },
        )
        return [_Touched(*row) for row in cursor.fetchall()]


def _differing(organization_id: int, touched: Iterable[_Touched]) -> list[_Touched]:
    by_run: dict[int, list[_Touched]] = defaultdict(list)
    for each in touched:
        by_run[each.run_id].append(each)
    runs = models.BillRun.objects.filter(organization_id=organization_id, pk__in=by_run).select_related("site")
    found = []
    for run in runs.order_by("id"):
        calculator, drafts = drafting.Calculator(facts.run_of(run)), by_run[run.pk]
        for start in range(0, len(drafts), ACCOUNTS_AT_ONCE):
            piece = drafts[start : start + ACCOUNTS_AT_ONCE]
            now = calculator.inputs([each.account_id for each in piece])
            # Drafts of before stamps were kept have none: their days changed, more is not known.
            found += [each for each in piece if not each.stamp or now.get(each.account_id) != each.stamp]
    return found
