"""Alarms about the clocks of single meters, where a meter tells its clock (M-024)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from meterbook.alarms import affected, models, operations, values
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.monitoring import clocks
from meterbook.sites import models as site_models

MOST_DRIFT = timedelta(minutes=1)
OLD = timedelta(hours=2)  # what a clock said before tells nothing of now


@operation.operation
def follow(*, actor: Actor, at: datetime) -> None:
    """This will raise an alarm about each meter whose clock is wrong, and clear it once it is right.

    It counts as right again within half of what is allowed, so that an alarm at the limit does not come and go. While
    a meter does not answer nothing changes; one that is not asked any more has no alarm.
    """
    organization_id = scoping.current().organization_id
    told = {each.meter: each for each in clocks.clocks_of_meters(since=at - OLD)}
    for clock in told.values():
        drift = abs(clock.offset)
        if drift <= MOST_DRIFT / 2:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_CLOCK, subject_id=clock.meter)
        elif drift > MOST_DRIFT:
            operations.raise_alarm(
                actor=actor,
                at=at,
                kind=AlarmKind.METER_CLOCK,
                site=site_models.Site.objects.get(organization_id=organization_id, pk=clock.site_id),
                subject_kind="meter",
                subject_id=clock.meter,
                details={
                    "name": clock.name,
                    "point_id": None if clock.point is None else str(clock.point),
                    "seconds": round(clock.offset.total_seconds()),
                    "since": clock.told_at.isoformat(),
                    affected.CAUSE: values.Cause.METER_CLOCK_DRIFT.value,
                    affected.POINTS: [] if clock.point is None else [str(clock.point)],
                },
            )
    _clear_left(set(clocks.asked_meters()), actor=actor, at=at)


def _clear_left(asked: set[uuid.UUID], *, actor: Actor, at: datetime) -> None:
    """A meter that nobody asks any more can not tell that its clock is right again."""
    wrong = models.Alarm.objects.filter(
        organization_id=scoping.current().organization_id, kind=AlarmKind.METER_CLOCK, cleared_at__isnull=True
    )
    for subject in wrong.order_by("id").values_list("subject_id", flat=True):
        if subject not in asked:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_CLOCK, subject_id=subject)
