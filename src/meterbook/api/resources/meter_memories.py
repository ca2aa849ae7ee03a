"""What meters remember: have one asked for the time without readings, and whether that happens by itself."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from ninja import Router

from meterbook.acquisition import memory_plans, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition.values import RequestStatus
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.metering import queries as metering_queries

router = Router(tags=["Readings"])


class MemoryQuestion(values.Told):
    """A question to a meter's memory: how many records were asked for, and what became of their values.

    `taken` are readings now, `known` lie where a reading was, `conflicts` contradict what was read and do not count.
    `clock_ahead_seconds` is that of the meter's clock, null where it cannot be read.
    """

    id: uuid.UUID
    status: RequestStatus
    is_final: bool
    requested_at: values.InstantTold
    answered_at: values.InstantTold | None
    asked: int | None
    taken: int | None
    known: int | None
    conflicts: int | None
    clock_ahead_seconds: int | None
    problem: str | None


class MeterMemory(values.Told):
    """What a meter remembers: how many records, whether it is asked by itself after an outage, the latest question."""

    records: int
    is_automatic: bool
    latest: MemoryQuestion | None


class MemorySetting(values.Given):
    """Whether the meter is asked by itself after an outage."""

    is_automatic: bool


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/memory",
    permission=permissions.REQUEST_READING,
    module=Module.METERING,
    answers=MeterMemory,
    by_site=True,
)
def get_meter_memory(request: entry.Request, point: uuid.UUID) -> MeterMemory:
    """This will return what the meter at a point remembers; no records where its model declares none."""
    return _told(_meter(request, point, permissions.REQUEST_READING))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/memory-requests",
    permission=permissions.REQUEST_READING,
    module=Module.METERING,
    answers=MemoryQuestion,
    status=202,
    by_site=True,
)
def request_memory(request: entry.Request, point: uuid.UUID) -> MemoryQuestion:
    """This will have the meter asked for what it remembers of the time without readings."""
    meter = _meter(request, point, permissions.REQUEST_READING)
    made = acquisition_operations.request_memory(
        actor=request.caller.actor, at=request.caller.at, real_at=clock.real_now(), meter_public_id=meter
    )
    return _question(acquisition_queries.get_request(public_id=made, real_at=clock.real_now()))


@endpoint(
    router,
    "PUT",
    "/meter-points/{uuid:point}/memory",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=MeterMemory,
    by_site=True,
)
def set_meter_memory(request: entry.Request, point: uuid.UUID, body: MemorySetting) -> MeterMemory:
    """This will say whether the meter is asked by itself after an outage."""
    meter = _meter(request, point, permissions.MANAGE_DEVICE)
    acquisition_operations.set_memory_asked(
        actor=request.caller.actor, at=request.caller.at, meter_public_id=meter, is_asked=body.is_automatic
    )
    return _told(meter)


def _meter(request: entry.Request, point: uuid.UUID, permission: str) -> uuid.UUID:
    detail: metering_queries.MeterDetail = reach.point(request, point, permission)
    if detail.current is None:
        raise problems.not_found(_("No meter hangs there now."))
    return detail.current.meter_public_id


def _told(meter: uuid.UUID) -> MeterMemory:
    state = memory_plans.state(meter_public_id=meter, real_at=clock.real_now())
    if state is None:
        return MeterMemory(records=0, is_automatic=False, latest=None)
    latest = _question(state.latest) if state.latest is not None else None
    return MeterMemory(records=state.records, is_automatic=state.is_automatic, latest=latest)


def _question(row: acquisition_queries.RequestRow) -> MemoryQuestion:
    told = row.memory
    return MemoryQuestion(
        id=row.public_id,
        status=row.status,
        is_final=row.is_final,
        requested_at=values.instant(row.requested_at),
        answered_at=values.maybe_instant(row.answered_at),
        asked=told.asked if told is not None else None,
        taken=told.taken if told is not None else None,
        known=told.known if told is not None else None,
        conflicts=told.conflicts if told is not None else None,
        clock_ahead_seconds=told.ahead_seconds if told is not None else None,
        problem=row.problem.words if row.problem is not None else None,
    )
