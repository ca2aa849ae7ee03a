"""What the pages of a tenant are about: the accounts linked to the sign-in, their meter points, and since when."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils.translation import gettext as _

from meterbook.billing import queries as billing_queries
from meterbook.customers import own, permissions
from meterbook.customers import queries as customer_queries
from meterbook.metering import queries as metering_queries
from meterbook.web import access


@dataclass(frozen=True)
class Own:
    """All that is somebody's own in the organization; nothing of it where no account is linked."""

    accounts: tuple[customer_queries.AccountRow, ...]
    points: tuple[own.OwnPoint, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the first account's site."""
        return ZoneInfo(self.accounts[0].zone)


def find(request: access.Request) -> Own:
    """This will return what is the signed-in person's own.

    Who looks as somebody else finds nothing: that would show use in detail without a trace.
    """
    if request.seen_as is not None or request.actor.id is None:
        raise Http404(_("What belongs to a tenant is shown to the tenant only."))
    linked = own.accounts_of_user(user_id=request.actor.id, at=request.at)
    accounts = tuple(each for each in linked if request.access.allows(permissions.SEE_OWN_ACCOUNT, each.site_id))
    return Own(accounts, own.points_of(account_ids=[each.id for each in accounts]))


def point(held: Own, meter: uuid.UUID) -> tuple[own.OwnPoint, metering_queries.MeterDetail]:
    """This will return an own meter point; any other one is "not found"."""
    found = next((each for each in held.points if each.public_id == meter), None)
    if found is None:
        raise Http404(_("There is no such meter."))
    return found, metering_queries.get_meter(public_id=meter)


def bill(held: Own, public_id: uuid.UUID) -> billing_queries.BillRow:
    """This will return an issued bill of an own account; any other one is "not found"."""
    found = billing_queries.bills_by_id(public_ids={public_id}).get(public_id)
    if found is None or found.account_public_id not in {each.public_id for each in held.accounts}:
        raise Http404(_("There is no such bill."))
    return found
