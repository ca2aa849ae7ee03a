"""Jobs as lists and pages show them, and who can be given one. Needs a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.fieldwork import models, permissions, values
from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import RoleCode
from meterbook.metering import models as metering_models

MOST = 200


class JobNotFound(LookupError):
    """There is no such job in this organization."""


@dataclass(frozen=True)
class JobRow:
    """A job. Places, meters and people are None and empty where it names none; photos by their public ids."""

    id: int
    public_id: uuid.UUID
    kind: values.JobKind
    state: values.JobState
    origin: values.Origin
    words: str
    due_on: date | None
    site_id: int
    site: uuid.UUID
    site_name: str
    zone: ZoneInfo
    node: uuid.UUID | None
    node_name: str
    point: uuid.UUID | None
    point_code: str
    point_name: str
    assignee_id: int | None
    assignee: uuid.UUID | None
    assignee_name: str
    source_id: uuid.UUID | None
    made_at: datetime
    made_by: str
    begun_at: datetime | None
    begun_by: str
    ended_at: datetime | None
    ended_by: str
    note: str
    photos: tuple[uuid.UUID, ...] = ()

    @property
    def kind_caption(self) -> str:
        """The kind in the reader's language."""
        return str(values.KIND_CAPTIONS[self.kind])

    @property
    def state_caption(self) -> str:
        """The state in the reader's language."""
        return str(values.STATE_CAPTIONS[self.state])

    @property
    def origin_caption(self) -> str:
        """Why there is the job, in the reader's language."""
        return str(values.ORIGIN_CAPTIONS[self.origin])

    @property
    def is_waiting(self) -> bool:
        """Whether somebody in the field still has to do it."""
        return self.state in values.WAITING

    def is_late(self, today: date) -> bool:
        """This will tell whether its day is over and it is not done."""
        return self.due_on is not None and self.due_on < today and self.state not in values.ENDED


@dataclass(frozen=True)
class Person:
    """Somebody who can be given jobs."""

    id: int
    public_id: uuid.UUID
    name: str


def list_jobs(
    *,
    states: Collection[values.JobState],
    managed_at: Collection[int] | None,
    done_at: Collection[int] | None = frozenset(),
    user_id: int | None = None,
    meter_point: uuid.UUID | None = None,
    node: uuid.UUID | None = None,
    after_id: int | None = None,
    limit: int = MOST,
) -> list[JobRow]:
    """This will return jobs, the one that is due first first, those without a day last; ended ones newest first.

    :param managed_at: sites where all jobs are seen; None is everywhere
    :param done_at: sites where `user_id` sees the own jobs and those of nobody; None is everywhere
    :param after_id: for programs: in the order of their keys, behind this one
    """
    found = _jobs().filter(state__in=list(states))
    if managed_at is not None:
        own = Q(assigned_to_id=user_id) | Q(assigned_to=None, state__in=values.WAITING)
        doing = own if done_at is None else own & Q(site_id__in=list(done_at))
        found = found.filter(Q(site_id__in=list(managed_at)) | (doing & ~Q(state=values.JobState.PROPOSED)))
    if meter_point is not None:
        found = found.filter(meter_point__public_id=meter_point)
    if node is not None:
        found = found.filter(node__public_id=node)
    if after_id is not None:
        found = found.filter(pk__gt=after_id).order_by("id")
    elif set(states) <= set(values.ENDED):
        found = found.order_by("-ended_at", "-id")
    else:
        found = found.order_by(F("due_on").asc(nulls_last=True), "id")
    rows = list(found[:limit])
    photos = photos_of(job_ids=[each.pk for each in rows])
    return [_row(each, photos.get(each.pk, ())) for each in rows]


def get_job(*, public_id: uuid.UUID) -> JobRow:
    """This will return one job.

    :raises JobNotFound: when it is not there or belongs to another organization
    """
    found = _jobs().filter(public_id=public_id).first()
    if found is None:
        raise JobNotFound(_("There is no such job."))
    return _row(found, photos_of(job_ids=[found.pk]).get(found.pk, ()))


