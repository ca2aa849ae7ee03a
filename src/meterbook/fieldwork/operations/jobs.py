"""Make, propose, give, begin and end jobs."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.fieldwork import events, models, queries, values
from meterbook.fieldwork.values import JobKind, JobState, Origin
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.sites import queries as site_queries


class AboutNothing(ValueError):
    """A job names a place or a meter of its site."""


class AssigneeUnfit(ValueError):
    """Whoever is given a job may do jobs at its site."""


class JobChanged(ValueError):
    """The job is no longer in the state for that: somebody did so meanwhile."""


class JobOfAnother(ValueError):
    """The job is given to somebody else."""


class ReasonMissing(ValueError):
    """A job that cannot be done is closed with the reason."""


@operation.operation
def make_job(
    *,
    actor: Actor,
    at: datetime,
    site_id: int,
    kind: JobKind,
    words: str,
    due_on: date | None = None,
    node: uuid.UUID | None = None,
    meter_point: uuid.UUID | None = None,
    assignee: uuid.UUID | None = None,
) -> models.Job:
    """This will make a job at a site; it is told to the person that it is given to.

    :param site_id: internal id; whether the caller may manage jobs there was asked before
    :param node, meter_point: what it is about (public ids), of that site; a meter point brings its place
    :param assignee: public id; None: whoever does jobs at the site
    :raises AboutNothing: when the place or the meter point is none of the site's
    :raises AssigneeUnfit: when that person does no jobs there
    """
    job = _make(actor, at, site_id, kind, words, due_on, node, meter_point, Origin.PERSON, None, JobState.OPEN)
    if assignee is not None:
        _give(job, _person(job.site_id, assignee, at))
    _audit(actor, at, "fieldwork:make_job", job, None)
    return job


@operation.operation
def propose_job(
    *,
    actor: Actor,
    at: datetime,
    origin: Origin,
    source_id: uuid.UUID,
    site_id: int,
    kind: JobKind,
    words: str,
    due_on: date | None = None,
    meter_point: uuid.UUID | None = None,
) -> uuid.UUID | None:
    """This will propose a job to the managers of a site, once for each source; None: it was proposed before.

    :param source_id: what it comes from: an alarm, a calibration. Done or withdrawn, it is not proposed again.
    :raises AboutNothing: when the meter point is none of the site's
    """
    if queries.known_sources(origin=origin, source_ids=[source_id]):
        return None
    job = _make(actor, at, site_id, kind, words, due_on, None, meter_point, origin, source_id, JobState.PROPOSED)
    _audit(actor, at, "fieldwork:propose_job", job, None)
    return job.public_id


@operation.operation
def change_job(
    *,
    actor: Actor,
    at: datetime,
    job: uuid.UUID,
    words: str,
    due_on: date | None,
    assignee: uuid.UUID | None,
) -> models.Job:
    """This will change what is said of a job and who does it; a proposal becomes a job.

    :raises queries.JobNotFound: when it is not there
    :raises JobChanged: when it has ended
    :raises AssigneeUnfit: when that person does no jobs there
    """
    found = _held(job)
    if found.state in values.ENDED:
        raise JobChanged(_("This job has ended; make a new one."))
    before = _plain(found)
    found.words, found.due_on = words, due_on
    if found.state == JobState.PROPOSED:
        found.state = JobState.OPEN
    person = None if assignee is None else _person(found.site_id, assignee, at)
    is_new = person is not None and person != found.assigned_to_id
    if person is None:
        found.assigned_to_id = None
    found.save()
    if person is not None and is_new:
        _give(found, person)
    if _plain(found) != before:
        _audit(actor, at, "fieldwork:change_job", found, before)
    return found


@operation.operation
def withdraw_job(*, actor: Actor, at: datetime, job: uuid.UUID, note: str = "") -> models.Job:
    """This will take a job or a proposal back; done ones stay.

    :raises queries.JobNotFound: when it is not there
    :raises JobChanged: when it has ended
    """
    return _end(_held(job), JobState.WITHDRAWN, note, actor=actor, at=at, action="fieldwork:withdraw_job")


@operation.operation
def begin_job(*, actor: Actor, at: datetime, job: uuid.UUID, is_manager: bool = False) -> models.Job:
    """This will note that the actor does the job now; one of nobody's becomes the actor's. Again changes nothing.

    :raises queries.JobNotFound: when it is not there
    :raises JobChanged: when it has ended or was not taken over
    :raises JobOfAnother: when it is somebody else's and the actor manages no jobs
    """
    found = _held(job)
    _require_own(found, actor, is_manager=is_manager)
    if found.state == JobState.BEGUN:
        return found
    if found.state != JobState.OPEN:
        raise JobChanged(_("This job has ended or was not taken over yet."))
    before = _plain(found)
    _begin(found, actor, at)
    found.save()
    _audit(actor, at, "fieldwork:begin_job", found, before)
    return found


@operation.operation
def end_job(
    *,
    actor: Actor,
    at: datetime,
    job: uuid.UUID,
    is_done: bool,
    note: str,
    photo: bytes | None = None,
    is_manager: bool = False,
) -> models.Job:
    """This will close a job: done, or it cannot be done, with the reason.

    :param photo: a JPEG that was written anew (`documents.attachments.require_picture`)
    :raises queries.JobNotFound: when it is not there
    :raises JobChanged: when it has ended or was not taken over
    :raises JobOfAnother: when it is somebody else's and the actor manages no jobs
    :raises ReasonMissing: when it cannot be done and nobody says why
    """
    found = _held(job)
    _require_own(found, actor, is_manager=is_manager)
    if found.state not in values.WAITING:
        raise JobChanged(_("This job has ended or was not taken over yet."))
    if not is_done and not note.strip():
        raise ReasonMissing(_("Say why it cannot be done; whoever comes next will read it."))
    if found.begun_at is None:
        _begin(found, actor, at)
    if photo is not None:
        models.FieldPhoto.objects.create(
            organization_id=found.organization_id, job=found, content=photo, author=actor.label, recorded_at=at
        )
    state = JobState.DONE if is_done else JobState.IMPOSSIBLE
    return _end(found, state, note, actor=actor, at=at, action="fieldwork:end_job")


def _make(
    actor: Actor,
    at: datetime,
    site_id: int,
    kind: JobKind,
    words: str,
    due_on: date | None,
    node: uuid.UUID | None,
    meter_point: uuid.UUID | None,
    origin: Origin,
    source_id: uuid.UUID | None,
    state: JobState,
) -> models.Job:
    organization_id = scoping.current().organization_id
    site = site_models.Site.objects.filter(organization_id=organization_id, pk=site_id).first()
    if site is None:
        raise site_queries.SiteNotFound(site_queries.SiteNotFound.__doc__)
    point = place = None
    if meter_point is not None:
        points = metering_models.MeterPoint.objects.filter(organization_id=organization_id, site=site)
        point = points.filter(public_id=meter_point).select_related("node").first()
        if point is None:
            raise AboutNothing(_("This meter does not hang at the site; take one of the site's."))
        place = point.node
    if node is not None:
        place = site_models.SiteNode.objects.filter(
            organization_id=organization_id, site=site, public_id=node, archived_at=None
        ).first()
        if place is None:
            raise AboutNothing(_("This place is not at the site; take one of the site's."))
    return models.Job.objects.create(
        organization_id=organization_id,
        site=site,
        node=place,
        meter_point=point,
        kind=kind,
        words=words.strip(),
        due_on=due_on,
        state=state,
        origin=origin,
        source_id=source_id,
        made_at=at,
        made_by=actor.label,
    )


def _begin(job: models.Job, actor: Actor, at: datetime) -> None:
    job.state, job.begun_at, job.begun_by_id = JobState.BEGUN, at, actor.id
    if job.assigned_to_id is None:
        job.assigned_to_id = actor.id


def _end(job: models.Job, state: JobState, note: str, *, actor: Actor, at: datetime, action: str) -> models.Job:
    if job.state in values.ENDED:
        raise JobChanged(_("This job has ended already."))
    before = _plain(job)
    job.state, job.ended_at, job.ended_by, job.note = state, at, actor.label, note.strip()
    job.save()
    _audit(actor, at, action, job, before)
    return job


def _person(site_id: int, assignee: uuid.UUID, at: datetime) -> int:
    for each in queries.people_for(site_ids=[site_id], at=at)[site_id]:
        if each.public_id == assignee:
            return each.id
    raise AssigneeUnfit(_("This person does no jobs at the site; choose another one, or give the role first."))


def _give(job: models.Job, user_id: int) -> None:
    job.assigned_to_id, job.assignments = user_id, job.assignments + 1
    job.save(update_fields=["assigned_to", "assignments"])
    foundation_events.publish(
        events.JobAssigned(job.organization_id, job_id=str(job.public_id), user_id=user_id, number=job.assignments)
    )


def _held(public_id: uuid.UUID) -> models.Job:
    found = (
        models.Job.objects.select_for_update(of=("self",))
        .filter(organization_id=scoping.current().organization_id, public_id=public_id)
        .first()
    )
    if found is None:
        raise queries.JobNotFound(_("There is no such job."))
    return found


def _require_own(job: models.Job, actor: Actor, *, is_manager: bool) -> None:
    if not is_manager and job.assigned_to_id not in (None, actor.id):
        raise JobOfAnother(_("This job is given to somebody else; ask who manages the jobs."))


def _plain(job: models.Job) -> dict[str, object]:
    return {
        "kind": job.kind,
        "state": job.state,
        "words": job.words,
        "due_on": job.due_on,
        "assigned_to": job.assigned_to_id,
        "note": job.note,
    }


def _audit(actor: Actor, at: datetime, action: str, job: models.Job, before: dict[str, object] | None) -> None:
    audit_operations.record(actor=actor, at=at, action=action, subject=job, before=before, after=_plain(job))
