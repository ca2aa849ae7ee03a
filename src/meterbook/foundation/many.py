"""Reads of very many rows at once: ids sent as one array, and rows that come in binary.

The ORM binds each id of an `__in` by itself and the driver reads text; for hundreds of ids and rows that takes longer
than the database does.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import psycopg
from django.db import connection
from django.db.models import BooleanField, DateTimeField, F, Func, OuterRef, QuerySet, TextField, Value
from psycopg.types.json import set_json_loads


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """This will not look for cycles in memory while a portion is worked on: its many objects are gone at its end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def among(name: str, ids: Iterable[int]) -> Func:
    """This will return the condition that a column has one of these numbers, as `name__in` would: for `filter`.

    :param name: a field, also of a joined table ("account__customer_id")
    """
    listed = Value(array(ids), output_field=TextField())
    return Func(
        F(name), listed, template="%(expressions)s::bigint[])", arg_joiner=" = ANY(", output_field=BooleanField()
    )


def begins(of: F | OuterRef) -> Func:
    """This will return the expression of where a range of instants begins, as "during__startswith" would.

    Where a name holds a lookup, Django raises and keeps an error, which keeps the frames of all callers and what they
    work on, until the collector comes.
    """
    return Func(of, function="lower", output_field=DateTimeField())


def ends(of: F | OuterRef) -> Func:
    """This will return the expression of where a range of instants ends, as `begins`."""
    return Func(of, function="upper", output_field=DateTimeField())


def both_ends(of: F) -> tuple[Func, Func]:
    """This will return where a range of instants begins and ends: for `values_list`."""
    return begins(of), ends(of)


def array(values: Iterable[object]) -> str:
    """This will write an array in PostgreSQL's notation, of numbers, ids, dates or digests: nothing that needs quotes.

    None is a null.
    """
    return "{" + ",".join(["NULL" if each is None else str(each) for each in values]) + "}"


def texts(values: Iterable[str]) -> str:
    """This will write an array of any texts in PostgreSQL's notation."""
    quoted = [each.replace("\\", "\\\\").replace('"', '\\"') for each in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def rows(found: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """This will return the rows of a `values_list`, as PostgreSQL has them: no field converts anything.

    Ends of ranges are asked for by themselves (`both_ends`), as ranges are put together in Python. Integers in JSON
    have at most 64 bits.
    """
    query, parameters = found.query.sql_with_params()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(query.encode(), parameters, binary=True).fetchall()
