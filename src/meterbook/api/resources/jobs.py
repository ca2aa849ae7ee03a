"""Jobs for people in the field: list, make, give, begin, close."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import date
from typing import Annotated

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.documents import attachments, uploads
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import permissions
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork import values as fieldwork_values
from meterbook.fieldwork.values import JobKind, JobState, Origin
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions

router = Router(tags=["Work on site"])
Words = Annotated[values.Words, Field(max_length=fieldwork_values.MOST_WORDS)]
MOST_PHOTO = 6_000_000  # signs of base64; the whole call may have 10 MiB


class FieldJob(values.Told):
    """Something to be done at a site; `assignee` null: whoever does jobs there. Ended ones have `note`."""

    id: uuid.UUID
    kind: JobKind
    state: JobState
    origin: Origin
    words: str
    due_on: date | None
    site: uuid.UUID
    place: uuid.UUID | None
    meter_point: uuid.UUID | None
    assignee: uuid.UUID | None
    assignee_name: str
    made_at: values.InstantTold
    made_by: str
    begun_at: values.InstantTold | None
    ended_at: values.InstantTold | None
    ended_by: str
    note: str
    photos: list[uuid.UUID]


class NewJob(values.Given):
    """A job at a site; a meter point brings its place."""

    kind: JobKind
    words: Words = ""
    due_on: values.DayGiven | None = None
    place: uuid.UUID | None = None
    meter_point: uuid.UUID | None = None
    assignee: uuid.UUID | None = None


class ChangedJob(values.Given):
    """All that can be changed of a job; a proposal becomes a job."""

    words: Words = ""
    due_on: values.DayGiven | None = None
    assignee: uuid.UUID | None = None


class JobEnd(values.Given):
    """How a job ended; what cannot be done needs a note. `photo`: JPEG, PNG or WEBP in base64."""

    is_done: bool
    note: Words = ""
    photo: str | None = Field(default=None, min_length=1, max_length=MOST_PHOTO)


@endpoint(
    router,
    "GET",
    "/jobs",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=paging.Page[FieldJob],
    by_site=True,
)
def list_jobs(
    request: entry.Request,
    state: JobState | None = None,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[FieldJob]:
    """This will return jobs in the order in which they were made: all that you manage, else yours and nobody's."""
    access = request.caller.access
    managed, done = access.sites(permissions.MANAGE_JOBS), access.sites(permissions.DO_JOBS)
    if site is not None:
        row = reach.site(request, site, permissions.DO_JOBS)
        only = frozenset({row.id})
        managed, done = (only if managed is None else managed & only), only
    rows = fieldwork_queries.list_jobs(
        states=list(JobState) if state is None else [state],
        managed_at=managed,
        done_at=done,
        user_id=request.caller.user_id,
        after_id=paging.after(request, cursor),
        limit=limit + 1,
    )
    return paging.page(request, [(each.id, each) for each in rows], limit, _told)


@endpoint(
    router,
    "GET",
    "/jobs/{uuid:job}",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=FieldJob,
    by_site=True,
)
def get_job(request: entry.Request, job: uuid.UUID) -> FieldJob:
    """This will return a job that you manage, or that is yours or nobody's."""
    return _told(_seen(request, job))


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/jobs",
    permission=permissions.MANAGE_JOBS,
    module=Module.METERING,
    answers=FieldJob,
    status=201,
    by_site=True,
)
def make_job(request: entry.Request, site: uuid.UUID, given: NewJob) -> FieldJob:
    """This will make a job at a site; it is told to the person that it is given to."""
    row = reach.site(request, site, permissions.MANAGE_JOBS)
    try:
        made = fieldwork_operations.make_job(
            actor=request.caller.actor,
            at=request.caller.at,
            site_id=row.id,
            kind=given.kind,
            words=given.words,
            due_on=given.due_on,
            node=given.place,
            meter_point=given.meter_point,
            assignee=given.assignee,
        )
    except fieldwork_operations.AboutNothing as error:
        place = "/body/place" if given.place is not None else "/body/meter_point"
        raise problems.invalid(place, str(error)) from error
    except fieldwork_operations.AssigneeUnfit as error:
        raise problems.invalid("/body/assignee", str(error)) from error
    return _again(made.public_id)


@endpoint(
    router,
    "PUT",
    "/jobs/{uuid:job}",
    permission=permissions.MANAGE_JOBS,
    module=Module.METERING,
    answers=FieldJob,
    by_site=True,
)
def change_job(request: entry.Request, job: uuid.UUID, given: ChangedJob) -> FieldJob:
    """This will change what is said of a job and who does it; a proposal becomes a job."""
    _managed(request, job)
    try:
        fieldwork_operations.change_job(
            actor=request.caller.actor,
            at=request.caller.at,
            job=job,
            words=given.words,
            due_on=given.due_on,
            assignee=given.assignee,
        )
    except fieldwork_operations.AssigneeUnfit as error:
        raise problems.invalid("/body/assignee", str(error)) from error
    except fieldwork_operations.JobChanged as error:
        raise _state(error) from error
    return _again(job)


