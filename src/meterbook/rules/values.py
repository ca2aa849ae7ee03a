"""What a calendar of holidays holds."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

CODE_LENGTH = 40
NAME_LENGTH = 120
MOST_DAYS = 3000  # of one calendar: 30 a year for a century
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100


class DayKind(enum.StrEnum):
    """What a day of a calendar is."""

    HOLIDAY = "HOLIDAY"
    SPECIAL = "SPECIAL"  # a special tariff day, such as a critical peak day that the utility calls


@dataclass(frozen=True, order=True)
class CalendarDay:
    """One day by name; a day is there once in a calendar."""

    day: date
    name: str
    kind: DayKind = DayKind.HOLIDAY


@dataclass(frozen=True)
class Days:
    """The days of a calendar as one of its versions says them, by date."""

    number: int
    days: tuple[CalendarDay, ...]

    def of(self, kind: DayKind) -> frozenset[date]:
        """This will return the dates of a kind."""
        return frozenset(each.day for each in self.days if each.kind is kind)


@dataclass(frozen=True)
class CalendarRow:
    """A calendar with its newest version; `country` is ISO 3166-1 alpha-2 and may be empty."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    country: str
    region: str
    newest: Days
    changed_at: datetime
    changed_by: str
    reason: str


@dataclass(frozen=True)
class VersionRow:
    """One version of a calendar with what it changed."""

    number: int
    made_at: datetime
    author: str
    reason: str
    added: Sequence[CalendarDay]
    removed: Sequence[CalendarDay]
