"""Calendars and runs that do not go on by themselves, with the reason and what to do; gone when they go on."""

from __future__ import annotations

from django.urls import reverse
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from meterbook.billing import permissions
from meterbook.billing.queries import faults as fault_queries
from meterbook.billing.values import Automatic
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.billing.calendars import TROUBLES
from meterbook.web.sites import choice
from meterbook.web.work.needs import Area, Need


def automatic(request: access.Request) -> list[Need]:
    """This will return a line for each, for those who make bills at its site."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.MANAGE_RUN
    ):
        return []
    found = fault_queries.list_faults(site_ids=choice.site_ids(request, permissions.MANAGE_RUN))
    return [_need(request, each) for each in found]


def _need(request: access.Request, row: fault_queries.FaultRow) -> Need:
    organization = request.organization.public_id
    if row.what is Automatic.RUN:
        title = _("A bill run does not go on by itself")
        href = reverse("run", args=[organization, row.public_id])
    else:
        title = _("The billing calendar “%(name)s” starts no run") % {"name": row.name}
        href = reverse("billing_calendar", args=[organization, row.public_id])
    month = "" if row.first_day is None else capfirst(formats.date_format(row.first_day, "YEAR_MONTH_FORMAT"))
    place = " · ".join(each for each in (month, row.site_name) if each)
    return Need(Area.BILLS, "alert", "alarm", title, f"{place}: {remedy(row)}", _("Put right"), href, since=row.since)


def remedy(row: fault_queries.FaultRow) -> str:
    """This will say the reason and what to do."""
    if row.trouble:
        return str(TROUBLES.get(row.trouble, row.trouble))
    return _("%(words)s It is tried again each minute; if this stays, tell who runs the server.") % {"words": row.words}
