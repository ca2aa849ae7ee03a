"""What is sent to operations about hourly prices, for the walk over all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization

BODIES: dict[str, Callable[[Organization], Any]] = {
    "put_hourly_prices": lambda _o: {
        "code": "walked",
        "name": "Walked",
        "step_minutes": 60,
        "start": "2026-01-01T00:00:00Z",
        "prices": ["0.1", "-0.01"],
    }
}
