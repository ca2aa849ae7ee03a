"""The newest bill of each of some accounts."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from meterbook.billing import models
from meterbook.foundation import scoping


@dataclass(frozen=True)
class LatestBill:
    """A bill as a link needs it."""

    public_id: uuid.UUID
    number: str
    bill_date: date


def latest_bills(*, account_public_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, LatestBill]:
    """This will return, by account, its newest bill, in one query; accounts without a bill are left out."""
    bills = models.Bill.objects.filter(
        organization_id__in=scoping.current().organizations, account__public_id__in=account_public_ids
    )
    newest = bills.order_by("account_id", "-bill_date", "-id").distinct("account_id")
    return {
        account: LatestBill(public_id, number, bill_date)
        for account, public_id, number, bill_date in newest.values_list(
            "account__public_id", "public_id", "number", "bill_date"
        )
    }
