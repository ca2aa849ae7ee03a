"""NOTIFY carries ids only; who listens reads the values again in its own scope (architecture 2).

Kinds in use: "series" (values arrived), "request" (a device request waits or was answered), "alarm", "device",
"probe" (a test read waits).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from numpy.typing import NDArray

CHANNEL = "meterbook"
RUNS_A_MESSAGE = 250  # a payload must stay under 8,000 bytes; a run is two numbers of at most 14 digits


@dataclass(frozen=True)
class Notice:
    """One message of the bus."""

    kind: str
    organization_id: int
    ids: tuple[int, ...]


def notify(
    kind: str, organization_id: int, ids: Iterable[int] | NDArray[np.int64], *, using: str = DEFAULT_DB_ALIAS
) -> None:
    """This will tell all listeners, when the transaction of connection `using` commits, that these objects changed."""
    with connections[using].cursor() as cursor:
        statement, parameters = notice(kind, organization_id, ids)
        cursor.execute(statement, parameters)


def notice(
    kind: str, organization_id: int, ids: Iterable[int] | NDArray[np.int64]
) -> tuple[str, list[str | list[str]]]:
    """This will return the statement that tells it and its parameters, for who sends several at once."""
    return (
        "SELECT count(pg_notify(%s, payload)) FROM unnest(%s::text[]) AS payload",
        [CHANNEL, payloads(kind, organization_id, ids)],
    )


def payloads(kind: str, organization_id: int, ids: Iterable[int] | NDArray[np.int64]) -> list[str]:
    """This will split the ids over as many payloads as the server's limit asks for: as runs, a first id and how many
    follow each other, because the series of a batch were often made one after the other."""
    given = ids if isinstance(ids, np.ndarray) else np.fromiter(ids, np.int64)
    if not len(given):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(given) != 1) + 1])
    counts = np.diff(np.append(starts, len(given)))
    runs = np.column_stack([given[starts], counts]).ravel().tolist()
    pieces = [runs[start : start + 2 * RUNS_A_MESSAGE] for start in range(0, len(runs), 2 * RUNS_A_MESSAGE)]
    return [json.dumps({"k": kind, "o": organization_id, "i": piece}, separators=(",", ":")) for piece in pieces]


def parse(payload: str) -> Notice:
    """This will read one payload back."""
    data = json.loads(payload)
    runs = [int(each) for each in data["i"]]
    ids = (first + more for first, count in zip(runs[::2], runs[1::2], strict=True) for more in range(count))
    return Notice(kind=data["k"], organization_id=int(data["o"]), ids=tuple(ids))


async def connect() -> psycopg.AsyncConnection[Any]:
    """This will open a connection of its own for listening (a pooled one must not be kept)."""
    settings = connections[DEFAULT_DB_ALIAS].settings_dict
    connection = await psycopg.AsyncConnection.connect(
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
        **{name: value for name, value in settings["OPTIONS"].items() if name.startswith("ssl")},
        autocommit=True,
        application_name="meterbook listener",
    )
    await connection.execute(f"LISTEN {CHANNEL}")
    return connection


async def listen(connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[Notice]:
    """This will yield every notice that arrives on a listening connection until it is closed."""
    async for message in connection.notifies():
        yield parse(message.payload)
