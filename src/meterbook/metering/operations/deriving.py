"""Derive what was marked dirty: from raw readings to day blocks (architecture 4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import structlog
from django.db import connections

from meterbook.foundation import bulk, bus, many, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import values
from meterbook.metering.deriving import findings, late, marks, portion, setups, totals, virtual, writing
from meterbook.metering.deriving.marks import Marks

_log = structlog.get_logger(__name__)
_TABLE = "metering_seriesday"
_known_months: set[tuple[str, int, int]] = set()


@dataclass(frozen=True)
class _Known:
    """What is known of the series of a portion, read in a scope before."""

    setups: dict[int, setups.Setup]
    virtual: virtual.Virtual
    sums: writing.Sums


@dataclass(frozen=True)
class DeriveOutcome:
    """How many days of series were derived, and how many of them differed from what was stored."""

    derived: int = 0
    changed: int = 0

    def __add__(self, other: DeriveOutcome) -> DeriveOutcome:
        return DeriveOutcome(self.derived + other.derived, self.changed + other.changed)


def derive_dirty_days(*, organization_id: int, actor: Actor, at: datetime) -> DeriveOutcome:
    """This will derive every day that is marked, in small transactions, until no mark is left. Call it outside a scope.

    Readings and marks are stored together, and a mark goes only when all of its days are stored: interrupted anywhere,
    the next call ends with the same blocks. Two calls for one organization take turns. What arrives meanwhile is
    derived too.

    :param at: when it was started; blocks reach as far as readings do, whatever the time, and days that were over by
        then and come out differently are noted (`models.ChangedDays`)
    """
    total = DeriveOutcome()
    while True:
        with bulk.transact() as connection:
            taken = marks.take(connection, organization_id)
        if taken is None:
            break
        with many.without_collector():
            total += _derive(organization_id, actor, at, taken)
    return total


def _derive(organization_id: int, actor: Actor, at: datetime, taken: Marks) -> DeriveOutcome:
    total = DeriveOutcome()
    portions = list(taken.portions())
    for number, dirty in enumerate(portions, start=1):
        known = _setups(organization_id, actor, dirty)
        done = _derive_portion(organization_id, at, known, dirty, taken, is_final=number == len(portions))
        if done is None:
            break
        total += done
    return total


def _derive_portion(
    organization_id: int,
    at: datetime,
    known: _Known,
    dirty: dict[int, set[int]],
    taken: Marks,
    *,
    is_final: bool,
) -> DeriveOutcome | None:
    """None: another deriver did the work meanwhile."""
    with bulk.transact() as connection:
        marks.lock(connection, organization_id)
        connection.execute("SET LOCAL work_mem = '64MB'")  # the readings of a portion are sorted in memory
        if not marks.are_there(connection, organization_id, taken):
            return None
        metered = known.setups.keys() - known.virtual.of.keys()
        own = {series_id: days for series_id, days in dirty.items() if series_id in metered}
        derived = portion.derive(connection, organization_id, known.setups, own)
        # Before this transaction looks at any block: a partition is made by another one, which would wait for it. Days
        # of virtual series have theirs, because blocks of their inputs are there.
        _require_partitions(np.concatenate([np.zeros(0, np.int64), *(each.day for each in derived.days)]))
        days = [*derived.days, *virtual.compute(connection, organization_id, known.virtual, dirty)]
        changed = writing.write(connection, organization_id, days, known.sums, at=at)
        virtual.mark(connection, organization_id, known.virtual, days, changed)
        late.note(connection, organization_id, _of_maxima(known, dirty), at)
        findings.write(connection, organization_id, derived.changes)
        touched = sorted(changed.keys() | {each.series_id for each in derived.changes})
        bus.notify("series", organization_id, touched, using=bulk.ALIAS)
        if is_final:
            marks.remove(connection, organization_id, taken)
    return DeriveOutcome(sum(len(each) for each in days), sum(changed.values()))


def _of_maxima(known: _Known, dirty: dict[int, set[int]]) -> late.Integers:
    """The marked (series, day) pairs of registers that keep the highest: bills go by their readings themselves."""
    pairs = [
        (series_id, day)
        for series_id, days in dirty.items()
        if series_id in known.setups and known.setups[series_id].kind is values.SeriesKind.MAXIMUM
        for day in sorted(days)
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _setups(organization_id: int, actor: Actor, dirty: dict[int, set[int]]) -> _Known:
    def members_of(
        *, series_ids: Collection[int] | None = None, site_ids: Collection[int] | None = None
    ) -> dict[int, totals.Group]:
        with scoping.scope([organization_id], actor=actor):
            return totals.groups(organization_id=organization_id, series_ids=series_ids, site_ids=site_ids)

    with scoping.scope([organization_id], actor=actor):
        known = setups.load(organization_id=organization_id, series_ids=list(dirty))
        computed = virtual.load(organization_id=organization_id, series_ids=list(dirty))
        members = totals.groups(organization_id=organization_id, series_ids=list(dirty))
    foreign = sorted(dirty.keys() - known.keys())
    if foreign:
        _log.warning("marks of series that the organization does not have", series=foreign[:10])
    return _Known(known, computed, writing.Sums(members, members_of))


def _require_partitions(days: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """Made over another connection, at once: a new partition locks the whole table until its transaction ends."""
    months = np.unique(days.astype("datetime64[D]").astype("datetime64[M]")).astype(object)
    database = str(connections[bulk.ALIAS].settings_dict["NAME"])
    missing = [key for key in ((database, each.year, each.month) for each in months) if key not in _known_months]
    if not missing:
        return
    with connections["default"].cursor() as cursor:
        for _name, year, month in missing:
            cursor.execute("SELECT metering_make_partition(%s, make_date(%s, %s, 1))", [_TABLE, year, month])
    _known_months.update(missing)
