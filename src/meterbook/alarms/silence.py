"""Alarms about silent meters and buses: a bus on which nobody answers is one alarm, not one for each of its meters.

They follow what is so when the news is handled, not what the news says: handled late, twice or out of order, the alarms
end right. A bus that answers again keeps its alarm until all its meters do, or for `GRACE`: then those that are still
silent are told one by one.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import ways as acquisition_ways
from meterbook.alarms import affected, models, operations
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

GRACE = timedelta(minutes=3)
SETTLING = timedelta(minutes=15)  # in which neighbors of a silent meter may turn out to be silent too
ANSWERING_SINCE = "answering_since"


@operation.operation
def follow(*, actor: Actor, at: datetime, bus_id: uuid.UUID, meter_id: uuid.UUID) -> None:
    """This will bring the alarms of a bus and of one of its meters up to what is so.

    :raises LookupError: when the bus is not there or belongs to another organization
    """
    found = acquisition_queries.silence_of_bus(public_id=bus_id)
    silent = {each.meter_id: each for each in found.silent}
    if found.is_whole:
        _raise_bus(found, actor=actor, at=at)
        for each in silent:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_SILENT, subject_id=each)
        return
    if meter_id not in silent:
        operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_SILENT, subject_id=meter_id)
    alarm = _open_alarm(bus_id)
    if alarm is None:
        if meter_id in silent:
            _raise_meter(silent[meter_id], actor=actor, at=at)
    elif not silent:
        operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.BUS_SILENT, subject_id=bus_id)
    elif ANSWERING_SINCE not in alarm.details:
        alarm.details[ANSWERING_SINCE] = at.isoformat()
        alarm.save(update_fields=["details"])


@operation.operation
def settle_buses(*, actor: Actor, at: datetime) -> None:
    """This will end the alarms of buses that answer again since `GRACE`, and tell the meters still silent there."""
    organization_id = scoping.current().organization_id
    for alarm in models.Alarm.objects.select_for_update().filter(
        organization_id=organization_id, kind=AlarmKind.BUS_SILENT, cleared_at__isnull=True
    ):
        found = acquisition_queries.silence_of_bus(public_id=alarm.subject_id)
        since = alarm.details.get(ANSWERING_SINCE)
        if found.is_whole:
            if alarm.details.pop(ANSWERING_SINCE, None):
                alarm.save(update_fields=["details"])
        elif not found.silent or (since and at - datetime.fromisoformat(since) >= GRACE):
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.BUS_SILENT, subject_id=alarm.subject_id)
            for each in found.silent:
                _raise_meter(each, actor=actor, at=at)


@operation.operation
def settle_causes(*, actor: Actor, at: datetime) -> None:
    """This will look again why meters are silent whose alarms are new: one beside it may have gone silent since."""
    for alarm in (
        models.Alarm.objects.select_for_update()
        .filter(
            organization_id=scoping.current().organization_id,
            kind=AlarmKind.METER_SILENT,
            cleared_at__isnull=True,
            raised_at__gt=at - SETTLING,
        )
        .order_by("id")
    ):
        known = {key: alarm.details.get(key) for key in (affected.CAUSE, affected.EVIDENCE)}
        cause = affected.cause_of_meter(alarm.subject_id, at=at)
        if known != cause:
            alarm.details |= cause
            alarm.save(update_fields=["details"])


def _open_alarm(bus_id: uuid.UUID) -> models.Alarm | None:
    return (
        models.Alarm.objects.select_for_update()
        .filter(
            organization_id=scoping.current().organization_id,
            kind=AlarmKind.BUS_SILENT,
            subject_id=bus_id,
            cleared_at__isnull=True,
        )
        .first()
    )


def _raise_meter(meter: acquisition_queries.SilentMeter, *, actor: Actor, at: datetime) -> None:
    operations.raise_alarm(
        actor=actor,
        at=at,
        kind=AlarmKind.METER_SILENT,
        site=meter.site,
        subject_kind="meter",
        subject_id=meter.meter_id,
        details={
            "name": meter.label,
            "reason": meter.problem.get("words", ""),
            "problem": meter.problem,
            "point_id": None if meter.point_id is None else str(meter.point_id),
            "since": meter.since.isoformat(),
            **affected.cause_of_meter(meter.meter_id, at=at),
            affected.POINTS: [] if meter.point_id is None else [str(meter.point_id)],
        },
    )


def _raise_bus(found: acquisition_queries.BusSilence, *, actor: Actor, at: datetime) -> None:
    first = min(found.silent, key=lambda each: each.since)
    operations.raise_alarm(
        actor=actor,
        at=at,
        kind=AlarmKind.BUS_SILENT,
        site=found.bus.site,
        subject_kind="bus",
        subject_id=found.bus.public_id,
        details={
            "name": found.bus.name,
            "meters": found.devices,
            "reason": first.problem.get("words", ""),
            "problem": first.problem,
            "point_id": None,
            "since": first.since.isoformat(),
            **affected.cause_of_bus(found.bus.public_id, at=at),
            affected.POINTS: [str(each) for each in acquisition_ways.points_of_bus(bus=found.bus.public_id)],
        },
    )
