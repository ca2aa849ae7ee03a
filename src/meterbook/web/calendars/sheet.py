"""The days of a calendar as they stand in the form: they travel with it, so that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _

from meterbook.kernel import signs
from meterbook.rules import values
from meterbook.web import typed
from meterbook.web.parameters import EARLIEST_YEAR, LATEST_YEAR

MOST_ROWS = values.MOST_DAYS


@dataclass(frozen=True)
class Row:
    """One day as it was typed; `problem` says what is wrong with it."""

    day: str = ""
    name: str = ""
    kind: str = values.DayKind.HOLIDAY.value
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not self.day.strip() and not self.name.strip()


@dataclass(frozen=True)
class Sheet:
    """All rows."""

    rows: tuple[Row, ...] = field(default_factory=tuple)

    @property
    def is_sound(self) -> bool:
        """Whether no row has a problem."""
        return not any(each.problem for each in self.rows)

    def days(self) -> list[values.CalendarDay]:
        """This will return the days; only of a sound sheet."""
        return [
            values.CalendarDay(date.fromisoformat(each.day), each.name, values.DayKind(each.kind))
            for each in self.rows
            if not each.is_empty
        ]

    def with_days(self, days: Sequence[values.CalendarDay]) -> Sheet:
        """This will add days whose dates are not there yet, and put all in order."""
        have = {each.day for each in self.rows}
        new = [_row(each) for each in days if each.day.isoformat() not in have]
        kept = [each for each in self.rows if not each.is_empty]
        return Sheet(tuple(sorted([*kept, *new], key=lambda each: each.day)))

    def without(self, index: int) -> Sheet:
        """This will take out a row."""
        return Sheet(self.rows[:index] + self.rows[index + 1 :])

    def checked(self) -> Sheet:
        """This will say beside each row what is wrong with it."""
        seen: set[str] = set()
        rows = []
        for each in self.rows:
            rows.append(replace(each, problem="" if each.is_empty else _problem(each, seen)))
            seen.add(each.day)
        return Sheet(tuple(rows))


def of_days(days: Sequence[values.CalendarDay]) -> Sheet:
    """This will return the sheet of a calendar."""
    return Sheet(tuple(_row(each) for each in days))


def of_post(post: QueryDict) -> Sheet:
    """This will read the rows of a form; what lacks a part is passed over."""
    given = zip(post.getlist("day"), post.getlist("day_name"), post.getlist("day_kind"), strict=False)
    kinds = {each.value for each in values.DayKind}
    rows = [
        Row(day.strip(), signs.composed(name.strip()), kind if kind in kinds else values.DayKind.HOLIDAY.value)
        for day, name, kind in list(given)[:MOST_ROWS]
    ]
    return Sheet(tuple(rows))


def _row(day: values.CalendarDay) -> Row:
    return Row(day.day.isoformat(), day.name, day.kind.value)


def _problem(row: Row, seen: set[str]) -> str:
    try:
        day = date.fromisoformat(row.day) if len(row.day) == len("2026-07-01") else None
    except ValueError:
        day = None
    if day is None:
        return _("Write the day as year-month-day, such as 2026-07-01.")
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        return _("Take a day of the years %(earliest)s to %(latest)s.") % {
            "earliest": EARLIEST_YEAR,
            "latest": LATEST_YEAR,
        }
    if row.day in seen:
        return _("This day is there twice; take one of the two out.")
    if not row.name:
        return _("Say what the day is called.")
    if len(row.name) > values.NAME_LENGTH:
        return _("The name is longer than %(most)s characters.") % {"most": values.NAME_LENGTH}
    unseen = signs.find(row.name)
    return typed.words(unseen) if unseen is not None else ""
