"""Calendars of holidays as tariffs name them; the domain that keeps them is beside that of tariffs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from meterbook.rules import queries as rules_queries
from meterbook.rules.values import DayKind, Days
from meterbook.tariffs.rating.document import CalendarDays
from meterbook.tariffs.rating.reading import Calendars


def calendars() -> Calendars:
    """This will return what gives the days of a calendar by its code, as its newest version says, each read once."""
    return _reading(lambda code: rules_queries.days_by_code(codes=[code]))


def calendars_at(number: int | None, *, at: datetime) -> Calendars:
    """This will return what gives the days of a calendar as a version says them.

    :param number: of the version; None: the one that held at the instant `at`
    """
    if number is None:
        return _reading(lambda code: rules_queries.days_by_code(codes=[code], at=at))
    return _reading(lambda code: rules_queries.days_by_code(codes=[code], number=number))


def _reading(find: Callable[[str], Mapping[str, Days]]) -> Calendars:
    loaded: dict[str, CalendarDays | None] = {}

    def of(code: str) -> CalendarDays | None:
        if code not in loaded:
            found = find(code).get(code)
            loaded[code] = None if found is None else _days(found)
        return loaded[code]

    return of


def _days(found: Days) -> CalendarDays:
    return CalendarDays(found.of(DayKind.HOLIDAY), found.of(DayKind.SPECIAL), found.number)
