"""What is sent to operations about lines and commissioning, for the walk over all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization

BODIES: dict[str, Callable[[Organization], Any]] = {
    "step_commissioning": lambda _o: {"stop": True},
    "survey_found_meter": lambda _o: {},
    "note_found_meter": lambda _o: {"model": "eastron_sdm630", "scale": "10", "notes": {"multiplier": "200/5"}},
    "change_bus": lambda _o: {
        "name": "Riser",
        "protocol": "MODBUS_TCP",
        "host": "127.0.0.1",
        "timeout_ms": 1500,
        "retries": 1,
    },
    "check_transformers": lambda _o: {"phases": [{"voltage": "230", "current": "5", "power": "-1035"}]},
}
