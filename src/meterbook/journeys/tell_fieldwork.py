"""From news of work in the field to messages: a job to whoever it was given to, a suspected swap to the managers."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import formats, translation
from django.utils.translation import gettext as _

from meterbook.fieldwork import events as fieldwork_events
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.identity import queries as identity_queries
from meterbook.installation import queries as installation_queries
from meterbook.kernel.actor import Actor
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import Kind


def job_assigned(event: fieldwork_events.JobAssigned, *, actor: Actor, at: datetime) -> None:
    """This will tell a person of a job, unless it was given to somebody else or ended meanwhile."""
    job = fieldwork_queries.get_job(public_id=uuid.UUID(event.job_id))
    if job.assignee_id != event.user_id or not job.is_waiting:
        return
    with translation.override(notification_queries.language_of_user(user_id=event.user_id)):
        facts = {
            "title": job.kind_caption,
            "site": job.site_name,
            "about": job.point_name or job.node_name,
            "when": formats.date_format(job.due_on, "SHORT_DATE_FORMAT") if job.due_on else "",
            "reason": job.words,
            "link": _link(f"jobs/{job.public_id}/"),
        }
    notification_operations.send(
        actor=actor,
        at=at,
        kind=Kind.JOB_ASSIGNED,
        to=notification_values.To.user(event.user_id),
        facts=facts,
        key=f"job:{event.job_id}:{event.number}",
    )


def swap_suspected(event: fieldwork_events.SwapSuspected, *, actor: Actor, at: datetime) -> None:
    """This will tell those who manage jobs at the site that another meter fell than the unit's."""
    test = fieldwork_queries.get_swap_test(public_id=uuid.UUID(event.swap_test_id))
    for user_id in fieldwork_queries.managers_of(site_id=test.site_id, at=at):
        with translation.override(notification_queries.language_of_user(user_id=user_id)):
            moment = test.ended_at or at
            fallen = ", ".join(f"{each.code} {each.name}" for each in test.fallen)
            facts = {
                "title": test.node_name,
                "site": test.site_name,
                "when": formats.date_format(moment.astimezone(test.zone), "SHORT_DATETIME_FORMAT"),
                "reason": _("It was switched off, and this fell: %(meters)s.") % {"meters": fallen},
                "link": _link(f"swap-tests/{test.public_id}/"),
            }
        notification_operations.send(
            actor=actor,
            at=at,
            kind=Kind.SWAP_SUSPECTED,
            to=notification_values.To.user(user_id),
            facts=facts,
            key=f"swap:{event.swap_test_id}",
        )


def _link(path: str) -> str:
    organization = identity_queries.get_organization()
    return f"{installation_queries.public_address()}/o/{organization.public_id}/{path}"
