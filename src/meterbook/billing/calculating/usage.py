"""Day blocks of many series as one matrix a step; read in bulk, packed by the server (performance-notes 8, 12)."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import DTypeLike, NDArray

from meterbook.foundation import many
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks

# All rows in one, as columns: the server neither sorts nor groups, numpy puts them in place.
PACKED = b"""
SELECT string_agg(int8send(series_id), ''::bytea), string_agg(int4send(day - %(first)s::date), ''::bytea),
    string_agg(int2send(revision), ''::bytea), string_agg(int2send(step), ''::bytea),
    string_agg(int4send(octet_length("values")), ''::bytea), string_agg(boolsend(quality IS NULL), ''::bytea),
    string_agg("values", ''::bytea), string_agg(digest, ''::bytea)
FROM metering_seriesday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[])
    AND day >= %(first)s::date AND day < %(until)s::date
"""
SINGLE = b"""
SELECT series_id, day, revision, step, "values", quality, digest FROM metering_seriesday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[])
    AND day >= %(first)s::date AND day < %(until)s::date
ORDER BY series_id, day, revision
"""


# The newest of each day, without what it holds.
DIGESTS = b"""
SELECT series_id, array_agg(day - %(first)s::date ORDER BY day, revision), string_agg(digest, ''::bytea
    ORDER BY day, revision)
FROM metering_seriesday
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[])
    AND day >= %(first)s::date AND day < %(until)s::date
GROUP BY series_id
"""
_COLUMNS: tuple[DTypeLike, ...] = (">i8", ">i4", ">i2", ">i2", ">i4", "?", np.uint8, f"V{blocks.DIGEST_SIZE}")
_PORTION = 1 << 25  # intervals a query: what it packs stays far below the gigabyte that a value may have


@dataclass(frozen=True)
class Blocks:
    """UTC days [first, until) of series of one step: `values` int64 of shape (series, days x slots).

    `quality` holds uint8 of shape (days x slots,) for each series that has another quality than VALID somewhere.
    `digests` are 16 bytes a day, zeros where there is no block; `revision` is the newest used.
    """

    first: date
    until: date
    step: int
    row_of: dict[int, int]
    values: NDArray[np.int64]
    quality: dict[int, NDArray[np.uint8]]
    digests: dict[int, bytes]
    revision: dict[int, int]

    def place(self, instant: datetime) -> int:
        """This will return the column of the interval that starts at an instant."""
        return _place_of(self.first, self.step, instant)

    def columns(self, period: Period) -> slice:
        """This will return the columns of a period that interval boundaries delimit."""
        return _columns(self.first, self.step, period)

    def codes(self, series_id: int, period: Period) -> NDArray[np.uint8] | None:
        """This will return the quality codes of a series in a period; None: all VALID."""
        found = self.quality.get(series_id)
        return None if found is None else found[self.columns(period)]

    def reference(self, series_id: int, period: Period) -> tuple[date, date, str]:
        """This will return the UTC days that a period touches, and the SHA-256 over their blocks' digests."""
        first, until = utc_days(period)
        begin, end = (first - self.first).days, (until - self.first).days
        size = blocks.DIGEST_SIZE
        part = self.digests[series_id][begin * size : end * size]
        return first, until, hashlib.sha256(part).hexdigest()

    def written(self, series_id: int, period: Period) -> str:
        """This will write down the intervals of a series in a period with their qualities, in hexadecimal."""
        codes = self.codes(series_id, period)
        quality = b"" if codes is None or not codes.any() else codes.tobytes()
        return self.values[self.row_of[series_id], self.columns(period)].tobytes().hex() + quality.hex()


@functools.lru_cache(maxsize=1_024)
def _columns(first: date, step: int, period: Period) -> slice:
    return slice(_place_of(first, step, period.start), _place_of(first, step, period.end))


def _place_of(first: date, step: int, instant: datetime) -> int:
    return (instant - _midnight(first)) // timedelta(minutes=step)


def part_of(digests: bytes, first: date, period: Period) -> bytes:
    """This will return those of the blocks' digests, which begin with the UTC day `first`, that lie inside a period."""
    begin, end = ((each - first).days * blocks.DIGEST_SIZE for each in _whole_days(period))
    return digests[begin:end]


