"""The list of jobs, one job, and doing it: made for a phone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from meterbook.documents import attachments, uploads
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import permissions, values
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.values import JobState
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, once
from meterbook.web.jobs import forms, shown

MINE, ALL, PROPOSED, ENDED = "mine", "all", "proposed", "ended"
REFUSED = (
    fieldwork_operations.JobChanged,
    fieldwork_operations.JobOfAnother,
    fieldwork_operations.AssigneeUnfit,
    uploads.UploadRefused,
)
TONES = {JobState.DONE: "ok", JobState.IMPOSSIBLE: "warn", JobState.BEGUN: "about", JobState.PROPOSED: "about"}
guard = access.page(permission=permissions.DO_JOBS, module=Module.METERING, by_site=True)


@dataclass(frozen=True)
class Chip:
    """One part of the list."""

    caption: str
    href: str
    is_chosen: bool
    count: int | None


@dataclass(frozen=True)
class Line:
    """A job as the list shows it."""

    row: fieldwork_queries.JobRow
    icon: str
    tone: str
    state_tone: str
    is_late: bool
    is_mine: bool


@require_safe
@guard
def jobs(request: access.Request) -> HttpResponse:
    """This will show the jobs: one's own and those of nobody; to managers also all, proposals and what ended."""
    may_manage = request.access.allows_somewhere(permissions.MANAGE_JOBS)
    parts: dict[str, tuple[str, Callable[[], list[fieldwork_queries.JobRow]]]] = {
        MINE: (_("For me"), lambda: shown.own_or_open(request, values.WAITING)),
    }
    if may_manage:
        parts[ALL] = (_("All"), lambda: shown.managed(request, values.WAITING))
        parts[PROPOSED] = (_("Proposed"), lambda: shown.managed(request, (JobState.PROPOSED,)))
    parts[ENDED] = (_("Ended"), lambda: shown.managed(request, values.ENDED))
    asked = request.GET.get("show", "")
    chosen = asked if asked in parts else (ALL if may_manage else MINE)
    rows = {name: load() for name, (_caption, load) in parts.items() if name != ENDED or name == chosen}
    here = reverse("jobs", args=[request.organization.public_id])
    context = {
        "chips": [
            Chip(caption, f"{here}?show={name}", name == chosen, len(rows[name]) if name in rows else None)
            for name, (caption, _load) in parts.items()
        ],
        "lines": [line_of(request, each) for each in rows[chosen]],
        "show": chosen,
        "may_manage": may_manage,
    }
    return render(request, "jobs/list.html", context)


@require_safe
@guard
def job(request: access.Request, job: uuid.UUID) -> HttpResponse:
    """This will show one job, the guided pages for it, and how to close it."""
    return _show(request, shown.find(request, job))


@require_POST
@guard
def begin(request: access.Request, job: uuid.UUID) -> HttpResponse:
    """This will note that the reader does the job now."""
    found = shown.find(request, job)
    is_manager = request.access.allows(permissions.MANAGE_JOBS, found.site_id)
    try:
        fieldwork_operations.begin_job(actor=request.actor, at=request.at, job=job, is_manager=is_manager)
    except REFUSED as error:
        messages.error(request, str(error))
    return redirect("job", request.organization.public_id, job)


@require_POST
@guard
@once.carried_out_once
def end(request: access.Request, job: uuid.UUID) -> HttpResponse:
    """This will close a job: done, or it cannot be done."""
    found = shown.find(request, job)
    form = forms.EndForm(request.POST, request.FILES)
    is_done = request.POST.get("outcome") != "impossible"
    if not form.is_valid():
        return _show(request, found, end=form, status=422)
    try:
        fieldwork_operations.end_job(
            actor=request.actor,
            at=request.at,
            job=job,
            is_done=is_done,
            note=form.cleaned_data["note"],
            photo=picture(form.cleaned_data["photo"]),
            is_manager=request.access.allows(permissions.MANAGE_JOBS, found.site_id),
        )
    except fieldwork_operations.ReasonMissing as error:
        form.add_error("note", str(error))
        return _show(request, found, end=form, status=422)
    except uploads.UploadRefused as error:
        form.add_error("photo", str(error))
        return _show(request, found, end=form, status=422)
    except REFUSED as error:
        messages.error(request, str(error))
        return redirect("job", request.organization.public_id, job)
    messages.success(request, _("The job is done.") if is_done else _("Noted that it cannot be done."))
    return redirect("jobs", request.organization.public_id)


@require_GET
@access.page(permission=metering_permissions.VIEW_METER, module=Module.METERING, by_site=True)
def photo(request: access.Request, field_photo: uuid.UUID) -> HttpResponse:
    """This will give a photo of a job or a swap test out."""
    try:
        site_id, content = fieldwork_queries.get_field_photo(public_id=field_photo)
    except fieldwork_queries.PhotoNotFound as error:
        raise Http404(_("There is no such photo.")) from error
    if not request.access.allows(metering_permissions.VIEW_METER, site_id):
        raise Http404(_("There is no such photo."))
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=attachments.JPEG, headers=headers)


def picture(sent: UploadedFile[bytes] | None) -> bytes | None:
    """This will return a photo written anew, without what the camera noted beside it.

    :raises uploads.UploadRefused: when it is no picture
    """
    return None if sent is None else attachments.require_picture(sent.read(attachments.MOST_BYTES + 1)).content


def line_of(request: access.Request, row: fieldwork_queries.JobRow) -> Line:
    """This will return a job with how it is shown."""
    is_late = row.is_late(today(request, row))
    tone = TONES.get(row.state, "")
    return Line(
        row, shown.ICONS[row.kind], "warn" if is_late else tone, tone, is_late, row.assignee_id == request.actor.id
    )


def today(request: access.Request, row: fieldwork_queries.JobRow) -> date:
    """This will return the day at the site of a job."""
    return civil.local_date(request.at, row.zone)


def _show(
    request: access.Request,
    row: fieldwork_queries.JobRow,
    *,
    end: forms.EndForm | None = None,
    change: forms.ChangeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_manage = request.access.allows(permissions.MANAGE_JOBS, row.site_id)
    may_do = request.access.allows(permissions.DO_JOBS, row.site_id)
    context: dict[str, Any] = {
        "line": line_of(request, row),
        "job": row,
        "tests": fieldwork_queries.list_swap_tests(site_ids=[row.site_id], job=row.public_id),
        "guides": shown.guides(request, row) if row.is_waiting else [],
        "may_begin": may_do and row.state is JobState.OPEN,
        "may_end": may_do and row.is_waiting,
        "may_manage": may_manage and row.state not in values.ENDED,
        "end": end or forms.EndForm(),
        "change": (change or change_form(request, row)) if may_manage else None,
        "is_changing": change is not None or row.state is JobState.PROPOSED,
    }
    return render(request, "jobs/job.html", context, status=status)


def change_form(request: access.Request, row: fieldwork_queries.JobRow, data: object = None) -> forms.ChangeForm:
    """This will return the form by which a manager changes a job."""
    initial = {"words": row.words, "due_on": row.due_on and row.due_on.isoformat(), "assignee": str(row.assignee or "")}
    people = fieldwork_queries.people_for(site_ids=[row.site_id], at=request.at)[row.site_id]
    return forms.ChangeForm(data, people=people, initial=initial)


def show_refused(
    request: access.Request, row: fieldwork_queries.JobRow, change: forms.ChangeForm, *, status: int
) -> HttpResponse:
    """This will show the page of a job with what is wrong in the manager's form."""
    return _show(request, row, change=change, status=status)
