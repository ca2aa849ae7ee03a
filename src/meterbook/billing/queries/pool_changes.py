"""Sheets that other accounts share with a bill and that would come out differently now."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import date

from meterbook.billing import models
from meterbook.billing.queries import pools
from meterbook.foundation import scoping


@dataclass(frozen=True)
class ChangedSheet:
    """A sheet of a bill that would come out differently now, and for whom."""

    public_id: uuid.UUID
    pool: str
    first_day: date
    until_day: date
    currency: str
    difference: pools.Difference


def changed_sheets_of(*, bill: uuid.UUID) -> list[ChangedSheet]:
    """This will return the sheets that a bill names and that would come out differently, with all whom they hit (B-76).

    What one member's reading changes in a cost that is shared by use changes the shares of all others.
    """
    content = models.BillDraft.objects.filter(
        organization_id=scoping.current().organization_id, bill__public_id=bill
    ).values_list("content", flat=True)
    costs = json.loads(bytes(content[0])).get("shared_costs", ()) if content else ()
    found = []
    sheets = models.PoolSheet.objects.filter(organization_id=scoping.current().organization_id).select_related("pool")
    for each in sheets.filter(public_id__in={cost["sheet"]["id"] for cost in costs}).order_by("pool__code", "id"):
        difference = pools.difference_of(public_id=each.public_id)
        if difference is not None:
            days = each.days
            found.append(
                ChangedSheet(each.public_id, each.pool.name, days.lower, days.upper, each.currency, difference)
            )
    return found
