"""What managers do with jobs: make one, change or take over one, withdraw it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import permissions, values
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.values import JobKind
from meterbook.identity.values import Module
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access, once, parameters
from meterbook.web.jobs import forms, shown, views
from meterbook.web.sites import choice

guard = access.page(permission=permissions.MANAGE_JOBS, module=Module.METERING, by_site=True)
MOST_LISTED = 500


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask for a job at a site and make it; `meter`, `place`, `alarm`, `kind` and `words` fill it in."""
    asked = _asked(request)
    site = _site(request, asked)
    if site is None:
        context: dict[str, Any] = {"sites": choice.visible_sites(request, permissions.MANAGE_JOBS), "asked": asked}
        return render(request, "jobs/site.html", context)
    people = fieldwork_queries.people_for(site_ids=[site.id], at=request.at)[site.id]
    nodes = site_queries.list_nodes(site_id=site.id)
    form = forms.NewForm(request.POST if request.method == "POST" else None, people=people, nodes=nodes, initial=asked)
    if request.method == "POST" and form.is_valid():
        made = _make(request, site, form)
        if made is not None:
            choice.note_used(request, site.public_id)
            messages.success(request, _("The job was made."))
            return redirect("job", request.organization.public_id, made)
    status = 422 if request.method == "POST" else 200
    points = fieldwork_queries.codes_at(site_id=site.id, most=MOST_LISTED)
    context = {"form": form, "site": site, "points": points, "here": _here(request, site)}
    return render(request, "jobs/new.html", context, status=status)


@require_POST
@guard
def change(request: access.Request, job: uuid.UUID) -> HttpResponse:
    """This will change a job, or take a proposal over."""
    found = shown.find(request, job, to_manage=True)
    form = views.change_form(request, found, request.POST)
    if not form.is_valid():
        return views.show_refused(request, found, form, status=422)
    try:
        fieldwork_operations.change_job(
            actor=request.actor,
            at=request.at,
            job=job,
            words=form.cleaned_data["words"],
            due_on=form.cleaned_data["due_on"],
            assignee=form.person(),
        )
    except views.REFUSED as error:
        form.add_error(None, str(error))
        return views.show_refused(request, found, form, status=409)
    messages.success(request, _("The job was saved."))
    return redirect("job", request.organization.public_id, job)


@require_POST
@guard
def withdraw(request: access.Request, job: uuid.UUID) -> HttpResponse:
    """This will take a job or a proposal back."""
    shown.find(request, job, to_manage=True)
    try:
        fieldwork_operations.withdraw_job(actor=request.actor, at=request.at, job=job)
    except views.REFUSED as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The job was withdrawn."))
    return redirect("jobs", request.organization.public_id)


def _make(request: access.Request, site: site_queries.SiteRow, form: forms.NewForm) -> uuid.UUID | None:
    given = form.cleaned_data
    point = None
    if given["meter"]:
        found = [each for each in metering_queries.points_by_code(codes=[given["meter"]]) if each.site_id == site.id]
        if not found:
            form.add_error("meter", _("No meter of this site has the code; choose one of the list."))
            return None
        point = found[0].public_id
    try:
        made = fieldwork_operations.make_job(
            actor=request.actor,
            at=request.at,
            site_id=site.id,
            kind=JobKind(given["kind"]),
            words=given["words"],
            due_on=given["due_on"],
            node=uuid.UUID(given["place"]) if given["place"] else None,
            meter_point=point,
            assignee=form.person(),
        )
    except fieldwork_operations.AboutNothing as error:
        form.add_error("place", str(error))
    except fieldwork_operations.AssigneeUnfit as error:
        form.add_error("assignee", str(error))
    else:
        return made.public_id
    return None


def _asked(request: access.Request) -> dict[str, Any]:
    """What the address fills in; what it cannot be is passed over."""
    found: dict[str, Any] = {"words": parameters.written(request.GET.get("words", ""), values.MOST_WORDS)}
    if request.GET.get("kind") in list(JobKind):
        found["kind"] = request.GET["kind"]
    alarm, meter, place, site = (_id(request, name) for name in ("alarm", "meter", "place", "site"))
    if alarm is not None:
        found |= _of_alarm(request, alarm)
        meter = meter or found.pop("point", None)
    if meter is not None:
        points = metering_queries.points_by_public_id(public_ids=[meter])
        if points:
            found |= {"meter": points[0].code, "site_id": points[0].site_id}
    if place is not None:
        try:
            node = site_queries.get_node(public_id=place)
        except site_queries.PlaceNotFound:
            return found
        found |= {"place": str(place), "site_id": node.site_id}
    if site is not None:
        found.setdefault("site", site)
    return found


def _of_alarm(request: access.Request, alarm: uuid.UUID) -> dict[str, Any]:
    try:
        row = alarm_queries.get_alarm(public_id=alarm)
    except alarm_queries.AlarmNotFound:
        return {}
    if not request.access.allows(alarm_permissions.VIEW_ALARMS, row.site_id):
        return {}
    return {"kind": JobKind.LOOK.value, "words": row.row.title, "site_id": row.site_id, "point": row.row.point_id}


def _site(request: access.Request, asked: dict[str, Any]) -> site_queries.SiteRow | None:
    """The site of what the job is about, else the one asked for, else the usual one."""
    sites = choice.visible_sites(request, permissions.MANAGE_JOBS)
    named = next((each for each in sites if each.id == asked.get("site_id")), None)
    chosen = next((each for each in sites if each.public_id == asked.get("site")), None)
    return named or chosen or choice.usual_site(request, permissions.MANAGE_JOBS)


def _here(request: access.Request, site: site_queries.SiteRow) -> str:
    return f"{reverse('job_new', args=[request.organization.public_id])}?{urlencode({'site': site.public_id})}"


def _id(request: access.Request, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None
