"""Sums of day blocks by site, service, role and UTC day, kept in the transaction that changes the blocks.

A row that is there gets the difference; one that is not there is summed from all blocks of its day, so that blocks that
came another way (a load in bulk, a database from before these sums) count too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import psycopg
from django.db.models import Case, CharField, F, Value, When
from numpy.typing import NDArray

from meterbook.foundation import bulk
from meterbook.metering import models, quarters, values
from meterbook.metering.deriving import setups
from meterbook.metering.deriving.days import Days
from meterbook.metering.quarters import Quarters

Integers = NDArray[np.int64]

DAYS_AT_ONCE = 31  # of all series, in memory
FEW_BLOCKS = 10_000  # up to so many are looked up to learn which series have blocks of a day

# One probe of the index for each new block: a join without statistics of `derived_day` reads the whole month.
_OLD = """
SELECT known.series_id, known.day - '1970-01-01'::date, known.step, known."values", known.quality
FROM derived_day AS new CROSS JOIN LATERAL (
    SELECT series_id, day, step, "values", quality, digest, organization_id FROM metering_seriesday AS stored
    WHERE stored.series_id = new.series_id AND stored.day = new.day AND stored.revision = new.revision
    OFFSET 0) AS known
WHERE known.organization_id = %s AND known.digest <> new.digest AND new.series_id = ANY(%s::bigint[])
"""
_BLOCKS = """
SELECT series_id, day - '1970-01-01'::date, step, "values", quality FROM metering_seriesday
WHERE organization_id = %s AND day >= '1970-01-01'::date + %s AND day < '1970-01-01'::date + %s AND revision = 0
    AND series_id = ANY(%s::bigint[])
"""
_PRESENT = """
SELECT series_id FROM metering_seriesday
WHERE organization_id = %s AND day >= '1970-01-01'::date + %s AND day < '1970-01-01'::date + %s AND revision = 0
ORDER BY day LIMIT %s
"""
_STORED = """
SELECT site_id, service, role, day - '1970-01-01'::date, use, estimated, known FROM metering_siteday
WHERE organization_id = %s AND site_id = ANY(%s::bigint[]) AND day = ANY(SELECT '1970-01-01'::date + unnest(%s::int[]))
"""
_KNOWN = """
SELECT DISTINCT site_id, service, role FROM metering_siteday
WHERE organization_id = %s AND day = ANY(SELECT '1970-01-01'::date + unnest(%s::int[]))
"""
_STORE = """
INSERT INTO metering_siteday (organization_id, site_id, service, role, day, use, estimated, known)
SELECT %s, site_id, service, role, '1970-01-01'::date + day, use, estimated, known
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %b::bytea[], %b::bytea[], %b::bytea[])
    AS n(site_id, service, role, day, use, estimated, known)
ORDER BY site_id, service, role, day
ON CONFLICT (site_id, service, role, day) DO UPDATE
    SET use = excluded.use, estimated = excluded.estimated, known = excluded.known
    WHERE metering_siteday.organization_id = excluded.organization_id
