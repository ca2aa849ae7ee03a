"""Alarms about the clocks of meters, where a meter tells its clock (M-024): one for a bus with several wrong ones."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from meterbook.alarms import affected, models, operations, values
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.monitoring import clocks
from meterbook.monitoring.clocks import MeterClock
from meterbook.sites import models as site_models

MOST_DRIFT = timedelta(minutes=1)
OLD = timedelta(hours=2)  # what a clock said before tells nothing of now
SEVERAL = 3  # wrong clocks on a bus from which on they are one alarm


@operation.operation
def follow(*, actor: Actor, at: datetime) -> None:
    """This will raise an alarm about each meter whose clock is wrong, and clear it once it is right.

    Where several of a bus are wrong they are one alarm, until all of them are right. A clock counts as right again
    within half of what is allowed, so that an alarm at the limit does not come and go. While a meter does not answer
    nothing changes; one that is not asked any more has no alarm.
    """
    by_bus: dict[uuid.UUID, list[MeterClock]] = defaultdict(list)
    for each in clocks.clocks_of_meters(since=at - OLD):
        by_bus[each.bus].append(each)
    grouped = set(_open(AlarmKind.METER_CLOCKS).values_list("subject_id", flat=True))
    for bus, told in by_bus.items():
        if bus in grouped or len(_wrong(told)) >= SEVERAL:
            _follow_bus(actor, at, bus, told)
        else:
            _follow_meters(actor, at, told)
    asked = clocks.asked_meters()
    _clear_left(AlarmKind.METER_CLOCK, {meter for meter, _bus in asked}, actor=actor, at=at)
    _clear_left(AlarmKind.METER_CLOCKS, {bus for _meter, bus in asked}, actor=actor, at=at)


def _wrong(told: Iterable[MeterClock]) -> list[MeterClock]:
    return [each for each in told if abs(each.offset) > MOST_DRIFT]


def _follow_meters(actor: Actor, at: datetime, told: Iterable[MeterClock]) -> None:
    for clock in told:
        drift = abs(clock.offset)
        if drift <= MOST_DRIFT / 2:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_CLOCK, subject_id=clock.meter)
        elif drift > MOST_DRIFT:
            operations.raise_alarm(
                actor=actor,
                at=at,
                kind=AlarmKind.METER_CLOCK,
                site=_site(clock.site_id),
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


def _follow_bus(actor: Actor, at: datetime, bus: uuid.UUID, told: list[MeterClock]) -> None:
    wrong, worst = _wrong(told), max(told, key=lambda each: abs(each.offset))
    for each in told:  # what was told of them one by one is told with the bus
        operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_CLOCK, subject_id=each.meter)
    if not wrong:
        if abs(worst.offset) <= MOST_DRIFT / 2:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.METER_CLOCKS, subject_id=bus)
        return
    now = {
        "meters": len(wrong),
        "seconds": round(worst.offset.total_seconds()),
        affected.POINTS: sorted(str(each.point) for each in wrong if each.point is not None),
    }
    alarm = operations.raise_alarm(
        actor=actor,
        at=at,
        kind=AlarmKind.METER_CLOCKS,
        site=_site(worst.bus_site_id),
        subject_kind="bus",
        subject_id=bus,
        details={
            "name": worst.bus_name,
            "point_id": None,
            "since": min(each.told_at for each in wrong).isoformat(),
            affected.CAUSE: values.Cause.METER_CLOCK_DRIFT.value,
            **now,
        },
    )
    if alarm.details | now != alarm.details:
        alarm.details |= now
        alarm.save(update_fields=["details"])


def _site(site_id: int) -> site_models.Site:
    return site_models.Site.objects.get(organization_id=scoping.current().organization_id, pk=site_id)


def _open(kind: AlarmKind) -> QuerySet[models.Alarm]:
    return models.Alarm.objects.filter(
        organization_id=scoping.current().organization_id, kind=kind, cleared_at__isnull=True
    ).order_by("id")


def _clear_left(kind: AlarmKind, asked: Collection[uuid.UUID], *, actor: Actor, at: datetime) -> None:
    """A meter that nobody asks any more can not tell that its clock is right again."""
    for subject in _open(kind).values_list("subject_id", flat=True):
        if subject not in asked:
            operations.clear_alarm(actor=actor, at=at, kind=kind, subject_id=subject)
