"""Changes of calendars: each makes a further version; what was billed by an earlier one stays as it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from django.db import IntegrityError, transaction
from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.rules import models, queries, values


class CalendarCodeTaken(ValueError):
    """The organization has a calendar of that code; take another code, or change that one."""


class DaysRefused(ValueError):
    """The days of a calendar cannot be kept as they are; the message names the day."""


class NothingChanged(ValueError):
    """The calendar holds these days already."""


@operation.operation
def create_calendar(
    *,
    actor: Actor,
    at: datetime,
    code: str,
    name: str,
    days: Sequence[values.CalendarDay],
    country: str = "",
    region: str = "",
) -> models.HolidayCalendar:
    """This will add a calendar with its first version.

    :raises CalendarCodeTaken: when the organization has a calendar of that code
    :raises DaysRefused: naming the day that cannot be kept
    """
    kept = _sound(days)
    try:
        with transaction.atomic():
            calendar = models.HolidayCalendar.objects.create(
                organization_id=scoping.current().organization_id, code=code, name=name, country=country, region=region
            )
    except IntegrityError as error:
        raise CalendarCodeTaken(
            _("There is a calendar “%(code)s” already; take another code.") % {"code": code}
        ) from error
    _add_version(calendar, 1, kept, actor=actor, at=at, reason="")
    after = {"code": code, "name": name, "country": country, "region": region, "days": len(kept)}
    audit_operations.record(
        actor=actor, at=at, action="rules:create_calendar", subject=calendar, before=None, after=after
    )
    return calendar


@operation.operation
def change_days(
    *, actor: Actor, at: datetime, calendar: uuid.UUID, days: Sequence[values.CalendarDay], reason: str
) -> models.HolidayVersion:
    """This will keep other days from now on, as a further version. Issued bills keep the days they were made with.

    :param calendar: its public id
    :raises queries.CalendarNotFound: when the organization has no such calendar
    :raises DaysRefused: naming the day that cannot be kept
    :raises NothingChanged: when these are its days already
    """
    owner = scoping.current().organization_id
    held = models.HolidayCalendar.objects.select_for_update().filter(organization_id=owner, public_id=calendar).first()
    if held is None:
        raise queries.CalendarNotFound(_("There is no such calendar."))
    before, kept = queries.get_calendar(public_id=calendar).newest, _sound(days)
    if tuple(kept) == before.days:
        raise NothingChanged(_("The calendar holds these days already; nothing was changed."))
    version = _add_version(held, before.number + 1, kept, actor=actor, at=at, reason=reason)
    was, now = set(before.days), set(kept)
    audit_operations.record(
        actor=actor,
        at=at,
        action="rules:change_days",
        subject=held,
        before={"number": before.number, "removed": [_told(each) for each in sorted(was - now)]},
        after={"number": version.number, "added": [_told(each) for each in sorted(now - was)], "reason": reason},
    )
    return version


def _add_version(
    calendar: models.HolidayCalendar,
    number: int,
    days: Sequence[values.CalendarDay],
    *,
    actor: Actor,
    at: datetime,
    reason: str,
) -> models.HolidayVersion:
    return models.HolidayVersion.objects.create(
        organization_id=calendar.organization_id,
        calendar=calendar,
        number=number,
        days=[[each.day.isoformat(), each.name, each.kind.value] for each in days],
        reason=reason,
        author=actor.label,
        made_at=at,
    )


def _sound(days: Sequence[values.CalendarDay]) -> list[values.CalendarDay]:
    ordered = sorted(days)
    if len(ordered) > values.MOST_DAYS:
        raise DaysRefused(
            _("A calendar holds at most %(most)s days; take out those long past.") % {"most": values.MOST_DAYS}
        )
    for each in ordered:
        if not each.name.strip():
            raise DaysRefused(_("%(day)s has no name; say what it is.") % {"day": _written(each)})
        if not values.EARLIEST_YEAR <= each.day.year <= values.LATEST_YEAR:
            facts = {"day": _written(each), "first": values.EARLIEST_YEAR, "last": values.LATEST_YEAR}
            raise DaysRefused(_("%(day)s lies outside of the years %(first)s to %(last)s.") % facts)
    for one, other in pairwise(ordered):
        if one.day == other.day:
            raise DaysRefused(_("%(day)s is there twice; take one of the two out.") % {"day": _written(one)})
    return ordered


def _written(day: values.CalendarDay) -> str:
    return formats.date_format(day.day, "SHORT_DATE_FORMAT")


def _told(day: values.CalendarDay) -> str:
    return f"{day.day.isoformat()} {day.name}"
