"""Prices by the hour for tests."""

from __future__ import annotations

import uuid
from decimal import Decimal

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.tariffs import sources
from tests.factories import identity


def series_of(organization: identity_models.Organization) -> str:
    """This will keep one price of the running hour, and return the code of its series; outside a scope."""
    code, now = f"s{uuid.uuid4().hex[:8]}", clock.now()
    start = now.replace(minute=0, second=0, microsecond=0)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        sources.put_prices(
            actor=identity.ACTOR, at=now, code=code, name="Spot", step=60, start=start, prices=[Decimal(1)]
        )
    return code
