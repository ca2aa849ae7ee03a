"""From news of alarms to messages: to whoever asked to hear of that severity and may see alarms of that site."""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from meterbook.alarms import events as alarm_events
from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Module
from meterbook.installation import queries as installation_queries
from meterbook.kernel.actor import Actor
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import Kind


def alarm_raised(event: alarm_events.AlarmRaised, *, actor: Actor, at: datetime) -> None:
    """This will tell of a new alarm."""
    _tell(event.alarm_id, Kind.ALARM_RAISED, actor=actor, at=at)


def alarm_cleared(event: alarm_events.AlarmCleared, *, actor: Actor, at: datetime) -> None:
    """This will tell that an alarm is over."""
    _tell(event.alarm_id, Kind.ALARM_CLEARED, actor=actor, at=at)


def _tell(alarm_id: str, kind: Kind, *, actor: Actor, at: datetime) -> None:
    organization = identity_queries.get_organization()
    if not organization.has_module(Module.ALARMS) or not notification_queries.channels_on():
        return
    found = alarm_queries.get_alarm(public_id=uuid.UUID(alarm_id))
    for reader in notification_queries.alarm_readers(severity=found.row.severity):
        access = identity_queries.access_of(user_id=reader.user_id, at=at)
        if not access.allows(alarm_permissions.VIEW_ALARMS, found.site_id):
            continue
        with translation.override(reader.language):
            facts = _facts(alarm_queries.get_alarm(public_id=found.row.public_id), kind, organization.public_id)
        notification_operations.send(
            actor=actor,
            at=at,
            kind=kind,
            to=notification_values.To.user(reader.user_id),
            facts=facts,
            key=f"{kind.value}:{alarm_id}",
        )


def _facts(alarm: alarm_queries.PlacedAlarm, kind: Kind, organization: uuid.UUID) -> dict[str, str]:
    """In the reader's language; the time is that of the site."""
    row = alarm.row
    instant = row.raised_at if kind is Kind.ALARM_RAISED or row.cleared_at is None else row.cleared_at
    return {
        "title": row.title,
        "site": row.site_name,
        "when": formats.date_format(instant.astimezone(ZoneInfo(alarm.zone)), "SHORT_DATETIME_FORMAT"),
        "reason": row.reason,
        "link": f"{installation_queries.public_address()}/o/{organization}/alarms/?state=all",
    }
