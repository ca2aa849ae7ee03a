"""Finds the meter points of a list, counts them for its filters, and orders one page of them.

What they are made of is kept (`kept.py`). The newest instants of an organization's series are stored packed, 128 a row;
from both the state of every point follows here, in columns: no row of 10,000 meters is read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring import values
from meterbook.monitoring.queries import kept

A_SECOND = 100  # in what ages are counted: hundredths; those of 248 days and more are alike
NO_AGE = 2**31 - 1  # of a series without a value
USUAL_STEP = 15  # minutes, of a point whose counted series is not there
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = tuple(values.STATE_ORDER)
# Each text is looked for where it stands: to join all of them to 10,000 points first would take twice as long.
_MATCHED = """
    SELECT p.id FROM metering_meterpoint p
    WHERE p.organization_id = ANY(%(organizations)s) AND (p.name ILIKE %(search)s OR p.code ILIKE %(search)s)
    UNION
    SELECT i.meter_point_id FROM metering_meter m
    JOIN metering_installation i ON i.meter_id = m.id AND upper_inf(i.during)
        AND i.organization_id = ANY(%(organizations)s)
    WHERE m.organization_id = ANY(%(organizations)s) AND m.serial_number ILIKE %(search)s
    UNION
    SELECT p.id FROM sites_sitenode unit
    JOIN metering_meterpoint p ON p.node_id = unit.id AND p.organization_id = ANY(%(organizations)s)
    WHERE unit.organization_id = ANY(%(organizations)s) AND (unit.name ILIKE %(search)s OR unit.code ILIKE %(search)s)
    UNION
    SELECT contract.meter_point_id FROM customers_contract contract
    WHERE contract.organization_id = ANY(%(organizations)s) AND contract.during @> %(at)s AND contract.account_id IN (
        SELECT account.id FROM customers_account account
        WHERE account.organization_id = ANY(%(organizations)s) AND account.number ILIKE %(search)s
        UNION ALL
        SELECT account.id FROM customers_customer customer
        JOIN customers_account account ON account.customer_id = customer.id
            AND account.organization_id = ANY(%(organizations)s)
        WHERE customer.organization_id = ANY(%(organizations)s) AND customer.name ILIKE %(search)s)
