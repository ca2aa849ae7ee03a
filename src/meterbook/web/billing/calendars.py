"""The calendar of runs: which start by themselves and when, who waits, and what each calendar says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dates, formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.billing import cycles, permissions, values
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel import currency as currencies
from meterbook.sites import queries as site_queries
from meterbook.web import access, once, site_modules
from meterbook.web.billing import calendar_forms, stages, words
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

SHOWN, SHOWN_OF_ONE = 3, 6
TROUBLES = {
    "RunPresent": gettext_lazy("Another run has some of these days and is open: finish or cancel it."),
    "NoLandlord": gettext_lazy("A unit is vacant and the site has no landlord's account: open one."),
    "PeriodNotOver": gettext_lazy("The final day is not over in the zone of every meter; it starts then."),
}
WHY_CAPTIONS = {
    values.AsideReason.READINGS: gettext_lazy("Readings are missing"),
    values.AsideReason.PERSON: gettext_lazy("A person looks at it"),
}
REFUSALS = (
    billing_operations.AccountsUnknown,
    billing_operations.CalendarImpossible,
    billing_operations.CalendarNotFound,
    billing_operations.CalendarPresent,
)


@dataclass(frozen=True)
class Planned:
    """A run that is to come, or came, in words."""

    run: billing_queries.PlannedRun
    title: str
    starts: str
    trouble: str
    href: str
    tone: str
    icon: str
    caption: str | Promise


@dataclass(frozen=True)
class Line:
    """A calendar in the list."""

    row: billing_queries.CalendarRow
    rhythm: str
    whom: str
    href: str


@dataclass(frozen=True)
class Waits:
    """An account that waits for a run of its own."""

    row: billing_queries.Waiting
    title: str
    why: str | Promise
    until: str
    href: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def calendars(request: access.Request) -> HttpResponse:
    """This will show the runs to come, the accounts that wait, and the calendars."""
    organization = request.organization.public_id
    rows = billing_queries.list_calendars(without_sites=site_modules.sites_without(request, Module.BILLING))
    may_manage = permissions.MANAGE_RUN in request.permissions
    upcoming = billing_queries.upcoming(calendars=rows, at=request.at, count=SHOWN)
    context = {
        "planned": [planned(request, each) for each in upcoming],
        "waiting": waiting(request),
        "lines": [
            Line(each, rhythm(each), whom(each), reverse("billing_calendar", args=[organization, each.public_id]))
            for each in rows
        ],
        "may_manage": may_manage,
        "new_href": reverse("billing_calendar_new", args=[organization]),
        "runs_href": reverse("runs", args=[organization]),
    }
    return render(request, "billing/calendars.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will make a calendar: `?site=`; while it is filled in, the page says which runs that gives."""
    asked = request.POST if request.method == "POST" else request.GET
    sites = choice.visible_sites(request, permissions.MANAGE_RUN)
    wanted = next((each for each in sites if str(each.public_id) == asked.get("site", "")), None)
    site = wanted or (None if asked.get("site") else choice.usual_site(request, permissions.MANAGE_RUN))
    context: dict[str, Any] = {"sites": sites, "site": site, "calendars_href": _calendars_href(request)}
    if site is None:
        return render(request, "billing/calendar_new.html", context)
    first = civil.local_date(request.at, site.zone).replace(day=1)
    given = request.POST if request.method == "POST" else (request.GET if "cycle" in request.GET else None)
    form = _form(request, given, site, None, initial=calendar_forms.initial(site, first))
    if not access.wants_page(request):
        return _next_runs(request, form, site)
    if request.method == "POST" and form.is_valid():

        def make() -> uuid.UUID:
            made = billing_operations.create_calendar(
                actor=request.actor,
                at=request.at,
                site=site.public_id,
                terms=form.terms(None),
                accounts=form.cleaned_data.get("accounts"),
            )
            return made.public_id

        made = _try(form, make)
        if made is not None:
            messages.success(request, _("The calendar starts its runs by itself from now on."))
            return redirect("billing_calendar", request.organization.public_id, made)
    context |= {"form": form, "first_runs": _runs_of(request, form, site), "currency": site.currency}
    return render(
        request, "billing/calendar_new.html", context, status=422 if form.errors and given is request.POST else 200
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
@once.carried_out_once
def calendar(request: access.Request, billing_calendar: uuid.UUID) -> HttpResponse:
    """This will show a calendar with its runs, and change it."""
    row = find(billing_calendar)
    may_manage = request.access.allows(permissions.MANAGE_RUN, row.site_id)
    numbers = _group(row)
    form = _form(
        request,
        request.POST if request.method == "POST" else None,
        row,
        row.accounts is not None,
        initial=calendar_forms.initial_of(row, numbers),
    )
    if request.method == "POST" and not may_manage:
        return redirect("billing_calendar", request.organization.public_id, billing_calendar)
    if request.method == "POST" and form.is_valid():

        def change() -> uuid.UUID:
            billing_operations.change_calendar(
                actor=request.actor,
                at=request.at,
                calendar=billing_calendar,
                terms=form.terms(row),
                accounts=form.cleaned_data.get("accounts"),
            )
            return billing_calendar

        if _try(form, change) is not None:
            messages.success(request, _("Saved; it holds from the next period on."))
            return redirect("billing_calendar", request.organization.public_id, billing_calendar)
    begun = billing_queries.begun(calendar=row)
    context = {
        "row": row,
        "form": form,
        "may_manage": may_manage,
        "rhythm": rhythm(row),
        "whom": whom(row),
        "numbers": numbers,
        "has_begun": bool(begun),
        "zone": ZoneInfo(row.zone),
        "currency": row.currency,
        "planned": [
            planned(request, each)
            for each in billing_queries.upcoming(calendars=[row], at=request.at, count=SHOWN_OF_ONE)
        ],
        "begun": [planned(request, each) for each in begun],
        "calendars_href": _calendars_href(request),
        "missing": values.ON_MISSING_CAPTIONS[row.on_missing],
    }
    return render(request, "billing/calendar.html", context, status=422 if form.errors else 200)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def switch(request: access.Request, billing_calendar: uuid.UUID) -> HttpResponse:
    """This will stop a calendar, or have it start runs again."""
    row = find(billing_calendar)
    is_active = request.POST.get("is_active") == "1"
    try:
        billing_operations.switch_calendar(
            actor=request.actor, at=request.at, calendar=row.public_id, is_active=is_active
        )
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("It starts its runs again.") if is_active else _("It starts no more runs; nothing else changes.")
        )
    return redirect("billing_calendar", request.organization.public_id, billing_calendar)


