"""Which price period each interval falls into, by the wall clock at its start (B-12 to B-15)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.tariffs.rating.document import MINUTES, TariffDocument
from meterbook.tariffs.rating.problems import UsageMisfit

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = MINUTES * _MINUTE
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Classes:
    """The price period of each interval of a stretch of time.

    `period` (n,) holds indexes into the document's periods. `shared` names the intervals that several periods share
    (an hour over a change at half past): the interval and the minutes of each period in it.
    """

    period: NDArray[np.int16]
    shared: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]


def offsets(starts: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
    """This will return the zone's offset from UTC at each instant, all in microseconds; instants ascend."""
    if not len(starts):
        return np.zeros(0, np.int64)
    edges = [int(starts[0]), *_changes(int(starts[0]), int(starts[-1]), zone), int(starts[-1]) + 1]
    result = np.empty(len(starts), np.int64)
    for first, until in itertools.pairwise(edges):
        chosen = slice(int(np.searchsorted(starts, first)), int(np.searchsorted(starts, until)))
        result[chosen] = _offset(first, zone)
    return result


def classify(
    document: TariffDocument, zone: tzinfo, *, start: datetime, step: timedelta, count: int, by_season: bool = False
) -> Classes:
    """This will class `count` intervals of one step.

    :param by_season: class `season x periods + period` instead of the price period alone

    :raises UsageMisfit: when the step is not whole minutes
    """
    width = step // timedelta(minutes=1)
    if width < 1 or step != timedelta(minutes=width):
        raise UsageMisfit(f"Intervals of {step} cannot be rated: a step is one or more whole minutes.")
    starts = _microseconds(start) + np.arange(count, dtype=np.int64) * width * _MINUTE
    offset = offsets(starts, zone)
    tables = _Tables.of(document, by_season=by_season)
    if (tables.table == 0).all():
        return Classes(np.zeros(count, np.int16), ())
    day, minute = _wall(starts, offset)
    # Whether the whole interval lies in one period is told by its final minute and by how long the window goes on.
    period, left = tables.at(day, minute), tables.left(day, minute)
    suspects = np.flatnonzero(left < width)
    shared = []
    for index in suspects.tolist():
        parts = _parts(tables, zone, int(starts[index]), width)
        if len(parts) > 1:
            shared.append((index, parts))
    return Classes(period, tuple(shared))


def seasons_and_periods(
    document: TariffDocument, zone: tzinfo, *, start: datetime, step: timedelta, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """This will return season and price period of intervals by the wall clock at their starts, as indexes."""
    starts = _microseconds(start) + np.arange(count, dtype=np.int64) * (step // timedelta(minutes=1)) * _MINUTE
    day, minute = _wall(starts, offsets(starts, zone))
    both = _Tables.of(document, by_season=True).at(day, minute).astype(np.int64)
    season, period = np.divmod(both, len(document.periods))
    return season, period


def local_days(period: Period, zone: ZoneInfo) -> list[date]:
    """This will return the calendar days of a billing period: what a daily charge counts (B-12)."""
    return [day for day, _part in civil.local_days(period, zone)]


@dataclass(frozen=True)
class _Tables:
    """The document's tables as arrays; classes are price periods, or season and price period in one number."""

    document: TariffDocument
    table: NDArray[np.int16]
    tails: NDArray[np.int16] | None

    @classmethod
    def of(cls, document: TariffDocument, *, by_season: bool) -> _Tables:
        """This will make the arrays of a document."""
        table = np.array(document.table, np.int16)
        tails = np.array(document.tails, np.int16) if document.tails else None
        if by_season:
            table = table + _season_of_rows(document)[:, None] * len(document.periods)
        return cls(document, table, tails)

    def at(self, day: NDArray[np.int64], minute: NDArray[np.int64]) -> NDArray[np.int16]:
        """This will return the class of each minute."""
        rows = _rows(self.document, day)
        own: NDArray[np.int16] = self.table[rows, minute]
        if self.tails is None:
            return own
        # A window that began the day before goes on with its own day type; the season stays that of the date.
        tail = self.tails[_rows(self.document, day - 1), minute]
        periods = len(self.document.periods)
        result: NDArray[np.int16] = np.where(tail < 0, own, own // periods * periods + tail)
        return result

    def left(self, day: NDArray[np.int64], minute: NDArray[np.int64]) -> NDArray[np.int64]:
        """This will return how many minutes of the same class follow for certain on that day, itself included."""
        rows = _rows(self.document, day)
        own: NDArray[np.int64] = _minutes_left(self.table)[rows, minute]
        if self.tails is None:
            return own
        before = _rows(self.document, day - 1)
        within = self.tails[before, minute] >= 0
        result: NDArray[np.int64] = np.where(within, _minutes_left(self.tails)[before, minute], own)
        return result


def _season_of_rows(document: TariffDocument) -> NDArray[np.int16]:
    return np.arange(len(document.table), dtype=np.int16) // np.int16(len(document.day_types))


def _parts(tables: _Tables, zone: tzinfo, start: int, width: int) -> tuple[tuple[int, int], ...]:
    minutes = start + np.arange(width, dtype=np.int64) * _MINUTE
    day, minute = _wall(minutes, offsets(minutes, zone))
    found, counts = np.unique(tables.at(day, minute), return_counts=True)
    return tuple(zip(found.tolist(), counts.tolist(), strict=True))


def _wall(starts: NDArray[np.int64], offset: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    day, rest = np.divmod(starts + offset, _DAY)
    return day, rest // _MINUTE


def _rows(document: TariffDocument, day: NDArray[np.int64]) -> NDArray[np.int64]:
    days, inverse = np.unique(day, return_inverse=True)
    rows = [document.row_of(_EPOCH + timedelta(days=each)) for each in days.tolist()]
    result: NDArray[np.int64] = np.array(rows, np.int64)[inverse]
    return result


def _minutes_left(table: NDArray[np.int16]) -> NDArray[np.int64]:
    """For each row and minute, how many minutes of the same period follow on that day, itself included."""
    width = table.shape[1]
    last = np.full(table.shape, width - 1, np.int64)  # the final minute of the stretch that a minute is in
    last[:, :-1] = np.where(table[:, :-1] == table[:, 1:], width - 1, np.arange(width - 1))
    ends = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    result: NDArray[np.int64] = ends - np.arange(width) + 1
    return result


def _changes(first: int, final: int, zone: tzinfo) -> list[int]:
    """The instants after `first` up to `final` at which the zone's offset changes, to the second, by halving days."""
    found = []
    position, end = first // _SECOND, -(-final // _SECOND)
    while position < end:
        low, high = position, min(position + _DAY // _SECOND, end)
        before, position = _offset(low * _SECOND, zone), high
        if before == _offset(high * _SECOND, zone):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(middle * _SECOND, zone) == before else (low, middle)
        found.append(high * _SECOND)
    return found


def _offset(instant: int, zone: tzinfo) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


def _microseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
