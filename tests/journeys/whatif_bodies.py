"""What the walk over the API sends to comparisons of tariffs and to assignments of one to many contracts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from tests.journeys.walk_arguments import ARGUMENTS

CHOICE = {"first_day": "2029-01-01", "names": ["A-000000"]}
BODIES: dict[str, Callable[[Organization], Any]] = {
    "compare_tariffs": lambda _o: {"first_day": "2026-01-01", "until_day": "2026-02-01"},
    "start_what_if": lambda _o: {"first_day": "2026-01-01", "until_day": "2026-02-01"},
    **dict.fromkeys(("cancel_what_if", "resume_what_if", "remove_what_if"), lambda _o: {}),
    "preview_tariff_assignment": lambda o: {"tariff": str(ARGUMENTS["tariff"](o)), **CHOICE},
    "set_tariff_default": lambda _o: {"service": "ELECTRICITY", "tariff": None, "first_day": "2029-01-01"},
    "assign_tariff": lambda o: {"tariff": str(ARGUMENTS["tariff"](o)), **CHOICE, "digest": "0" * 64},
}
