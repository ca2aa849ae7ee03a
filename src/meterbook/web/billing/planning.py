"""Start a run: which site, which month, and what that means before anything is made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.billing import words
from meterbook.web.quality import asking as quality_asking
from meterbook.web.readings import rounds
from meterbook.web.sites import choice

MONTHS = 13
REFUSALS = (
    billing_operations.NobodyToBill,
    billing_operations.PeriodNotOver,
    billing_operations.RunPresent,
    customer_queries.NoLandlord,
)


@dataclass(frozen=True)
class Month:
    """A month to choose from."""

    code: str
    caption: str
    is_chosen: bool


@dataclass(frozen=True)
class Preview:
    """What a run of a month at a site would be."""

    edges: str
    hours: str
    zone: str
    days: int
    has_clock_change: bool
    expected: billing_queries.Expected
    has_landlord: bool
    missing_readings: int
    open_ends: int  # meters whose register at the end of the month is not known
    in_work: int  # meters whose readings of it are being worked on
    open_ends_href: str
    readings_href: str


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show what a run would be, and start it."""
    asked = request.POST if request.method == "POST" else request.GET
    sites = choice.visible_sites(request, permissions.MANAGE_RUN)
    context: dict[str, Any] = {"sites": sites, "runs_href": reverse("runs", args=[request.organization.public_id])}
    if not sites:
        return render(request, "billing/new.html", context)
    wanted = next((each for each in sites if str(each.public_id) == asked.get("site", "")), None)
    site = wanted or (None if "site" in asked else choice.usual_site(request, permissions.MANAGE_RUN))
    zone = ZoneInfo(site.zone.key) if site else choice.clock_zone(request)
    months = _months(request.at, zone)
    month = words.month_of(asked.get("month", ""))
    first = month if month in months else months[0]
    typed = asked.get("due_days", str(billing_values.DUE_DAYS))
    days = _due_days(typed)
    context |= {
        "site": site,
        "months": [
            Month(f"{each:%Y-%m}", formats.date_format(each, "YEAR_MONTH_FORMAT"), each == first) for each in months
        ],
        "due_days": typed,
        "most_due_days": billing_values.MOST_DUE_DAYS,
        "preview": _preview(request, site, first, zone) if site else None,
        "landlord_href": _landlord_href(request, site.public_id) if site else "",
    }
    if not access.wants_page(request):
        return render(request, "billing/_preview.html", context)
    if request.method == "POST" and (wanted is None or month != first):
        # What the form did not offer is not exchanged for something else: a run bills people.
        context["problem"] = _("Nothing was started: this site or month cannot be billed here. Choose again.")
        return render(request, "billing/new.html", context, status=422)
    if request.method == "POST" and days is None:
        context["due_days_problem"] = _("Give a whole number of days from 0 to %(most)s.") % {
            "most": billing_values.MOST_DUE_DAYS
        }
        return render(request, "billing/new.html", context, status=422)
    if request.method == "POST" and wanted is not None and days is not None:
        try:
            run = billing_operations.plan_run(
                actor=request.actor,
                at=request.at,
                site=wanted.public_id,
                first_day=first,
                until_day=following(first),
                due_days=days,
            )
        except REFUSALS as error:
            context |= {"problem": str(error), "other": getattr(error, "run", None)}
            context["lacks_landlord"] = isinstance(error, customer_queries.NoLandlord)
            return render(request, "billing/new.html", context, status=422)
        choice.note_used(request, wanted.public_id)
        messages.success(request, _("The run has started; this page follows it."))
        return redirect("run", request.organization.public_id, run.public_id)
    return render(request, "billing/new.html", context)


def _landlord_href(request: access.Request, site: uuid.UUID) -> str:
    """Where the landlord's account of a site is opened; empty for those who may not."""
    if customer_permissions.MANAGE_CUSTOMER not in request.permissions:
        return ""
    return reverse("account_new", args=[request.organization.public_id]) + f"?landlord=1&site={site}"


def following(month: date) -> date:
    """This will return the first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _months(at: datetime, zone: ZoneInfo) -> list[date]:
    """Months that are over at the site, the newest first."""
    month = civil.local_date(at, zone).replace(day=1)
    found = []
    for _each in range(MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found


def _due_days(text: str) -> int | None:
    """None: it is no number of days that a bill may have."""
    most, digits = billing_values.MOST_DUE_DAYS, text.strip()
    # Python refuses to read a number of thousands of digits.
    is_short = digits.isdecimal() and len(digits) <= len(str(most))
    return int(digits) if is_short and int(digits) <= most else None


def _preview(request: access.Request, site: site_queries.SiteRow, first: date, zone: ZoneInfo) -> Preview:
    open_ends, open_ends_href = quality_asking.open_ends(request, site, first)
    period = Period(civil.start_of_day(first, zone), civil.start_of_day(following(first), zone))
    edges = {"from": period.start.astimezone(zone).isoformat(), "until": period.end.astimezone(zone).isoformat()}
    offsets = {each.astimezone(zone).utcoffset() for each in (period.start, period.end - timedelta.resolution)}
    return Preview(
        edges=words.edges(edges, zone),
        hours=words.hours(period.duration // timedelta(minutes=1)),
        zone=site.zone.key,
        days=(following(first) - first).days,
        has_clock_change=len(offsets) > 1,
        expected=billing_queries.expected(site_public_id=site.public_id, period=period),
        has_landlord=customer_queries.landlord_of(site_id=site.id) is not None,
        missing_readings=rounds.missing_at(request, site, first),
        open_ends=open_ends.unknown,
        in_work=open_ends.in_work,
        open_ends_href=open_ends_href,
        readings_href=rounds.address(request, first),
    )
