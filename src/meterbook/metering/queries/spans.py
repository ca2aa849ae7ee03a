"""The stretches of local time that screens show, where their bars begin, and what they are compared with."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from meterbook.kernel import civil
from meterbook.kernel.period import Period

QUARTER = timedelta(minutes=15)  # no zone's clock changes, and no offset has a fraction, between quarters
# A free stretch up to so long has bars of that length; a longer one has months.
LONGEST = {"STEP": timedelta(hours=6), "HOUR": timedelta(days=2), "DAY": timedelta(days=93)}
FINE = timedelta(days=8)  # up to so long the curve shows each interval


class View(enum.StrEnum):
    """How long the period is that a screen shows."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    RANGE = "RANGE"  # from one instant to another


class Grain(enum.StrEnum):
    """How long a bar is: an interval of the series, or that much of local time."""

    STEP = "STEP"
    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"


GRAINS = {View.DAY: Grain.HOUR, View.WEEK: Grain.DAY, View.MONTH: Grain.DAY, View.YEAR: Grain.MONTH}


@dataclass(frozen=True)
class Span:
    """A period and where its bars begin; `edges` has one instant more than there are bars."""

    view: View
    grain: Grain
    period: Period
    edges: tuple[datetime, ...]

    @property
    def is_fine(self) -> bool:
        """Whether the period is short enough to show each interval."""
        return self.period.duration <= FINE


def bounds(view: View, day: date, zone: tzinfo) -> Period:
    """This will return the local day, week, month or year that holds a day; of a day that was skipped, the next one."""
    if view is View.DAY and civil.is_skipped(day, zone):
        day += timedelta(days=1)
    cut = {View.DAY: civil.day_bounds, View.WEEK: civil.week_bounds, View.MONTH: civil.month_bounds}
    return cut.get(view, civil.year_bounds)(day, zone)


def step_back(view: View, day: date, zone: tzinfo) -> date:
    """This will return a day of the period before."""
    return civil.local_date(bounds(view, day, zone).start - timedelta.resolution, zone)


def step_on(view: View, day: date, zone: tzinfo) -> date:
    """This will return the first day of the period after."""
    return civil.local_date(bounds(view, day, zone).end, zone)


def span(view: View, day: date, zone: tzinfo, step: int) -> Span:
    """This will return the local day, week, month or year that holds a day, cut into its bars.

    :param step: minutes of the series' intervals
    """
    return _cut(view, GRAINS[view], bounds(view, day, zone), zone, step)


def free_span(period: Period, zone: tzinfo, step: int) -> Span:
    """This will cut any period into bars: intervals up to 6 h, hours up to 2 days, days up to 93 days, else months."""
    grain = next((Grain(name) for name, most in LONGEST.items() if period.duration <= most), Grain.MONTH)
    return _cut(View.RANGE, grain, period, zone, step)


def span_before(of: Span, zone: tzinfo, step: int) -> Span:
    """This will return the period of that length before; a free one as many local days, or as long, before."""
    if of.view is not View.RANGE:
        day = step_back(of.view, civil.local_date(of.period.start, zone), zone)
        return span(of.view, day, zone, step)
    start, end = (each.astimezone(zone).replace(tzinfo=None) for each in (of.period.start, of.period.end))
    if (end - start) % timedelta(days=1):
        return _moved(of, of.period.duration)
    return _shifted(of, zone, lambda day: day - (end - start))


def span_year_before(of: Span, zone: tzinfo, step: int) -> Span:
    """This will return the same period of the year before: a week is 52 weeks before, so that its days agree."""
    day = civil.local_date(of.period.start, zone)
    if of.view is View.WEEK:
        return span(of.view, day - timedelta(days=364), zone, step)
    if of.view is not View.RANGE:
        return span(of.view, _year_before(day), zone, step)
    return _shifted(of, zone, _year_before)


def keys(of: Span, zone: tzinfo) -> list[object]:
    """This will return by what each bar is found in another span: its place, and in a day what the clock shows.

    So that 14:00 is compared with 14:00 also when one of the days has 23 or 25 hours.
    """
    starts = of.edges[:-1]
    if of.view is not View.DAY:
        return list(range(len(starts)))
    first = civil.local_date(of.period.start, zone)
    local = [start.astimezone(zone) for start in starts]
    return [((there.date() - first).days, there.time().replace(tzinfo=None), there.fold) for there in local]


def _cut(view: View, grain: Grain, period: Period, zone: tzinfo, step: int) -> Span:
    return Span(view, grain, period, (*sorted({period.start, *_starts(grain, period, zone, step)}), period.end))


def _starts(grain: Grain, period: Period, zone: tzinfo, step: int) -> Iterator[datetime]:
    """Where bars begin; the first one begins with the period wherever that lies."""
    if grain is Grain.STEP:
        yield from (part.start for part in period.steps(timedelta(minutes=step)))
    elif grain is Grain.HOUR:
        yield from _hours(period, zone)
    elif grain is Grain.DAY:
        yield from (part.start for _day, part in civil.local_days(period, zone))
    else:
        day = civil.next_month(civil.local_date(period.start, zone))
        while (start := civil.start_of_day(day, zone)) < period.end:
            yield start
            day = civil.next_month(day)


def _hours(period: Period, zone: tzinfo) -> Iterator[datetime]:
    """Where the local clock shows a full hour, and where it jumps: Lord Howe's half hour is a bar of its own."""
    offset = None
    for quarter in period.steps(QUARTER):
        local = quarter.start.astimezone(zone)
        if local.minute == 0 or local.utcoffset() != offset:
            yield quarter.start
        offset = local.utcoffset()


def _moved(of: Span, by: timedelta) -> Span:
    edges = tuple(edge - by for edge in of.edges)
    return Span(of.view, of.grain, Period(edges[0], edges[-1]), edges)


def _shifted(of: Span, zone: tzinfo, change: Callable[[date], date]) -> Span:
    """Each bar's start on another day at the same local time; two that fall together (29 February) leave one empty."""
    moved = []
    for edge in of.edges:
        there = edge.astimezone(zone)
        day = change(there.date())
        moved.append(datetime.combine(day, there.time(), tzinfo=zone).replace(fold=there.fold).astimezone(UTC))
    return Span(of.view, of.grain, Period(moved[0], moved[-1]), tuple(moved))


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
