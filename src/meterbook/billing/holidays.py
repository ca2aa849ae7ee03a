"""Calendars of holidays as tariffs name them; the domain that keeps them is beside that of tariffs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from meterbook.rules import queries as rules_queries
from meterbook.rules.values import DayKind
from meterbook.tariffs.rating.reading import Calendars


def calendars() -> Calendars:
    """This will return what gives the holidays of a calendar by its code, each read once."""
    loaded: dict[str, Collection[date] | None] = {}

    def of(code: str) -> Collection[date] | None:
        if code not in loaded:
            found = rules_queries.days_by_code(codes=[code]).get(code)
            loaded[code] = None if found is None else found.of(DayKind.HOLIDAY)
        return loaded[code]

    return of
