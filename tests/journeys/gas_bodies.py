"""What stands in paths and is sent to operations about gas, for the walks over all of them."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from tests.factories import services
from tests.support import routes


@functools.cache
def area(organization: Organization) -> uuid.UUID:
    return services.known_area(organization)


NAMES = ("gas_area",)
ARGUMENTS = {"gas_area": routes.Argument(make=area, is_owned=True)}
BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_gas_area": lambda _o: {"code": uuid.uuid4().hex[:8], "name": "South", "factor": "0.9513"},
    "change_gas_area": lambda _o: {"name": "North", "on_missing": "ESTIMATE"},
    "enter_gas_values": lambda _o: {
        "values": [
            {
                "kind": "CALORIFIC",
                "first_day": "2026-10-01",
                "until_day": "2026-11-01",
                "value": "11.247",
                "unit": "KWH",
            }
        ]
    },
}