"""
_UNIT = "JOIN sites_sitenode unit ON unit.id = p.node_id AND unit.organization_id = ANY(%(organizations)s)"
_SITE = "JOIN sites_site site ON site.id = p.site_id AND site.organization_id = ANY(%(organizations)s)"
_METER = (
    "JOIN metering_installation i ON i.meter_point_id = p.id AND upper_inf(i.during)"
    " AND i.organization_id = ANY(%(organizations)s)"
    " JOIN metering_meter m ON m.id = i.meter_id AND m.organization_id = ANY(%(organizations)s)"
)
_TENANT = (
    "JOIN customers_contract contract ON contract.meter_point_id = p.id AND contract.during @> %(at)s"
    " AND contract.organization_id = ANY(%(organizations)s)"
    " JOIN customers_account account ON account.id = contract.account_id"
    " AND account.organization_id = ANY(%(organizations)s)"
    " JOIN customers_customer customer ON customer.id = account.customer_id"
    " AND customer.organization_id = ANY(%(organizations)s)"
)
# What is ordered in the database, because its texts are: the column, and how to come to it.
_RANKED = {
    values.Sort.CODE: ("p.sort_code", ""),
    values.Sort.UNIT: ("unit.sort_name", _UNIT),
    values.Sort.TENANT: ("customer.name", _TENANT),
    values.Sort.SITE: ("site.name", _SITE),
    values.Sort.SERIAL: ("m.serial_number", _METER),
    values.Sort.MODEL: ("m.model_code", _METER),
}

Bools = NDArray[np.bool_]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """How many meter points are alike in all that a list filters by."""

    state: values.MeterState
    service: metering_values.Service
    model: str
    role: metering_values.PointRole
    place: int | None
    count: int


@dataclass(frozen=True)
class Found:
    """One found meter point."""

    id: int
    state: values.MeterState


def find(
    *,
    at: datetime,
    wanted: values.MeterFilter,
    site_ids: Collection[int] | None,
    point_ids: Collection[int] | None = None,
    by_tree: bool = False,
    place: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Found], list[Group]]:
    """This will return the meter points of a filter from `offset` on, and the groups of all that the search finds.

    The groups are counted before any filter but the search: from them each filter's counts follow.

    :param site_ids: only those sites; None means all of the organization
    :param point_ids: only those meter points, whatever else; None means all
    :param by_tree: places are nodes at the top of a site's tree instead of sites
    :param place: the id of the wanted place; None means all
    """
    facts, silent = kept.facts()
    ages = _point_ages(facts, at)
    state = _states(facts, ages, silent)
    places = facts.top if by_tree else facts.site
    shown = _shown(facts, wanted.search, site_ids, point_ids, at)
    groups = _groups(facts, state, places, shown)
    for column, asked in (
        (state, _code(_STATES, wanted.state)),
        (facts.service, _code(facts.services, wanted.service)),
        (facts.model, _code(facts.models, wanted.model or None)),
        (facts.role, _code(facts.roles, wanted.role)),
        (places, place),
    ):
        if asked is not None:
            shown &= column == asked
    found = np.flatnonzero(shown)
    ordered = found[_order(facts, found, wanted, ages, state, at)]
    page = ordered[offset:] if limit is None else ordered[offset : offset + limit]
    return [Found(int(facts.ids[each]), _STATES[state[each]]) for each in page], groups


def _code(known: Collection[str], asked: str | None) -> int | None:
    """The position of what is asked for; one that nothing has when it is not known."""
    if asked is None:
        return None
    return next((place for place, each in enumerate(known) if each == asked), len(known))


def _point_ages(facts: kept.Facts, at: datetime) -> Ids:
    """How old the newest value of each meter point is, in hundredths of a second; NO_AGE without one."""
    chunks = metering_models.LatestChunk.objects.filter(organization_id__in=scoping.current().organizations)
    stored = dict(chunks.order_by("chunk").values_list("chunk", "at"))
    ages = np.full(len(facts.ids), NO_AGE, np.int64)
    if not stored:
        return ages
    begin = min(stored)
    instants = np.full((max(stored) + 1 - begin, metering_values.SERIES_A_CHUNK), metering_values.NEVER, "<i8")
    instants[np.array(list(stored)) - begin] = np.frombuffer(b"".join(map(bytes, stored.values())), "<i8").reshape(
        len(stored), metering_values.SERIES_A_CHUNK
    )
    places = facts.series - begin * metering_values.SERIES_A_CHUNK
    is_stored = (places >= 0) & (places < instants.size)
    newest = instants.ravel()[places[is_stored]]
    is_known = newest != metering_values.NEVER
    now = (at - _EPOCH) // timedelta(microseconds=1)
    # Rounded up: a value that is late by a microsecond is late.
    of_series = -((newest[is_known] - now) // (1_000_000 // A_SECOND))
    np.minimum.at(ages, facts.series_at[is_stored][is_known], np.clip(of_series, 0, NO_AGE - 1))
    return ages


def _states(facts: kept.Facts, ages: Ids, silent: Ids) -> Ids:
    """The state of each meter point, as its position in `_STATES`."""
    steps = np.where(facts.step == 0, USUAL_STEP, facts.step)
    is_late = ages > metering_queries.LATE_AFTER * steps * 60 * A_SECOND
    has_value = ages != NO_AGE
    of = {state: place for place, state in enumerate(_STATES)}
    return np.select(
        [
            ~facts.is_live | (~has_value & ~facts.has_device),
            ~has_value,
            np.isin(facts.meter, silent),
            is_late,
        ],
        [
            of[values.MeterState.NOT_LIVE],
            of[values.MeterState.NEVER],
            of[values.MeterState.SILENT],
            of[values.MeterState.LATE],
        ],
        of[values.MeterState.OK],
    )


def _shown(
    facts: kept.Facts, search: str, site_ids: Collection[int] | None, point_ids: Collection[int] | None, at: datetime
) -> Bools:
    """Whether each meter point is among what is looked at, before any filter."""
    shown = np.ones(len(facts.ids), np.bool_)
    for column, wanted in ((facts.site, site_ids), (facts.ids, point_ids)):
        if wanted is not None:
            shown &= np.isin(column, np.array(sorted(wanted), np.int64))
    if search:
        rows = _fetch(_MATCHED, {"search": f"%{_literal(search)}%"}, at)
        shown &= np.isin(facts.ids, np.array([each for (each,) in rows], np.int64))
    return shown


def _order(facts: kept.Facts, found: Ids, wanted: values.MeterFilter, ages: Ids, state: Ids, at: datetime) -> Ids:
    """The order of the found, as positions in it: what they are ordered by, then name; those without it come last."""
    last = np.iinfo(np.int64).max
    if wanted.sort is values.Sort.NAME:
        keys = facts.names[found]
    elif wanted.sort is values.Sort.AGE:
        keys = np.where(ages[found] == NO_AGE, last, ages[found])
    elif wanted.sort is values.Sort.STATE:
        keys = state[found]
    else:
        keys = _ranks(facts, wanted.sort, at)[found]
    if wanted.is_descending:
        keys = np.where(keys == last, last, -keys)
    return np.lexsort((facts.ids[found], facts.names[found], keys))


def _ranks(facts: kept.Facts, sort: values.Sort, at: datetime) -> Ids:
    """The rank of each meter point by a text of the database."""
    column, joins = _RANKED[sort]
    statement = f"""
        SELECT p.id, dense_rank() OVER (ORDER BY {column}) FROM metering_meterpoint p {joins}
        WHERE p.organization_id = ANY(%(organizations)s) AND {column} IS NOT NULL
    """  # noqa: S608 - of constants only
    rows = np.array(_fetch(statement, {}, at), np.int64).reshape(-1, 2)
    rows = rows[np.isin(rows[:, 0], facts.ids)]
    ranks = np.full(len(facts.ids), np.iinfo(np.int64).max)
    ranks[np.searchsorted(facts.ids, rows[:, 0])] = rows[:, 1]
    return ranks


def _fetch(statement: str, given: dict[str, Any], at: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organizations": list(scoping.current().organizations), "at": at, **given})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _groups(facts: kept.Facts, state: Ids, places: Ids, shown: Bools) -> list[Group]:
    known, place = np.unique(places, return_inverse=True)
    sizes = (len(_STATES), len(facts.services), len(facts.models), len(facts.roles), len(known))
    columns = (state, facts.service, facts.model, facts.role, place)
    if not shown.any():
        return []
    alike, counts = np.unique(np.ravel_multi_index([each[shown] for each in columns], sizes), return_counts=True)
    return [
        Group(
            state=_STATES[of_state],
            service=metering_values.Service(facts.services[service]),
            model=facts.models[model],
            role=metering_values.PointRole(facts.roles[role]),
            place=None if known[at] == kept.NONE else int(known[at]),
            count=int(count),
        )
        for of_state, service, model, role, at, count in zip(*np.unravel_index(alike, sizes), counts, strict=True)
    ]


def _literal(words: str) -> str:
    """The words with what LIKE takes for a pattern taken literally."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