@endpoint(
    router,
    "POST",
    "/jobs/{uuid:job}/withdraw",
    permission=permissions.MANAGE_JOBS,
    module=Module.METERING,
    answers=FieldJob,
    by_site=True,
)
def withdraw_job(request: entry.Request, job: uuid.UUID) -> FieldJob:
    """This will take a job or a proposal back; done ones stay."""
    _managed(request, job)
    try:
        fieldwork_operations.withdraw_job(actor=request.caller.actor, at=request.caller.at, job=job)
    except fieldwork_operations.JobChanged as error:
        raise _state(error) from error
    return _again(job)


@endpoint(
    router,
    "POST",
    "/jobs/{uuid:job}/begin",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=FieldJob,
    by_site=True,
)
def begin_job(request: entry.Request, job: uuid.UUID) -> FieldJob:
    """This will note that you do the job now; one of nobody's becomes yours."""
    found, caller = _seen(request, job), request.caller
    try:
        fieldwork_operations.begin_job(
            actor=caller.actor,
            at=caller.at,
            job=job,
            is_manager=caller.access.allows(permissions.MANAGE_JOBS, found.site_id),
        )
    except (fieldwork_operations.JobChanged, fieldwork_operations.JobOfAnother) as error:
        raise _state(error) from error
    return _again(job)


@endpoint(
    router,
    "POST",
    "/jobs/{uuid:job}/end",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=FieldJob,
    by_site=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def end_job(request: entry.Request, job: uuid.UUID, given: JobEnd) -> FieldJob:
    """This will close a job: done, or it cannot be done, with the reason."""
    found, caller = _seen(request, job), request.caller
    try:
        fieldwork_operations.end_job(
            actor=caller.actor,
            at=caller.at,
            job=job,
            is_done=given.is_done,
            note=given.note,
            photo=_photo(given.photo),
            is_manager=caller.access.allows(permissions.MANAGE_JOBS, found.site_id),
        )
    except uploads.UploadRefused as error:
        raise problems.invalid("/body/photo", str(error)) from error
    except fieldwork_operations.ReasonMissing as error:
        raise problems.invalid("/body/note", str(error)) from error
    except (fieldwork_operations.JobChanged, fieldwork_operations.JobOfAnother) as error:
        raise _state(error) from error
    return _again(job)


@endpoint(
    router,
    "GET",
    "/field-photos/{uuid:field_photo}",
    permission=metering_permissions.VIEW_METER,
    module=Module.METERING,
    answers=None,
    by_site=True,
)
def get_field_photo(request: entry.Request, field_photo: uuid.UUID) -> HttpResponse:
    """This will return a photo of a job or of a swap test."""
    try:
        site_id, content = fieldwork_queries.get_field_photo(public_id=field_photo)
    except fieldwork_queries.PhotoNotFound as error:
        raise problems.not_found() from error
    if not request.caller.access.allows(metering_permissions.VIEW_METER, site_id):
        raise problems.not_found()
    return HttpResponse(content, content_type=attachments.JPEG, headers={"X-Content-Type-Options": "nosniff"})


def _seen(request: entry.Request, job: uuid.UUID) -> fieldwork_queries.JobRow:
    found, access = _find(job), request.caller.access
    if access.allows(permissions.MANAGE_JOBS, found.site_id):
        return found
    is_own = found.state is not JobState.PROPOSED and found.assignee_id in (None, request.caller.user_id)
    if not is_own or not access.allows(permissions.DO_JOBS, found.site_id):
        raise problems.not_found()
    return found


def _managed(request: entry.Request, job: uuid.UUID) -> None:
    if not request.caller.access.allows(permissions.MANAGE_JOBS, _find(job).site_id):
        raise problems.not_found()


def _find(job: uuid.UUID) -> fieldwork_queries.JobRow:
    try:
        return fieldwork_queries.get_job(public_id=job)
    except fieldwork_queries.JobNotFound as error:
        raise problems.not_found() from error


def _state(error: Exception) -> problems.Problem:
    return problems.Problem(409, "state", str(error))


def _photo(sent: str | None) -> bytes | None:
    if sent is None:
        return None
    try:
        content = base64.b64decode(sent, validate=True)
    except binascii.Error as error:
        raise uploads.UploadRefused(_("The photo is not base64; send the file's bytes in base64.")) from error
    return attachments.require_picture(content).content


def _again(job: uuid.UUID) -> FieldJob:
    return _told(fieldwork_queries.get_job(public_id=job))


def _told(row: fieldwork_queries.JobRow) -> FieldJob:
    return FieldJob(
        id=row.public_id,
        kind=row.kind,
        state=row.state,
        origin=row.origin,
        words=row.words,
        due_on=row.due_on,
        site=row.site,
        place=row.node,
        meter_point=row.point,
        assignee=row.assignee,
        assignee_name=row.assignee_name,
        made_at=values.instant(row.made_at),
        made_by=row.made_by,
        begun_at=values.maybe_instant(row.begun_at),
        ended_at=values.maybe_instant(row.ended_at),
        ended_by=row.ended_by,
        note=row.note,
        photos=list(row.photos),
    )
