"""Ask a device something: asked by people, taken and answered once by the collector that owns the bus."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.acquisition import models, queries, values
from meterbook.acquisition.values import Problem
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

OPEN = (values.RequestStatus.WAITING.value, values.RequestStatus.TAKEN.value)
PERSON, PROGRAM = 0, 10  # who waits in front of a screen goes first


class DeviceNotAsked(ValueError):
    """The device or its bus is switched off; switch it on first."""


@dataclass(frozen=True)
class TakenRequest:
    """A request that a collector has taken and must answer before `expires_at` (real time)."""

    request_id: int
    organization_id: int
    device_id: int
    bus_id: int
    kind: values.RequestKind
    expires_at: datetime


@dataclass(frozen=True)
class Answer:
    """What came of a request: values, and what is wrong with all or some; `took_ms` in real milliseconds."""

    took_ms: int
    values: tuple[queries.AnsweredValue, ...] = ()
    problem: Problem | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the problem left no value."""
        return self.problem is not None and not self.values

    def as_json(self) -> dict[str, Any]:
        """This will return what is stored."""
        return {
            "took_ms": self.took_ms,
            "values": [
                {
                    "register_code": each.register_code,
                    "series_code": each.series_code,
                    "value": each.value,
                    "decimals": each.decimals,
                    "unit": each.unit.value,
                    "raw": each.raw,
                }
                for each in self.values
            ],
            "problem": self.problem.as_json() if self.problem is not None else None,
        }


@operation.operation
def request_reading(*, actor: Actor, at: datetime, real_at: datetime, meter_public_id: uuid.UUID) -> uuid.UUID:
    """This will ask for a reading now, and return the request to wait for. While one waits, that one is returned.

    :param real_at: the machine's present instant (`kernel.clock.real_now`); the request expires 30 s later
    :raises queries.DeviceNotFound: when the meter has no device, or belongs to another organization
    :raises DeviceNotAsked: when the device or its bus is switched off
    """
    organization_id = scoping.current().organization_id
    # The lock on the device makes two people who ask at once share one request.
    device = (
        models.Device.objects.select_for_update(of=("self",))
        .select_related("bus")
        .filter(organization_id=organization_id, meter__public_id=meter_public_id)
        .order_by("-is_enabled", "-id")
        .first()
    )
    if device is None:
        raise queries.DeviceNotFound(_("This meter is on no bus; add it to a bus first."))
    if not device.is_enabled or not device.bus.is_enabled:
        raise DeviceNotAsked(_("The meter is not asked at present: switch its device and its bus on first."))
    expire_requests(actor=actor, at=at, real_at=real_at)
    waiting = models.DeviceRequest.objects.filter(
        organization_id=organization_id, device=device, kind=values.RequestKind.READ_NOW.value, status__in=OPEN
    ).first()
    if waiting is not None:
        return waiting.public_id
    request = models.DeviceRequest.objects.create(
        organization_id=organization_id,
        device=device,
        kind=values.RequestKind.READ_NOW.value,
        priority=PROGRAM if actor.id is None else PERSON,
        requested_by=actor.label,
        requested_at=at,
        expires_at=real_at + values.REQUEST_LIFETIME,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:request_reading",
        subject=device,
        before=None,
        after={"request": str(request.public_id), "kind": request.kind},
    )
    foundation_bus.notify("request", organization_id, [request.pk])
    return request.public_id


@operation.operation
def take_requests(
    *, actor: Actor, at: datetime, real_at: datetime, bus_ids: Collection[int]
) -> tuple[TakenRequest, ...]:
    """This will take the waiting requests to devices on these buses, the most urgent first. Others that take skip them.

    What has expired is marked so and never taken. It works in a scope of several organizations.
    """
    expire_requests(actor=actor, at=at, real_at=real_at)
    waiting = list(
        models.DeviceRequest.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            organization_id__in=scoping.current().organizations,
            status=values.RequestStatus.WAITING.value,
            expires_at__gt=real_at,
            device__bus_id__in=list(bus_ids),
        )
        .select_related("device")
        .order_by("priority", "id")
    )
    for request in waiting:
        request.status, request.taken_at = values.RequestStatus.TAKEN.value, real_at
        request.save(update_fields=["status", "taken_at"])
    return tuple(
        TakenRequest(
            request_id=request.pk,
            organization_id=request.organization_id,
            device_id=request.device_id,
            bus_id=request.device.bus_id,
            kind=values.RequestKind(request.kind),
            expires_at=request.expires_at,
        )
        for request in waiting
    )


@operation.operation
def answer_request(
    *, actor: Actor, at: datetime, real_at: datetime, request_id: int, answer: Answer
) -> values.RequestStatus:
    """This will give a request its one answer and return how it stands. A late answer is dropped: it stays expired.

    A request that has its answer already keeps it.
    """
    organization_id = scoping.current().organization_id
    request = models.DeviceRequest.objects.select_for_update().get(organization_id=organization_id, pk=request_id)
    status = values.RequestStatus(request.status)
    if status.is_final:
        return status
    if request.expires_at <= real_at:
        status = values.RequestStatus.EXPIRED
    else:
        status = values.RequestStatus.FAILED if answer.is_failure else values.RequestStatus.ANSWERED
        request.answer, request.answered_at = answer.as_json(), at
    request.status = status.value
    request.save(update_fields=["status", "answer", "answered_at"])
    foundation_bus.notify("request", organization_id, [request.pk])
    return status


@operation.operation
def expire_requests(*, actor: Actor, at: datetime, real_at: datetime) -> int:
    """This will end every open request whose time is over, in all organizations of the scope; it answers how many."""
    expired = list(
        models.DeviceRequest.objects.select_for_update(skip_locked=True)
        .filter(Q(status__in=OPEN), organization_id__in=scoping.current().organizations, expires_at__lte=real_at)
        .order_by("id")
    )
    for request in expired:
        request.status = values.RequestStatus.EXPIRED.value
        request.save(update_fields=["status"])
        foundation_bus.notify("request", request.organization_id, [request.pk])
    return len(expired)
