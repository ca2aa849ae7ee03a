"""What changed after it was calculated: drafts of a run for review, and bills that were issued before a correction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Subquery

from meterbook.billing import models, values
from meterbook.billing.calculating import staleness
from meterbook.billing.correction_values import CorrectionState
from meterbook.billing.queries.runs import find_run
from meterbook.foundation import scoping

MOST_COMPARED = 2_000  # drafts; what comparing costs a page
# A correction reaches as far as the readings beside it; at the end of a bill's days it is of both bills. Of a corrected
# file the fact of the whole tells; those of its single readings are passed over.
CORRECTED = """
SELECT b.public_id, b.number, max(r.site_id), max(p.code), max(c.recorded_at), min(lower(s.during)::date)
FROM metering_correction c
JOIN metering_series e ON e.organization_id = c.organization_id AND e.id = c.series_id
JOIN metering_meterpoint p ON p.organization_id = e.organization_id AND p.id = e.meter_point_id
JOIN billing_runshare s ON s.organization_id = e.organization_id AND s.meter_point_id = e.meter_point_id
    AND lower(s.during) <= coalesce(c.until, c.at) AND upper(s.during) >= c.at
JOIN billing_billrun r ON r.organization_id = s.organization_id AND r.id = s.run_id
JOIN billing_bill b ON b.organization_id = s.organization_id AND b.run_id = s.run_id AND b.account_id = s.account_id
WHERE c.organization_id = %(organization)s AND NOT (c.kind = 'SET' AND c.method <> '')
    AND c.recorded_at > %(since)s AND c.recorded_at > b.issued_at
    AND NOT EXISTS (SELECT FROM billing_correction k WHERE k.organization_id = b.organization_id AND k.bill_id = b.id
        AND k.state IN ('KEPT', 'ISSUED') AND k.proposed_at > c.recorded_at)
GROUP BY b.id, b.public_id, b.number
ORDER BY max(c.recorded_at) DESC, b.id
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class StaleMember:
    """An account of a run whose draft would not be calculated from the same now."""

    account_id: int
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str


@dataclass(frozen=True)
class CorrectedBill:
    """An issued bill whose readings, at `meter_point`, were corrected or came after it was issued."""

    public_id: uuid.UUID
    number: str
    site_id: int
    meter_point: str
    corrected_at: datetime
    first_day: date


@dataclass(frozen=True)
class BilledByTariff:
    """How many issued bills, and drafts of runs that are open, have days of a tariff from a day on."""

    issued: int
    drafts: int


def stale_members(*, run_public_id: uuid.UUID, most: int | None = None) -> list[StaleMember]:
    """This will return the accounts of a run for review whose drafts are stale, in the order of the bills.

    Nothing in other states, where drafts are still made or are decided.

    :param most: nothing where the run has more drafts than that: it is compared when the run is approved
    :raises meterbook.billing.queries.runs.RunNotFound: when there is no such run
    """
    run = find_run(run_public_id)
    if run.state != values.RunState.REVIEW:
        return []
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
    if most is not None and drafts.count() > most:
        return []
    ids = staleness.stale_accounts(run)
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run, account_id__in=ids)
    rows = members.order_by("position").values_list(
        "account_id", "account__public_id", "account__number", "account__customer__name"
    )
    return [StaleMember(*row) for row in rows]


def corrected_bills(*, since: datetime, limit: int) -> list[CorrectedBill]:
    """This will return issued bills whose readings were corrected afterwards, the latest correction first.

    :param since: corrections from before that instant are left out
    """
    facts: dict[str, int | datetime] = {
        "organization": scoping.current().organization_id,
        "since": since,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(CORRECTED, facts)
        return [CorrectedBill(*row) for row in cursor.fetchall()]


def late_bills(*, since: datetime, limit: int) -> list[CorrectedBill]:
    """This will return issued bills whose use came out differently because readings came late, the latest first.

    :param since: what was noted before that instant is left out
    """
    organization_id = scoping.current().organization_id
    changes = models.LateChange.objects.filter(organization_id=organization_id, noted_at__gt=since)
    listed = {
        draft_id: (code, noted_at, day)
        for draft_id, code, noted_at, day in changes.order_by("-noted_at", "-id").values_list(
            "draft_id", "meter_point__code", "noted_at", "first_day"
        )[:limit]
    }
    # A decision that came after the news has settled it: the bill was kept, or credited.
    decided = models.Correction.objects.filter(
        organization_id=organization_id,
        bill_id=OuterRef("pk"),
        state__in=[CorrectionState.KEPT, CorrectionState.ISSUED],
        proposed_at__gt=Subquery(
            models.LateChange.objects.filter(
                organization_id=organization_id, draft_id=OuterRef(OuterRef("draft_id"))
            ).values("noted_at")[:1]
        ),
    )
    bills = models.Bill.objects.filter(~Exists(decided), organization_id=organization_id, draft_id__in=listed)
    found = {
        draft_id: (public_id, number, site_id)
        for draft_id, public_id, number, site_id in bills.values_list("draft_id", "public_id", "number", "run__site_id")
    }
    return [CorrectedBill(*found[key], *facts) for key, facts in listed.items() if key in found]


def bills_with_reading(*, meter_point_ids: Sequence[int], at: datetime) -> dict[int, list[str]]:
    """This will return, by meter point, the issued bills whose days hold an instant, or end or begin there."""
    shares = models.RunShare.objects.filter(
        organization_id=scoping.current().organization_id,
        meter_point_id__in=meter_point_ids,
        during__startswith__lte=at,
        during__endswith__gte=at,
    )
    found: dict[int, list[str]] = {}
    for run_id, account_id, point_id in shares.order_by("during", "id").values_list(
        "run_id", "account_id", "meter_point_id"
    ):
        bills = models.Bill.objects.filter(
            organization_id=scoping.current().organization_id, run_id=run_id, account_id=account_id
        )
        found.setdefault(point_id, []).extend(bills.order_by("id").values_list("number", flat=True))
    return {point_id: sorted(set(numbers)) for point_id, numbers in found.items() if numbers}


def billed_by_tariff(*, tariff_id: int, first_day: date) -> BilledByTariff:
    """This will count the bills and drafts by a tariff whose days reach into the time from a local day on."""
    organization_id = scoping.current().organization_id
    shares = models.RunShare.objects.filter(
        organization_id=organization_id,
        tariff_id=tariff_id,
        run_id=OuterRef("run_id"),
        account_id=OuterRef("account_id"),
    )
    drafts = models.BillDraft.objects.filter(
        Exists(shares), organization_id=organization_id, run__days__endswith__gt=first_day
    )
    issued = drafts.filter(bill__isnull=False).count()
    return BilledByTariff(issued=issued, drafts=drafts.count() - issued)