@functools.lru_cache(maxsize=1_024)
def edges(period: Period) -> tuple[Period, ...]:
    """This will return the parts of a period that are no whole UTC days: their blocks hold what lies outside, too."""
    first, until = _whole_days(period)
    middle = (_midnight(first), _midnight(until))
    return tuple(each for each in period.split(middle) if not (middle[0] <= each.start and each.end <= middle[1]))


@functools.lru_cache(maxsize=1_024)
def _whole_days(period: Period) -> tuple[date, date]:
    first = (period.start + timedelta(days=1) - timedelta.resolution).date()
    return first, max(period.end.date(), first)


@functools.lru_cache(maxsize=1_024)
def utc_days(period: Period) -> tuple[date, date]:
    """This will return the UTC days [first, until) that a period touches."""
    return period.start.date(), (period.end - timedelta.resolution).date() + timedelta(days=1)


def load(*, organization_id: int, series_ids: Sequence[int], step: int, first: date, until: date) -> Blocks:
    """This will load the newest blocks of series, in one query, or two where something is unusual.

    Series without any block are there as well, all MISSING.
    """
    days, slots = (until - first).days, blocks.MINUTES_A_DAY // step
    ids = sorted(set(series_ids))
    found = Blocks(
        first=first,
        until=until,
        step=step,
        row_of={series_id: row for row, series_id in enumerate(ids)},
        values=np.zeros((len(ids), days * slots), np.int64),
        quality={},
        digests={},
        revision={},
    )
    parameters = {"organization": organization_id, "first": first, "until": until}
    known, portion = np.array(ids, np.int64), max(1, _PORTION // (days * slots or 1))
    others: list[int] = []
    for start in range(0, len(ids), portion):
        part = slice(start, start + portion)
        ((series, *columns),) = fetch(PACKED, {**parameters, "series": ids[part]})
        is_plain = _place(found, known[part], start, [] if series is None else _Alike.all_of(series, *columns))
        others += known[part][~is_plain].tolist()
    if others:
        _load_singly(found, others, fetch(SINGLE, {**parameters, "series": others}))
    return found


@dataclass(frozen=True)
class _Alike:
    """Blocks of one step and width: `series`, `day` (since the first), `revision` and `digest` by block.

    `values` is None where the length does not fit the step.
    """

    step: int
    is_good: bool
    series: NDArray[np.signedinteger[Any]]
    day: NDArray[np.signedinteger[Any]]
    revision: NDArray[np.signedinteger[Any]]
    values: NDArray[np.signedinteger[Any]] | None  # (blocks, slots)
    digest: NDArray[np.void]

    @classmethod
    def all_of(cls, *packed: bytes) -> list[_Alike]:
        """This will divide the columns of `PACKED` by what looks alike; mostly all of it does."""
        columns = [np.frombuffer(data, kind) for data, kind in zip(packed, _COLUMNS, strict=True)]
        series, day, revision, step, size, is_good, values, digest = columns
        sizes = size.astype(np.int64)
        kind = sizes << 17 | step.astype(np.int64) << 1 | is_good
        is_uniform = bool((kind == kind[0]).all())
        begins = None if is_uniform else np.cumsum(sizes) - sizes
        found = []
        for each in kind[:1].tolist() if is_uniform else np.unique(kind).tolist():
            of = slice(None) if begins is None else kind == each
            own_step, own_size = each >> 1 & 0xFFFF, each >> 17
            own = values if begins is None else values[begins[of, None] + np.arange(own_size)]
            figures = _figures(own_step, own_size, own)
            found.append(cls(own_step, bool(each & 1), series[of], day[of], revision[of], figures, digest[of]))
        return found


def _figures(step: int, size: int, values: NDArray[np.uint8]) -> NDArray[np.signedinteger[Any]] | None:
    slots = blocks.MINUTES_A_DAY // step
    width, rest = divmod(size, slots)
    return None if rest or width not in blocks.WIDTHS else values.reshape(-1, size).view(f"<i{width}")


def _place(found: Blocks, ids: NDArray[np.int64], start: int, alike: list[_Alike]) -> NDArray[np.bool_]:
    """This will put the blocks of series into their rows from `start` on, and tell which series are complete by that.

    That is one block a day, of the wanted step, and all VALID. All others are to be loaded one by one.
    """
    days, slots = (found.until - found.first).days, blocks.MINUTES_A_DAY // found.step
    digests = np.zeros((len(ids), days), f"V{blocks.DIGEST_SIZE}")
    count, revision = np.zeros((len(ids), days), np.int64), np.zeros(len(ids), np.int64)
    is_odd = np.zeros(len(ids), np.bool_)
    target = found.values[start : start + len(ids)].reshape(len(ids), days, slots)
    for each in alike:
        row = np.searchsorted(ids, each.series)
        np.add.at(count, (row, each.day), 1)
        np.maximum.at(revision, row, each.revision)
        digests[row, each.day] = each.digest
        if each.is_good and each.step == found.step and each.values is not None:
            target[row, each.day] = each.values
        else:
            is_odd[row] = True
    is_plain: NDArray[np.bool_] = (count == 1).all(axis=1) & ~is_odd
    for place in np.flatnonzero(is_plain).tolist():
        found.digests[int(ids[place])] = digests[place].tobytes()
        found.revision[int(ids[place])] = int(revision[place])
    return is_plain


def load_digests(*, organization_id: int, series_ids: Sequence[int], first: date, until: date) -> dict[int, bytes]:
    """This will load `Blocks.digests` alone, in one query."""
    size, days = blocks.DIGEST_SIZE, (until - first).days
    whole = list(range(days))
    found = dict.fromkeys(series_ids, bytes(days * size))
    parameters = {"organization": organization_id, "series": sorted(found), "first": first, "until": until}
    for series_id, places, digests in fetch(DIGESTS, parameters):
        if places == whole:
            found[series_id] = digests
            continue
        own = bytearray(days * size)
        for number, place in enumerate(places):
            own[place * size : (place + 1) * size] = digests[number * size : (number + 1) * size]
        found[series_id] = bytes(own)
    return found


def fetch(query: bytes, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """This will run a query of constant text on the scope's connection and return its rows, sent in binary.

    :param parameters: those of the query, `series` (a list of ids) among them
    """
    connection.ensure_connection()
    given = {**parameters, "series": many.array(parameters["series"])}
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(query, given, binary=True).fetchall()


def _load_singly(found: Blocks, series_ids: list[int], rows: list[tuple[Any, ...]]) -> None:
    days, slots = (found.until - found.first).days, blocks.MINUTES_A_DAY // found.step
    digests = {each: bytearray(days * blocks.DIGEST_SIZE) for each in series_ids}
    for series_id in series_ids:
        found.quality[series_id] = np.full(days * slots, Quality.MISSING, np.uint8)
        found.revision[series_id] = 0
    for series_id, day, revision, step, values, quality, digest in rows:
        numbers, codes = blocks.decode(values, quality, step)
        if step != found.step:
            numbers, codes = _regroup(numbers, codes, step, found.step)
        place = (day - found.first).days
        part = slice(place * slots, (place + 1) * slots)
        found.values[found.row_of[series_id], part] = numbers
        found.quality[series_id][part] = codes
        size = blocks.DIGEST_SIZE
        digests[series_id][place * size : (place + 1) * size] = digest
        found.revision[series_id] = max(found.revision[series_id], revision)
    for series_id in series_ids:
        found.digests[series_id] = bytes(digests[series_id])
        if not found.quality[series_id].any():
            del found.quality[series_id]


def _regroup(
    numbers: NDArray[np.int64], codes: NDArray[np.uint8], step: int, wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Blocks from before the series' step was changed: sums stay exact, the worst quality holds."""
    if step < wanted:
        size = wanted // step
        return numbers.reshape(-1, size).sum(axis=1), codes.reshape(-1, size).max(axis=1)
    size = step // wanted
    spread = np.zeros(len(numbers) * size, np.int64)
    spread[size - 1 :: size] = numbers
    shape_unknown = np.where(codes == Quality.MISSING, codes, np.uint8(Quality.INTERPOLATED))
    return spread, np.repeat(shape_unknown, size)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)
