"""The bulk role's connection: COPY into the series tables, which row security refuses to everybody else.

Its login may bypass row security but has rights on the reading, block, latest and dirty-log tables only. Whoever uses
it has checked organization and series in a scoped read before (architecture 8).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from django.db import connections
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format

ALIAS = "bulk"
_ITEM = np.dtype([("size", ">i4"), ("number", ">i8")])


@dataclass(frozen=True)
class Numbers:
    """A bigint[] parameter of shape (n,), sent in binary: the driver's own lists cost twenty times as much."""

    numbers: NDArray[np.int64]


class _NumbersDumper(Dumper):
    format = Format.BINARY
    oid = psycopg.adapters.types["int8"].array_oid

    def dump(self, obj: Numbers) -> bytes:
        """Dimensions (one, or none when empty), no nulls, type of the items; length and first place; size and item."""
        items = np.empty(len(obj.numbers), _ITEM)
        items["size"], items["number"] = 8, obj.numbers
        shape = struct.pack(">ii", len(items), 1) if len(items) else b""
        return struct.pack(">iiI", bool(shape), 0, psycopg.adapters.types["int8"].oid) + shape + items.tobytes()


psycopg.adapters.register_dumper(Numbers, _NumbersDumper)


@contextlib.contextmanager
def transact() -> Iterator[psycopg.Connection[Any]]:
    """This will yield the raw psycopg connection of the bulk role inside a transaction, committed at the end.

    The transaction is psycopg's own: inside Django's `atomic` the first `connection.transaction()` would be taken for
    the outermost one, and commit.
    """
    wrapper = connections[ALIAS]
    wrapper.ensure_connection()
    raw: psycopg.Connection[Any] = wrapper.connection
    try:
        with raw.transaction():
            yield raw
    finally:
        if raw.closed:
            wrapper.close()


def fetch(
    connection: psycopg.Connection[Any], query: str, parameters: Sequence[object] | Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """This will run a query of constant text and return its rows, sent in binary: byte strings cost no decoding.

    Django's own cursors bind on the client and know no binary results.
    """
    with psycopg.Cursor(connection) as cursor:
        return cursor.execute(query.encode(), parameters, binary=True).fetchall()


def execute(
    connection: psycopg.Connection[Any], query: str, parameters: Sequence[object] | Mapping[str, object]
) -> None:
    """This will run a statement of constant text whose parameters may go in binary (`%b`)."""
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(query.encode(), parameters)
