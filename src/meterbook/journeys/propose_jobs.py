"""From alarms that go on to jobs: what is silent for hours needs somebody who goes there."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import translation

from meterbook.alarms import queries as alarm_queries
from meterbook.alarms.values import AlarmKind
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork import values as fieldwork_values
from meterbook.foundation import operation
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor

PATIENCE = timedelta(hours=4)  # most of what is silent answers again by itself
MOST = 200  # alarms looked at in one round; what is left comes in the next
SILENT = frozenset(
    {
        AlarmKind.METER_SILENT,
        AlarmKind.BUS_SILENT,
        AlarmKind.GATEWAY_SILENT,
        AlarmKind.NO_DATA,
        AlarmKind.NO_DATA_BUS,
        AlarmKind.NO_DATA_GATEWAY,
    }
)


@operation.operation
def propose(*, actor: Actor, at: datetime) -> int:
    """This will propose a job for each alarm of silence that is open for four hours, and withdraw proposals whose
    alarm is over and that nobody took over; it answers how many are new. Again at the same time it changes nothing.
    """
    with translation.override(identity_queries.get_organization().language):
        alarms = {each.row.public_id: each for each in alarm_queries.open_of_kinds(kinds=SILENT)}
    origin = fieldwork_values.Origin.ALARM
    for source, job in fieldwork_queries.open_sources(origin=origin).items():
        if source not in alarms:
            fieldwork_operations.withdraw_job(actor=actor, at=at, job=job)
    due = [each for each in alarms.values() if each.row.raised_at <= at - PATIENCE]
    known = fieldwork_queries.known_sources(origin=origin, source_ids=[each.row.public_id for each in due])
    fresh = [each for each in due if each.row.public_id not in known][:MOST]
    for each in fresh:
        fieldwork_operations.propose_job(
            actor=actor,
            at=at,
            origin=origin,
            source_id=each.row.public_id,
            site_id=each.site_id,
            kind=fieldwork_values.JobKind.LOOK,
            words=each.row.title,
            meter_point=each.row.point_id,
        )
    return len(fresh)
