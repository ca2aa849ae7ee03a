"""The stretches of local time that screens show, and where their bars begin."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo

from meterbook.kernel import civil
from meterbook.kernel.period import Period

QUARTER = timedelta(minutes=15)  # no zone's clock changes, and no offset has a fraction, between quarters


class View(enum.StrEnum):
    """How long the period is that a screen shows."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


def bounds(view: View, day: date, zone: tzinfo) -> Period:
    """This will return the local day, week, month or year that holds a day."""
    cut = {View.DAY: civil.day_bounds, View.WEEK: civil.week_bounds, View.MONTH: civil.month_bounds}
    return cut.get(view, civil.year_bounds)(day, zone)


def step_back(view: View, day: date, zone: tzinfo) -> date:
    """This will return a day of the period before."""
    return civil.local_date(bounds(view, day, zone).start - timedelta.resolution, zone)


def step_on(view: View, day: date, zone: tzinfo) -> date:
    """This will return the first day of the period after."""
    return civil.local_date(bounds(view, day, zone).end, zone)


def edges(view: View, period: Period, zone: tzinfo) -> list[datetime]:
    """This will return where the bars of a period begin, and the end of the final one."""
    if view is View.DAY:
        return [*_hours(period, zone), period.end]
    if view is View.YEAR:
        year = civil.local_date(period.start, zone).year
        return [civil.start_of_day(date(year, month, 1), zone) for month in range(1, 13)] + [period.end]
    return [part.start for _day, part in civil.local_days(period, zone)] + [period.end]


def _hours(period: Period, zone: tzinfo) -> Iterator[datetime]:
    """Where the local clock shows a full hour, and where it jumps: Lord Howe's half hour is a bar of its own."""
    offset = None
    for quarter in period.steps(QUARTER):
        local = quarter.start.astimezone(zone)
        if local.minute == 0 or local.utcoffset() != offset:
            yield quarter.start
        offset = local.utcoffset()
