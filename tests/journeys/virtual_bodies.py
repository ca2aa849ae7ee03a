"""What is sent to operations about virtual meters, for the walk over all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from tests.journeys import test_routes


def _point(organization: Organization) -> str:
    return str(test_routes.installed(organization)[0].point.public_id)


BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_virtual_meter": lambda o: {
        "site": str(test_routes.ARGUMENTS["site"].make(o)),
        "code": uuid.uuid4().hex[:8],
        "name": "Common areas",
        "service": "ELECTRICITY",
        "purpose": "REST",
        "starts_on": "2026-01-01",
        "rows": [{"meter_point": _point(o), "factor": "1/3"}],
    },
    "set_formula": lambda o: {
        "starts_on": "2026-02-01",
        "rows": [{"meter_point": _point(o), "factor": "-1"}, {"constant_per_hour": "0.5", "weekdays": [1, 2]}],
    },
}
QUERIES = {"list_inputs": {"first": "2026-02-01", "until": "2026-02-02"}}
