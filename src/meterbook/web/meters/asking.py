"""What the address of a meter page asks for: a period, what to compare it with, and how bars are colored."""

from __future__ import annotations

import dataclasses
import enum
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries

View = metering_queries.View
EARLIEST = date(1990, 1, 1)
LONGEST = timedelta(days=1_100)  # of a free range: three years
QUARTER = timedelta(minutes=15)


class Compare(enum.StrEnum):
    """With what a period is compared."""

    PREVIOUS = "previous"
    YEAR = "year"
    METER = "meter"
    NO = "no"


@dataclass(frozen=True)
class Asked:
    """What to show. `free` is the period of a RANGE view; `problem` says in words why something else is shown."""

    view: View
    day: date
    free: Period | None
    compare: Compare
    other: uuid.UUID | None
    by_price: bool
    zone: ZoneInfo
    problem: str = ""
    typed: tuple[str, str] = ("", "")

    def href(
        self,
        *,
        view: View | None = None,
        day: date | None = None,
        free: Period | None = None,
        compare: Compare | None = None,
        other: uuid.UUID | None = None,
        by_price: bool | None = None,
    ) -> str:
        """This will return the address of the same with changes, "?..."; a `free` period makes it a range."""
        view = view or (View.RANGE if free else self.view)
        compare, other = compare or self.compare, other or self.other
        asked = {"view": view.lower()}
        if view is View.RANGE:
            asked |= dict(zip(("from", "to"), written(free or self.free or self.period(15), self.zone), strict=True))
        else:
            asked["day"] = (day or self.day).isoformat()
        changed = dataclasses.replace(
            self, compare=compare, other=other, by_price=self.by_price if by_price is None else by_price
        )
        asked |= dict(changed.kept)
        return f"?{urlencode(asked)}"

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What an address says besides the period, by name."""
        found = []
        if self.compare is not Compare.PREVIOUS:
            found.append(("compare", str(self.compare)))
        if self.compare is Compare.METER and self.other:
            found.append(("with", str(self.other)))
        if self.by_price:
            found.append(("price", "yes"))
        return tuple(found)

    def span(self, step: int) -> metering_queries.Span:
        """This will return the period with its bars.

        :param step: minutes of the series' intervals
        """
        if self.free is not None:
            return metering_queries.free_span(self.free, self.zone, step)
        return metering_queries.span(self.view, self.day, self.zone, step)

    def period(self, step: int) -> Period:
        """This will return the period alone."""
        return self.span(step).period


def read(query: QueryDict, *, at: datetime, zone: ZoneInfo) -> Asked:
    """This will read an address; what cannot be read is today's day view, beside the day before."""
    today = civil.local_date(at, zone)
    view, compare = _view(query), _compare(query)
    asked = Asked(
        view=view,
        day=_day(query.get("day", ""), today),
        free=None,
        compare=compare,
        other=_uuid(query.get("with", "")),
        by_price=query.get("price") == "yes",
        zone=zone,
    )
    if compare is Compare.METER and asked.other is None:
        asked = dataclasses.replace(asked, compare=Compare.PREVIOUS)
    return _with_range(asked, query, today) if view is View.RANGE else asked


def written(period: Period, zone: ZoneInfo) -> tuple[str, str]:
    """This will write a period for an address: the first and the final day, or two instants with their offset."""
    start, end = period.start.astimezone(zone), period.end.astimezone(zone)
    if is_of_days(period, zone):
        return start.date().isoformat(), (end.date() - timedelta(days=1)).isoformat()
    return start.isoformat(timespec="minutes"), end.isoformat(timespec="minutes")


def is_of_days(period: Period, zone: ZoneInfo) -> bool:
    """This will tell whether a period consists of whole local days."""
    return all(civil.start_of_day(civil.local_date(each, zone), zone) == each for each in (period.start, period.end))


def beside(period: Period, zone: ZoneInfo, direction: int) -> Period:
    """This will return the period as long before (-1) or after (1): as many local days where it is of days."""
    if not is_of_days(period, zone):
        return Period(period.start + direction * period.duration, period.end + direction * period.duration)
    first, until = civil.local_date(period.start, zone), civil.local_date(period.end, zone)
    by = direction * (until - first)
    return Period(civil.start_of_day(first + by, zone), civil.start_of_day(until + by, zone))


def _with_range(asked: Asked, query: QueryDict, today: date) -> Asked:
    typed = (query.get("from", "").strip()[:40], query.get("to", "").strip()[:40])
    asked = dataclasses.replace(asked, typed=typed)
    start, end = _instant(typed[0], asked.zone, 0), _instant(typed[1], asked.zone, 1)
    if start is None or end is None:
        problem = _("Choose the first and the final day of the range. Today is shown meanwhile.")
        return dataclasses.replace(asked, view=View.DAY, day=today, problem=problem)
    limit = civil.start_of_day(today + timedelta(days=1), asked.zone)
    end = min(end, limit)
    if end <= start:
        day = min(civil.local_date(start, asked.zone), today)
        problem = _("The range ends before it begins; choose a later end. Its first day is shown meanwhile.")
        if start >= limit:
            problem = _("The range lies in the future; choose earlier days. Today is shown meanwhile.")
        return dataclasses.replace(asked, view=View.DAY, day=day, problem=problem)
    if end - start > LONGEST:
        first = civil.local_date(end - LONGEST, asked.zone)
        problem = _("A range has at most three years; the final three are shown.")
        return dataclasses.replace(asked, free=Period(civil.start_of_day(first, asked.zone), end), problem=problem)
    return dataclasses.replace(asked, free=Period(start, end))


def _instant(text: str, zone: ZoneInfo, days: int) -> datetime | None:
    """A local day (its start, or that of the next one), or an instant on a quarter of an hour; None when neither."""
    try:
        day = parse_date(text)
        moment = None if day else parse_datetime(text)
    except ValueError:
        return None
    year = day.year if day else moment.year if moment else 0
    if not EARLIEST.year <= year <= 2100:
        return None
    if day is not None:
        return civil.start_of_day(day + timedelta(days=days), zone)
    assert moment is not None  # noqa: S101 - one of the two has a year
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    exact = aware.astimezone(UTC)
    midnight = datetime.combine(exact.date(), time(0), tzinfo=UTC)
    return midnight + (exact - midnight) // QUARTER * QUARTER


def _view(query: QueryDict) -> View:
    try:
        return View(query.get("view", "").upper())
    except ValueError:
        return View.DAY


def _compare(query: QueryDict) -> Compare:
    try:
        return Compare(query.get("compare", ""))
    except ValueError:
        return Compare.PREVIOUS


def _day(text: str, today: date) -> date:
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    return min(max(found or today, EARLIEST), today)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
