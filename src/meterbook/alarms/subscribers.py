"""From news of other domains to alarms."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterbook.acquisition import events as acquisition_events
from meterbook.alarms import operations, values
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models


def device_went_silent(event: acquisition_events.DeviceWentSilent, *, actor: Actor, at: datetime) -> None:
    """This will raise an alarm about the silent meter, dated when it fell silent."""
    site = site_models.Site.objects.get(organization_id=event.organization_id, public_id=uuid.UUID(event.site_id))
    operations.raise_alarm(
        actor=actor,
        at=at,
        kind=values.AlarmKind.METER_SILENT,
        site=site,
        subject_kind="meter",
        subject_id=uuid.UUID(event.meter_id),
        details={
            "name": event.label,
            "reason": event.problem["words"],
            "problem": event.problem,
            "point_id": event.point_id,
            "since": event.since,
        },
    )


def device_came_back(event: acquisition_events.DeviceCameBack, *, actor: Actor, at: datetime) -> None:
    """This will clear the alarm about the meter that answers again."""
    _clear(event.meter_id, actor=actor, at=at)


def device_switched_off(event: acquisition_events.DeviceSwitchedOff, *, actor: Actor, at: datetime) -> None:
    """This will clear the alarm about a meter that nobody asks any more."""
    _clear(event.meter_id, actor=actor, at=at)


def _clear(meter_id: str, *, actor: Actor, at: datetime) -> None:
    operations.clear_alarm(
        actor=actor, at=at, kind=values.AlarmKind.METER_SILENT, subject_id=uuid.UUID(meter_id)
    )
