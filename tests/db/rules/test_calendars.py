"""Calendars: versions that never change, days that make sense, and other organizations' that are not there."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

import pytest

from meterbook.foundation import scoping
from meterbook.rules import operations, queries, values
from tests.factories import identity, rules
from tests.support import trails

AT = datetime(2026, 3, 1, tzinfo=UTC)
EPIPHANY = values.CalendarDay(date(2027, 1, 6), "Epiphany")
PEAK = values.CalendarDay(date(2026, 7, 15), "Called peak", values.DayKind.SPECIAL)


def change(calendar: uuid.UUID, *days: values.CalendarDay, reason: str = "new law") -> int:
    return operations.change_days(actor=identity.ACTOR, at=AT, calendar=calendar, days=days, reason=reason).number


@pytest.mark.spec("M-052/3")
def test_a_change_is_a_further_version_and_the_newest_counts() -> None:
    organization = identity.organization()
    calendar = rules.calendar_of(organization, code="coast")
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        assert change(calendar, EPIPHANY, rules.CHRISTMAS, PEAK) == 2

        newest = queries.days_by_code(codes=["coast", "nowhere"])
        assert list(newest) == ["coast"]
        assert newest["coast"].number == 2
        assert [each.day for each in newest["coast"].days] == [PEAK.day, rules.CHRISTMAS.day, EPIPHANY.day]
        assert newest["coast"].of(values.DayKind.SPECIAL) == {PEAK.day}
        second, first = queries.list_versions(public_id=calendar)
        assert (list(second.added), second.removed, second.reason) == ([PEAK, EPIPHANY], [], "new law")
        assert list(first.added) == [rules.CHRISTMAS]
    changed = trails.latest(organization)
    assert changed.action == "rules:change_days"
    assert changed.after["added"] == ["2026-07-15 Called peak", "2027-01-06 Epiphany"]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((rules.CHRISTMAS, values.CalendarDay(rules.CHRISTMAS.day, "Again")), "twice"),
        ((values.CalendarDay(date(1950, 1, 1), "Long ago"),), "outside"),
        ((values.CalendarDay(date(2026, 1, 1), " "),), "no name"),
        ((rules.CHRISTMAS,), "these days already"),
    ],
    ids=["twice", "far", "nameless", "same"],
)
def test_days_that_cannot_be_kept_are_named_and_nothing_changes(
    days: tuple[values.CalendarDay, ...], words: str
) -> None:
    organization = identity.organization()
    calendar = rules.calendar_of(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        with pytest.raises((operations.DaysRefused, operations.NothingChanged), match=words):
            change(calendar, *days)
        assert queries.get_calendar(public_id=calendar).newest.number == 1


def test_a_code_is_there_once_and_others_calendars_are_not_there() -> None:
    organization, other = identity.organization(), identity.organization()
    calendar = rules.calendar_of(organization, code="coast")
    rules.calendar_of(other, code="coast")
    with pytest.raises(operations.CalendarCodeTaken, match="coast"):
        rules.calendar_of(organization, code="coast")
    with scoping.scope([other.pk], actor=identity.ACTOR):
        with pytest.raises(queries.CalendarNotFound):
            queries.get_calendar(public_id=calendar)
        with pytest.raises(queries.CalendarNotFound):
            change(calendar, EPIPHANY)
        assert queries.list_versions(public_id=calendar) == []
