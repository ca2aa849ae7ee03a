"""What the walks over routes and endpoints say about gaps, estimates, checks of days and readings that people take."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from meterbook.kernel import clock
from tests.factories import metering, monitoring
from tests.support import routes

BODIES: dict[str, Callable[[Organization], Any]] = {
    "fill_gap": lambda _o: {
        "until": "2020-01-04T00:00:00Z",
        "method": "MANUAL",
        "quantity": "5",
        "reason": "the bus was down",
    },
    "set_estimating_policy": lambda _o: {"methods": ["LIKE_DAYS", "MANUAL"], "follows": "COLD", "base": "16.5"},
    "set_check_thresholds": lambda _o: {"given": {"spike_times": "2.5"}},
    "set_minimum_use": lambda _o: {"from_date": "2026-01-01", "quantity": "280"},
    "keep_temperatures": lambda _o: {"temperatures": [{"day": "2026-01-01", "degrees": "-3.5"}]},
    "set_reading_rules": lambda _o: {"is_photo_required": True},
    "set_meter_memory": lambda _o: {"is_automatic": False},
    "settle_day_finding": lambda _o: {"reason": "on holiday"},
    "withdraw_estimate": lambda _o: {"reason": "it was read"},
    "decide_correction": lambda _o: {"is_approved": False},
    "correct_by_test": lambda _o: {
        "test": str(uuid.uuid4()),
        "start": "2026-02-01T00:00:00Z",
        "end": "2026-02-02T00:00:00Z",
        "reason": "slow",
    },
    "correct_multiplier": lambda _o: {
        "since": "2020-01-01T00:00:00Z",
        "multiplier": "200/5",
        "protocol": "P-7",
        "reason": "40, not 1",
        "only_look": True,
    },
    "withdraw_count": lambda _o: {"reason": "another meter's"},
}
NAMES = ("estimate", "proposal", "day_finding", "taken_reading", "count_change")


def arguments(installed: Callable[[Any], metering.Installed]) -> dict[str, routes.Argument]:
    """This will return what the parameters of these routes are made by.

    :param installed: gives a meter of an organization
    """

    def estimate(organization: Any) -> uuid.UUID:  # noqa: ANN401
        return metering.estimate(installed(organization)).public_id

    def proposal(organization: Any) -> uuid.UUID:  # noqa: ANN401
        return metering.estimate(installed(organization), needs_second=True).public_id

    def day_finding(organization: Any) -> uuid.UUID:  # noqa: ANN401
        return monitoring.day_finding(installed(organization)).public_id

    def taken_reading(organization: Any) -> uuid.UUID:  # noqa: ANN401
        at = clock.now().replace(second=0, microsecond=0)
        own = metering.installed_meter(organization=organization)  # a later reading would fill the estimate's gap
        return metering.taken(own, at=at).public_id

    def count_change(organization: Any) -> uuid.UUID:  # noqa: ANN401
        return metering.corrected_by_test(installed(organization)).public_id

    makers = dict(zip(NAMES, (estimate, proposal, day_finding, taken_reading, count_change), strict=True))
    return {name: routes.Argument(make=make, is_owned=True) for name, make in makers.items()}
