"""Reads of calendars. Each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.rules import models, values


class CalendarNotFound(LookupError):
    """There is no such calendar in this organization."""


def list_calendars() -> list[values.CalendarRow]:
    """This will return all calendars by name, each with its newest version."""
    owner = scoping.current().organization_id
    return _rows(models.HolidayCalendar.objects.filter(organization_id=owner).order_by("name", "id"))


def get_calendar(*, public_id: uuid.UUID) -> values.CalendarRow:
    """This will return one calendar.

    :raises CalendarNotFound: when the organization has no such calendar
    """
    owner = scoping.current().organization_id
    found = _rows(models.HolidayCalendar.objects.filter(organization_id=owner, public_id=public_id))
    if not found:
        raise CalendarNotFound(_("There is no such calendar."))
    return found[0]


def days_by_code(
    *, codes: Iterable[str], number: int | None = None, at: datetime | None = None
) -> dict[str, values.Days]:
    """This will return the days of calendars by their codes; unknown ones are left out.

    :param number: of the version wanted, instead of the newest
    :param at: an instant whose newest version is wanted; the first one where that came later
    """
    owner = scoping.current().organization_id
    versions = models.HolidayVersion.objects.filter(organization_id=owner, calendar__code__in=sorted(set(codes)))
    if number is not None:
        versions = versions.filter(number=number)
    if at is not None:
        versions = versions.filter(Q(made_at__lte=at) | Q(number=1))
    newest = versions.order_by("calendar", "-number").distinct("calendar").select_related("calendar")
    return {each.calendar.code: values.Days(each.number, days_of(each.days)) for each in newest}


def list_versions(*, public_id: uuid.UUID) -> list[values.VersionRow]:
    """This will return the versions of a calendar with what each changed, the newest first."""
    owner = scoping.current().organization_id
    found = models.HolidayVersion.objects.filter(organization_id=owner, calendar__public_id=public_id)
    told, before = [], frozenset[values.CalendarDay]()
    for each in found.order_by("number", "id"):
        days = frozenset(days_of(each.days))
        added, removed = sorted(days - before), sorted(before - days)
        told.append(values.VersionRow(each.number, each.made_at, each.author, each.reason, added, removed))
        before = days
    return told[::-1]


def changes_of(*, public_id: uuid.UUID) -> list[tuple[date, datetime]]:
    """This will return the dates that changes after the first version put in or took out, each with when."""
    versions = [each for each in list_versions(public_id=public_id) if each.number > 1]
    return sorted({(day.day, each.made_at) for each in versions for day in (*each.added, *each.removed)})


def days_of(raw: list[list[str]]) -> tuple[values.CalendarDay, ...]:
    """This will read days as a version keeps them."""
    return tuple(values.CalendarDay(date.fromisoformat(day), name, values.DayKind(kind)) for day, name, kind in raw)


def _rows(calendars: Iterable[models.HolidayCalendar]) -> list[values.CalendarRow]:
    found = list(calendars)
    owner = scoping.current().organization_id
    versions = models.HolidayVersion.objects.filter(organization_id=owner, calendar__in=found)
    newest = {each.calendar_id: each for each in versions.order_by("calendar", "-number").distinct("calendar")}
    return [_row(each, newest[each.pk]) for each in found]


def _row(calendar: models.HolidayCalendar, version: models.HolidayVersion) -> values.CalendarRow:
    return values.CalendarRow(
        id=calendar.pk,
        public_id=calendar.public_id,
        code=calendar.code,
        name=calendar.name,
        country=calendar.country,
        region=calendar.region,
        newest=values.Days(version.number, days_of(version.days)),
        changed_at=version.made_at,
        changed_by=version.author,
        reason=version.reason,
    )
