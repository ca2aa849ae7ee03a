"""One statement that finds the meter points of a list, counts them for its filters, and orders one page of them.

The newest instants of an organization's series are stored packed, 128 a row. They are turned into ages here and given
to the statement as one array, from which it picks those of the series that count: no row of 10,000 meters comes to
Python.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring import values

A_SECOND = 100  # in what ages are counted: hundredths; those of 248 days and more are alike
NO_AGE = 2**31 - 1  # of a series without a value
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Where several sites are shown, the place of a meter point is its site; inside one site it is what stands at the top of
# the site's tree, such as a building. Units are the many: only what is larger is climbed.
_BY_SITE = "p.site_id"
_BY_TREE = "tree.top"
_SITE = " JOIN sites_site site ON site.id = p.site_id AND site.organization_id = ANY(%(organizations)s)"
_UNIT = " LEFT JOIN sites_sitenode unit ON unit.id = p.node_id AND unit.organization_id = ANY(%(organizations)s)"
_TREE = " LEFT JOIN tree ON tree.id = CASE unit.kind WHEN 'UNIT' THEN unit.parent_id ELSE unit.id END"
_TENANT = (
    " LEFT JOIN customers_contract contract ON contract.meter_point_id = p.id AND contract.during @> %(at)s"
    " AND contract.organization_id = ANY(%(organizations)s)"
    " LEFT JOIN customers_account account ON account.id = contract.account_id"
    " AND account.organization_id = ANY(%(organizations)s)"
    " LEFT JOIN customers_customer customer ON customer.id = account.customer_id"
    " AND customer.organization_id = ANY(%(organizations)s)"
)
# Each text is looked for where it stands: to join all of them to 10,000 points first would take twice as long.
_MATCHED = """matched AS MATERIALIZED (
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
), """
_IS_MATCHED = "IN (SELECT id FROM matched)"
_COUNTED = ", ".join(f"'{code}'" for code in sorted(set(metering_values.COUNTED_SERIES.values())))
# Named once: it is written into the statement wherever it stands.
_AGE = "(%(ages)s::int[])[(s.id - %(first)s)::int + 1]"
_FOUND = f"""
WITH RECURSIVE {{matched}}newest AS MATERIALIZED (
    SELECT s.meter_point_id, max(s.step) FILTER (WHERE s.code <> 'power') AS step, min({_AGE}) AS age
    FROM metering_series s
    WHERE s.organization_id = ANY(%(organizations)s) AND s.code IN ({_COUNTED}, 'power')
        AND s.id BETWEEN %(first)s AND %(final)s {{newest}}
    GROUP BY s.meter_point_id
), silent AS MATERIALIZED (
    SELECT d.meter_id
    FROM acquisition_devicestate ds
    JOIN acquisition_device d ON d.id = ds.device_id AND d.is_enabled AND d.organization_id = ANY(%(organizations)s)
    WHERE ds.status = 'SILENT' AND ds.organization_id = ANY(%(organizations)s)
), larger AS MATERIALIZED (
    SELECT id, parent_id FROM sites_sitenode WHERE organization_id = ANY(%(organizations)s) AND kind <> 'UNIT'
), tree(id, top) AS (
    SELECT id, id FROM larger WHERE parent_id IS NULL
    UNION ALL
    SELECT larger.id, tree.top FROM larger JOIN tree ON larger.parent_id = tree.id
), found AS MATERIALIZED (
    SELECT p.id, p.sort_name AS name, p.service, p.role, COALESCE(m.model_code, '') AS model, {{place}} AS place,
        {{sorted}} AS sorted, NULLIF(newest.age, {NO_AGE}) AS age,
        CASE
            WHEN m.id IS NULL OR m.model_code = '{metering_values.IMPORTED}' THEN 'NOT_LIVE'
            WHEN COALESCE(newest.age, {NO_AGE}) = {NO_AGE} THEN CASE WHEN EXISTS (
                SELECT FROM acquisition_device d
                WHERE d.meter_id = m.id AND d.is_enabled AND d.organization_id = ANY(%(organizations)s)
            ) THEN 'NEVER' ELSE 'NOT_LIVE' END
            WHEN silent.meter_id IS NOT NULL THEN 'SILENT'
            WHEN newest.age > {metering_queries.LATE_AFTER} * COALESCE(newest.step, 15) * {60 * A_SECOND} THEN 'LATE'
            ELSE 'OK'
        END AS state
    FROM metering_meterpoint p
    LEFT JOIN metering_installation i ON i.meter_point_id = p.id AND upper_inf(i.during)
        AND i.organization_id = ANY(%(organizations)s)
    LEFT JOIN metering_meter m ON m.id = i.meter_id AND m.organization_id = ANY(%(organizations)s)
    LEFT JOIN silent ON silent.meter_id = m.id
    LEFT JOIN newest ON newest.meter_point_id = p.id
    {{joins}}
    WHERE p.organization_id = ANY(%(organizations)s) {{conditions}}
)
"""  # noqa: S608 - of constants only
_SORTED = {
    values.Sort.NAME: "NULL",
    values.Sort.CODE: "p.sort_code",
    values.Sort.UNIT: "unit.sort_name",
    values.Sort.TENANT: "customer.name",
    values.Sort.SITE: "site.name",
    values.Sort.SERIAL: "m.serial_number",
    values.Sort.MODEL: "m.model_code",
    values.Sort.AGE: "NULL",
    values.Sort.STATE: "NULL",
}
_ORDER = {
    values.Sort.NAME: "name",
    values.Sort.AGE: "age",
    values.Sort.STATE: f"array_position(ARRAY{[each.value for each in values.STATE_ORDER]}, state)",
}


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
    given: dict[str, Any] = {
        "organizations": list(scoping.current().organizations),
        "at": at,
        "limit": limit,
        "offset": offset,
        **_ages(at),
        **_chosen(wanted, place),
    }
    conditions = ""
    for name, ids in (("site_id", site_ids), ("id", point_ids)):
        if ids is not None:
            conditions += f" AND p.{name} = ANY(%({name}s)s)"
            given[f"{name}s"] = sorted(ids)
    if wanted.search:
        conditions += f" AND p.id {_IS_MATCHED}"
        given["search"] = f"%{_literal(wanted.search)}%"
    with connection.cursor() as cursor:
        cursor.execute(_statement(wanted, conditions, by_tree=by_tree, chosen=_chosen(wanted, place)), given)
        rows, groups = cursor.fetchone()
    shown = [Found(point_id, values.MeterState(state)) for point_id, state in rows or ()]
    return shown, [_group(*each) for each in groups or ()]


def _chosen(wanted: values.MeterFilter, place: int | None) -> dict[str, Any]:
    """The filters that leave something out, by the column that they look at."""
    asked = {
        "state": wanted.state,
        "service": wanted.service,
        "model": wanted.model,
        "role": wanted.role,
        "place": place,
    }
    return {name: value for name, value in asked.items() if value not in (None, "")}


def _statement(wanted: values.MeterFilter, conditions: str, *, by_tree: bool, chosen: Collection[str]) -> str:
    joins = _SITE if wanted.sort is values.Sort.SITE else ""
    joins += _UNIT if by_tree or wanted.sort is values.Sort.UNIT else ""
    joins += _TREE if by_tree else ""
    joins += _TENANT if wanted.sort is values.Sort.TENANT else ""
    place = _BY_TREE if by_tree else _BY_SITE
    found = _FOUND.format(
        matched=_MATCHED if wanted.search else "",
        newest=f"AND s.meter_point_id {_IS_MATCHED}" if wanted.search else "",
        place=place,
        sorted=_SORTED[wanted.sort],
        joins=joins,
        conditions=conditions,
    )
    kept = " AND ".join(f"{name} = %({name})s" for name in chosen) or "true"
    direction = "DESC" if wanted.is_descending else "ASC"
    order = f"{_ORDER.get(wanted.sort, 'sorted')} {direction} NULLS LAST, name, id"
    return f"""{found}
