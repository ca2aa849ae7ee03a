"""Bills that go nowhere: their customers have an e-mail address, and no mail server is set up."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.values import RunState
from meterbook.journeys import send_bills
from meterbook.notifications import permissions as notification_permissions
from meterbook.notifications import queries as notification_queries
from meterbook.web import access


def of_run(request: access.Request, run: billing_queries.RunRow) -> dict[str, Any]:
    """This will return how many issued bills of a run are neither sent nor printed, and how many are going to be."""
    return {
        "unsent": len(send_bills.unsent(run=run.public_id)) if run.counts.issued else 0,
        "unsendable": unsendable(run),
        "messages_href": messages_href(request),
    }


def of_bill(request: access.Request, bill: billing_queries.BillDetail) -> dict[str, Any]:
    """This will return whether an issued bill is neither sent nor printed."""
    found = send_bills.unsent(run=bill.run_public_id) if bill.is_issued else []
    return {
        "is_unsent": any(each.public_id == bill.public_id for each in found),
        "may_print": permissions.MANAGE_RUN in request.permissions,
        "messages_href": messages_href(request),
    }


def unsendable(run: billing_queries.RunRow) -> int:
    """This will return how many drafts of a run that is for review could not be sent as things are."""
    if run.state is not RunState.REVIEW or notification_queries.can_mail():
        return 0
    return billing_queries.count_mailed(run_public_id=run.public_id)


def messages_href(request: access.Request) -> str:
    """This will return where a mail server is set up; empty for those who may not."""
    if notification_permissions.CONFIGURE_CHANNELS not in request.permissions:
        return ""
    return reverse("settings", args=[request.organization.public_id])
