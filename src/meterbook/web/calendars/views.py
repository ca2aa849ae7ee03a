"""Calendars of holidays: the list, and one with its days and its history."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.billing import permissions as billing_permissions
from meterbook.billing.queries import behind_calendar
from meterbook.identity.values import Module
from meterbook.rules import operations as rule_operations
from meterbook.rules import permissions
from meterbook.rules import queries as rule_queries
from meterbook.rules import values as rule_values
from meterbook.web import access, once
from meterbook.web.calendars import forms, sheet

NEXT_YEARS = 2


@require_GET
@access.page(permission=permissions.VIEW_CALENDAR, module=Module.BILLING, by_site=True)
def calendars(request: access.Request) -> HttpResponse:
    """This will show the calendars, each with how many days it has of this year and until when it reaches."""
    year = request.at.year
    lines = [
        (each, sum(day.day.year == year for day in each.newest.days), each.newest.days[-1:])
        for each in rule_queries.list_calendars()
    ]
    context = {
        "lines": lines,
        "year": year,
        "may_edit": permissions.EDIT_CALENDAR in request.permissions,
        "new_href": reverse("calendar_new", args=[request.organization.public_id]),
    }
    return render(request, "calendars/list.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_CALENDAR, module=Module.BILLING)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask for a calendar and its days, and add it."""
    act, shown, fill = _worked(request, sheet.Sheet())
    form = forms.NameForm(request.POST if request.method == "POST" else None)
    if act == "save" and form.is_valid() and shown.is_sound:
        facts = form.cleaned_data
        try:
            rule_operations.create_calendar(
                actor=request.actor, at=request.at, code=facts["code"], name=facts["name"], days=shown.days()
            )
        except rule_operations.CalendarCodeTaken as error:
            form.add_error("code", str(error))
        except rule_operations.DaysRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The calendar is there. Tariffs may name it now."))
            return redirect("calendars", request.organization.public_id)
    return _page(request, act, shown, fill, form, {"is_new": True, "may_edit": True})


@require_GET
@access.page(permission=permissions.VIEW_CALENDAR, module=Module.BILLING, by_site=True)
def show(request: access.Request, calendar: uuid.UUID) -> HttpResponse:
    """This will show the days of a calendar and its history, in a form to who may change it."""
    row = _find(calendar)
    _act, shown, fill = _worked(request, sheet.of_days(row.newest.days))
    return _page(request, "", shown, fill, forms.ReasonForm(), _told(request, row))


@require_POST
@access.page(permission=permissions.EDIT_CALENDAR, module=Module.BILLING)
def change(request: access.Request, calendar: uuid.UUID) -> HttpResponse:
    """This will change the days of a calendar, or show them with a day more or less, or with those of a country."""
    row = _find(calendar)
    act, shown, fill = _worked(request, sheet.of_days(row.newest.days))
    form = forms.ReasonForm(request.POST)
    if act == "save" and form.is_valid() and shown.is_sound:
        try:
            rule_operations.change_days(
                actor=request.actor,
                at=request.at,
                calendar=calendar,
                days=shown.days(),
                reason=form.cleaned_data["reason"],
            )
        except (rule_operations.DaysRefused, rule_operations.NothingChanged) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The days were changed. Bills that were issued keep theirs."))
            return redirect("calendar", request.organization.public_id, calendar)
    return _page(request, act, shown, fill, form, _told(request, row))


def _find(calendar: uuid.UUID) -> rule_values.CalendarRow:
    try:
        return rule_queries.get_calendar(public_id=calendar)
    except rule_queries.CalendarNotFound as error:
        raise Http404(str(error)) from error


def _told(request: access.Request, row: rule_values.CalendarRow) -> dict[str, object]:
    return {
        "row": row,
        "versions": rule_queries.list_versions(public_id=row.public_id),
        "may_edit": permissions.EDIT_CALENDAR in request.permissions,
        "behind": _behind(request, row),
        "may_recalculate": billing_permissions.MANAGE_RUN in request.permissions,
        "action": reverse("calendar_change", args=[request.organization.public_id, row.public_id]),
    }


def _behind(request: access.Request, row: rule_values.CalendarRow) -> list[behind_calendar.BehindCalendar]:
    """Runs with bills of changed days, for those who may see bills."""
    if not request.access.allows_somewhere(billing_permissions.VIEW_BILL):
        return []
    changes = rule_queries.changes_of(public_id=row.public_id)
    sites = request.access.sites(billing_permissions.VIEW_BILL)
    return behind_calendar.bills_behind_calendar(code=row.code, changes=changes, site_ids=sites)


def _worked(request: access.Request, start: sheet.Sheet) -> tuple[str, sheet.Sheet, forms.FillForm]:
    """What is to be done, the rows after it, and the form that proposes days."""
    years = {"first_year": request.at.year, "last_year": request.at.year + NEXT_YEARS}
    if request.method != "POST":
        return "", start, forms.FillForm(initial=years)
    act, shown = request.POST.get("do", "save"), sheet.of_post(request.POST)
    if act == "fill":
        asked = forms.FillForm(request.POST)
        if asked.is_valid():
            found = asked.proposed()
            added = shown.with_days(found)
            count = len(added.rows) - sum(not each.is_empty for each in shown.rows)
            words = ngettext(
                "%(n)s day was put in; look it over and save.",
                "%(n)s days were put in; look them over and save.",
                count,
            )
            messages.info(request, words % {"n": count})
            return act, added.checked(), asked
        return act, shown, asked
    asked = forms.FillForm(initial={**years, **{name: request.POST.get(name, "") for name in ("country", "region")}})
    if act == "add":
        return act, sheet.Sheet((*shown.rows, sheet.Row())), asked
    index = act.removeprefix("remove:")
    if act.startswith("remove:") and index.isascii() and index.isdigit() and len(index) < len(str(sheet.MOST_ROWS)) + 1:
        return act, shown.without(int(index)), asked
    return "save", shown.checked(), asked


def _page(
    request: access.Request,
    act: str,
    shown: sheet.Sheet,
    fill: forms.FillForm,
    form: forms.NameForm | forms.ReasonForm,
    more: dict[str, object],
) -> HttpResponse:
    """The page; what is wrong with the head is said only where saving was asked for."""
    if act != "save" and form.is_bound:
        values = {name: request.POST.get(name, "") for name in form.fields}
        form = type(form)(initial=values)
    is_refused = act == "save" or (act == "fill" and bool(fill.errors))
    kinds = [
        (rule_values.DayKind.HOLIDAY.value, _("Holiday")),
        (rule_values.DayKind.SPECIAL.value, _("Special day")),
    ]
    context = {
        **more,
        "form": form,
        "sheet": shown,
        "fill": fill,
        "kinds": kinds,
        "list_href": reverse("calendars", args=[request.organization.public_id]),
    }
    return render(request, "calendars/edit.html", context, status=422 if is_refused else 200)
