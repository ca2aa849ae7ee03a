"""Who hears of alarms while nobody chose to: the administrators, from a severity on."""

from __future__ import annotations

from typing import Annotated

from ninja import Router
from pydantic import WithJsonSchema

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import permissions
from meterbook.notifications import queries as notification_queries
from meterbook.notifications.values import Severity

router = Router(tags=["Messages"])
# Written out: the document tells classes apart by their bare names, and alarms have a severity too.
FromSeverity = Annotated[Severity, WithJsonSchema({"type": "string", "enum": [each.value for each in Severity]})]


class AlarmDefault(values.Told):
    """From which severity on administrators hear of alarms of which nobody chose to hear; NONE: not at all.

    `chosen` counts people who chose to hear of alarms and can be reached, `told` administrators who would be told
    otherwise.
    """

    severity: FromSeverity
    chosen: int
    told: int


class NewAlarmDefault(values.Given):
    """From which severity on administrators hear of alarms of which nobody chose to hear."""

    severity: FromSeverity


@endpoint(
    router,
    "GET",
    "/alarm-default",
    permission=permissions.CONFIGURE_CHANNELS,
    module=Module.CORE,
    answers=AlarmDefault,
)
def get_alarm_default(request: entry.Request) -> AlarmDefault:
    """This will return who hears of alarms while nobody chose to."""
    return _told(request)


def _told(request: entry.Request) -> AlarmDefault:
    return AlarmDefault(
        severity=notification_queries.alarm_default(),
        chosen=sum(each.is_reached for each in notification_queries.alarm_readers()),
        told=len(notification_queries.default_readers(at=request.caller.at)),
    )


@endpoint(
    router,
    "PUT",
    "/alarm-default",
    permission=permissions.CONFIGURE_CHANNELS,
    module=Module.CORE,
    answers=AlarmDefault,
)
def set_alarm_default(request: entry.Request, given: NewAlarmDefault) -> AlarmDefault:
    """This will set who hears of alarms while nobody chose to."""
    notification_operations.set_alarm_default(actor=request.caller.actor, at=request.caller.at, severity=given.severity)
    return _told(request)
