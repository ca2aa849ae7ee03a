"""How buses answer: what came of the questions to their meters, hour by hour and meter by meter."""

from __future__ import annotations

import uuid
from typing import Annotated

from ninja import Query, Router
from pydantic import Field

from meterbook.acquisition import permissions
from meterbook.acquisition import topology as acquisition_topology
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.monitoring import bus_health
from meterbook.monitoring.bus_health import Sums
from meterbook.monitoring.values import BUCKETS_MS

router = Router(tags=["Meters"])
MOST_HOURS = 35 * 24
Hours = Annotated[int, Query(description="How many, the running one included."), Field(ge=1, le=MOST_HOURS)]


class LineCounts(values.Told):
    """What came of questions; `failed` is the sum of the five kinds behind it.

    `crc_errors` are answers whose checksum does not fit or whose end is missing, `foreign` those that belong to another
    question. `within_ms` counts answers up to each bound of `bounds_ms`, and longer ones last. `busy_ms` is real time.
    """

    requests: int
    answered: int
    failed: int
    timeouts: int
    crc_errors: int
    foreign: int
    refused: int
    unconnected: int
    within_ms: list[int]
    busy_ms: int

    @classmethod
    def of(cls, sums: Sums) -> LineCounts:
        """This will return what is told of sums."""
        return cls(
            requests=sums.asked,
            answered=sums.answered,
            failed=sums.failed,
            timeouts=sums.timeouts,
            crc_errors=sums.damaged,
            foreign=sums.strange,
            refused=sums.refused,
            unconnected=sums.lost,
            within_ms=list(sums.buckets),
            busy_ms=sums.busy_ms,
        )


class HourOfBus(values.Told):
    """An hour of the bus; `budget_percent`: of the time in which it was asked at all; null when it was not."""

    at: values.InstantTold
    counts: LineCounts
    budget_percent: values.DecimalTold | None


class MeterOfBus(values.Told):
    """A meter of the bus. A skew is how long after the beginning of its interval a counter was read.

    `clock_ms`: the meter's own clock is so far ahead (below zero: behind), as it told latest; null where it tells none.
    """

    address: str
    serial_number: str
    point: uuid.UUID | None
    counts: LineCounts
    skew_mean_ms: int | None
    skew_most_ms: int | None
    clock_ms: int | None
    clock_at: values.InstantTold | None


class HealthOfBus(values.Told):
    """How a bus answered. Meters are counted for 8 days, the bus for 35; a bus that a field gateway asks is not."""

    bus: uuid.UUID
    name: str
    site_name: str
    is_asked_by_gateway: bool
    since: values.InstantTold
    until: values.InstantTold
    bounds_ms: list[int]
    counts: LineCounts
    budget_percent: values.DecimalTold | None
    hours: list[HourOfBus]
    meters: list[MeterOfBus]


@endpoint(
    router,
    "GET",
    "/buses/{uuid:bus}/health",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=HealthOfBus,
    by_site=True,
)
def health_of_bus(request: entry.Request, bus: uuid.UUID, hours: Hours = 24) -> HealthOfBus:
    """This will return how a bus answered in the running hour and those before it."""
    try:
        found = bus_health.get_health(
            bus=bus, at=request.caller.at, hours=hours, site_ids=request.caller.access.sites(permissions.VIEW_DEVICE)
        )
    except acquisition_topology.BusNotFound as error:
        raise problems.not_found() from error
    return HealthOfBus(
        bus=found.public_id,
        name=found.name,
        site_name=found.site_name,
        is_asked_by_gateway=bool(found.gateway),
        since=values.instant(found.since),
        until=values.instant(found.until),
        bounds_ms=list(BUCKETS_MS),
        counts=LineCounts.of(found.sums),
        budget_percent=_told(found.sums),
        hours=[
            HourOfBus(at=values.instant(hour), counts=LineCounts.of(sums), budget_percent=_told(sums))
            for hour, sums in found.hours
        ],
        meters=[_meter(each) for each in found.meters],
    )


def _meter(meter: bus_health.MeterHealth) -> MeterOfBus:
    return MeterOfBus(
        address=meter.address,
        serial_number=meter.serial_number,
        point=meter.point_id,
        counts=LineCounts.of(meter.sums),
        skew_mean_ms=meter.sums.skew_mean_ms,
        skew_most_ms=meter.sums.skew_most_ms if meter.sums.skews else None,
        clock_ms=meter.clock_ms,
        clock_at=values.maybe_instant(meter.clock_at),
    )


def _told(sums: Sums) -> str | None:
    return values.maybe_decimal(sums.budget_percent)
