"""Which jobs the reader sees, and where the guided pages for one are."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.alarms import permissions as alarm_permissions
from meterbook.fieldwork import permissions, values
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.values import JobKind
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access
from meterbook.web.sites import choice

ICONS = {
    JobKind.COMMISSION: "plus",
    JobKind.EXCHANGE: "exchange",
    JobKind.READ: "edit",
    JobKind.LOOK: "no-contact",
    JobKind.SWAP_TEST: "lightning",
    JobKind.RECALIBRATE: "sliders",
    JobKind.OTHER: "inbox",
}


@dataclass(frozen=True)
class Guide:
    """A guided page that helps with a job."""

    caption: str
    href: str
    icon: str


def own_or_open(request: access.Request, states: tuple[values.JobState, ...]) -> list[fieldwork_queries.JobRow]:
    """This will return what the reader does: the own jobs and those of nobody at the sites."""
    return fieldwork_queries.list_jobs(
        states=states,
        managed_at=frozenset(),
        done_at=choice.site_ids(request, permissions.DO_JOBS),
        user_id=request.actor.id,
    )


def managed(request: access.Request, states: tuple[values.JobState, ...]) -> list[fieldwork_queries.JobRow]:
    """This will return all jobs where the reader manages them, and what the reader does elsewhere."""
    return fieldwork_queries.list_jobs(
        states=states,
        managed_at=choice.site_ids(request, permissions.MANAGE_JOBS),
        done_at=choice.site_ids(request, permissions.DO_JOBS),
        user_id=request.actor.id,
    )


def find(request: access.Request, job: uuid.UUID, *, to_manage: bool = False) -> fieldwork_queries.JobRow:
    """This will return a job that the reader sees, else "not found"."""
    try:
        found = fieldwork_queries.get_job(public_id=job)
    except fieldwork_queries.JobNotFound as error:
        raise Http404(str(error)) from error
    if request.access.allows(permissions.MANAGE_JOBS, found.site_id):
        return found
    is_seen = found.state is not values.JobState.PROPOSED and found.assignee_id in (None, request.actor.id)
    if to_manage or not is_seen or not request.access.allows(permissions.DO_JOBS, found.site_id):
        raise Http404(_("There is no such job."))
    return found


def guides(request: access.Request, job: fieldwork_queries.JobRow) -> list[Guide]:
    """This will return the guided pages for a job that the reader may open, the one that it is about first."""
    organization, may = request.organization.public_id, request.access.allows
    found: dict[JobKind, Guide] = {}
    if job.point is not None:
        if may(metering_permissions.MANAGE_METER, job.site_id):
            href = reverse("meter_exchange", args=[organization, job.point])
            found[JobKind.EXCHANGE] = Guide(_("Exchange the meter"), href, "exchange")
        if may(metering_permissions.ENTER_READING, job.site_id):
            href = reverse("readings_at", args=[organization, job.point])
            found[JobKind.READ] = Guide(_("Enter a reading"), href, "edit")
        if may(metering_permissions.VIEW_METER, job.site_id):
            href = reverse("meter", args=[organization, job.point])
            may_read = may(acquisition_permissions.REQUEST_READING, job.site_id)
            found[JobKind.LOOK] = Guide(
                _("Test read and values") if may_read else _("Look at its values"), href, "meter"
            )
    elif may(metering_permissions.MANAGE_METER, job.site_id):
        place = "?" + urlencode({"place": job.node}) if job.node else ""
        found[JobKind.COMMISSION] = Guide(_("Add a meter"), reverse("meter_new", args=[organization]) + place, "plus")
    if job.node is not None and may(permissions.DO_JOBS, job.site_id):
        query = urlencode({"place": job.node, "job": job.public_id})
        found[JobKind.SWAP_TEST] = Guide(
            _("Swap test"), f"{reverse('swap_test_new', args=[organization])}?{query}", "lightning"
        )
    listed = sorted(found.values(), key=lambda each: each is not found.get(job.kind))
    is_of_alarm = job.origin is values.Origin.ALARM and request.organization.has_module(Module.ALARMS)
    if is_of_alarm and may(alarm_permissions.VIEW_ALARMS, job.site_id):
        listed.append(Guide(_("Look at the alarm"), reverse("alarm", args=[organization, job.source_id]), "alert"))
    return listed