def open_sources(*, origin: values.Origin) -> dict[uuid.UUID, uuid.UUID]:
    """This will return the proposals that nobody took over, by what they came from."""
    found = models.Job.objects.filter(
        organization_id=scoping.current().organization_id, origin=origin, state=values.JobState.PROPOSED
    ).exclude(source_id=None)
    return {source: job for source, job in found.values_list("source_id", "public_id") if source is not None}


def known_sources(*, origin: values.Origin, source_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """This will return the jobs of any state that came from these, by what they came from."""
    found = models.Job.objects.filter(
        organization_id=scoping.current().organization_id, origin=origin, source_id__in=list(source_ids)
    )
    return {source: job for source, job in found.values_list("source_id", "public_id") if source is not None}


def people_for(*, site_ids: Collection[int], at: datetime) -> dict[int, tuple[Person, ...]]:
    """This will return who may do jobs at each of the sites, by name."""
    tenants = {RoleCode.TENANT.value}
    held: dict[int, set[str]] = defaultdict(set)
    users = {}
    for grant in identity_queries.list_grants(in_force_at=at):
        held[grant.user.id].add(grant.role_code)
        users[grant.user.id] = grant.user
    found: dict[int, list[Person]] = {each: [] for each in site_ids}
    for user_id, user in users.items():
        if not user.is_active or held[user_id] <= tenants:
            continue
        access = identity_queries.access_of(user_id=user_id, at=at)
        for site_id, people in found.items():
            if access.allows(permissions.DO_JOBS, site_id):
                people.append(Person(user_id, user.public_id, user.name))
    return {site_id: tuple(people) for site_id, people in found.items()}


def managers_of(*, site_id: int, at: datetime) -> tuple[int, ...]:
    """This will return the internal ids of the active people who manage jobs at a site."""
    users = {each.user.id for each in identity_queries.list_grants(in_force_at=at) if each.user.is_active}
    return tuple(
        each
        for each in sorted(users)
        if identity_queries.access_of(user_id=each, at=at).allows(permissions.MANAGE_JOBS, site_id)
    )


def codes_at(*, site_id: int, most: int) -> list[tuple[str, str]]:
    """This will return code and name of the meter points of a site, by code, so many at most."""
    found = metering_models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, site_id=site_id
    ).order_by("sort_code", "id")
    return list(found.values_list("code", "name")[:most])


def photos_of(*, job_ids: Collection[int]) -> Mapping[int, tuple[uuid.UUID, ...]]:
    """This will return the photos of jobs, the oldest first, without their content."""
    found: dict[int, tuple[uuid.UUID, ...]] = {}
    rows = models.FieldPhoto.objects.filter(
        organization_id=scoping.current().organization_id, job_id__in=list(job_ids)
    ).order_by("id")
    for job_id, public_id in rows.values_list("job_id", "public_id"):
        if job_id is not None:
            found[job_id] = (*found.get(job_id, ()), public_id)
    return found


def _jobs() -> QuerySet[models.Job]:
    return models.Job.objects.filter(organization_id=scoping.current().organization_id).select_related(
        "site", "node", "meter_point", "assigned_to", "begun_by"
    )


def _row(job: models.Job, photos: tuple[uuid.UUID, ...]) -> JobRow:
    point, node, person = job.meter_point, job.node, job.assigned_to
    return JobRow(
        id=job.pk,
        public_id=job.public_id,
        kind=values.JobKind(job.kind),
        state=values.JobState(job.state),
        origin=values.Origin(job.origin),
        words=job.words,
        due_on=job.due_on,
        site_id=job.site_id,
        site=job.site.public_id,
        site_name=job.site.name,
        zone=ZoneInfo(job.site.time_zone),
        node=node.public_id if node else None,
        node_name=node.name if node else "",
        point=point.public_id if point else None,
        point_code=point.code if point else "",
        point_name=point.name if point else "",
        assignee_id=job.assigned_to_id,
        assignee=person.public_id if person else None,
        assignee_name=person.name if person else "",
        source_id=job.source_id,
        made_at=job.made_at,
        made_by=job.made_by,
        begun_at=job.begun_at,
        begun_by=job.begun_by.name if job.begun_by else "",
        ended_at=job.ended_at,
        ended_by=job.ended_by,
        note=job.note,
        photos=photos,
    )
