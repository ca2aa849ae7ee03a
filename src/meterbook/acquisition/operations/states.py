"""What a collector notes about its devices. Only turns of events are news: silent after several cycles, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from meterbook.acquisition import events, models, queries, values
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


@dataclass(frozen=True)
class FrameNote:
    """The latest exchange with a device, in hex without spaces; `took_ms` in real milliseconds."""

    at: datetime
    request_hex: str
    response_hex: str
    took_ms: int


@dataclass(frozen=True)
class DeviceAnswer:
    """A device answered at `at`. `problem` is what is wrong all the same."""

    device_id: int
    at: datetime
    frame: FrameNote | None
    problem: values.Problem | None = None


# One statement for a thousand devices: told one by one they would hold up the live values behind them.
_USUAL = """
UPDATE acquisition_devicestate AS s
SET answered_at = n.answered_at, failures = 0, problem = n.problem::jsonb,
    frame_at = coalesce(n.frame_at, s.frame_at), took_ms = coalesce(n.took_ms, s.took_ms),
    request_hex = coalesce(n.request_hex, s.request_hex), response_hex = coalesce(n.response_hex, s.response_hex)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::int[], %s::text[], %s::text[])
    AS n(device_id, answered_at, problem, frame_at, took_ms, request_hex, response_hex)
WHERE s.organization_id = %s AND s.device_id = n.device_id AND s.status = %s
    AND s.problem->>'code' IS NOT DISTINCT FROM n.problem::jsonb->>'code'
RETURNING s.device_id
"""


@operation.operation
def note_usual_answers(*, actor: Actor, at: datetime, answers: Sequence[DeviceAnswer]) -> frozenset[int]:
    """This will note many answers at once where they are no news, and return for which devices that was done.

    No news is an answer of a device that answered before with the same problem or none. The others are for
    `note_device_answer`.

    :param answers: one of a device
    """
    if not answers:
        return frozenset()
    rows = [
        (
            each.device_id,
            each.at,
            json.dumps(each.problem.as_json()) if each.problem is not None else None,
            *(
                (each.frame.at, each.frame.took_ms, each.frame.request_hex, each.frame.response_hex)
                if each.frame is not None
                else (None, None, None, None)
            ),
        )
        for each in answers
    ]
    organization_id = scoping.current().organization_id
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(_USUAL, [*columns, organization_id, values.DeviceStatus.OK.value])
        return frozenset(row[0] for row in cursor.fetchall())


@operation.operation
def note_device_answer(
    *,
    actor: Actor,
    at: datetime,
    device_id: int,
    frame: FrameNote | None,
    problem: values.Problem | None = None,
) -> None:
    """This will note that a device answered at `at`, and tell it when the device was silent before.

    :param problem: what is wrong although it answers: a register that held nonsense or fits no series
    """
    state = _state(device_id)
    was_silent = state.status == values.DeviceStatus.SILENT
    stored = problem.as_json() if problem is not None else None
    is_news = state.status != values.DeviceStatus.OK or _code(state.problem) != _code(stored)
    state.status, state.answered_at, state.failures = values.DeviceStatus.OK.value, at, 0
    state.silent_since, state.problem = None, stored
    if frame is not None:
        _keep_frame(state, frame)
    state.save()
    if was_silent:
        foundation_events.publish(
            events.DeviceCameBack(
                organization_id=state.organization_id,
                device_id=str(state.device.public_id),
                bus_id=str(state.device.bus.public_id),
                meter_id=str(state.device.meter.public_id),
                answered_at=at.isoformat(),
            )
        )
    if is_news:
        foundation_bus.notify("device", state.organization_id, [device_id])


@operation.operation
def note_device_silence(
    *, actor: Actor, at: datetime, device_id: int, failures: int, since: datetime, problem: values.Problem
) -> None:
    """This will note that a device could not be read, and tell it once when that goes on.

    :param failures: cycles in a row that failed; from `values.SILENT_AFTER` on the device counts as silent, and from
        the first on where the latest cycle of every other device of its bus failed too: then the bus is cut
    :param since: when the first of them failed
    """
    state = _state(device_id)
    is_silent = failures >= values.SILENT_AFTER or (failures > 0 and _fails_with_all_others(state.device))
    becomes_silent = is_silent and state.status != values.DeviceStatus.SILENT
    # Why it is silent is known until it answers again.
    stored = (values.LAST_GASP if _code(state.problem) == values.LAST_GASP.code else problem).as_json()
    is_news = becomes_silent or _code(state.problem) != _code(stored)
    state.failed_at, state.failures, state.problem = at, failures, stored
    if becomes_silent:
        state.status, state.silent_since = values.DeviceStatus.SILENT.value, since
    state.save()
    if becomes_silent:
        _tell_silence(state, since, problem)
    if is_news:
        foundation_bus.notify("device", state.organization_id, [device_id])


def _state(device_id: int) -> models.DeviceState:
    organization_id = scoping.current().organization_id
    state, _made = (
        models.DeviceState.objects.select_for_update(of=("self",))
        .select_related("device__meter", "device__bus__site")
        .get_or_create(organization_id=organization_id, device_id=device_id)
    )
    return state


def _fails_with_all_others(device: models.Device) -> bool:
    others = models.Device.objects.filter(
        organization_id=device.organization_id, bus_id=device.bus_id, is_enabled=True
    ).exclude(pk=device.pk)
    return others.exists() and not others.exclude(devicestate__failures__gt=0).exists()


def _code(stored: Mapping[str, Any] | None) -> str | None:
    """Figures of the same problem change with every frame; that is no news."""
    return stored["code"] if stored else None


def _keep_frame(state: models.DeviceState, frame: FrameNote) -> None:
    state.frame_at, state.took_ms = frame.at, frame.took_ms
    state.request_hex, state.response_hex = frame.request_hex, frame.response_hex


def _tell_silence(state: models.DeviceState, since: datetime, problem: values.Problem) -> None:
    device = state.device
    point = queries.point_of_meter(organization_id=state.organization_id, meter_id=device.meter_id)
    foundation_events.publish(
        events.DeviceWentSilent(
            organization_id=state.organization_id,
            device_id=str(device.public_id),
            bus_id=str(device.bus.public_id),
            meter_id=str(device.meter.public_id),
            point_id=str(point.public_id) if point is not None else None,
            site_id=str((point.site if point is not None else device.bus.site).public_id),
            label=point.name if point is not None else device.meter.serial_number,
            since=since.isoformat(),
            problem=problem.as_json(),
        )
    )
