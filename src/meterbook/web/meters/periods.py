"""The period bar: what the period is called, with what it is compared, and where its buttons lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.web.meters import asking, captions
from meterbook.web.meters.asking import Compare

View = metering_queries.View


@dataclass(frozen=True)
class Choice:
    """One choice of the bar."""

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
    first: date  # of the period, and its final day
    final: date
    title: str
    detail: str
    previous_href: str
    next_href: str
    today_href: str
    is_present: bool
    choices: tuple[Choice, ...]
    compares: tuple[Choice, ...]
    before: str  # what the period is compared with; empty: nothing
    by_price: bool
    price_href: str
    query: str
    problem: str
    typed: tuple[str, str]
    kept: tuple[tuple[str, str], ...]  # what the forms of the bar leave as it is

    @property
    def within(self) -> str:
        """The title as it stands inside a sentence: months are written small there where the language does so."""
        return formats.date_format(self.first, "F") if self.view is View.MONTH else self.title


def bar(asked: asking.Asked, *, at: datetime, step: int, other: str = "", problem: str = "") -> PeriodBar:
    """This will lay out the bar of what was asked for.

    :param other: the name of the meter that is compared with
    :param problem: why something else is shown than was asked for
    """
    zone = asked.zone
    today = civil.local_date(at, zone)
    period = asked.period(step)
    final = civil.local_date(period.end - timedelta.resolution, zone)
    is_present = period.end > at
    title, detail = _names(asked, period, today)
    return PeriodBar(
        view=asked.view,
        day=asked.day,
        today=today,
        first=civil.local_date(period.start, zone),
        final=final,
        title=title,
        detail=detail,
        previous_href=_stepped(asked, period, -1),
        next_href="" if is_present else _stepped(asked, period, 1),
        today_href=asked.href(view=View.DAY if asked.view is View.RANGE else asked.view, day=today),
        is_present=is_present,
        choices=_lengths(asked, final),
        compares=_compares(asked, other, is_present=is_present),
        before=_before(asked, other, is_present=is_present),
        by_price=asked.by_price,
        price_href=asked.href(by_price=not asked.by_price),
        query=asked.href(),
        problem=asked.problem or problem,
        typed=asked.typed,
        kept=asked.kept,
    )


def range_text(period: Period, zone: ZoneInfo) -> str:
    """This will write a free range in words: days, or times where it begins or ends within a day."""
    start, end = period.start.astimezone(zone), period.end.astimezone(zone)
    final = civil.local_date(period.end - timedelta.resolution, zone)
    first = formats.date_format(start.date(), "SHORT_DATE_FORMAT")
    if asking.is_of_days(period, zone):
        if final == start.date():
            return first
        return _("%(first)s to %(last)s") % {"first": first, "last": formats.date_format(final, "SHORT_DATE_FORMAT")}
    if final == start.date():
        closing = "24:00" if end.date() != final else f"{end:%H:%M}"
        return f"{first}, {start:%H:%M}\u2013{closing}"
    last = formats.date_format(end.date(), "SHORT_DATE_FORMAT")
    return _("%(first)s to %(last)s") % {"first": f"{first} {start:%H:%M}", "last": f"{last} {end:%H:%M}"}


def _stepped(asked: asking.Asked, period: Period, direction: int) -> str:
    if asked.free is not None:
        return asked.href(free=asking.beside(asked.free, asked.zone, direction))
    step = metering_queries.step_back if direction < 0 else metering_queries.step_on
    return asked.href(day=step(asked.view, asked.day, asked.zone))


def _lengths(asked: asking.Asked, final: date) -> tuple[Choice, ...]:
    """From a range the other lengths lead to the one that holds its final day."""
    day = final if asked.view is View.RANGE else asked.day
    return tuple(
        Choice(each.lower(), str(caption), asked.href(view=each, day=day), each is asked.view)
        for each, caption in captions.VIEWS.items()
    )


def _compares(asked: asking.Asked, other: str, *, is_present: bool) -> tuple[Choice, ...]:
    named = {Compare.PREVIOUS: _previous(asked.view, is_present=is_present)}
    if asked.view is not View.YEAR:
        named[Compare.YEAR] = _("the same a year before")
    if asked.compare is Compare.METER:
        named[Compare.METER] = other
    named[Compare.NO] = _("nothing")
    return tuple(
        Choice(code, name if code is Compare.METER else capital(name), asked.href(compare=code), code is asked.compare)
        for code, name in named.items()
    )


def capital(text: str) -> str:
    """This will write the first letter large."""
    return text[:1].upper() + text[1:]


def _names(asked: asking.Asked, period: Period, today: date) -> tuple[str, str]:
    view, zone = asked.view, asked.zone
    first, following = civil.local_date(period.start, zone), civil.local_date(period.end, zone)
    if view is View.RANGE:
        return range_text(period, zone), ""
    if view is View.DAY:
        day = formats.date_format(first, "DATE_FORMAT")
        if first == today:
            return _("Today"), day
        return (_("Yesterday"), day) if first == today - timedelta(days=1) else (day, formats.date_format(first, "l"))
    if view is View.WEEK:
        span = range_text(period, zone)
        return (_("This week"), span) if following > today else (span, "")
    if view is View.MONTH:
        return formats.date_format(first, "F").capitalize(), str(first.year)
    return str(first.year), ""


def _before(asked: asking.Asked, other: str, *, is_present: bool) -> str:
    if asked.compare is Compare.NO:
        return ""
    if asked.compare is Compare.METER:
        return other
    if asked.compare is Compare.YEAR and asked.view is not View.YEAR:
        return _("the same a year before")
    return _previous(asked.view, is_present=is_present)


def _previous(view: View, *, is_present: bool) -> str:
    if view is View.RANGE:
        return _("the period before")
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
