"""Take what a meter remembers of the time in which nobody heard it: only where no reading is, only what fits.

A remembered value stands between those that were read before and after it. One that does not is a conflict: it is
listed, and never counts.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering.operations import batches, recording
from meterbook.metering.queries import standing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSERVED = """
SELECT wanted.at FROM unnest(%(at)s::timestamptz[], %(slots)s::timestamptz[]) AS wanted(at, slot)
WHERE NOT EXISTS (SELECT 1 FROM metering_reading r WHERE r.series_id = %(series)s
    AND r.organization_id = %(organization)s AND r.at >= wanted.slot AND r.at < wanted.slot + %(step)s)
"""


@dataclass(frozen=True)
class RememberedValue:
    """What the register of a series showed at an instant, in its resolution."""

    series_id: int
    at: datetime
    value: int


@dataclass(frozen=True)
class RememberOutcome:
    """How many values were taken, were there already or lie where a reading is, and contradict what was read."""

    taken: int
    known: int
    conflicts: int


@dataclass(frozen=True)
class _Register:
    since: datetime
    step: timedelta
    opening: int | None


def remember(
    *, organization_id: int, actor: Actor, at: datetime, meter_id: int, found: Sequence[RememberedValue]
) -> RememberOutcome:
    """This will store what a meter remembers, for the time since it hangs there. Call it outside a scope.

    The same again changes nothing. A slot of a series that has a reading from anywhere keeps it.

    :param meter_id: values of series that this meter does not feed are left out
    """
    fitting: list[RememberedValue] = []
    against: list[models.ReadingConflict] = []
    known = 0
    with scoping.scope([organization_id], actor=actor):
        registers = _registers(meter_id)
        for series_id in sorted({each.series_id for each in found} & registers.keys()):
            own = _within(registers[series_id], [each for each in found if each.series_id == series_id], at)
            known += _sort(series_id, registers[series_id], own, at, fitting, against)
        models.ReadingConflict.objects.bulk_create(against, ignore_conflicts=True)
    rows = [(each.series_id, (each.at - _EPOCH) // timedelta.resolution, each.value) for each in fitting]
    outcome = recording.record_readings(
        organization_id=organization_id,
        actor=actor,
        at=at,
        batch=batches.ReadingBatch.of(rows, source=values.Source.MEMORY),
    )
    return RememberOutcome(outcome.inserted, known + outcome.unchanged, len(against) + outcome.conflicts)


def missing_moments(
    *, meter_id: int, series_ids: Collection[int], moments: Sequence[datetime], at: datetime
) -> tuple[datetime, ...]:
    """This will return which instants a series of the meter has no reading for, in the order given; needs a scope.

    An instant is served by any reading in its slot: of a quarter of an hour, at 00:00:07 for 00:00.
    """
    wanted: set[datetime] = set()
    for series_id, register in _registers(meter_id).items():
        if series_id in series_ids:
            # The slot of the newest may still be read.
            own = [each for each in moments if register.since <= each <= at - register.step]
            wanted.update(_unserved(series_id, register.step, own))
    return tuple(each for each in moments if each in wanted)


def _unserved(series_id: int, step: timedelta, moments: Sequence[datetime]) -> list[datetime]:
    """Which instants lie in a slot without a reading, each looked up by itself: a month has thousands of readings."""
    facts: dict[str, Any] = {
        "series": series_id,
        "organization": scoping.current().organization_id,
        "at": list(moments),
        "slots": [_slot(each, step) for each in moments],
        "step": step,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNSERVED, facts)
        return [each for (each,) in cursor.fetchall()]


def _registers(meter_id: int) -> dict[int, _Register]:
    rows = models.InstallationRegister.objects.filter(
        organization_id=scoping.current().organization_id,
        installation__meter_id=meter_id,
        installation__during__upper_inf=True,
        series__kind=values.SeriesKind.CUMULATIVE.value,
    ).select_related("installation", "series")
    return {
        each.series_id: _Register(each.installation.during.lower, timedelta(minutes=each.series.step), each.opening)
        for each in rows
    }


def _within(register: _Register, found: Sequence[RememberedValue], at: datetime) -> list[RememberedValue]:
    return [each for each in found if register.since <= each.at <= at]


def _sort(
    series_id: int,
    register: _Register,
    own: Sequence[RememberedValue],
    at: datetime,
    fitting: list[RememberedValue],
    against: list[models.ReadingConflict],
) -> int:
    """What fits and has no reading, what contradicts the readings; it answers how many lie where a reading is."""
    if not own:
        return 0
    first, last = min(each.at for each in own), max(each.at for each in own)
    live = _live(series_id, register, first, last)
    instants = [instant for instant, _value in live]
    served = {_slot(each, register.step) for each in instants}
    known = 0
    for each in own:
        contradicted = _contradicted(each, live, instants)
        if contradicted is not None:
            against.append(
                models.ReadingConflict(
                    organization_id=scoping.current().organization_id,
                    series_id=series_id,
                    at=each.at,
                    source=values.Source.MEMORY.value,
                    kept_value=contradicted,
                    offered_value=each.value,
                    received_at=at,
                )
            )
        elif _slot(each.at, register.step) in served:
            known += 1
        else:
            fitting.append(each)
    return known


def _live(series_id: int, register: _Register, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """What was read around and between, not from the memory, as it counts after what people said of it."""
    readings = _readings(series_id).exclude(source=values.Source.MEMORY.value).filter(at__gte=register.since)
    counting = standing.counting(readings)
    inside = list(
        counting.filter(at__gte=first - register.step, at__lte=last + register.step)
        .order_by("at", "source")
        .values_list("at", "shown")
    )
    before = counting.filter(at__lt=first - register.step).order_by("-at", "source").values_list("at", "shown").first()
    after = counting.filter(at__gt=last + register.step).order_by("at", "source").values_list("at", "shown").first()
    if before is None and register.opening is not None:
        before = (register.since, register.opening)
    return [*([before] if before else []), *inside, *([after] if after else [])]


def _contradicted(
    each: RememberedValue, live: Sequence[tuple[datetime, int]], instants: Sequence[datetime]
) -> int | None:
    """The reading that a remembered value cannot stand beside; None when it fits.

    Between 100 and 160 only 100 to 160 fit; where the counter fell from 160 to 5 (it was reset, or began again), what
    is from 160 on or up to 5 fits.
    """
    place = bisect.bisect_left(instants, each.at)
    if place < len(live) and instants[place] == each.at:
        return None if live[place][1] == each.value else live[place][1]
    before = live[place - 1][1] if place else None
    after = live[place][1] if place < len(live) else None
    is_low, is_high = before is not None and each.value < before, after is not None and each.value > after
    if before is not None and after is not None and after < before:
        return before if is_low and is_high else None
    if is_low:
        return before
    return after if is_high else None


def _readings(series_id: int) -> QuerySet[models.Reading]:
    return models.Reading.objects.filter(organization_id=scoping.current().organization_id, series_id=series_id)


def _slot(at: datetime, step: timedelta) -> datetime:
    return at - (at - _EPOCH) % step
