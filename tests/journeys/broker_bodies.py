"""What is sent to operations about brokers, for the walk over all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from meterbook.acquisition import queries
from meterbook.foundation import scoping
from meterbook.identity.models import Organization
from tests.factories import identity, mqtt, sites
from tests.journeys import test_routes

BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_broker": lambda o: {
        "site": str(test_routes.ARGUMENTS["site"].make(o)),
        "name": uuid.uuid4().hex[:8],
        "host": "127.0.0.1",
    },
    "change_broker": lambda _o: {"name": uuid.uuid4().hex[:8], "host": "127.0.0.1", "port": 1884},
    "change_subscription": lambda _o: {"topic": "riser/2", "values": [{"code": "power", "pointer": "/p", "unit": "W"}]},
}


def heard(organization: Organization) -> uuid.UUID:
    """This will hang a meter that sends by itself, and return its meter point."""
    bus = mqtt.broker(site=sites.site(organization=organization), port=1883)
    device, _ = mqtt.heard_meter(organization=organization, on=bus, text="energy_import: /e kWh\npower: /p W")
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        point = queries.point_of_meter(organization_id=organization.pk, meter_id=device.meter_id)
    assert point is not None
    return point.public_id
