"""What was corrected or came late behind one issued bill, and what it would be if it were calculated now."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from meterbook.billing import models
from meterbook.billing.calculating import drafting, facts
from meterbook.billing.queries.amounts import money
from meterbook.foundation import scoping
from meterbook.kernel.money import Money

MOST = 20
# The same reach as of the list of such bills: a correction reaches as far as the readings beside it.
CORRECTIONS = """
SELECT DISTINCT p.code, p.public_id, c.at, c.until, c.reason, c.author, c.recorded_at, c.id
FROM billing_bill b
JOIN billing_runshare s ON s.organization_id = b.organization_id AND s.run_id = b.run_id AND s.account_id = b.account_id
JOIN metering_meterpoint p ON p.organization_id = s.organization_id AND p.id = s.meter_point_id
JOIN metering_series e ON e.organization_id = s.organization_id AND e.meter_point_id = s.meter_point_id
JOIN metering_correction c ON c.organization_id = s.organization_id AND c.series_id = e.id
    AND lower(s.during) <= coalesce(c.until, c.at) AND upper(s.during) >= c.at
WHERE b.organization_id = %(organization)s AND b.public_id = %(bill)s AND c.recorded_at > b.issued_at
    AND NOT (c.kind = 'SET' AND c.method <> '')
ORDER BY c.recorded_at DESC, c.id DESC
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Corrected:
    """A person's correction after the bill; `until` is None where it is about one reading."""

    meter_point: str
    meter_point_public_id: uuid.UUID
    at: datetime
    until: datetime | None
    reason: str
    author: str
    recorded_at: datetime


@dataclass(frozen=True)
class CameLate:
    """Readings that came after the bill; `first_day` is the earliest UTC day known."""

    meter_point: str
    meter_point_public_id: uuid.UUID
    first_day: date
    noted_at: datetime


@dataclass(frozen=True)
class ChangedBehind:
    """Corrections (the latest first, `MOST` at most), what came late, and the total as of now; None: not known."""

    corrected: tuple[Corrected, ...]
    late: CameLate | None
    total_now: Money | None


def changed_behind(*, public_id: uuid.UUID) -> ChangedBehind | None:
    """This will tell what changed behind an issued bill since; None for drafts and where nothing did.

    Nothing is stored. The total is what a run would make of the account's days from the readings, prices and contract
    days as they are known now; it is not known while it would be held.
    """
    corrected, late = _corrected(public_id), _late(public_id)
    if not corrected and late is None:
        return None
    return ChangedBehind(corrected, late, _total_now(public_id))


def _corrected(public_id: uuid.UUID) -> tuple[Corrected, ...]:
    facts_of: dict[str, int | uuid.UUID] = {
        "organization": scoping.current().organization_id,
        "bill": public_id,
        "limit": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(CORRECTIONS, facts_of)
        return tuple(Corrected(*row[:-1]) for row in cursor.fetchall())


def _late(public_id: uuid.UUID) -> CameLate | None:
    organization_id = scoping.current().organization_id
    issued = models.Bill.objects.filter(organization_id=organization_id, public_id=public_id)
    found = models.LateChange.objects.filter(organization_id=organization_id, draft_id__in=issued.values("draft_id"))
    row = found.values_list("meter_point__code", "meter_point__public_id", "first_day", "noted_at").first()
    return None if row is None else CameLate(*row)


def _total_now(public_id: uuid.UUID) -> Money | None:
    organization_id = scoping.current().organization_id
    bill = models.Bill.objects.select_related("run__site").get(organization_id=organization_id, public_id=public_id)
    calculated = drafting.Calculator(facts.run_of(bill.run)).calculate([bill.account_id])
    found = calculated.contents.get(bill.account_id)
    return None if found is None else money(found.total, found.currency)
