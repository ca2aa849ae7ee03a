"""Somebody at the screen of an organization with a unit that can be billed."""

from __future__ import annotations

import uuid

from django.urls import reverse

from meterbook.customers import records
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import models as journey_models
from meterbook.journeys.values import JourneyKind, Step
from meterbook.kernel import clock
from tests.factories import billing, identity, moves
from tests.support import pages

ACTOR = identity.ACTOR


class Desk:
    """A unit of a place that can be billed, and somebody at the screen."""

    def __init__(self, role: RoleCode = RoleCode.MANAGER, *, unit: moves.Unit | None = None) -> None:
        self.unit = unit or moves.unit(billing.place())
        self.organization = self.unit.organization
        self.client = pages.signed_in(self.organization, role)
        self.point = str(self.unit.point.public_id)

    def path(self, name: str, *more: object) -> str:
        """This will return the address of a page."""
        return reverse(name, args=[self.organization.public_id, *more])

    def page(self, name: str, *more: object, **query: str) -> str:
        """This will return a page that must be there."""
        return pages.page(self.client, name, self.organization, *more, **query)

    def known(self, name: str = "Ana Ruiz", **more: object) -> uuid.UUID:
        """This will make the record of a customer."""
        with scoping.scope([self.organization.pk], actor=ACTOR):
            facts = records.Facts(name, **more)  # type: ignore[arg-type]
            return records.create_record(actor=ACTOR, at=clock.now(), code=uuid.uuid4().hex, facts=facts).public_id

    def begin(self, kind: JourneyKind, *, place: str = "") -> journey_models.Journey:
        """This will begin a journey and return it."""
        self.client.post(self.path("move_begin"), {"kind": kind.value, "place": place})
        return self.journey()

    def journey(self) -> journey_models.Journey:
        """This will return the journey that was begun latest, as it is now."""
        with scoping.scope([self.organization.pk], actor=ACTOR):
            found = journey_models.Journey.objects.filter(organization_id=self.organization.pk).order_by("-id").first()
        assert found is not None
        return found

    def send(self, journey: journey_models.Journey, step: Step, **given: object) -> int:
        """This will answer a step and return the status."""
        version = self.journey().version
        posted = {"step": step.value, "version": version, **given}
        return self.client.post(self.path("move", journey.public_id), posted).status_code
