"""Reads of journeys. Each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.journeys import models, values


@dataclass(frozen=True)
class JourneyRow:
    """A journey as its page and lists see it; `facts` by `values.Step`."""

    public_id: uuid.UUID
    kind: values.JourneyKind
    state: values.JourneyState
    facts: Mapping[values.Step, Mapping[str, object]]
    version: int
    title: str
    started_by_id: int | None
    started_by: str
    started_at: datetime
    changed_by: str
    changed_at: datetime
    result: uuid.UUID | None
    pictures: Mapping[tuple[uuid.UUID, str], str]  # names by meter point and register; empty: the main one

    @property
    def answered(self) -> frozenset[values.Step]:
        """Which steps were answered."""
        return frozenset(self.facts)

    @property
    def next_step(self) -> values.Step:
        """The first step that waits for an answer."""
        return values.next_step(self.kind, self.answered)


class JourneyNotFound(LookupError):
    """There is no such journey in this organization."""


def get_journey(*, public_id: uuid.UUID) -> JourneyRow:
    """This will return one journey.

    :raises JourneyNotFound: when it is not there or belongs to another organization
    """
    organization_id = scoping.current().organization_id
    found = _seen().filter(public_id=public_id).first()
    if found is None:
        raise JourneyNotFound(_("There is no such page, or it was removed."))
    pictures = models.JourneyFile.objects.filter(organization_id=organization_id, journey=found)
    rows = pictures.order_by("id").values_list("about", "register", "name")
    return _row(found, {(about, register): name for about, register, name in rows})


def open_journeys(*, started_by_id: int | None = None) -> list[JourneyRow]:
    """This will return the journeys that go on, the one changed latest first.

    :param started_by_id: only those that this user has begun
    """
    found = _seen().filter(state=values.JourneyState.OPEN.value)
    if started_by_id is not None:
        found = found.filter(started_by_id=started_by_id)
    return [_row(each, {}) for each in found.order_by("-changed_at", "-id")]


def _seen() -> QuerySet[models.Journey]:
    """All of the organization; who is limited to single sites sees their own: a journey names people and places."""
    found = models.Journey.objects.filter(organization_id=scoping.current().organization_id)
    if scoping.reach() is None:
        return found
    return found.filter(started_by_id=scoping.current().actor.id)


def _row(journey: models.Journey, pictures: Mapping[tuple[uuid.UUID, str], str]) -> JourneyRow:
    return JourneyRow(
        public_id=journey.public_id,
        kind=values.JourneyKind(journey.kind),
        state=values.JourneyState(journey.state),
        facts={values.Step(step): given for step, given in journey.facts.items()},
        version=journey.version,
        title=journey.title,
        started_by_id=journey.started_by_id,
        started_by=journey.started_by,
        started_at=journey.started_at,
        changed_by=journey.changed_by,
        changed_at=journey.changed_at,
        result=journey.result,
        pictures=pictures,
    )
