"""Jobs that propose themselves: from alarms that go on, and from calibrations that end."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meterbook.alarms import queries as alarm_queries
from meterbook.alarms.values import AlarmKind
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.values import JobKind, Origin
from meterbook.foundation import operation
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor
from meterbook.metering import queries as metering_queries

PATIENCE = timedelta(hours=4)  # most of what is silent answers again by itself
MOST = 200  # of each origin in one round; what is left comes in the next
MONTHS = 3  # before a calibration ends
KINDS = {
    AlarmKind.METER_SILENT: JobKind.LOOK,
    AlarmKind.BUS_SILENT: JobKind.LOOK,
    AlarmKind.GATEWAY_SILENT: JobKind.LOOK,
    AlarmKind.NO_DATA: JobKind.LOOK,
    AlarmKind.NO_DATA_BUS: JobKind.LOOK,
    AlarmKind.NO_DATA_GATEWAY: JobKind.LOOK,
    AlarmKind.METER_CLOCK: JobKind.OTHER,
    AlarmKind.METER_CLOCKS: JobKind.OTHER,
}


@operation.operation
def propose(*, actor: Actor, at: datetime) -> int:
    """This will propose a job for each alarm of silence or of a wrong clock that is open for four hours, and for each
    calibration that ends within three months or has ended; it answers how many are new.

    Proposals whose cause is over and that nobody took over are withdrawn. Again at the same time it changes nothing.
    """
    with translation.override(identity_queries.get_organization().language):
        return _from_alarms(actor, at) + _from_calibrations(actor, at)


def _from_alarms(actor: Actor, at: datetime) -> int:
    alarms = {each.row.public_id: each for each in alarm_queries.open_of_kinds(kinds=KINDS)}
    due = [each for each in alarms.values() if each.row.raised_at <= at - PATIENCE]
    fresh = _fresh(actor, at, Origin.ALARM, alarms, [each.row.public_id for each in due])
    for each in (alarms[source] for source in fresh):
        fieldwork_operations.propose_job(
            actor=actor,
            at=at,
            origin=Origin.ALARM,
            source_id=each.row.public_id,
            site_id=each.site_id,
            kind=KINDS[each.row.kind],
            words=each.row.title,
            meter_point=each.row.point_id,
        )
    return len(fresh)


def _from_calibrations(actor: Actor, at: datetime) -> int:
    """One a test: noted again, the next one ends by itself."""
    rows = metering_queries.calibrations_expiring(at=at, months=MONTHS)
    ending = {each.test: each for each in rows if each.test is not None}
    fresh = _fresh(actor, at, Origin.CALIBRATION, ending, list(ending))
    for source in fresh:
        row = ending[source]
        fieldwork_operations.propose_job(
            actor=actor,
            at=at,
            origin=Origin.CALIBRATION,
            source_id=source,
            site_id=row.site_id,
            kind=JobKind.RECALIBRATE,
            words=_words(row),
            due_on=None if row.is_past else row.last_day,
            meter_point=row.point_public_id,
        )
    return len(fresh)


def _fresh(
    actor: Actor, at: datetime, origin: Origin, going_on: Collection[uuid.UUID], due: list[uuid.UUID]
) -> list[uuid.UUID]:
    """What has no job yet, after the proposals whose cause is over were withdrawn."""
    for source, job in fieldwork_queries.open_sources(origin=origin).items():
        if source not in going_on:
            fieldwork_operations.withdraw_job(actor=actor, at=at, job=job)
    known = fieldwork_queries.known_sources(origin=origin, source_ids=due)
    return [each for each in due if each not in known][:MOST]


def _words(row: metering_queries.CalibrationRow) -> str:
    day = date_format(row.last_day, "SHORT_DATE_FORMAT") if row.last_day else ""
    data = {"meter": row.serial_number, "point": row.point_name, "day": day}
    if row.last_day is None:
        return _("Meter %(meter)s at %(point)s failed its test.") % data
    if row.is_past:
        return _("The calibration of meter %(meter)s at %(point)s held until %(day)s.") % data
    return _("The calibration of meter %(meter)s at %(point)s holds until %(day)s.") % data
