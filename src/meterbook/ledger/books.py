"""The one way into the ledger's tables: columns for the database function `ledger_post`, and its refusals by name."""

from __future__ import annotations

import contextlib
import struct
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeVar

import numpy as np
import psycopg
from django.db import IntegrityError, connection
from django.utils.translation import gettext as _

POST = b"""
SELECT id, public_id, input_digest, is_new FROM ledger_post(
    %s::int, %s::timestamptz, %s::text[], %b::bytea[], %b::timestamptz[], %s::date[], %s::text[], %s::text[],
    %b::uuid[], %s::boolean[], %s::bigint[], %b::int[],
    %b::int[], %b::int[], %b::bigint[], %s::numeric[], %s::text[])
"""
LOCK = b"SELECT ledger_lock_balances(%b::bigint[])"
OIDS = {"bytea": 17, "bigint": 20, "int": 23, "timestamptz": 1184, "uuid": 2950}
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
T = TypeVar("T")


class AccountNotPostable(ValueError):
    """An account is unknown in this organization, has another currency, or cannot hold so many decimals."""


class FloorReached(ValueError):
    """The account does not hold enough for what would be paid out of it; give away less or wait for a payment."""


class AlreadyReversed(ValueError):
    """The transaction was reversed before; post a new one instead."""


_REFUSALS = {
    "ledger_entries_fit_account": AccountNotPostable,
    "ledger_balance_floor": FloorReached,
    "ledger_transaction_reversed_once": AlreadyReversed,
}


class Lot(NamedTuple):
    """One transaction as it is stored; `entries` are account, signed amount as text, currency."""

    key: str
    digest: bytes
    at: datetime
    posted_date: date
    text: str
    source_kind: str
    source_id: uuid.UUID
    gives_money_away: bool
    reverses_id: int | None
    entries: tuple[tuple[int, str, str], ...]


class Stored(NamedTuple):
    """The row of a lot's key, written now (`is_new`) or earlier, with the digest of what it was made from."""

    id: int
    public_id: uuid.UUID
    digest: bytes
    is_new: bool


def write(organization_id: int, at: datetime, lots: Sequence[Lot]) -> list[Stored]:
    """This will store the lots in one statement and answer a row for each, in their order.

    :raises AccountNotPostable: when an account is not of this organization, or has another currency
    :raises FloorReached: when a lot that gives money away would leave an account below its floor
    :raises AlreadyReversed: when a lot reverses what was reversed before
    """
    with _refusals():
        return _stored(lots, _post(_columns(organization_id, at, lots)))


def write_parts(
    organization_id: int, at: datetime, parts: Iterable[Sequence[Lot]], accounts: Sequence[int]
) -> list[Stored]:
    """This will store parts of lots, and answer as `write` does; the server stores one while the next is being made.

    :param parts: in the order of their keys
    :param accounts: all that the parts post to
    :raises: as `write`, and what making a part raises
    """
    with _refusals(), connection.connection.pipeline():
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.adapters.register_dumper(_Binary, _BinaryDumper)
            cursor.execute(LOCK, [_integers("bigint", np.array(accounts, np.int64))])
        sent = [(lots, _post(_columns(organization_id, at, lots))) for lots in parts]
    return [row for lots, cursor in sent for row in _stored(lots, cursor)]


