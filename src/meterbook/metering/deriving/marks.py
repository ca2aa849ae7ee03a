"""The dirty log: marks of what must be derived again, taken in the order in which they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

Integers = NDArray[np.int64]

LOCK = 4_762_311  # class of the advisory lock that keeps two derivers of one organization apart
IDS_AT_ONCE = 2_000_000  # series ids in the log rows that are taken together
SERIES_DAYS = 1_000  # derived in one transaction

_TAKE = """
SELECT id, day - '1970-01-01'::date, series FROM (
    SELECT id, day, series, sum(octet_length(series)) OVER (ORDER BY id) - octet_length(series) AS before
    FROM metering_dirtydays WHERE organization_id = %s) AS log
WHERE before < %s ORDER BY id
"""


@dataclass(frozen=True)
class Marks:
    """Rows of the log: their `ids`, and the (series, day) pairs they name, each once, in order; days since 1970."""

    ids: list[int]
    series: Integers
    day: Integers

    def portions(self) -> Iterator[dict[int, set[int]]]:
        """This will yield days by series, about SERIES_DAYS at once, never less than all days of a series."""
        portion: dict[int, set[int]] = {}
        size = 0
        ids, starts = np.unique(self.series, return_index=True)
        for series_id, days in zip(ids.tolist(), np.split(self.day, starts[1:]), strict=True):
            if portion and size + len(days) > SERIES_DAYS:
                yield portion
                portion, size = {}, 0
            portion[series_id] = set(days.tolist())
            size += len(days)
        if portion:
            yield portion


def take(connection: psycopg.Connection[Any], organization_id: int) -> Marks | None:
    """This will read the oldest marks of an organization, or return None when there are none."""
    with psycopg.Cursor(connection) as cursor:
        rows = cursor.execute(_TAKE, [organization_id, IDS_AT_ONCE * 8], binary=True).fetchall()
    if not rows:
        return None
    series = [np.frombuffer(row[2], "<i8").astype(np.int64) for row in rows]
    day = np.repeat(np.array([row[1] for row in rows], np.int64), [len(each) for each in series])
    pairs = np.unique(np.stack([np.concatenate(series), day], axis=1), axis=0)
    return Marks([row[0] for row in rows], pairs[:, 0], pairs[:, 1])


def lock(connection: psycopg.Connection[Any], organization_id: int) -> None:
    """This will wait until no other deriver works on the organization, and keep others out until the commit."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, organization_id])


def are_there(connection: psycopg.Connection[Any], organization_id: int, marks: Marks) -> bool:
    """This will tell whether no other deriver has dealt with these marks meanwhile."""
    row = connection.execute(
        "SELECT 1 FROM metering_dirtydays WHERE organization_id = %s AND id = ANY(%s) LIMIT 1",
        [organization_id, marks.ids],
    ).fetchone()
    return row is not None


def remove(connection: psycopg.Connection[Any], organization_id: int, marks: Marks) -> None:
    """This will delete exactly these marks; those that came meanwhile stay."""
    connection.execute(
        "DELETE FROM metering_dirtydays WHERE organization_id = %s AND id = ANY(%s)", [organization_id, marks.ids]
    )
