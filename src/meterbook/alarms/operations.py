"""Raise, acknowledge and clear alarms."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from meterbook.alarms import events, models, queries, values
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus, operation, scoping
from meterbook.foundation import events as foundation_events
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models


@operation.operation
def raise_alarm(
    *,
    actor: Actor,
    at: datetime,
    kind: values.AlarmKind,
    site: site_models.Site,
    subject_kind: str,
    subject_id: uuid.UUID,
    details: dict[str, Any],
) -> models.Alarm:
    """This will open an alarm, or return the one that is open already about the same subject.

    :param details: `name` for the title, `reason` in words, `point_id` to link to a meter point; JSON-able
    """
    organization_id = scoping.current().organization_id
    alarm, is_new = models.Alarm.objects.get_or_create(
        organization_id=organization_id,
        kind=kind,
        subject_id=subject_id,
        cleared_at=None,
        defaults={
            "severity": values.SEVERITY_OF[kind],
            "site": site,
            "subject_kind": subject_kind,
            "details": details,
            "raised_at": at,
        },
    )
    if is_new:
        bus.notify("alarm", organization_id, [alarm.pk])
        after = {"kind": kind, "severity": alarm.severity, **details}
        audit_operations.record(
            actor=actor, at=at, action="alarms:raise_alarm", subject=alarm, before=None, after=after
        )
        foundation_events.publish(events.AlarmRaised(organization_id, alarm_id=str(alarm.public_id)))
    return alarm


@operation.operation
def clear_alarm(*, actor: Actor, at: datetime, kind: values.AlarmKind, subject_id: uuid.UUID) -> bool:
    """This will close the open alarm of that kind about the subject; it answers whether there was one."""
    organization_id = scoping.current().organization_id
    alarm = (
        models.Alarm.objects.select_for_update()
        .filter(organization_id=organization_id, kind=kind, subject_id=subject_id, cleared_at__isnull=True)
        .first()
    )
    if alarm is None:
        return False
    alarm.cleared_at = at
    alarm.save(update_fields=["cleared_at"])
    bus.notify("alarm", organization_id, [alarm.pk])
    audit_operations.record(
        actor=actor,
        at=at,
        action="alarms:clear_alarm",
        subject=alarm,
        before={"cleared_at": None},
        after={"cleared_at": at.isoformat()},
    )
    foundation_events.publish(events.AlarmCleared(organization_id, alarm_id=str(alarm.public_id)))
    return True


@operation.operation
def acknowledge_alarm(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> models.Alarm:
    """This will note that the actor saw the alarm; a second time changes nothing.

    :raises queries.AlarmNotFound: when it is not there or belongs to another organization
    """
    organization_id = scoping.current().organization_id
    alarm = (
        models.Alarm.objects.select_for_update(of=("self",))
        .filter(organization_id=organization_id, public_id=public_id)
        .first()
    )
    if alarm is None:
        raise queries.AlarmNotFound(queries.AlarmNotFound.__doc__)
    if alarm.acknowledged_at is None:
        alarm.acknowledged_at = at
        alarm.acknowledged_by_id = actor.id
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by"])
        bus.notify("alarm", organization_id, [alarm.pk])
        audit_operations.record(
            actor=actor,
            at=at,
            action="alarms:acknowledge_alarm",
            subject=alarm,
            before={"acknowledged_at": None},
            after={"acknowledged_at": at.isoformat()},
        )
    return alarm
