"""From news of alarms to messages: to whoever asked to hear of that severity and may see alarms of that site; while
nobody did, to the organization's administrators.

A message is in the language that is set at the meter it is about, else in the person's own, that of the site, that of
the organization (M-012).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from meterbook.alarms import durations
from meterbook.alarms import events as alarm_events
from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Module
from meterbook.installation import queries as installation_queries
from meterbook.kernel.actor import Actor
from meterbook.metering import queries as metering_queries
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import rendering
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import Kind


def alarm_raised(event: alarm_events.AlarmRaised, *, actor: Actor, at: datetime) -> None:
    """This will tell of a new alarm."""
    _tell(event.alarm_id, Kind.ALARM_RAISED, actor=actor, at=at)


def alarm_reminded(event: alarm_events.AlarmReminded, *, actor: Actor, at: datetime) -> None:
    """This will tell again of an alarm that goes on and that nobody acknowledged."""
    _tell(event.alarm_id, Kind.ALARM_RAISED, actor=actor, at=at, again=f":{event.number}")


def alarm_cleared(event: alarm_events.AlarmCleared, *, actor: Actor, at: datetime) -> None:
    """This will tell that an alarm is over."""
    _tell(event.alarm_id, Kind.ALARM_CLEARED, actor=actor, at=at)


def _tell(alarm_id: str, kind: Kind, *, actor: Actor, at: datetime, again: str = "") -> None:
    organization = identity_queries.get_organization()
    if not organization.has_module(Module.ALARMS) or not notification_queries.channels_on():
        return
    found = alarm_queries.get_alarm(public_id=uuid.UUID(alarm_id))
    about = _about(found)
    readers, is_default = _readers(found, at=at)
    for reader in readers:
        language = rendering.language_of(about.language or reader.language or found.language or organization.language)
        with translation.override(language):
            alarm = alarm_queries.get_alarm(public_id=found.row.public_id)
            facts = _facts(alarm, kind, about.zone, organization.public_id)
        notification_operations.send(
            actor=actor,
            at=at,
            kind=kind,
            to=notification_values.To.user(reader.user_id, zone=about.zone.key if is_default else ""),
            facts=facts,
            key=f"{kind.value}:{alarm_id}{again}",
            language=language,
            reaches_sign_in=is_default,
        )


def _readers(alarm: alarm_queries.PlacedAlarm, *, at: datetime) -> tuple[list[notification_queries.AlarmReader], bool]:
    """Who is told, and whether by default: while nobody who may see the alarm and can be reached chose to hear of any,
    that are the administrators."""
    chosen = [each for each in notification_queries.alarm_readers() if each.is_reached and _may_see(each, alarm, at)]
    if chosen:
        return [each for each in chosen if each.wants(alarm.row.severity)], False
    every = [each for each in notification_queries.default_readers(at=at) if _may_see(each, alarm, at)]
    return [each for each in every if each.wants(alarm.row.severity)], True


def _may_see(reader: notification_queries.AlarmReader, alarm: alarm_queries.PlacedAlarm, at: datetime) -> bool:
    access = identity_queries.access_of(user_id=reader.user_id, at=at)
    return access.allows(alarm_permissions.VIEW_ALARMS, alarm.site_id)


def _about(alarm: alarm_queries.PlacedAlarm) -> metering_queries.PointZone:
    """The zone and the language that are set where the alarm is: at its meter, else (without a language) the site."""
    point = alarm.row.point_id
    found = None if point is None else metering_queries.find_zone(public_id=point)
    return found or metering_queries.PointZone(ZoneInfo(alarm.zone), "", "")


def _facts(alarm: alarm_queries.PlacedAlarm, kind: Kind, zone: ZoneInfo, organization: uuid.UUID) -> dict[str, str]:
    """In the language of the message; the time is that of the meter or site."""
    row = alarm.row
    instant = row.raised_at if kind is Kind.ALARM_RAISED or row.cleared_at is None else row.cleared_at
    return {
        "title": row.title,
        "site": row.site_name,
        "when": formats.date_format(instant.astimezone(zone), "SHORT_DATETIME_FORMAT"),
        "reason": " ".join(each for each in (row.reason, row.cause_caption) if each),
        "meters": str(len(row.points)) if len(row.points) > 1 else "",
        "lasted": "" if row.lasted is None else durations.written(row.lasted),
        "link": f"{installation_queries.public_address()}/o/{organization}/alarms/?state=all",
    }
