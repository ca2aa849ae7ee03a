"""The period bar: which period the address asks for, what it is called, and where its buttons lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils import formats
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.metering import queries as metering_queries
from meterbook.web.meters import captions

View = metering_queries.View
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Choice:
    """One length in the bar."""

    code: str
    caption: str
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class PeriodBar:
    """The bar as the page shows it; `next_href` is empty in the present period."""

    view: View
    day: date
    today: date
    title: str
    detail: str
    previous_href: str
    next_href: str
    today_href: str
    is_present: bool
    choices: tuple[Choice, ...]
    compares: bool
    compare_href: str
    before: str  # what the period before is called
    query: str


def read(query: QueryDict, *, at: datetime, zone: ZoneInfo) -> PeriodBar:
    """This will read view, day and comparison from an address; what cannot be read is today's day view."""
    today = civil.local_date(at, zone)
    try:
        view = View(query.get("view", "").upper())
    except ValueError:
        view = View.DAY
    day = _day(query.get("day", ""), today)
    return _bar(view, day, today, zone, compares=query.get("compare") != "no")


def _day(text: str, today: date) -> date:
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    return min(max(found or today, EARLIEST), today)


def _bar(view: View, day: date, today: date, zone: ZoneInfo, *, compares: bool) -> PeriodBar:
    def href(view: View, day: date, compares: bool = compares) -> str:
        asked = {"view": view.lower(), "day": day.isoformat()} | ({} if compares else {"compare": "no"})
        return f"?{urlencode(asked)}"

    period = metering_queries.bounds(view, day, zone)
    following = metering_queries.step_on(view, day, zone)
    is_present = following > today
    title, detail = _names(view, period.start.astimezone(zone).date(), following, today)
    return PeriodBar(
        view=view,
        day=day,
        today=today,
        title=title,
        detail=detail,
        previous_href=href(view, metering_queries.step_back(view, day, zone)),
        next_href="" if is_present else href(view, following),
        today_href=href(view, today),
        is_present=is_present,
        choices=tuple(
            Choice(each.lower(), str(caption), href(each, day), each is view)
            for each, caption in captions.VIEWS.items()
        ),
        compares=compares,
        compare_href=href(view, day, not compares),
        before=_before(view, is_present=is_present),
        query=href(view, day),
    )


def _names(view: View, first: date, following: date, today: date) -> tuple[str, str]:
    if view is View.DAY:
        day = formats.date_format(first, "DATE_FORMAT")
        if first == today:
            return _("Today"), day
        return (_("Yesterday"), day) if first == today - timedelta(days=1) else (day, formats.date_format(first, "l"))
    if view is View.WEEK:
        span = _("%(first)s to %(last)s") % {
            "first": formats.date_format(first, "SHORT_DATE_FORMAT"),
            "last": formats.date_format(following - timedelta(days=1), "SHORT_DATE_FORMAT"),
        }
        return (_("This week"), span) if following > today else (span, "")
    if view is View.MONTH:
        return formats.date_format(first, "F").capitalize(), str(first.year)
    return str(first.year), ""


def _before(view: View, *, is_present: bool) -> str:
    if is_present:
        return {
            View.DAY: _("yesterday"),
            View.WEEK: _("last week"),
            View.MONTH: _("last month"),
            View.YEAR: _("last year"),
        }[view]
    return {
        View.DAY: _("the day before"),
        View.WEEK: _("the week before"),
        View.MONTH: _("the month before"),
        View.YEAR: _("the year before"),
    }[view]