def _columns(organization_id: int, at: datetime, lots: Sequence[Lot]) -> tuple[object, ...]:
    entries = [entry for lot in lots for entry in lot.entries]
    counts = np.fromiter([len(lot.entries) for lot in lots], np.int32, len(lots))
    starts = np.cumsum(counts) - counts
    accounts, amounts, currencies = zip(*entries, strict=True)
    reversed_ids = [each.reverses_id for each in lots]
    is_reversing = any(each is not None for each in reversed_ids)
    return (
        organization_id,
        at,
        _quoted([each.key for each in lots]),
        _binary("bytea", [each.digest for each in lots]),
        _binary("timestamptz", [struct.pack(">q", (at - EPOCH) // MICROSECOND) for at in _once([e.at for e in lots])]),
        _plain([day.isoformat() for day in _once([each.posted_date for each in lots])]),
        _quoted([each.text for each in lots]),
        _quoted(_once([each.source_kind for each in lots])),
        _binary("uuid", [each.source_id.bytes for each in lots]),
        _plain(["t" if is_given else "f" for is_given in _once([each.gives_money_away for each in lots])]),
        _plain(["NULL" if each is None else str(each) for each in reversed_ids if is_reversing]),
        _integers("int", counts),
        _integers("int", np.repeat(np.arange(1, len(lots) + 1), counts)),
        _integers("int", np.arange(1, len(entries) + 1) - np.repeat(starts, counts)),
        _integers("bigint", np.array(accounts, np.int64)),
        _plain(amounts),
        _plain(_once(currencies)),
    )


def _once(values: Sequence[T]) -> Sequence[T]:
    """What is the same for all is sent once: `ledger_post` takes the first for those that lack a value."""
    return values[:1] if values.count(values[0]) == len(values) else values


def _post(parameters: Sequence[object]) -> psycopg.Cursor[tuple[int, uuid.UUID, bytes | None, bool]]:
    """On the connection of the scope, with psycopg's own cursor: Django's would bind megabytes on the client."""
    cursor = psycopg.Cursor(connection.connection)
    cursor.adapters.register_dumper(_Binary, _BinaryDumper)
    return cursor.execute(POST, parameters, binary=True)


def _stored(lots: Sequence[Lot], cursor: psycopg.Cursor[tuple[int, uuid.UUID, bytes | None, bool]]) -> list[Stored]:
    """A digest is told of rows that were there before only."""
    with cursor:
        rows = cursor.fetchall()
    return [
        Stored(id_, public_id, lot.digest if digest is None else digest, is_new)
        for lot, (id_, public_id, digest, is_new) in zip(lots, rows, strict=True)
    ]


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What the database refuses, by its name."""
    try:
        with connection.wrap_database_errors:
            yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        refusal = _REFUSALS.get(name or "")
        if refusal is None:
            raise
        raise refusal(_message(refusal)) from error


def _message(refusal: type[ValueError]) -> str:
    if refusal is FloorReached:
        return _("The account does not hold enough for what would be paid out of it; give away less.")
    if refusal is AlreadyReversed:
        return _("The transaction was reversed before; post a new one instead.")
    return _("An account is unknown in this organization, has another currency, or cannot hold so many decimals.")


class _Binary(bytes):
    """An array in PostgreSQL's binary notation."""


class _BinaryDumper(psycopg.adapt.Dumper):
    format = psycopg.pq.Format.BINARY

    def dump(self, obj: _Binary) -> _Binary:
        return obj


def _binary(kind: str, values: Sequence[bytes]) -> _Binary:
    """Of values of one length; a hundred times faster than one adapter a value, and costs the server no parsing."""
    length = struct.pack(">i", len(values[0]))
    return _Binary(_head(kind, len(values)) + length + length.join(values))


def _integers(kind: str, values: np.ndarray[tuple[int], np.dtype[np.signedinteger]]) -> _Binary:
    size = 8 if kind == "bigint" else 4
    items = np.empty(len(values), [("size", ">i4"), ("value", f">i{size}")])
    items["size"], items["value"] = size, values
    return _Binary(_head(kind, len(values)) + items.tobytes())


def _head(kind: str, count: int) -> bytes:
    """One dimension, no nulls, elements of a kind numbered from 1."""
    return struct.pack(">5i", 1, 0, OIDS[kind], count, 1)


def _plain(values: Iterable[str]) -> str:
    """An array in PostgreSQL's notation, of texts that need no quoting."""
    return "{" + ",".join(values) + "}"


def _quoted(values: Iterable[str]) -> str:
    """An array of any texts without NUL."""
    return '{"' + "\0".join(values).replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","') + '"}'
