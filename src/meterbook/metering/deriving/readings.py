"""Readings in packed form: the server joins a series' rows into one value, numpy takes apart (performance-notes 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from meterbook.foundation import bulk
from meterbook.metering.deriving import setups
from meterbook.metering.validation.inputs import Readings

Integers = NDArray[np.int64]

_SINCE_2000 = 946_684_800_000_000  # microseconds from 1970 to 2000, where PostgreSQL begins to count
_FEW = np.dtype([("at", ">i8"), ("value", ">i8"), ("source", ">i2")])
_ALL = np.dtype([("at", ">i8"), ("value", ">i8"), ("quality", ">i2"), ("source", ">i2")])

# Without an order: rows come as they were stored, nearly always in order; numpy sorts the rest in a tenth of the time.
_WINDOW = """
SELECT series_id, 1 AS part, max(quality) AS worst,
       string_agg(timestamptz_send(at) || int8send(value) || int2send(source), ''::bytea) AS packed
FROM metering_reading
WHERE series_id = ANY(%(ids)s::bigint[]) AND organization_id = %(organization_id)s
  AND at >= %(start)s
  AND at < %(end)s
GROUP BY series_id
"""
# Two rows to the left, so that two sources of one instant are both seen; an earlier instant is dropped again.
_NEIGHBORS = """
SELECT wanted.series_id, side.part, side.worst, side.packed
FROM unnest(%(ids)s::bigint[]) AS wanted(series_id) CROSS JOIN LATERAL (
    SELECT 0 AS part, max(quality) AS worst,
           string_agg(timestamptz_send(at) || int8send(value) || int2send(source), ''::bytea) AS packed
    FROM (SELECT at, source, quality, value, rank() OVER (ORDER BY at DESC) AS place
          FROM (SELECT at, source, quality, value FROM metering_reading
                WHERE series_id = wanted.series_id AND organization_id = %(organization_id)s
                  AND at < %(start)s
                ORDER BY at DESC, source DESC LIMIT 2) AS two) AS ranked
    WHERE place = 1
    UNION ALL
    SELECT 2, one.quality, timestamptz_send(one.at) || int8send(one.value) || int2send(one.source)
    FROM (SELECT at, source, quality, value FROM metering_reading
          WHERE series_id = wanted.series_id AND organization_id = %(organization_id)s
            AND at >= %(end)s
          ORDER BY at, source LIMIT 1) AS one
) AS side
WHERE side.packed IS NOT NULL
"""


@dataclass(frozen=True)
class Packed:
    """Readings of S series (in the order asked for), one behind the other: `at` and `value` (N,), `offsets` (S + 1,).

    `is_plain` (S,): all are VALID. `has_left` and `has_right` (S,): the first and the final one are the neighbors
    outside the window.
    """

    at: Integers
    value: Integers
    offsets: Integers
    is_plain: NDArray[np.bool_]
    has_left: NDArray[np.bool_]
    has_right: NDArray[np.bool_]


def fetch_window(
    connection: psycopg.Connection[Any],
    organization_id: int,
    ids: Integers,
    *,
    start: int,
    end: int,
    with_neighbors: bool,
) -> Packed:
    """This will read the readings of [start, end) of many series, each with its neighbors outside where wanted.

    :param ids: series ids in ascending order
    """
    statement = f"{_WINDOW} UNION ALL {_NEIGHBORS}" if with_neighbors else _WINDOW
    parameters = {
        "ids": bulk.Numbers(ids),
        "organization_id": organization_id,
        "start": setups.instant(start),
        "end": setups.instant(end),
    }
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(statement, parameters, binary=True)
        rows = sorted(cursor.fetchall(), key=lambda row: row[:2])
    position = np.searchsorted(ids, np.array([row[0] for row in rows], np.int64))
    part = np.array([row[1] for row in rows], np.int64)
    is_plain = np.ones(len(ids), np.bool_)
    has_left, has_right = np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
    is_plain[position[np.array([row[2] for row in rows], np.int64) != 0]] = False
    has_left[position[part == 0]] = True
    has_right[position[part == 2]] = True
    sizes = np.array([len(row[3]) // _FEW.itemsize for row in rows], np.int64)
    counts = np.zeros(len(ids), np.int64)
    np.add.at(counts, position, sizes)
    at, value = _in_order(np.frombuffer(b"".join(row[3] for row in rows), _FEW), counts)
    return _one_an_instant(
        Packed(
            at=at + _SINCE_2000,
            value=value,
            offsets=np.concatenate([[0], np.cumsum(counts)]),
            is_plain=is_plain,
            has_left=has_left,
            has_right=has_right,
        )
    )


def _in_order(rows: NDArray[Any], counts: Integers) -> tuple[Integers, Integers]:
    """Times and values of rows that lie series behind series, each series by time and source."""
    at, value, source = (rows[name].astype(np.int64) for name in ("at", "value", "source"))
    series = np.repeat(np.arange(len(counts)), counts)
    is_later = (at[1:] > at[:-1]) | ((at[1:] == at[:-1]) & (source[1:] > source[:-1])) | (series[1:] != series[:-1])
    if is_later.all():
        return at, value
    order = np.lexsort((source, at, series))
    return at[order], value[order]


def _one_an_instant(packed: Packed) -> Packed:
    """Of several sources for one instant the first, which has the smallest code, counts."""
    is_first = np.ones(len(packed.at), np.bool_)
    is_first[1:] = packed.at[1:] != packed.at[:-1]
    is_first[packed.offsets[:-1][packed.offsets[:-1] < len(packed.at)]] = True
    if is_first.all():
        return packed
    kept = np.concatenate([[0], np.cumsum(is_first)])
    return Packed(
        at=packed.at[is_first],
        value=packed.value[is_first],
        offsets=kept[packed.offsets],
        is_plain=packed.is_plain,
        has_left=packed.has_left,
        has_right=packed.has_right,
    )


_SERIES = """
SELECT string_agg(timestamptz_send(at) || int8send(value) || int2send(quality) || int2send(source), ''::bytea
       ORDER BY at, source)
FROM (SELECT at, value, quality, source FROM metering_reading
      WHERE series_id = %(series_id)s AND organization_id = %(organization_id)s
        AND at >= %(start)s
        AND at < %(end)s
      ORDER BY at DESC, source DESC LIMIT %(limit)s::int) AS newest
"""
FIRST, UNTIL = -2_208_988_800_000_000, 4_102_444_800_000_000  # the years in which readings can lie: 1900 to 2099


def fetch_series(
    connection: psycopg.Connection[Any],
    organization_id: int,
    series_id: int,
    *,
    start: int = FIRST,
    end: int = UNTIL,
    newest: int | None = None,
) -> Readings:
    """This will read the readings of one series in [start, end) in order of time, or only the `newest` of them."""
    parameters: dict[str, Any] = {
        "series_id": series_id,
        "organization_id": organization_id,
        "start": setups.instant(start),
        "end": setups.instant(end),
        "limit": newest,
    }
    with psycopg.Cursor(connection) as cursor:
        row = cursor.execute(_SERIES, parameters, binary=True).fetchone()
    table = np.frombuffer((row[0] if row is not None else None) or b"", _ALL)
    return Readings(
        at=table["at"].astype(np.int64) + _SINCE_2000,
        value=table["value"].astype(np.int64),
        quality=table["quality"].astype(np.uint8),
        source=table["source"].astype(np.uint8),
    )
