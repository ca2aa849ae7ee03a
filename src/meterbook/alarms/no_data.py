"""Alarms about meters from which nothing came for more than a day (M-025): one for all that share a line or a gateway.

Whoever may hear of them is told when they are raised, again each day until somebody acknowledges, and when data comes
again. What a meter's day is does not depend on a zone: 24 hours since its newest value.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from meterbook.acquisition import ways as acquisition_ways
from meterbook.acquisition.ways import Way
from meterbook.alarms import affected, events, models, operations, values
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring import values as monitoring_values
from meterbook.monitoring.values import MeterState
from meterbook.sites import models as site_models

A_DAY = timedelta(days=1)
BETWEEN = timedelta(days=1)  # between two notices
TOLD_AT, TOLD = "told_at", "told"
SUBJECTS = {
    AlarmKind.NO_DATA: "meter_point",
    AlarmKind.NO_DATA_BUS: "bus",
    AlarmKind.NO_DATA_GATEWAY: "gateway",
}
_QUIET = (MeterState.LATE, MeterState.SILENT, MeterState.NEVER)


@dataclass(frozen=True)
class _Quiet:
    """A meter point from which nothing came lately, since when, and its way."""

    way: Way
    since: datetime

    @classmethod
    def of(cls, way: Way, newest: datetime | None) -> _Quiet:
        """What another meter said there before says nothing of the one that hangs there now."""
        return cls(way, max(newest or way.starts_at, way.starts_at))


@operation.operation
def watch(*, actor: Actor, at: datetime) -> None:
    """This will raise, go on with and clear the alarms about meters without data, and remind of those not seen yet.

    :param at: now; a meter is without data when its newest value, or else its installation, is older than a day
    """
    newest = _newest_of_quiet(at)
    ways = acquisition_ways.ways_of_live_meters() if newest else []
    quiet = {each.point: _Quiet.of(each, newest[each.point]) for each in ways if each.point in newest}
    lacking = {point for point, each in quiet.items() if at - each.since > A_DAY}
    told = _follow_open(quiet, lacking, actor=actor, at=at)
    for kind, subject, name, members in _lines(ways):
        own = [quiet[each.point] for each in members if each.point in quiet and each.point not in told]
        if not any(each.way.point in lacking for each in own):
            continue
        if len(members) > 1 and all(each.point in quiet for each in members):
            # A line that is quiet as a whole is one alarm, though its first meters pass the day some minutes sooner.
            _raise(kind, subject, name, own, actor=actor, at=at)
            told |= {each.way.point for each in own}
    for point in sorted(lacking - told):
        _raise(AlarmKind.NO_DATA, point, quiet[point].way.name, [quiet[point]], actor=actor, at=at)


def _newest_of_quiet(at: datetime) -> dict[uuid.UUID, datetime | None]:
    """The newest value of each meter point from which none came for two intervals; None where there never was one."""
    return {
        row.public_id: row.seen_at
        for state in _QUIET
        for row in monitoring_queries.all_meters(at=at, wanted=monitoring_values.MeterFilter(state=state))
    }


def _follow_open(
    quiet: Mapping[uuid.UUID, _Quiet], lacking: Collection[uuid.UUID], *, actor: Actor, at: datetime
) -> set[uuid.UUID]:
    """Clear what is over and remind of what is not; the meter points that open alarms tell of already."""
    told: set[uuid.UUID] = set()
    for alarm in (
        models.Alarm.objects.select_for_update()
        .filter(
            organization_id=scoping.current().organization_id,
            kind__in=[each.value for each in values.NO_DATA_KINDS],
            cleared_at__isnull=True,
        )
        .order_by("id")
    ):
        points = {uuid.UUID(each) for each in alarm.details[affected.POINTS]}
        if not points & set(lacking):
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind(alarm.kind), subject_id=alarm.subject_id)
            continue
        told |= points & quiet.keys()
        told_at = datetime.fromisoformat(alarm.details[TOLD_AT])
        if alarm.acknowledged_at is None and at - told_at >= BETWEEN:
            number = alarm.details[TOLD] + 1
            alarm.details |= {TOLD_AT: at.isoformat(), TOLD: number}
            alarm.save(update_fields=["details"])
            foundation_events.publish(
                events.AlarmReminded(alarm.organization_id, alarm_id=str(alarm.public_id), number=number)
            )
    return told


def _lines(ways: Sequence[Way]) -> Iterator[tuple[AlarmKind, uuid.UUID, str, list[Way]]]:
    """What meters share, the larger first: gateways, then buses."""
    gateways: dict[tuple[uuid.UUID, str], list[Way]] = defaultdict(list)
    buses: dict[tuple[uuid.UUID, str], list[Way]] = defaultdict(list)
    for each in ways:
        if each.gateway is not None:
            gateways[each.gateway, each.gateway_name].append(each)
        if each.bus is not None:
            buses[each.bus, each.bus_name].append(each)
    for (subject, name), members in gateways.items():
        yield AlarmKind.NO_DATA_GATEWAY, subject, name, members
    for (subject, name), members in buses.items():
        yield AlarmKind.NO_DATA_BUS, subject, name, members


def _raise(
    kind: AlarmKind, subject: uuid.UUID, name: str, found: Sequence[_Quiet], *, actor: Actor, at: datetime
) -> None:
    first = min(found, key=lambda each: each.since)
    points = [str(each.way.point) for each in found]
    alarm = operations.raise_alarm(
        actor=actor,
        at=at,
        kind=kind,
        site=site_models.Site.objects.get(organization_id=scoping.current().organization_id, pk=first.way.site_id),
        subject_kind=SUBJECTS[kind],
        subject_id=subject,
        details={
            "name": name,
            "point_id": str(subject) if kind is AlarmKind.NO_DATA else None,
            "since": first.since.isoformat(),
            "meters": len(found),
            affected.POINTS: points,
            TOLD_AT: at.isoformat(),
            TOLD: 1,
        },
    )
    more = [each for each in points if each not in alarm.details[affected.POINTS]]
    if more:  # it was open already, and others of its line joined
        alarm.details[affected.POINTS] += more
        alarm.save(update_fields=["details"])
