"""Blocks and month rows into the database: COPY to a temporary table, then only what differs (performance-notes 10)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from meterbook.foundation import bulk
from meterbook.metering import blocks
from meterbook.metering.deriving import former, late, totals
from meterbook.metering.deriving.days import Days

Integers = NDArray[np.int64]

_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_SINCE_2000 = 10_957  # days from 1970 to 2000, where PostgreSQL begins to count
REVISION = 0  # the open one, updated in place

_TEMPORARY = """
CREATE TEMP TABLE IF NOT EXISTS derived_day (
    organization_id integer, series_id bigint, day date, revision smallint, step smallint,
    "values" bytea, quality bytea, digest bytea) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS derived_month (
    organization_id integer, series_id bigint, month date, days bytea) ON COMMIT DELETE ROWS;
"""
_MERGE_DAYS = """
WITH written AS (
    INSERT INTO metering_seriesday AS known
        (organization_id, series_id, day, revision, step, "values", quality, digest)
    SELECT organization_id, series_id, day, revision, step, "values", quality, digest
    FROM derived_day ORDER BY series_id, day
    ON CONFLICT (series_id, day, revision) DO UPDATE
        SET step = excluded.step, "values" = excluded."values", quality = excluded.quality, digest = excluded.digest
        WHERE known.digest <> excluded.digest AND known.organization_id = excluded.organization_id
    RETURNING series_id, day)
SELECT series_id, day - '1970-01-01'::date FROM written
"""
_MERGE_MONTHS = """
INSERT INTO metering_seriesmonth AS known (organization_id, series_id, month, days)
SELECT organization_id, series_id, month, days FROM derived_month ORDER BY series_id, month
ON CONFLICT (series_id, month) DO UPDATE SET days = excluded.days
    WHERE known.days <> excluded.days AND known.organization_id = excluded.organization_id
"""


@dataclass(frozen=True)
class Sums:
    """Which sums the days count in: of the series at hand, and (asked for rarely) of others."""

    members: Mapping[int, totals.Group]
    members_of: totals.MembersOf


def make_temporary(connection: psycopg.Connection[Any]) -> None:
    """This will make the session's temporary tables unless they are there; they are empty after each commit."""
    connection.execute(_TEMPORARY)


def write(
    connection: psycopg.Connection[Any], organization_id: int, derived: Iterable[Days], sums: Sums, *, at: datetime
) -> dict[int, int]:
    """This will store the days that differ from what is stored, and return how many did, by series.

    Month rows and the sums of sites are brought in step in the same transaction, and days that were over before the
    day of `at` are noted as changed.
    """
    parts = [each for each in derived if len(each)]
    if not parts:
        return {}
    make_temporary(connection)
    with connection.cursor() as cursor:
        with cursor.copy("COPY derived_day FROM STDIN (FORMAT BINARY)") as copy:
            for piece in encode_days(organization_id, parts):
                copy.write(piece)
        old = totals.old_blocks(connection, organization_id, sums.members) if sums.members else []
        former.before_change(connection, at=at)
        changed = np.array(bulk.fetch(connection, _MERGE_DAYS, []), np.int64).reshape(-1, 2)
        if not len(changed):
            return {}
        _write_months(cursor, organization_id, parts)
    late.note(connection, organization_id, changed, at)
    if sums.members:
        totals.add(connection, organization_id, sums.members, sums.members_of, parts=parts, changed=changed, old=old)
    series, counts = np.unique(changed[:, 0], return_counts=True)
    return dict(zip(series.tolist(), counts.tolist(), strict=True))


def encode_days(organization_id: int, parts: Iterable[Days]) -> Iterator[bytes]:
    """This will yield the rows of `derived_day` in the binary COPY format."""
    yield _HEADER
    for days in parts:
        width = blocks.widths(days.values)
        has_quality = days.quality.any(axis=1)
        for each in np.unique(width):
            for flag in (False, True):
                chosen = (width == each) & (has_quality == flag)
                if chosen.any():
                    yield _encode_alike(organization_id, days.take(chosen), int(each), has_quality=flag)
    yield _TRAILER


