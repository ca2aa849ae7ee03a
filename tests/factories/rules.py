"""Calendars for tests."""

from __future__ import annotations

import uuid
from datetime import date

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.rules import operations, values
from tests.factories import identity

CHRISTMAS = values.CalendarDay(date(2026, 12, 25), "Christmas Day")


def calendar_of(
    organization: identity_models.Organization, *, code: str = "", days: tuple[values.CalendarDay, ...] = (CHRISTMAS,)
) -> uuid.UUID:
    """This will make a calendar through the operation that users have, and return its public id."""
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return operations.create_calendar(
            actor=identity.ACTOR, at=clock.now(), code=code or f"c{uuid.uuid4().hex[:8]}", name="Coast", days=days
        ).public_id