def find(calendar: uuid.UUID) -> billing_queries.CalendarRow:
    """This will return the calendar, or answer "not found"."""
    try:
        return billing_queries.find_calendar(public_id=calendar)
    except billing_queries.CalendarNotFound as error:
        raise Http404(_("There is no such calendar.")) from error


def planned(request: access.Request, each: billing_queries.PlannedRun) -> Planned:
    """This will say a period of a calendar in words."""
    zone = ZoneInfo(each.calendar.zone)
    tone, icon, caption = _chip(each)
    href = "" if each.run is None else reverse("run", args=[request.organization.public_id, each.run])
    return Planned(
        each, days(each.first_day, each.until_day), tags.local(each.due_at, zone),
        str(TROUBLES.get(each.trouble, "")), href, tone, icon, caption,
    )  # fmt: skip


def waiting(request: access.Request, run: uuid.UUID | None = None) -> list[Waits]:
    """This will list the accounts that wait for a run of their own."""
    may_view = customer_permissions.VIEW_CUSTOMER in request.permissions
    organization = request.organization.public_id
    return [
        Waits(
            row=each,
            title=days(each.first_day, each.until_day),
            why=WHY_CAPTIONS[each.why],
            until=tags.local(each.until_at, ZoneInfo(each.zone)) if each.why is values.AsideReason.READINGS else "",
            href=reverse("account", args=[organization, each.account_public_id]) if may_view else "",
        )
        for each in billing_queries.waiting_accounts(run_public_id=run)
    ]


