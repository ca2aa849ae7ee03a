"""How long the intervals of a meter point are. Readings are kept as they came: another length cuts time anew only."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering.operations import marking, placing

_MINUTE = timedelta(minutes=1)


class StepUnfit(ValueError):
    """Intervals of this length cannot begin when the clocks at the meter show a full one."""


@operation.operation
def set_step(*, actor: Actor, at: datetime, meter_point: uuid.UUID, minutes: int) -> models.MeterPoint:
    """This will cut the time of a meter point's counters into intervals of `minutes` from the UTC day of `at` on.

    Days before keep theirs. What was used between two midnights is the register difference whatever the length, so that
    no month changes. The same again changes nothing.

    :raises MeterNotFound: when the organization has no such meter point
    :raises StepUnfit: when it is none of `values.STEPS`, or does not divide the offset of the zone from UTC
    """
    point = placing.held_point(meter_point)
    require_fitting(minutes, point.zone, at)
    series = [
        each
        for each in models.Series.objects.select_for_update().filter(
            organization_id=point.organization_id, meter_point=point, kind=values.SeriesKind.CUMULATIVE
        )
        if each.step != minutes
    ]
    if not series:
        return point
    before = {each.code: each.step for each in series}
    for each in series:
        each.step = minutes
    models.Series.objects.filter(organization_id=point.organization_id).bulk_update(series, ["step"])
    day = at.astimezone(UTC).date()
    marking.mark_dirty(
        organization_id=point.organization_id,
        series_ids=[each.pk for each in series],
        first_day=day,
        until_day=day + timedelta(days=2),
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:set_step",
        subject=point,
        before={"minutes": before},
        after={"minutes": minutes, "from_day": day},
    )
    return point


def steps_in(zone: ZoneInfo, at: datetime) -> tuple[int, ...]:
    """This will return the lengths, in minutes, whose intervals begin when the zone's clocks show a multiple of them.

    Slots are cut by UTC. Lord Howe is 10:30 and 11:00 from it: 30 minutes are the longest there; Nepal's 5:45 allow 15.
    """
    offsets = {(at + timedelta(days=30 * month)).astimezone(zone).utcoffset() for month in range(-12, 13)}
    return tuple(each for each in values.STEPS if not any(offset and offset % (each * _MINUTE) for offset in offsets))


def require_fitting(minutes: int, zone: ZoneInfo, at: datetime) -> None:
    """This will let a length pass that can be used in a zone.

    :raises StepUnfit: naming those that can
    """
    fitting = steps_in(zone, at)
    if minutes not in fitting:
        raise StepUnfit(
            _("Intervals of %(minutes)s minutes do not begin on the full ones of %(zone)s. Choose one of: %(steps)s.")
            % {"minutes": minutes, "zone": zone.key, "steps": ", ".join(map(str, fitting))}
        )
