"""What was found is kept by day, prolonged, and taken back for a day that is right when it is checked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from meterbook.audit import operations as audit_operations
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering.checking.days import CheckKind, Found
from meterbook.monitoring import models
from meterbook.monitoring.operations.loading import Point

Judged = tuple[Point, Sequence[Found | None]]


def keep(*, judged: Sequence[Judged], kinds: Collection[CheckKind], actor: Actor, at: datetime) -> int:
    """This will keep what was found of a day of each point, and take back what is right now; it counts what is new.

    What a person has settled stays settled for its days.

    :param kinds: that were looked for; findings of others stay as they are
    """
    known: dict[int, list[models.DayFinding]] = defaultdict(list)
    rows = models.DayFinding.objects.filter(
        organization_id=scoping.current().organization_id,
        meter_point_id__in=[point.point.pk for point, _found in judged],
        kind__in=[each.value for each in kinds],
    )
    days = [point.day for point, _found in judged]
    reaching = Q(last_day__gte=min(days)) & Q(first_day__lte=max(days)) if days else Q(pk=None)
    for row in rows.filter(Q(settled_at=None) | reaching).order_by("id"):
        known[row.meter_point_id].append(row)
    return sum(_keep_point(point, found, known[point.point.pk], actor, at) for point, found in judged)


def _keep_point(
    point: Point, found: Iterable[Found | None], known: Sequence[models.DayFinding], actor: Actor, at: datetime
) -> int:
    count = 0
    wrong = {each.kind: _facts(point, each) for each in found if each is not None}
    standing = {CheckKind(each.kind): each for each in known if each.settled_at is None}
    for kind, row in standing.items():
        count += _revise(row, point.day, wrong.get(kind), actor, at)
    for kind, facts in wrong.items():
        is_settled = any(
            each.kind == kind and each.settled_at is not None and each.first_day <= point.day <= each.last_day
            for each in known
        )
        if kind in standing or is_settled:
            continue
        models.DayFinding.objects.create(
            organization_id=point.point.organization_id,
            meter_point=point.point,
            kind=kind,
            first_day=point.day,
            last_day=point.day,
            facts=facts,
            by_day={point.day.isoformat(): facts},
            found_at=at,
        )
        count += 1
    return count


def _facts(point: Point, found: Found) -> dict[str, Any]:
    return {**found.facts, "unit": point.counted.unit, "decimals": point.counted.decimals}


def _revise(row: models.DayFinding, day: date, facts: dict[str, Any] | None, actor: Actor, at: datetime) -> int:
    """The day added to an open finding, told anew, or taken from it; 1 where it is new."""
    # A finding of an earlier release knows only its first and its latest day.
    by_day = dict(row.by_day) or {each.isoformat(): row.facts for each in (row.first_day, row.last_day)}
    name = day.isoformat()
    before = by_day.pop(name, None)
    if facts is not None:
        by_day[name] = facts
    if before == facts and row.by_day:
        return 0
    if not by_day:
        _take_back(row, actor, at)
        return 0
    listed = sorted(by_day)
    row.first_day, row.last_day = date.fromisoformat(listed[0]), date.fromisoformat(listed[-1])
    row.facts, row.by_day = by_day[listed[-1]], by_day
    row.save(update_fields=["first_day", "last_day", "facts", "by_day"])
    return 1 if facts is not None and before is None else 0


def _take_back(row: models.DayFinding, actor: Actor, at: datetime) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action="monitoring:take_back_day_finding",
        subject=row,
        before={"kind": row.kind, "first_day": row.first_day, "last_day": row.last_day},
        after=None,
    )
    row.delete()
