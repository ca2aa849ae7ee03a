"""Where a meter point's time is cut: at interval boundaries for energy, at local midnights for days. Pure."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.tariffs.rating.plan import Plan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SharePlan(Plan):
    """A plan for a part of a period: its days are those that begin in the part, so that no day is charged twice."""

    counted: tuple[date, ...] = ()

    @cached_property
    def days(self) -> list[date]:
        """The calendar days that begin in the part."""
        return list(self.counted)


@dataclass(frozen=True)
class Span:
    """A part of time: `cut` holds its intervals, `days` the calendar days that begin in it."""

    cut: Period
    days: tuple[date, ...]


@functools.lru_cache(maxsize=4_096)
def span(period: Period, *, step: int, zone: ZoneInfo) -> Span | None:
    """This will fit a period to intervals of `step` minutes: one belongs to whom the time at its start belongs.

    A contract from 10:07 on begins with the interval of 10:15. None: no interval starts in the period.
    """
    start, end = _at_or_after(period.start, step), _at_or_after(period.end, step)
    if start >= end:
        return None
    days = [day for day, part in civil.local_days(period, zone) if part.start == civil.start_of_day(day, zone)]
    return Span(Period(start, end), tuple(days))


def by_version(period: Period, first_days: list[date], zone: ZoneInfo) -> list[Period]:
    """This will cut a period at the local midnights at which another tariff version comes into force."""
    return period.split([civil.start_of_day(each, zone) for each in first_days])


def _at_or_after(instant: datetime, step: int) -> datetime:
    width = timedelta(minutes=step)
    return _EPOCH + -((_EPOCH - instant) // width) * width
