"""From news of other domains to alarms."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterbook.acquisition import events as acquisition_events
from meterbook.alarms import misuse, silence
from meterbook.kernel.actor import Actor


def device_went_silent(event: acquisition_events.DeviceWentSilent, *, actor: Actor, at: datetime) -> None:
    """This will raise an alarm about the silent meter, or one about its bus when nobody answers there."""
    _follow(event.bus_id, event.meter_id, actor=actor, at=at)


def device_came_back(event: acquisition_events.DeviceCameBack, *, actor: Actor, at: datetime) -> None:
    """This will clear the alarm about the meter that answers again, and about its bus when all of it does."""
    _follow(event.bus_id, event.meter_id, actor=actor, at=at)


def device_switched_off(event: acquisition_events.DeviceSwitchedOff, *, actor: Actor, at: datetime) -> None:
    """This will clear the alarm about a meter that nobody asks any more."""
    _follow(event.bus_id, event.meter_id, actor=actor, at=at)


def gateway_misused(event: acquisition_events.GatewayMisused, *, actor: Actor, at: datetime) -> None:
    """This will raise an alarm about what came in the name of a gateway."""
    misuse.raise_alarm(
        gateway_id=uuid.UUID(event.gateway_id),
        site_id=uuid.UUID(event.site_id),
        label=event.label,
        kind=event.kind,
        actor=actor,
        at=at,
    )


def gateway_settled(event: acquisition_events.GatewaySettled, *, actor: Actor, at: datetime) -> None:
    """This will clear the alarms about a gateway whose security events somebody looked into."""
    misuse.clear_alarms(gateway_id=uuid.UUID(event.gateway_id), kinds=event.kinds, actor=actor, at=at)


def _follow(bus_id: str, meter_id: str, *, actor: Actor, at: datetime) -> None:
    silence.follow(bus_id=uuid.UUID(bus_id), meter_id=uuid.UUID(meter_id), actor=actor, at=at)
