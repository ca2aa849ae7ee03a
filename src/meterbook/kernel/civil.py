"""Calendar days, weeks, months and years of a place, as periods of real time.

A civil day is not always 24 hours: clocks change, by an hour or by half an hour, and now and then a place skips a day.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from meterbook.kernel.period import Period


class DaySkipped(ValueError):
    """The place left this day out, as Samoa did with 30 December 2011."""


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """This will return the first instant of a local day, in UTC.

    Where clocks jump over midnight the day begins at the jump; where midnight comes twice it begins with the first.
    """
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def day_bounds(day: date, zone: tzinfo) -> Period:
    """This will return a local day: 23, 24 or 25 hours, at Lord Howe 23.5 or 24.5.

    :raises DaySkipped: when the place had no such day
    """
    return _between(day, day + timedelta(days=1), zone)


def is_skipped(day: date, zone: tzinfo) -> bool:
    """This will tell whether the place left a day out."""
    return start_of_day(day, zone) >= start_of_day(day + timedelta(days=1), zone)


def week_bounds(day: date, zone: tzinfo) -> Period:
    """This will return the local week, Monday to Sunday, that holds a day."""
    monday = day - timedelta(days=day.weekday())
    return _between(monday, monday + timedelta(days=7), zone)


def month_bounds(day: date, zone: tzinfo) -> Period:
    """This will return the local calendar month that holds a day."""
    first = day.replace(day=1)
    return _between(first, next_month(first), zone)


def year_bounds(day: date, zone: tzinfo) -> Period:
    """This will return the local calendar year that holds a day."""
    return _between(date(day.year, 1, 1), date(day.year + 1, 1, 1), zone)


def next_month(day: date) -> date:
    """This will return the first day of the month after the one that holds the day."""
    return day.replace(day=1) + timedelta(days=calendar.monthrange(day.year, day.month)[1])


def local_date(instant: datetime, zone: tzinfo) -> date:
    """This will return the date that a calendar at the place shows at an instant."""
    return instant.astimezone(zone).date()


def dates(first: date, until: date) -> Iterator[date]:
    """This will yield every date from `first` up to, not including, `until`."""
    for offset in range((until - first).days):
        yield first + timedelta(days=offset)


def local_days(period: Period, zone: tzinfo) -> list[tuple[date, Period]]:
    """This will cut a period at local midnights: each date with the part of the period that falls on it."""
    found = []
    until = local_date(period.end - timedelta.resolution, zone) + timedelta(days=1)
    for day in dates(local_date(period.start, zone), until):
        start, end = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
        if start < end and (part := period.intersection(Period(start, end))) is not None:
            found.append((day, part))
    return found


def _between(first: date, until: date, zone: tzinfo) -> Period:
    start, end = start_of_day(first, zone), start_of_day(until, zone)
    if start >= end:
        raise DaySkipped(f"{first}: {DaySkipped.__doc__}")
    return Period(start, end)
