"""What a meter behind a gateway remembers, as the gateway answers it: stored where it fits, and the question answered.

Runs outside a scope.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meterbook.acquisition import memory_plans, queries
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations


@dataclass(frozen=True)
class Told:
    """What a gateway found: what counters showed when; how many records, and how far the clock is ahead."""

    asked: int
    ahead_seconds: int | None
    found: Mapping[str, Sequence[tuple[datetime, int]]]


def take(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    place: acquisition_operations.Found,
    request: uuid.UUID,
    answer: acquisition_operations.Answer,
    told: Told,
) -> acquisition_values.RequestStatus:
    """This will store what fits of what a meter remembers and give the request its answer. Again it changes nothing.

    What comes after the request has ended is not stored.

    :raises queries.RequestNotFound: when it is no request to a device of this gateway
    :raises metering_operations.StoreBusy: when it should come again later
    """
    organization_id, gateway_id = place.organization_id, place.gateway_id
    with scoping.scope([organization_id], actor=actor):
        asked = acquisition_operations.request_of_gateway(gateway_id=gateway_id, request=request)
        series = memory_plans.series_behind_gateway(gateway_id=gateway_id, device_id=asked.device_id)
    rows = [
        metering_operations.RememberedValue(series[code], instant, value)
        for code, shown in told.found.items()
        for instant, value in shown
        if code in series and instant <= at
    ]
    outcome = metering_operations.RememberOutcome(0, 0, 0)
    if rows and asked.is_open:
        outcome = metering_operations.remember(
            organization_id=organization_id, actor=actor, at=at, meter_id=asked.meter_id, found=rows
        )
    kept = queries.MemoryAnswer(told.asked, outcome.taken, outcome.known, outcome.conflicts, told.ahead_seconds)
    with scoping.scope([organization_id], actor=actor):
        return acquisition_operations.answer_gateway_request(
            actor=actor,
            at=at,
            real_at=real_at,
            gateway_id=gateway_id,
            request=request,
            answer=replace(answer, memory=kept),
        )
