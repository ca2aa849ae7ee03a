"""Calendars of holidays, each in versions, and what the law of a country proposes for one."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from ninja import Query, Router
from pydantic import Field

from meterbook.api import entry, paging, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import permissions as billing_permissions
from meterbook.billing.queries import behind_calendar
from meterbook.identity.values import Module
from meterbook.rules import operations as rule_operations
from meterbook.rules import permissions, proposing
from meterbook.rules import queries as rule_queries
from meterbook.rules import values as rule_values

router = Router(tags=["Tariffs"])
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Year = Annotated[int, Field(ge=rule_values.EARLIEST_YEAR, le=rule_values.LATEST_YEAR)]


class HolidayTold(values.Told):
    """A day of a calendar."""

    day: date
    name: str
    kind: rule_values.DayKind


class HolidayGiven(values.Given):
    """A day of a calendar."""

    day: values.DayGiven
    name: Annotated[values.Words, Field(min_length=1, max_length=rule_values.NAME_LENGTH)]
    kind: rule_values.DayKind = rule_values.DayKind.HOLIDAY


class CalendarTold(values.Told):
    """A calendar with the days of its newest version."""

    id: uuid.UUID
    code: str
    name: str
    version: int
    changed_at: values.InstantTold
    changed_by: str
    days: list[HolidayTold]


class CalendarGiven(values.Given):
    """A new calendar; tariffs name it by its code."""

    code: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
    name: Annotated[values.Words, Field(min_length=1, max_length=rule_values.NAME_LENGTH)]
    days: list[HolidayGiven]


class BehindTold(values.Told):
    """A run with bills that were issued before one of their days was changed."""

    run: uuid.UUID
    site_name: str
    first_day: date
    final_day: date
    bills: int


class BehindCalendar(values.Told):
    """Such runs, those of the newest days first, fifty at most."""

    items: list[BehindTold]


class DaysGiven(values.Given):
    """All days that the calendar is to hold from now on, and why they are changed."""

    days: list[HolidayGiven]
    reason: values.Note


@endpoint(
    router,
    "GET",
    "/holiday-calendars",
    permission=permissions.VIEW_CALENDAR,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[CalendarTold],
)
def list_holiday_calendars(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[CalendarTold]:
    """This will return the calendars with the days of their newest versions."""
    rows = rule_queries.list_calendars()
    return paging.cut(request, rows, key=lambda each: each.id, cursor=cursor, limit=limit, tell=_told)


@endpoint(
    router,
    "POST",
    "/holiday-calendars",
    permission=permissions.EDIT_CALENDAR,
    module=Module.BILLING,
    answers=CalendarTold,
    status=201,
)
def create_holiday_calendar(request: entry.Request, given: CalendarGiven) -> CalendarTold:
    """This will add a calendar with its first version."""
    caller = request.caller
    made = rule_operations.create_calendar(
        actor=caller.actor, at=caller.at, code=given.code, name=given.name, days=_days(given.days)
    )
    return _told(rule_queries.get_calendar(public_id=made.public_id))


@endpoint(
    router,
    "GET",
    "/holiday-calendars/{uuid:calendar}",
    permission=permissions.VIEW_CALENDAR,
    module=Module.BILLING,
    by_site=True,
    answers=CalendarTold,
)
def get_holiday_calendar(request: entry.Request, calendar: uuid.UUID) -> CalendarTold:
    """This will return one calendar."""
    return _told(rule_queries.get_calendar(public_id=calendar))


@endpoint(
    router,
    "PUT",
    "/holiday-calendars/{uuid:calendar}/days",
    permission=permissions.EDIT_CALENDAR,
    module=Module.BILLING,
    answers=CalendarTold,
)
def change_holiday_calendar(request: entry.Request, calendar: uuid.UUID, given: DaysGiven) -> CalendarTold:
    """This will keep other days from now on, as a further version; issued bills keep theirs."""
    caller = request.caller
    rule_operations.change_days(
        actor=caller.actor, at=caller.at, calendar=calendar, days=_days(given.days), reason=given.reason
    )
    return _told(rule_queries.get_calendar(public_id=calendar))


@endpoint(
    router,
    "GET",
    "/holiday-calendars/{uuid:calendar}/bills-behind",
    permission=billing_permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=BehindCalendar,
)
def list_bills_behind_calendar(request: entry.Request, calendar: uuid.UUID) -> BehindCalendar:
    """This will return where bills were issued before their days were changed: they may be calculated again."""
    row = rule_queries.get_calendar(public_id=calendar)
    found = behind_calendar.bills_behind_calendar(
        code=row.code,
        changes=rule_queries.changes_of(public_id=calendar),
        site_ids=request.caller.access.sites(billing_permissions.VIEW_BILL),
    )
    return BehindCalendar(
        items=[BehindTold(**{name: getattr(each, name) for name in BehindTold.model_fields}) for each in found]
    )


@endpoint(
    router,
    "GET",
    "/holiday-proposals",
    permission=permissions.VIEW_CALENDAR,
    module=Module.BILLING,
    by_site=True,
    answers=list[HolidayTold],
)
def propose_holidays(
    request: entry.Request,
    country: Annotated[Country, Query()] = "ES",
    first_year: Annotated[Year, Query()] = 2026,
    last_year: Annotated[Year, Query()] = 2026,
    region: Annotated[str, Query(max_length=20)] = "",
) -> list[HolidayTold]:
    """This will return the public holidays of a country or a region of it, to be looked over; nothing is kept."""
    years = range(first_year, last_year + 1)
    return [_day(each) for each in proposing.propose(country=country, region=region, years=years)]


def _told(row: rule_values.CalendarRow) -> CalendarTold:
    return CalendarTold(
        id=row.public_id,
        code=row.code,
        name=row.name,
        version=row.newest.number,
        changed_at=values.instant(row.changed_at),
        changed_by=row.changed_by,
        days=[_day(each) for each in row.newest.days],
    )


def _day(day: rule_values.CalendarDay) -> HolidayTold:
    return HolidayTold(day=day.day, name=day.name, kind=day.kind)


def _days(given: list[HolidayGiven]) -> list[rule_values.CalendarDay]:
    return [rule_values.CalendarDay(each.day, each.name, each.kind) for each in given]
