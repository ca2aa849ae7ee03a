"""Latest values: one row for 128 series, so that a slot of 10,000 series touches 80 rows instead of 10,000."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray

from meterbook.foundation import bulk
from meterbook.metering.operations import batches
from meterbook.metering.operations.batches import ReadingBatch
from meterbook.metering.values import NEVER, SERIES_A_CHUNK

_EMPTY_AT = np.full(SERIES_A_CHUNK, NEVER, "<i8").tobytes()
_EMPTY_VALUE = np.zeros(SERIES_A_CHUNK, "<i8").tobytes()
_EMPTY_QUALITY = np.full(SERIES_A_CHUNK, 255, "u1").tobytes()


class Newest(NamedTuple):
    """What a series shows: an instant in microseconds since 1970, the register's number, a quality code."""

    at: int
    value: int
    quality: int


class Chunks(NamedTuple):
    """Rows of the table: chunk numbers of shape (n,), and instants, numbers and qualities of shape (n, 128)."""

    chunks: NDArray[np.int64]
    at: NDArray[np.int64]
    value: NDArray[np.int64]
    quality: NDArray[np.uint8]


def merged(connection: psycopg.Connection[Any], organization_id: int, ordered: ReadingBatch) -> Chunks:
    """This will lock the rows of an ordered batch's series and return those that change, to be written: the newest
    reading of each series, unless a newer one is shown already."""
    is_newest = np.ones(len(ordered), np.bool_)
    is_newest[:-1] = ordered.series_id[1:] != ordered.series_id[:-1]
    newest = ordered.take(is_newest)
    chunk, place = np.divmod(newest.series_id, SERIES_A_CHUNK)
    chunks = batches.distinct(chunk)
    rows = _locked(connection, organization_id, chunks.tolist())
    at = np.array([np.frombuffer(row[1], "<i8") for row in rows])
    value = np.array([np.frombuffer(row[2], "<i8") for row in rows])
    quality = np.array([np.frombuffer(row[3], "u1") for row in rows])
    index = np.searchsorted(chunks, chunk)
    is_newer = newest.at > at[index, place]
    index, place, newest = index[is_newer], place[is_newer], newest.take(is_newer)
    at[index, place], value[index, place], quality[index, place] = newest.at, newest.value, newest.quality
    changed = batches.distinct(index)
    return Chunks(chunks[changed], at[changed], value[changed], quality[changed])


def replace(
    connection: psycopg.Connection[Any], organization_id: int, series_id: int, *, corrected_at: int, now: Newest | None
) -> None:
    """This will show what a series says after a correction, unless a newer value than both is shown already.

    :param corrected_at: the instant of the corrected reading, in microseconds since 1970
    :param now: its newest reading that counts; None when none is left
    """
    chunk, place = divmod(series_id, SERIES_A_CHUNK)
    [(_chunk, *stored)] = _locked(connection, organization_id, [chunk])
    at, value, quality = (
        np.frombuffer(each, kind).copy() for each, kind in zip(stored, ("<i8", "<i8", "u1"), strict=True)
    )
    shown = now or Newest(NEVER, 0, 255)
    if at[place] not in (corrected_at, NEVER) and at[place] > shown.at:
        return
    at[place], value[place], quality[place] = shown.at, shown.value, shown.quality
    write(connection, organization_id, Chunks(np.array([chunk]), at[None], value[None], quality[None]))


def write(connection: psycopg.Connection[Any], organization_id: int, rows: Chunks) -> None:
    """This will show what was merged, in the same transaction."""
    bulk.execute(
        connection,
        "UPDATE metering_latestchunk l SET at = n.at, value = n.value, quality = n.quality"
        " FROM unnest(%s::int[], %b::bytea[], %b::bytea[], %b::bytea[]) AS n(chunk, at, value, quality)"
        " WHERE l.organization_id = %s AND l.chunk = n.chunk",
        [
            rows.chunks.tolist(),
            [each.tobytes() for each in rows.at],
            [each.tobytes() for each in rows.value],
            [each.tobytes() for each in rows.quality],
            organization_id,
        ],
    )


def _locked(
    connection: psycopg.Connection[Any], organization_id: int, chunks: list[int]
) -> list[tuple[int, bytes, bytes, bytes]]:
    """The rows of the chunks, made where missing, locked in order."""
    query = (
        "SELECT chunk, at, value, quality FROM metering_latestchunk"
        " WHERE organization_id = %s AND chunk = ANY(%s) ORDER BY chunk FOR UPDATE"
    )
    rows = bulk.fetch(connection, query, [organization_id, chunks])
    if len(rows) < len(chunks):
        connection.execute(
            "INSERT INTO metering_latestchunk (organization_id, chunk, at, value, quality)"
            " SELECT %s, c, %s, %s, %s FROM unnest(%s::int[]) AS c ORDER BY c ON CONFLICT DO NOTHING",
            [organization_id, _EMPTY_AT, _EMPTY_VALUE, _EMPTY_QUALITY, chunks],
        )
        rows = bulk.fetch(connection, query, [organization_id, chunks])
    return rows
