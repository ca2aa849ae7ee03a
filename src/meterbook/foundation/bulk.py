"""The bulk role's connection: COPY into the series tables, which row security refuses to everybody else.

Its login may bypass row security but has rights on the reading, block, latest and dirty-log tables only. Whoever uses
it has checked organization and series in a scoped read before (architecture 8).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from django.db import connections

ALIAS = "bulk"


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
