"""What is looked at in a dispute, attached by itself: readings, gaps, tests, prices and comparisons as links (B-79)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.metering import permissions as metering_permissions
from meterbook.metering.values import Source
from meterbook.web import access


@dataclass(frozen=True)
class Check:
    """A thing to look at, and where."""

    caption: str
    detail: str
    href: str


def collect(request: access.Request, bill: billing_queries.BillDetail) -> list[Check]:
    """This will return what to look at for a bill, as far as the reader may."""
    organization = request.organization.public_id
    found: list[Check] = []
    if metering_permissions.VIEW_METER in request.permissions:
        for point in {each["public_id"]: each for each in bill.content["meter_points"]}.values():
            page = reverse("meter", args=[organization, point["public_id"]])
            day = point["until"][:10]
            found += [
                Check(_("Readings and days"), point["name"], f"{page}?view=month&day={point['from'][:10]}"),
                Check(_("Meter, photos and tests"), point["name"], page),
                Check(
                    _("Gaps and doubtful values"), point["name"], f"{reverse('quality', args=[organization])}?day={day}"
                ),
            ]
            if metering_permissions.ENTER_READING in request.permissions and _is_read_by_hand(point):
                entered = reverse("readings_enter", args=[organization])
                query = urlencode({"month": point["from"][:7], "q": point["code"]})
                found.append(Check(_("Enter or correct a reading"), point["name"], f"{entered}?{query}"))
            if metering_permissions.CORRECT_READING in request.permissions:
                count = reverse("meter_count", args=[organization, point["public_id"]])
                found.append(Check(_("Wrong multiplier or failed test"), point["name"], count))
    found.append(Check(_("The bill with its formulas"), "", reverse("bill", args=[organization, bill.public_id])))
    if permissions.MANAGE_RUN in request.permissions:
        again = reverse("recalculation_new", args=[organization]) + f"?account={bill.account_public_id}"
        found += [
            Check(
                _("What it would be now"),
                _("line by line, with causes"),
                reverse("bill_correct", args=[organization, bill.public_id]),
            ),
            Check(_("Proof from the same inputs, and other months"), "", again),
        ]
    return found


def _is_read_by_hand(point: Mapping[str, Any]) -> bool:
    ends = [part[end] for part in point["segments"] for end in ("previous", "present")]
    return any(each["source"] == Source.FIELD.name for each in ends)
