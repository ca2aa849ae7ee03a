"""What a file brought, or would bring: as it is shown, stored with the file, and told to programs."""

from __future__ import annotations

import enum
import hashlib
import uuid
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, second
from meterbook.metering.importing import instants
from meterbook.metering.importing.differences import Differences
from meterbook.metering.operations import replacing
from meterbook.metering.operations.import_plans import ImportPlan, PointPlan

SAMPLE = 5
MOST_DAYS = 31


class ChangeState(enum.StrEnum):
    """What becomes of values that a file says otherwise than is stored."""

    OFFERED = "OFFERED"  # they may be taken as a correction
    NOT_ALLOWED = "NOT_ALLOWED"  # only by somebody else, who may correct readings there
    TAKEN = "TAKEN"
    WAITS = "WAITS"  # for a second person: bills were made of that time


@dataclass(frozen=True)
class Became:
    """What became of what differs at one register; `proposal` is what waits for a second person."""

    state: ChangeState
    proposal: uuid.UUID | None = None


@dataclass(frozen=True)
class Reviewing:
    """Who looks at what a file would bring, and when: what differs from stored values is shown, and no fault.

    :ivar site_ids: where they may correct readings; None: everywhere
    """

    actor: Actor
    at: datetime
    site_ids: frozenset[int] | None = None


@dataclass(frozen=True)
class ChangedValue:
    """One interval that a file says otherwise; times in ISO 8601 at the place, what it was and is by the file."""

    starts_at: str
    ends_at: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangedValues:
    """What a file says otherwise than is stored, in `unit`; `days` are the first of `day_count`, `sample` the first
    intervals. Sums are empty for registers.

    `needs_second`: bills were made of that time, and somebody else must approve. `proposal` is the public id of what
    waits for that.
    """

    state: str
    count: int
    day_count: int
    days: tuple[str, ...]
    before: str
    after: str
    difference: str
    unit: str
    sample: tuple[ChangedValue, ...]
    needs_second: bool = False
    proposal: str = ""

    @classmethod
    def of(cls, stored: AnyMapping[str, object]) -> ChangedValues:
        """This will read what was stored with a file."""
        found: dict[str, object] = dict(stored)
        rows = found.get("sample")
        found["sample"] = tuple(ChangedValue(**each) for each in rows) if isinstance(rows, list) else ()
        days = found.get("days")
        found["days"] = tuple(days) if isinstance(days, list) else ()
        return cls(**found)  # type: ignore[arg-type]


@dataclass(frozen=True)
class PointOutcome:
    """What came to one register of a meter point. `total` in `unit` as text, empty for registers; times in ISO 8601."""

    code: str
    public_id: str
    is_new: bool
    starts_at: str
    ends_at: str
    rows: int
    inserted: int
    unchanged: int
    total: str
    unit: str
    series: str = ""
    changes: ChangedValues | None = None


@dataclass(frozen=True)
class ImportOutcome:
    """What a file brought, or of a dry run would bring."""

    file: str
    sha256: str
    is_dry_run: bool
    rows: int
    inserted: int
    unchanged: int
    points: tuple[PointOutcome, ...]
    notes: tuple[str, ...]
    mapping: dict[str, str | int]

    def plain(self) -> dict[str, object]:
        """This will return the outcome for storing and for programs."""
        return asdict(self)


def outcome_of(
    plan: ImportPlan,
    content: bytes,
    name: str,
    made: AnyMapping[str, models.MeterPoint],
    *,
    taken: AnyMapping[int, Became] | None = None,
    reviewing: Reviewing | None = None,
) -> ImportOutcome:
    """This will tell what a plan stores, or would.

    :param taken: what became of what differs, by series; None: a dry run
    """
    points = tuple(
        _point_outcome(each, made.get(each.column.point), _changes(each, taken, reviewing)) for each in plan.points
    )
    return ImportOutcome(
        file=name,
        sha256=hashlib.sha256(content).hexdigest(),
        is_dry_run=taken is None,
        rows=plan.rows,
        inserted=sum(each.inserted for each in points),
        unchanged=sum(each.unchanged for each in points),
        points=points,
        notes=plan.notes,
        mapping=plan.mapping.plain(),
    )


def needs_second(plan: PointPlan, found: Differences, actor: Actor, at: datetime) -> bool:
    """This will tell whether somebody else must approve a correction by a file (B-19)."""
    start, end = replacing.span_of(found)
    if not plan.mapping.adds_up:  # a reading is of the time before it as well
        start, end = start - timedelta.resolution, end + timedelta.resolution
    point_id = plan.point.pk if plan.point is not None else 0
    return second.is_needed(actor=actor, at=at, meter_point_id=point_id, instant=start, until=end)


def _changes(
    plan: PointPlan, taken: AnyMapping[int, Became] | None, reviewing: Reviewing | None
) -> ChangedValues | None:
    found = plan.differences
    if found is None:
        return None
    became, asks = (taken or {}).get(plan.series_id or 0), False
    if became is None:
        became = _offered(plan, found, reviewing)
        asks = reviewing is not None and needs_second(plan, found, reviewing.actor, reviewing.at)
    zone = plan.column.zone
    days = sorted({instants.instant_of(each).astimezone(zone).date() for each in found.start.tolist()})
    sums = replacing.sums_of(plan, found) or ("", "", replacing.unit_of(plan))
    return ChangedValues(
        state=became.state.value,
        count=len(found.at),
        day_count=len(days),
        days=tuple(each.isoformat() for each in days[:MOST_DAYS]),
        before=sums[0],
        after=sums[1],
        difference=f"{Decimal(sums[1]) - Decimal(sums[0]):f}" if sums[0] else "",
        unit=sums[2],
        sample=tuple(_sample(plan, found)),
        needs_second=asks,
        proposal=str(became.proposal or ""),
    )


def _offered(plan: PointPlan, found: Differences, reviewing: Reviewing | None) -> Became:
    waiting = replacing.waiting_for(plan, found)
    if waiting is not None:
        return Became(ChangeState.WAITS, waiting.public_id)
    sites = reviewing.site_ids if reviewing is not None else None
    is_allowed = sites is None or (plan.point is not None and plan.point.site_id in sites)
    return Became(ChangeState.OFFERED if is_allowed else ChangeState.NOT_ALLOWED)


def _sample(plan: PointPlan, found: Differences) -> list[ChangedValue]:
    zone, table = plan.column.zone, np.stack([found.start, found.at, found.was, found.now], axis=1)
    if plan.target is None:
        return []
    value = plan.target.scale.value
    return [
        ChangedValue(
            instants.instant_of(start).astimezone(zone).isoformat(),
            instants.instant_of(end).astimezone(zone).isoformat(),
            f"{value(was):f}",
            f"{value(now):f}",
        )
        for start, end, was, now in table[:SAMPLE].tolist()
    ]


def _point_outcome(each: PointPlan, made: models.MeterPoint | None, changes: ChangedValues | None) -> PointOutcome:
    point, column = each.point or made, each.column
    return PointOutcome(
        code=column.point,
        public_id=str(point.public_id) if point is not None else "",
        is_new=each.point is None,
        starts_at=instants.instant_of(column.starts[0]).astimezone(column.zone).isoformat(),
        ends_at=instants.instant_of(column.ends[-1]).astimezone(column.zone).isoformat(),
        rows=len(column.lines),
        inserted=len(each.readings) if changes is None or changes.state != ChangeState.WAITS else len(each.apart),
        unchanged=each.unchanged,
        total="" if each.total is None else f"{each.total:f}",
        unit=Unit(each.mapping.unit).symbol,
        series=each.mapping.series,
        changes=changes,
    )
