"""Ask a device something: asked by people, taken and answered once by the collector that owns the bus."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, models, queries, values
from meterbook.acquisition.values import Problem
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

OPEN = (values.RequestStatus.WAITING.value, values.RequestStatus.TAKEN.value)
PERSON, PROGRAM = 0, 10  # who waits in front of a screen goes first


class DeviceNotAsked(ValueError):
    """The device or its bus is switched off; switch it on first."""


class MemoryNotOffered(ValueError):
    """The meter cannot be asked for what it remembers; fill the gap in another way."""


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
    memory: queries.MemoryAnswer | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the problem left no value."""
        return self.problem is not None and not self.values and not (self.memory and self.memory.asked)

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
            **({"memory": dataclasses.asdict(self.memory)} if self.memory is not None else {}),
        }


@operation.operation
def request_reading(*, actor: Actor, at: datetime, real_at: datetime, meter_public_id: uuid.UUID) -> uuid.UUID:
    """This will ask for a reading now, and return the request to wait for. While one waits, that one is returned.

    :param real_at: the machine's present instant (`kernel.clock.real_now`); the request expires 30 s later
    :raises queries.DeviceNotFound: when the meter has no device, or belongs to another organization
    :raises DeviceNotAsked: when the device or its bus is switched off
    """
    device = _asked_device(meter_public_id)
    kind = values.RequestKind.READ_NOW
    return _ask(actor, at, real_at, device, kind, values.REQUEST_LIFETIME, "acquisition:request_reading")


@operation.operation
def request_memory(*, actor: Actor, at: datetime, real_at: datetime, meter_public_id: uuid.UUID) -> uuid.UUID:
    """This will have a meter asked for what it remembers of the time without readings, and return the request.

    It is read piece by piece between the usual turns, which may take 15 minutes. While one waits, that one is returned.

    :param real_at: the machine's present instant (`kernel.clock.real_now`)
    :raises queries.DeviceNotFound: when the meter has no device, or belongs to another organization
    :raises DeviceNotAsked: when the device or its bus is switched off
    :raises MemoryNotOffered: when its model does not say what it remembers
    """
    device = _asked_device(meter_public_id)
    if catalogue.current().load(device.model_code).memory is None:
        raise MemoryNotOffered(_("The meter's model does not say what it remembers."))
    kind = values.RequestKind.READ_MEMORY
    return _ask(actor, at, real_at, device, kind, values.MEMORY_LIFETIME, "acquisition:request_memory")


@operation.operation
def set_memory_asked(*, actor: Actor, at: datetime, meter_public_id: uuid.UUID, is_asked: bool) -> bool:
    """This will say whether a meter is asked by itself for what it remembers after an outage; answers if that is new.

    :raises queries.DeviceNotFound: when the meter has no device, or belongs to another organization
    """
    device = _device(meter_public_id)
    if device.asks_memory == is_asked:
        return False
    device.asks_memory = is_asked
    device.save(update_fields=["asks_memory"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:set_memory_asked",
        subject=device,
        before={"asks_memory": not is_asked},
        after={"asks_memory": is_asked},
    )
    return True


def _device(meter_public_id: uuid.UUID) -> models.Device:
    """The device of a meter, locked: two people who ask at once share one request."""
    device = (
        models.Device.objects.select_for_update(of=("self",))
        .select_related("bus")
        .filter(organization_id=scoping.current().organization_id, meter__public_id=meter_public_id)
        .order_by("-is_enabled", "-id")
        .first()
    )
    if device is None:
        raise queries.DeviceNotFound(_("This meter is on no bus; add it to a bus first."))
    return device


def _asked_device(meter_public_id: uuid.UUID) -> models.Device:
    device = _device(meter_public_id)
    if not device.is_enabled or not device.bus.is_enabled:
        raise DeviceNotAsked(_("The meter is not asked at present: switch its device and its bus on first."))
    if device.bus.protocol == values.BusProtocol.HTTP:
        raise DeviceNotAsked(_("This meter sends by HTTP by itself; nobody can ask it. Wait for its next message."))
    return device


def _ask(
    actor: Actor,
    at: datetime,
    real_at: datetime,
    device: models.Device,
    kind: values.RequestKind,
    lifetime: timedelta,
    action: str,
) -> uuid.UUID:
    organization_id = scoping.current().organization_id
    expire_requests(actor=actor, at=at, real_at=real_at)
    waiting = models.DeviceRequest.objects.filter(
        organization_id=organization_id, device=device, kind=kind.value, status__in=OPEN
    ).first()
    if waiting is not None:
        return waiting.public_id
    request = models.DeviceRequest.objects.create(
        organization_id=organization_id,
        device=device,
        kind=kind.value,
        priority=PROGRAM if actor.id is None else PERSON,
        requested_by=actor.label,
        requested_at=at,
        expires_at=real_at + lifetime,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action=action,
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
