"""When billing periods end: weekly, or every so many months at a cut-off day. Pure."""

from __future__ import annotations

import calendar
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LAST_DAY = 31  # the cut-off "last day of the month": the 28th, 29th or 30th where a month has no more (M-058)
DAYS_A_WEEK = 7
MOST_MONTHS = 12


class Cycle(enum.StrEnum):
    """How often bills are made."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    MONTHS = "MONTHS"  # every so many months


@dataclass(frozen=True)
class Rhythm:
    """A cycle with its cut-off: a day of the month, or of the week (1 is Monday), whose end ends a period.

    `months` between two cut-offs; 0 for a week. `starts_on` is the first day that is billed.
    """

    months: int
    cutoff_day: int
    starts_on: date


@dataclass(frozen=True)
class Span:
    """The days [first_day, until_day) of a period; the cut-off is the day before `until_day`."""

    first_day: date
    until_day: date

    @property
    def cutoff(self) -> date:
        """The final day."""
        return self.until_day - timedelta(days=1)


def months_of(cycle: Cycle, months: int) -> int:
    """This will return how many months lie between two cut-offs; 0 for a week."""
    return {Cycle.WEEKLY: 0, Cycle.MONTHLY: 1, Cycle.BIMONTHLY: 2}.get(cycle, months)


def spans(rhythm: Rhythm, *, since: date | None = None) -> Iterator[Span]:
    """This will yield the periods of a calendar without end, from the one that begins on `since` on.

    The first period ends at the n-th cut-off from `starts_on` on, n months being the cycle: from 16 January, monthly
    with the 15th, it is 16 January to 15 February. With the last day in January 2027: 1 to 31 January, then February
    to the 28th.

    :param since: the end of the latest period that was billed; None: none was yet
    """
    first = rhythm.starts_on if since is None else since
    while True:
        until = _cutoff_after(rhythm, first) + timedelta(days=1)
        yield Span(first, until)
        first = until


def due_at(span: Span, *, hour: int, zone: ZoneInfo) -> datetime:
    """This will return when a period is billed: the local hour on the day after the cut-off, in UTC (M-079).

    Where clocks leave the hour out it is the one that they show then.
    """
    return datetime.combine(span.until_day, time(hour), tzinfo=zone).astimezone(UTC)


def _cutoff_after(rhythm: Rhythm, first: date) -> date:
    """The cut-off of the period that begins on a day."""
    if rhythm.months == 0:
        return first + timedelta(days=(rhythm.cutoff_day - 1 - first.weekday()) % DAYS_A_WEEK)
    month = first.replace(day=1)
    if _in_month(month, rhythm.cutoff_day) < first:
        month = _later(month, 1)
    return _in_month(_later(month, rhythm.months - 1), rhythm.cutoff_day)


def _in_month(month: date, day: int) -> date:
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def _later(month: date, months: int) -> date:
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