"""


class Group(NamedTuple):
    """What is summed together."""

    site_id: int
    service: str
    role: str


Key = tuple[Group, int]  # a group and a UTC day since 1970


class MembersOf(Protocol):
    """Finds counted series of an organization: these ones, or all of these sites."""

    def __call__(
        self, *, series_ids: Collection[int] | None = None, site_ids: Collection[int] | None = None
    ) -> Mapping[int, Group]:
        """This will return the group of each, as `groups` does, in a scope of its own."""


def groups(
    *, organization_id: int, series_ids: Collection[int] | None = None, site_ids: Collection[int] | None = None
) -> dict[int, Group]:
    """This will return, by series, the group of each counted series of the organization. Needs a running scope.

    :param series_ids: None: of all series
    :param site_ids: None: of all sites
    """
    counted = Case(
        *(When(meter_point__service=service, then=Value(code)) for service, code in values.COUNTED_SERIES.items()),
        output_field=CharField(),
    )
    found = models.Series.objects.filter(organization_id=organization_id, code=counted)
    if series_ids is not None:
        found = found.filter(setups.Among(F("pk"), list(series_ids)))
    if site_ids is not None:
        found = found.filter(meter_point__site_id__in=site_ids)
    columns = ("pk", "meter_point__site_id", "meter_point__service", "meter_point__role")
    return {row[0]: Group(*row[1:]) for row in found.order_by("pk").values_list(*columns)}


def old_blocks(connection: psycopg.Connection[Any], organization_id: int, members: Mapping[int, Group]) -> list[Any]:
    """This will read the blocks of counted series that `derived_day` is about to change, before it does."""
    return bulk.fetch(connection, _OLD, [organization_id, bulk.Numbers(np.array(list(members), np.int64))])


def add(
    connection: psycopg.Connection[Any],
    organization_id: int,
    members: Mapping[int, Group],
    members_of: MembersOf,
    *,
    parts: Iterable[Days],
    changed: Integers,
    old: Sequence[Any],
) -> None:
    """This will bring the sums in step with the blocks that were just stored.

    :param members: the groups of the counted series in `parts`
    :param members_of: gives those of other series; asked when a sum is made for the first time
    :param changed: (series, day) of each stored day that is new or differs, shape (n, 2)
    :param old: what `old_blocks` returned
    """
    pieces = [_decoded(old)]
    pieces[0] = (*pieces[0][:2], Quarters.empty(len(old)) - pieces[0][2])
    for part in parts:
        own = part.take(np.isin(part.series, list(members)) & np.isin(_code(part.series, part.day), _code(*changed.T)))
        pieces.append((own.series, own.day, quarters.regroup(own.values, own.quality, own.step)))
    series, day = (np.concatenate([piece[column] for piece in pieces]) for column in (0, 1))
    if not len(series):
        return
    difference = Quarters(*(np.concatenate(found) for found in zip(*(piece[2].parts for piece in pieces), strict=True)))
    keys, sums = _by_key(members, series, day, difference)
    stored = _stored(connection, organization_id, keys)
    missing = [key for key in keys if key not in stored]
    anew = _sum_first(connection, organization_id, members_of, missing) if missing else {}
    places = {key: place for place, key in enumerate(keys)}
    store(
        connection,
        organization_id,
        anew | {key: row + sums.take(np.array([places[key]])) for key, row in stored.items()},
    )


def _sum_first(
    connection: psycopg.Connection[Any], organization_id: int, members_of: MembersOf, keys: Collection[Key]
) -> dict[Key, Quarters]:
    """Sums of days that had none. Where few blocks of these days are there, as on each new day, only their series are
    looked at: the cost is that of the blocks and not of all meters of the sites."""
    days = sorted({day for _group, day in keys})
    present = bulk.fetch(connection, _PRESENT, [organization_id, days[0], days[-1] + 1, FEW_BLOCKS + 1])
    if len(present) > FEW_BLOCKS:
        members = members_of(site_ids={group.site_id for group, _day in keys})
    else:
        members = members_of(series_ids={series_id for (series_id,) in present})
    return sum_blocks(connection, organization_id, members, keys)


def sum_blocks(
    connection: psycopg.Connection[Any], organization_id: int, members: Mapping[int, Group], keys: Collection[Key]
) -> dict[Key, Quarters]:
    """This will sum these groups and UTC days from the blocks, one row of quarters each; zeros where nothing is.

    :param members: the groups of all counted series that may have blocks of these days
    """
    found = {key: Quarters.empty(1) for key in keys}
    wanted = {group for group, _day in keys}
    own = {series_id: group for series_id, group in members.items() if group in wanted}
    days = sorted({day for _group, day in keys})
    if not own or not days:
        return found
    for first in range(days[0], days[-1] + 1, DAYS_AT_ONCE):
        until = min(first + DAYS_AT_ONCE, days[-1] + 1)
        rows = bulk.fetch(connection, _BLOCKS, [organization_id, first, until, list(own)])
        summed, sums = _by_key(own, *_decoded(rows)) if rows else ([], Quarters.empty(0))
        for place, key in enumerate(summed):
            if key in found:
                found[key] = sums.take(np.array([place]))
    return found


def stored_groups(connection: psycopg.Connection[Any], organization_id: int, days: Collection[int]) -> set[Group]:
    """This will return the groups that have sums of these days, also those that no series belongs to any more."""
    return {Group(*row) for row in bulk.fetch(connection, _KNOWN, [organization_id, list(days)])}


def store(connection: psycopg.Connection[Any], organization_id: int, rows: Mapping[Key, Quarters]) -> None:
    """This will write these sums in the place of what is there."""
    if not rows:
        return
    encoded = [quarters.encode_row(row, 0) for row in rows.values()]
    columns = [
        [group.site_id for group, _day in rows],
        [group.service for group, _day in rows],
        [group.role for group, _day in rows],
        [day for _group, day in rows],
        *(list(column) for column in zip(*encoded, strict=True)),
    ]
    bulk.execute(connection, _STORE, [organization_id, *columns])


def _by_key(
    members: Mapping[int, Group], series: Integers, day: Integers, data: Quarters
) -> tuple[list[Key], Quarters]:
    """One row a group and day that occurs."""
    order = {group: place for place, group in enumerate(dict.fromkeys(members.values()))}
    ids = np.array(sorted(members), np.int64)
    group_of = np.array([order[members[each]] for each in ids.tolist()], np.int64)
    pairs = np.stack([group_of[np.searchsorted(ids, series)], day], axis=1)
    unique, place = np.unique(pairs, axis=0, return_inverse=True)
    by_place = list(order)
    keys = [(by_place[group], each) for group, each in unique.tolist()]
    return keys, data.summed(place.ravel(), len(keys))


def _decoded(rows: Sequence[Any]) -> tuple[Integers, Integers, Quarters]:
    series, day = (np.array([row[column] for row in rows], np.int64) for column in (0, 1))
    return series, day, quarters.decode([row[2:5] for row in rows])


def _stored(connection: psycopg.Connection[Any], organization_id: int, keys: Sequence[Key]) -> dict[Key, Quarters]:
    sites, days = sorted({group.site_id for group, _day in keys}), sorted({day for _group, day in keys})
    rows = bulk.fetch(connection, _STORED, [organization_id, sites, days])
    found = quarters.decode_rows([row[4:] for row in rows])
    wanted = set(keys)
    named = {(Group(*row[:3]), row[3]): place for place, row in enumerate(rows)}
    return {key: found.take(np.array([place])) for key, place in named.items() if key in wanted}


def _code(series: Integers, day: Integers) -> Integers:
    """Series and day as one number: days since 1970 stay below 2^17 until the year 2328."""
    return series * 2**17 + day