def _encode_alike(organization_id: int, days: Days, width: int, *, has_quality: bool) -> bytes:
    """Rows of one width, with quality or all without: all of one length, so that numpy can lay them out."""
    slots = days.values.shape[1]
    size = slots * width
    values = np.ascontiguousarray(days.values.astype(f"<i{width}"))
    value_bytes = values.view(np.uint8).reshape(len(days), size)
    fields: list[tuple[Any, ...]] = [("fields", ">i2")]
    for name, kind in (("organization", "i4"), ("series", "i8"), ("day", "i4"), ("revision", "i2"), ("step", "i2")):
        fields += [(f"{name}_length", ">i4"), (name, f">{kind}")]
    fields += [("values_length", ">i4"), ("values", np.uint8, (size,)), ("quality_length", ">i4")]
    if has_quality:
        fields.append(("quality", np.uint8, (slots,)))
    fields += [("digest_length", ">i4"), ("digest", np.uint8, (blocks.DIGEST_SIZE,))]
    rows = np.zeros(len(days), np.dtype(fields))
    rows["fields"] = 8
    for name, column, length in (
        ("organization", organization_id, 4),
        ("series", days.series, 8),
        ("day", days.day - _SINCE_2000, 4),
        ("revision", REVISION, 2),
        ("step", days.step, 2),
    ):
        rows[f"{name}_length"], rows[name] = length, column
    rows["values_length"], rows["values"] = size, value_bytes
    rows["quality_length"] = slots if has_quality else -1
    if has_quality:
        rows["quality"] = days.quality
    rows["digest_length"], rows["digest"] = blocks.DIGEST_SIZE, _digests(days, value_bytes, has_quality=has_quality)
    return rows.tobytes()


def _digests(days: Days, value_bytes: NDArray[np.uint8], *, has_quality: bool) -> NDArray[np.uint8]:
    size, slots = value_bytes.shape[1], days.quality.shape[1]
    data = value_bytes.tobytes()
    codes = np.ascontiguousarray(days.quality).tobytes() if has_quality else b""
    joined = b"".join(
        blocks.digest(
            days.step,
            data[row * size : (row + 1) * size],
            codes[row * slots : (row + 1) * slots] if has_quality else None,
        )
        for row in range(len(days))
    )
    return np.frombuffer(joined, np.uint8).reshape(len(days), blocks.DIGEST_SIZE)


def _write_months(cursor: psycopg.Cursor[Any], organization_id: int, parts: list[Days]) -> None:
    series = np.concatenate([each.series for each in parts])
    day = np.concatenate([each.day for each in parts])
    figures = np.concatenate([blocks.figures(each.values, each.quality, each.day) for each in parts])
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    first = month.astype("datetime64[D]").astype(np.int64)
    keys, row = np.unique(np.stack([series, first], axis=1), axis=0, return_inverse=True)
    months = _stored_months(cursor, organization_id, keys)
    months[row.ravel(), day - first] = figures
    with cursor.copy("COPY derived_month FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_encode_months(organization_id, keys, months))
    cursor.execute(_MERGE_MONTHS)


def _stored_months(cursor: psycopg.Cursor[Any], organization_id: int, keys: Integers) -> Integers:
    """The figures of these (series, first day) pairs, shape (n, 31, 6); NOT_DERIVED where there is no row yet."""
    months = blocks.empty_months(len(keys))
    binary = psycopg.Cursor(cursor.connection)
    binary.execute(
        "SELECT wanted.place, known.days FROM unnest(%s::bigint[], %s::int[]) WITH ORDINALITY"
        " AS wanted(series_id, day, place) JOIN metering_seriesmonth AS known"
        " ON known.series_id = wanted.series_id AND known.month = '1970-01-01'::date + wanted.day"
        " WHERE known.organization_id = %s",
        [keys[:, 0].tolist(), keys[:, 1].tolist(), organization_id],
        binary=True,
    )
    for place, data in binary:
        months[place - 1] = blocks.decode_month(data)
    return months


def _encode_months(organization_id: int, keys: Integers, months: Integers) -> bytes:
    size = months[0].size * 8
    rows = np.zeros(
        len(keys),
        np.dtype(
            [
                ("fields", ">i2"),
                ("organization_length", ">i4"),
                ("organization", ">i4"),
                ("series_length", ">i4"),
                ("series", ">i8"),
                ("month_length", ">i4"),
                ("month", ">i4"),
                ("days_length", ">i4"),
                ("days", "<i8", months.shape[1:]),
            ]
        ),
    )
    rows["fields"] = 4
    rows["organization_length"], rows["organization"] = 4, organization_id
    rows["series_length"], rows["series"] = 8, keys[:, 0]
    rows["month_length"], rows["month"] = 4, keys[:, 1] - _SINCE_2000
    rows["days_length"], rows["days"] = size, months
    return _HEADER + rows.tobytes() + _TRAILER
