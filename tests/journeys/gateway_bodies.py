"""What is sent to operations about field gateways, for the walk over all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from tests.journeys import test_routes

BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_field_gateway": lambda o: {
        "site": str(test_routes.ARGUMENTS["site"].make(o)),
        "name": uuid.uuid4().hex[:8],
    },
    "change_field_gateway": lambda _o: {"name": uuid.uuid4().hex[:8], "profile": "CENTRAL"},
    "create_gateway_broker": lambda _o: {"name": uuid.uuid4().hex[:8], "host": "192.168.10.5"},
    "create_sender": lambda o: {
        "site": str(test_routes.ARGUMENTS["site"].make(o)),
        "model_code": "json_electricity",
        "code": uuid.uuid4().hex[:8],
        "name": "Riser",
        "serial_number": uuid.uuid4().hex[:8],
        "values": [{"code": "power", "pointer": "/p", "unit": "W"}],
    },
    "change_sender": lambda _o: {
        "values": [{"code": "power", "pointer": "/p", "unit": "W"}],
        "expected_seconds": 60,
    },
    "rotate_sender": lambda _o: {"keeps_former": False},
    "revoke_sender": lambda _o: {"reason": "sold"},
    "set_gateway_carrier": lambda _o: {"broker": None},
    "create_gateway_bus": lambda _o: {"name": uuid.uuid4().hex[:8], "host": "192.168.10.4"},
    "create_gateway_device": lambda _o: {"bus": str(uuid.uuid4()), "meter": str(uuid.uuid4()), "unit_id": 7},
    "add_gateway_meters": lambda _o: {"meters": [str(uuid.uuid4())]},
    "remove_gateway_meters": lambda _o: {"meters": [str(uuid.uuid4())]},
    "revoke_field_gateway": lambda _o: {"reason": "stolen"},
    "settle_gateway_events": lambda _o: {"reason": "a test"},
}
