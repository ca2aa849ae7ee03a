"""Issued bills that would change: their readings were corrected, or came late. Listed, never changed."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Literal

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module

router = Router(tags=["Bills"])
LISTED_FOR, MOST = timedelta(days=62), 500


class ChangedBill(values.Told):
    """An issued bill, the meter point that is at fault, when it was known, and the first day that it is about."""

    id: uuid.UUID
    number: str
    meter_point: str
    why: Literal["CORRECTED_READINGS", "LATE_READINGS"]
    known_at: values.InstantTold
    first_day: date


class ChangedBills(values.Told):
    """Those of the last 62 days, the latest first, five hundred of each kind at most."""

    items: list[ChangedBill]


@endpoint(
    router,
    "GET",
    "/changed-bills",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    answers=ChangedBills,
)
def list_changed_bills(request: entry.Request) -> ChangedBills:
    """This will return issued bills that would be others if they were made now from the readings as they are known."""
    since = request.caller.at - LISTED_FOR
    corrected = billing_queries.corrected_bills(since=since, limit=MOST)
    known = {each.public_id for each in corrected}
    late = [each for each in billing_queries.late_bills(since=since, limit=MOST) if each.public_id not in known]
    return ChangedBills(
        items=[
            *(_told(each, "CORRECTED_READINGS") for each in corrected),
            *(_told(each, "LATE_READINGS") for each in late),
        ]
    )


def _told(bill: billing_queries.CorrectedBill, why: Literal["CORRECTED_READINGS", "LATE_READINGS"]) -> ChangedBill:
    return ChangedBill(
        id=bill.public_id,
        number=bill.number,
        meter_point=bill.meter_point,
        why=why,
        known_at=values.instant(bill.corrected_at),
        first_day=bill.first_day,
    )
