"""Store readings: idempotent, durable, with the latest values and the marks of what must be derived (architecture 4).

COPY straight into the table; a key that is there already ends the transaction, and the next one looks at what is stored
before it stores the rest. All writers lock in one order (readings, then latest by chunk), so that they do not deadlock.
Each trip to the server waits for a processor at both ends, so that there are as few as can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connections
from django.utils.translation import gettext as _
from psycopg import errors as pg_errors

from meterbook.foundation import bulk, bus, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.operations import batches, latest
from meterbook.metering.operations.batches import Integers, ReadingBatch

DAY = 86_400_000_000
ATTEMPTS = 5
_TABLE = "metering_reading"
# Each key by itself through the index (hence LIMIT and no scans): the planner would rather read a whole month for a
# batch, which costs more with each day. Within the batch's span: else each key is looked for in every month there is.
INDEX_ONLY = "SET LOCAL enable_seqscan = off"
LOOK = """
SELECT coalesce(string_agg(int8send(k.n), ''), ''), coalesce(string_agg(int8send(r.value), ''), '')
FROM unnest(%s, %s, %s) WITH ORDINALITY AS k(series_id, us, source, n)
CROSS JOIN LATERAL (
    SELECT value FROM metering_reading
    WHERE series_id = k.series_id AND source = k.source
    AND at = 'epoch'::timestamptz + k.us * interval '1 microsecond'
    AND at >= 'epoch'::timestamptz + %s::bigint * interval '1 microsecond'
    AND at <= 'epoch'::timestamptz + %s::bigint * interval '1 microsecond' LIMIT 1
) AS r
"""
_known_series: dict[tuple[str, int], Integers] = {}
_known_months: set[tuple[str, int, int]] = set()


class SeriesNotInOrganization(LookupError):
    """Readings were given for series that the organization does not have; nothing was stored."""


class StoreBusy(RuntimeError):
    """Other writers kept storing the same readings at the same moment; nothing was stored, send the batch again."""


@dataclass(frozen=True)
class RecordOutcome:
    """How many readings were new, were there already with the same value, and contradicted what was there."""

    inserted: int
    unchanged: int
    conflicts: int


def record_readings(*, organization_id: int, actor: Actor, at: datetime, batch: ReadingBatch) -> RecordOutcome:
    """This will store a batch, all or nothing; the same batch again changes nothing. Call it outside a scope.

    :param at: when the readings arrived, where the batch does not say it of each
    :raises batches.BatchInvalid: naming the row that is wrong
    :raises SeriesNotInOrganization: naming the series
    :raises StoreBusy: when other writers got in the way five times
    """
    batches.require_sound(batch)
    if not len(batch):
        return RecordOutcome(0, 0, 0)
    ordered = batch.in_order()
    _require_series(organization_id, actor, batches.distinct(ordered.series_id))
    received_at = microseconds(at)
    _require_partitions(ordered.at)
    is_known = False
    for _attempt in range(ATTEMPTS):
        try:
            with bulk.transact() as connection:
                return _store(connection, organization_id, received_at, ordered, is_known=is_known)
        except Exception as error:
            if not _is_passing(error):
                raise
            is_known = True
    raise StoreBusy(_("Other programs kept storing the same readings; send the batch again."))


def record_latest(*, organization_id: int, actor: Actor, at: datetime, batch: ReadingBatch) -> None:
    """This will show values as the latest ones without storing them as readings. Call it outside a scope.

    :raises batches.BatchInvalid: naming the row that is wrong
    :raises SeriesNotInOrganization: naming the series
    """
    batches.require_sound(batch)
    if not len(batch):
        return
    ordered = batch.in_order()
    series = batches.distinct(ordered.series_id)
    _require_series(organization_id, actor, series)
    with bulk.transact() as connection:
        latest.write(connection, organization_id, latest.merged(connection, organization_id, ordered))
        bus.notify("series", organization_id, series, using=bulk.ALIAS)


def replace_latest(*, organization_id: int, series_id: int, corrected_at: datetime, now: latest.Newest | None) -> None:
    """This will show what a series says after a correction. Call it outside a scope; the series was checked.

    :param now: the newest reading that counts, as `latest.replace` takes it
    """
    with bulk.transact() as connection:
        instant = microseconds(corrected_at)
        latest.replace(connection, organization_id, series_id, corrected_at=instant, now=now)
        bus.notify("series", organization_id, [series_id], using=bulk.ALIAS)


def _store(
    connection: psycopg.Connection[Any],
    organization_id: int,
    received_at: int,
    ordered: ReadingBatch,
    *,
    is_known: bool,
) -> RecordOutcome:
    """Stores a batch.

    :param is_known: some of its readings are stored already: look first
    :raises psycopg.errors.UniqueViolation: when that was not said
    """
    is_repeat = batches.same_key(ordered)
    candidates = ordered.take(~is_repeat) if is_repeat.any() else ordered
    new, truth = candidates, candidates.value
    if is_known:
        rows, stored = _stored_values(connection, candidates)
        is_stored = np.zeros(len(candidates), np.bool_)
        is_stored[rows], truth = True, truth.copy()
        truth[rows] = stored
        new = candidates.take(~is_stored)
    _copy(connection, organization_id, received_at, new)
    conflicts = _note_conflicts(connection, organization_id, received_at, ordered, truth[np.cumsum(~is_repeat) - 1])
    if len(new):
        merged = latest.merged(connection, organization_id, new)
        with connection.pipeline():
            latest.write(connection, organization_id, merged)
            _mark_days(connection, organization_id, new)
            bulk.execute(connection, *bus.notice("series", organization_id, batches.distinct(new.series_id)))
    return RecordOutcome(len(new), len(ordered) - len(new) - conflicts, conflicts)


def _copy(connection: psycopg.Connection[Any], organization_id: int, received_at: int, batch: ReadingBatch) -> None:
    if not len(batch):
        return
    data = batches.copy_bytes(batch, organization_id=organization_id, received_at=received_at)
    statement = f"COPY {_TABLE} ({batches.COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)


def _stored_values(connection: psycopg.Connection[Any], batch: ReadingBatch) -> tuple[Integers, Integers]:
    """Which rows of the batch have their key in the table, and the value there, packed into two byte strings."""
    keys = map(bulk.Numbers, (batch.series_id, batch.at, batch.source))
    with connection.pipeline():
        connection.execute(INDEX_ONLY)
        [(rows, stored)] = bulk.fetch(connection, LOOK, [*keys, int(batch.at.min()), int(batch.at.max())])
    return np.frombuffer(rows, ">i8").astype(np.int64) - 1, np.frombuffer(stored, ">i8").astype(np.int64)


def _note_conflicts(
    connection: psycopg.Connection[Any], organization_id: int, received_at: int, ordered: ReadingBatch, truth: Integers
) -> int:
    """Another value for an instant that has one is kept beside it, once: nothing is overwritten, nothing lost."""
    differs = ordered.value != truth
    if not differs.any():
        return 0
    offered = ordered.take(differs)
    columns = (offered.series_id, offered.at, offered.source, truth[differs], offered.value)
    bulk.execute(
        connection,
        "INSERT INTO metering_readingconflict"
        " (organization_id, series_id, at, source, kept_value, offered_value, received_at)"
        " SELECT %s, s, 'epoch'::timestamptz + us * interval '1 microsecond', c, kept, offered,"
        " 'epoch'::timestamptz + %s::bigint * interval '1 microsecond'"
        " FROM unnest(%s, %s, %s, %s, %s)"
        " AS given(s, us, c, kept, offered) ON CONFLICT DO NOTHING",
        [organization_id, received_at, *map(bulk.Numbers, columns)],
    )
    return len(offered)


def _mark_days(connection: psycopg.Connection[Any], organization_id: int, new: ReadingBatch) -> None:
    """A reading at midnight ends one day and begins another, so that it marks two."""
    day, rest = np.divmod(new.at, DAY)
    is_midnight = rest == 0
    days = batches.distinct(np.sort(np.concatenate([day, day[is_midnight] - 1])))
    marked = [_ids(new.series_id[(day == each) | (is_midnight & (day == each + 1))]) for each in days]
    bulk.execute(
        connection,
        "INSERT INTO metering_dirtydays (organization_id, day, series)"
        " SELECT %s, 'epoch'::date + d, s FROM unnest(%s::int[], %b::bytea[]) AS given(d, s)",
        [organization_id, days.tolist(), marked],
    )


def _ids(series: Integers) -> bytes:
    return batches.distinct(series).astype("<i8").tobytes()


def _require_series(organization_id: int, actor: Actor, series: Integers) -> None:
    """A series never changes its organization, so that what was checked once holds for this process."""
    key = (_database(), organization_id)
    known = _known_series.get(key, np.zeros(0, np.int64))
    if len(known) == len(series) and np.array_equal(known, series):
        return
    missing = series[~np.isin(series, known, assume_unique=True)]
    if not len(missing):
        return
    with scoping.scope([organization_id], actor=actor):
        found = models.Series.objects.filter(organization_id=organization_id, pk__in=missing.tolist())
        present = np.array(sorted(found.values_list("pk", flat=True)), np.int64)
    foreign = np.setdiff1d(missing, present)
    if len(foreign):
        named = ", ".join(str(each) for each in foreign[:10].tolist())
        raise SeriesNotInOrganization(_("The organization has no series %(ids)s; nothing was stored.") % {"ids": named})
    _known_series[key] = np.union1d(known, present)


def _require_partitions(at: Integers) -> None:
    days = np.unique(at // DAY).astype("datetime64[D]")
    months = np.unique(days.astype("datetime64[M]")).astype(object)
    needed = [(_database(), each.year, each.month) for each in months]
    missing = [each for each in needed if each not in _known_months]
    if not missing:
        return
    with bulk.transact() as connection:
        for _name, year, month in missing:
            connection.execute("SELECT metering_make_partition(%s, make_date(%s, %s, 1))", [_TABLE, year, month])
    _known_months.update(missing)


def _database() -> str:
    return str(connections[bulk.ALIAS].settings_dict["NAME"])


def microseconds(instant: datetime) -> int:
    """This will return an instant as microseconds since 1970 in UTC."""
    return int(np.datetime64(instant.replace(tzinfo=None) - instant.utcoffset(), "us").astype(np.int64))  # type: ignore[operator]


def _is_passing(error: BaseException) -> bool:
    """Whether trying again can help: a deadlock, or another writer that stored a key between look and COPY."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, pg_errors.DeadlockDetected | pg_errors.SerializationFailure | pg_errors.UniqueViolation):
            return True
        cause = cause.__cause__
    return False