def days(first: Any, until: Any) -> str:  # noqa: ANN401 - dates
    """This will write the days [first, until): a month by its name, else from when to when."""
    if first.day == 1 and until == civil.next_month(first):
        return str(formats.date_format(first, "YEAR_MONTH_FORMAT"))
    last = until - timedelta(days=1)
    return words.SPREAD.join(formats.date_format(each, "SHORT_DATE_FORMAT") for each in (first, last))


def rhythm(row: billing_queries.CalendarRow) -> str:
    """This will say how often, and until which day."""
    if row.cycle is cycles.Cycle.WEEKLY:
        return _("Every week to %(day)s") % {"day": dates.WEEKDAYS[row.cutoff_day - 1]}
    months = cycles.months_of(row.cycle, row.months)
    often = _("Every month") if months == 1 else _("Every %(months)s months") % {"months": months}
    if row.cutoff_day > calendar_forms.LATEST_CHOICE + 2:
        return _("%(often)s to its last day") % {"often": often}
    return _("%(often)s to the %(day)s") % {"often": often, "day": row.cutoff_day}


def whom(row: billing_queries.CalendarRow) -> str:
    """This will say for whom a calendar is."""
    if row.accounts is None:
        return _("All accounts without a group")
    words_ = ngettext("%(count)s account", "%(count)s accounts", row.accounts)
    return words_ % {"count": tags.number(row.accounts)}


def _chip(each: billing_queries.PlannedRun) -> tuple[str, str, str | Promise]:
    if each.run_state is not None:
        return stages.chip(each.run_state)
    if each.state is values.PeriodState.WAITS:
        return "warn", "alert", _("Could not start")
    if each.state is values.PeriodState.EMPTY:
        return "", "check", _("Nobody to bill")
    return "", "clock", _("Planned")


def _form(
    request: access.Request,
    given: Any,  # noqa: ANN401 - Django's own
    of: site_queries.SiteRow | billing_queries.CalendarRow,
    has_group: bool | None,
    **more: Any,  # noqa: ANN401 - Django's own
) -> calendar_forms.CalendarForm:
    site_id = of.id if isinstance(of, site_queries.SiteRow) else of.site_id
    return calendar_forms.CalendarForm(
        given,
        places=currencies.minor_units(of.currency),
        has_group=has_group,
        may_approve=request.access.allows(permissions.APPROVE_RUN, site_id),
        **more,
    )


def _try(form: calendar_forms.CalendarForm, act: Callable[[], uuid.UUID]) -> uuid.UUID | None:
    try:
        return act()
    except billing_operations.AccountsUnknown as error:
        form.add_error("accounts" if "accounts" in form.fields else None, str(error))
    except REFUSALS as error:
        form.add_error(None, str(error))
    return None


def _runs_of(
    request: access.Request, form: calendar_forms.CalendarForm, site: site_queries.SiteRow
) -> Sequence[tuple[str, str]]:
    """The first runs that a form would give; nothing while it cannot be read."""
    given = form.cleaned_data if form.is_bound and form.is_valid() else None
    if form.is_bound and given is None:
        return ()
    source = given or {**form.initial, "starts_on": civil.local_date(request.at, site.zone).replace(day=1)}
    cycle = cycles.Cycle(source["cycle"])
    day = source["weekday"] if cycle is cycles.Cycle.WEEKLY else source["cutoff_day"]
    spans = cycles.spans(
        cycles.Rhythm(cycles.months_of(cycle, source.get("months") or 1), int(day), source["starts_on"])
    )
    found = (next(spans) for _each in range(SHOWN))
    return [
        (
            days(each.first_day, each.until_day),
            tags.local(cycles.due_at(each, hour=int(source["notice_hour"]), zone=site.zone), site.zone),
        )
        for each in found
    ]


def _next_runs(request: access.Request, form: calendar_forms.CalendarForm, site: site_queries.SiteRow) -> HttpResponse:
    return render(request, "billing/_calendar_next.html", {"first_runs": _runs_of(request, form, site)})


def _group(row: billing_queries.CalendarRow) -> list[str]:
    if row.accounts is None:
        return []
    ids = billing_queries.group_of(calendar=row.public_id)
    return sorted(each.number for each in customer_queries.accounts_by_public_id(public_ids=ids).values())


def _calendars_href(request: access.Request) -> str:
    return reverse("billing_calendars", args=[request.organization.public_id])
