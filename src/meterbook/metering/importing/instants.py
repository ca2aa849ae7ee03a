"""From the times of rows to instants: local clocks that repeat or skip an hour, labels at either end, late midnights.

Instants are microseconds since 1970 in UTC.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.kernel import civil
from meterbook.metering.importing.mapping import DAY, Kind, Label, Mapping, Midnight

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Misfit(enum.Enum):
    """Why a time cannot stand where it does."""

    SKIPPED = enum.auto()  # the clock jumped over it
    REPEATED = enum.auto()  # the row above has the same time
    BACKWARD = enum.auto()  # it lies before the row above
    OVERLAPS = enum.auto()  # it begins before the interval above ends


@dataclass(frozen=True)
class Placed:
    """An interval [start, end); a register value has its instant as both."""

    start: datetime
    end: datetime


class Clock:
    """Places the rows of one meter point, in their order, on the line of time.

    Where the local clock shows an hour twice, the order tells which one is meant: the first unless that lies behind.
    """

    def __init__(self, mapping: Mapping, zone: ZoneInfo) -> None:
        self._zone = zone
        self._is_start = mapping.label == Label.START
        self._is_late_midnight = mapping.midnight == Midnight.SAME
        self._is_interval = mapping.adds_up
        self._is_day = self._is_interval and mapping.step == DAY
        self._step = timedelta(minutes=mapping.step) if self._is_interval else timedelta(0)
        # A counter that begins again each day may be read at any instant, such as 23:59: no interval reaches back.
        self._width = timedelta(0) if mapping.kind == Kind.DAILY and not self._is_start else self._step
        self._before: Placed | None = None
        self._shown: datetime | None = None

    def place(self, time: datetime) -> Placed | Misfit:
        """This will place the next row; a misfit moves nothing, the next is judged by the one before."""
        shown = self._late(time)
        placed = self._whole_day(shown) if self._is_day else self._stretch(shown)
        if isinstance(placed, Placed):
            self._before, self._shown = placed, shown
        return placed

    @property
    def latest(self) -> Placed | None:
        """The row that was placed before."""
        return self._before

    def _late(self, time: datetime) -> datetime:
        is_midnight = time.hour == time.minute == time.second == 0
        is_end = not (self._is_interval and self._is_start) and not self._is_day
        return time + _DAY if self._is_late_midnight and is_midnight and is_end else time

    def _whole_day(self, shown: datetime) -> Placed | Misfit:
        local = shown if shown.tzinfo is None else shown.astimezone(self._zone)
        first = local.date() if self._is_start else local.date() - _DAY
        placed = Placed(civil.start_of_day(first, self._zone), civil.start_of_day(first + _DAY, self._zone))
        if placed.start == placed.end:
            return Misfit.SKIPPED
        return self._checked(placed, shown)

    def _stretch(self, shown: datetime) -> Placed | Misfit:
        if self._before is not None and self._is_interval and shown.tzinfo is None:
            expected = self._before.end + self._step
            named = self._before.end if self._is_start else expected
            if named.astimezone(self._zone).replace(tzinfo=None) == shown:
                return Placed(self._before.end, expected)
        ends = sorted(self._ends(shown))
        if not ends:
            return Misfit.SKIPPED
        if self._before is None:
            return Placed(ends[0] - self._width, ends[0])
        expected = self._before.end + self._step
        end = expected if self._is_interval and expected in ends else None
        end = end or next((each for each in ends if each > self._before.end), ends[-1])
        return self._checked(Placed(end - self._width, end), shown)

    def _checked(self, placed: Placed, shown: datetime) -> Placed | Misfit:
        before = self._before
        if before is None or (placed.start >= before.end and placed.end > before.end):
            return placed
        if shown == self._shown or placed.end == before.end:
            return Misfit.REPEATED
        return Misfit.OVERLAPS if placed.end > before.end else Misfit.BACKWARD

    def _ends(self, shown: datetime) -> set[datetime]:
        """Every end of interval that the row could mean. A label at the end may follow the clock before a change or
        the one after it, so that it is also read through the interval's start."""
        if shown.tzinfo is not None:
            at = shown.astimezone(UTC)
            return {at + self._step if self._is_start else at}
        if not self._is_interval:
            return self._instants(shown)
        if self._is_start:
            return {each + self._step for each in self._instants(shown)}
        return self._instants(shown) | {each + self._step for each in self._instants(shown - self._step)}

    def _instants(self, local: datetime) -> set[datetime]:
        """The instants at which clocks of the zone show a local time: none, one or two."""
        found = {local.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        return {each for each in found if each.astimezone(self._zone).replace(tzinfo=None, fold=0) == local}


def microseconds(instant: datetime) -> int:
    """This will return an instant as microseconds since 1970 in UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(at: int) -> datetime:
    """This will return microseconds since 1970 as an instant in UTC."""
    return _EPOCH + timedelta(microseconds=at)