SELECT
    (SELECT json_agg(json_build_array(id, state)) FROM (
        SELECT id, state FROM found WHERE {kept} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s) AS page),
    (SELECT json_agg(json_build_array(state, service, model, role, place, count)) FROM (
        SELECT state, service, model, role, place, count(*) AS count FROM found
        GROUP BY state, service, model, role, place) AS counted)
"""  # noqa: S608 - names from here, values as parameters


def _ages(at: datetime) -> dict[str, Any]:
    """How old the newest value of each series is, from the series `first` to the series `final`."""
    chunks = metering_models.LatestChunk.objects.filter(organization_id__in=scoping.current().organizations)
    stored = dict(chunks.order_by("chunk").values_list("chunk", "at"))
    if not stored:
        return {"first": 0, "final": -1, "ages": "{}"}
    begin, end = min(stored), max(stored) + 1
    instants = np.full((end - begin, metering_values.SERIES_A_CHUNK), metering_values.NEVER, "<i8")
    instants[np.array(list(stored)) - begin] = np.frombuffer(b"".join(map(bytes, stored.values())), "<i8").reshape(
        len(stored), metering_values.SERIES_A_CHUNK
    )
    is_known = instants != metering_values.NEVER
    now = (at - _EPOCH) // timedelta(microseconds=1)
    # Rounded up: a value that is late by a microsecond is late.
    ages = -((np.where(is_known, instants, now) - now) // (1_000_000 // A_SECOND))
    listed = np.where(is_known, np.clip(ages, 0, NO_AGE - 1), NO_AGE).ravel().tolist()
    first = begin * metering_values.SERIES_A_CHUNK
    return {"first": first, "final": end * metering_values.SERIES_A_CHUNK - 1, "ages": f"{{{str(listed)[1:-1]}}}"}


def _literal(words: str) -> str:
    """The words with what LIKE takes for a pattern taken literally."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _group(state: str, service: str, model: str, role: str, place: int | None, count: int) -> Group:
    return Group(
        state=values.MeterState(state),
        service=metering_values.Service(service),
        model=model,
        role=metering_values.PointRole(role),
        place=place,
        count=count,
    )
