"""What stands beside a bill: its versions, the dispute about it, and what can be done with it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.web import access


def of_bill(request: access.Request, bill: billing_queries.BillDetail) -> dict[str, Any]:
    """This will return what the page of an issued bill shows more; nothing for drafts."""
    if not bill.is_issued:
        return {}
    organization = request.organization.public_id
    versions = note_queries.versions_of(bill=bill.public_id)
    place = next((number for number, each in enumerate(versions) if each.is_this), 0)
    credited_by = versions[place + 1] if versions and place + 1 < len(versions) else None
    correct = reverse("bill_correct", args=[organization, bill.public_id])
    dispute = dispute_queries.latest_of_bill(bill=bill.public_id)
    found: dict[str, Any] = {
        "versions": versions,
        "credited_by": credited_by,
        "dispute": dispute,
        "dispute_standing": "" if dispute is None else dispute.standing_at(request.at),
    }
    if credited_by is not None:
        found["changed"] = None  # it was put right
    if permissions.MANAGE_RUN not in request.permissions or credited_by is not None:
        return found
    again = reverse("recalculation_new", args=[organization]) + f"?account={bill.account_public_id}"
    acts = [(correct, _("Compare and correct")), (again, _("Calculate the account's bills again"))]
    if not (dispute and dispute.is_open):
        acts.append((reverse("dispute_new", args=[organization, bill.public_id]), _("Open a dispute")))
    return {**found, "correct_href": correct, "bill_acts": acts}
