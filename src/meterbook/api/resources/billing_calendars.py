"""Calendars by which runs start by themselves, and the accounts that wait for a bill of their own."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import cycles, permissions
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.identity.values import Module

router = Router(tags=["Bill runs"])
AUTOMATIC = ("is_auto_approved", "tolerance_percent", "approves_first")


class CalendarTermsGiven(values.Given):
    """What a calendar says. `cutoff_day`: of the month (31: its last day), or of the week (1: Monday).

    `accounts`: the group that it is for; null: all of the site that are in no group. Whether it approves by itself only
    somebody sets who may approve runs.
    """

    name: Annotated[str, Field(min_length=1, max_length=120)]
    starts_on: values.DayGiven
    cycle: cycles.Cycle = cycles.Cycle.MONTHLY
    months: Annotated[int, Field(ge=1, le=cycles.MOST_MONTHS)] = 1
    cutoff_day: Annotated[int, Field(ge=1, le=cycles.LAST_DAY)] = cycles.LAST_DAY
    notice_hour: Annotated[int, Field(ge=0, le=23)] = 8
    due_days: Annotated[int, Field(ge=0, le=billing_values.MOST_DUE_DAYS)] = billing_values.DUE_DAYS
    grace_days: Annotated[int, Field(ge=0, le=billing_values.MOST_GRACE_DAYS)] = 3
    on_missing: billing_values.OnMissing = billing_values.OnMissing.PERSON
    settlement: billing_values.TrueUpStrategy = billing_values.TrueUpStrategy.RERUN
    bundling: billing_values.Bundling = billing_values.Bundling.TOGETHER
    small_below: values.DecimalGiven | None = None
    is_auto_approved: bool = False
    tolerance_percent: Annotated[int, Field(ge=0, le=1_000)] = billing_values.TOLERANCE_PERCENT
    approves_first: bool = False
    accounts: Annotated[list[uuid.UUID], Field(min_length=1, max_length=1_000)] | None = None


class NewBillingCalendar(CalendarTermsGiven):
    """A calendar of a site."""

    site: uuid.UUID


class CalendarSwitch(values.Given):
    """Whether it starts runs."""

    is_active: bool


class BillingCalendar(values.Told):
    """A calendar; `accounts` are those of its group, null where it is the site's own."""

    id: uuid.UUID
    site: uuid.UUID
    name: str
    cycle: cycles.Cycle
    months: int
    cutoff_day: int
    starts_on: str
    notice_hour: int
    due_days: int
    grace_days: int
    on_missing: billing_values.OnMissing
    settlement: billing_values.TrueUpStrategy
    bundling: billing_values.Bundling
    small_below: values.DecimalTold | None
    is_auto_approved: bool
    tolerance_percent: int
    approves_first: bool
    is_active: bool
    accounts: list[uuid.UUID] | None


class BillingCalendars(values.Told):
    """Calendars, by site and name."""

    items: list[BillingCalendar]


class PlannedRun(values.Told):
    """A period [first_day, until_day) of a calendar, and when its run starts; `state` null: it is to come.

    `trouble` names why it could not start yet.
    """

    calendar: uuid.UUID
    first_day: str
    until_day: str
    starts_at: values.InstantTold
    state: billing_values.PeriodState | None
    trouble: str
    run: uuid.UUID | None


class PlannedRuns(values.Told):
    """Runs to come, by their hour; those that could not start first."""

    items: list[PlannedRun]


class WaitingAccount(values.Told):
    """An account that was put aside from a run; READINGS until `until_at` at the latest."""

    account: uuid.UUID
    account_number: str
    run: uuid.UUID
    first_day: str
    until_day: str
    why: billing_values.AsideReason
    until_at: values.InstantTold


class WaitingAccounts(values.Told):
    """Accounts that wait, the longest first."""

    items: list[WaitingAccount]


@endpoint(
    router,
    "GET",
    "/billing-calendars",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=BillingCalendars,
)
def list_billing_calendars(request: entry.Request) -> BillingCalendars:
    """This will return the calendars by which runs start by themselves."""
    return BillingCalendars(items=[_told(each) for each in _rows(request)])


@endpoint(
    router,
    "POST",
    "/billing-calendars",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=BillingCalendar,
    status=201,
)
def create_billing_calendar(request: entry.Request, given: NewBillingCalendar) -> BillingCalendar:
    """This will have a site, or a group of its accounts, billed by a calendar."""
    caller = request.caller
    site = reach.site(request, given.site, permissions.MANAGE_RUN)
    made = billing_operations.create_calendar(
        actor=caller.actor,
        at=caller.at,
        site=given.site,
        terms=_terms(request, given, site.id, None),
        accounts=given.accounts,
    )
    return _told(billing_queries.find_calendar(public_id=made.public_id))


@endpoint(
    router,
    "PUT",
    "/billing-calendars/{uuid:billing_calendar}",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=BillingCalendar,
)
def change_billing_calendar(
    request: entry.Request, billing_calendar: uuid.UUID, given: CalendarTermsGiven
) -> BillingCalendar:
    """This will change what a calendar says from its next period on; once one has begun the first day stays."""
    caller = request.caller
    row = billing_queries.find_calendar(public_id=billing_calendar)
    billing_operations.change_calendar(
        actor=caller.actor,
        at=caller.at,
        calendar=billing_calendar,
        terms=_terms(request, given, row.site_id, row),
        accounts=given.accounts,
    )
    return _told(billing_queries.find_calendar(public_id=billing_calendar))


@endpoint(
    router,
    "POST",
    "/billing-calendars/{uuid:billing_calendar}/switch",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=BillingCalendar,
)
def switch_billing_calendar(
    request: entry.Request, billing_calendar: uuid.UUID, given: CalendarSwitch
) -> BillingCalendar:
    """This will stop a calendar, or have it start runs again, those that it missed too."""
    caller = request.caller
    billing_queries.find_calendar(public_id=billing_calendar)
    billing_operations.switch_calendar(
        actor=caller.actor, at=caller.at, calendar=billing_calendar, is_active=given.is_active
    )
    return _told(billing_queries.find_calendar(public_id=billing_calendar))


@endpoint(
    router,
    "GET",
    "/planned-runs",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=PlannedRuns,
)
def list_planned_runs(request: entry.Request, count: Annotated[int, Field(ge=1, le=24)] = 6) -> PlannedRuns:
    """This will return the next runs of each calendar."""
    found = billing_queries.upcoming(calendars=_rows(request), at=request.caller.at, count=count)
    return PlannedRuns(
        items=[
            PlannedRun(
                calendar=each.calendar.public_id,
                first_day=each.first_day.isoformat(),
                until_day=each.until_day.isoformat(),
                starts_at=each.due_at.isoformat(),
                state=each.state,
                trouble=each.trouble,
                run=each.run,
            )
            for each in found
        ]
    )


@endpoint(
    router,
    "GET",
    "/waiting-accounts",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=WaitingAccounts,
)
def list_waiting_accounts(request: entry.Request) -> WaitingAccounts:
    """This will return the accounts that were put aside from runs and have no bill yet."""
    return WaitingAccounts(
        items=[
            WaitingAccount(
                account=each.account_public_id,
                account_number=each.account_number,
                run=each.run,
                first_day=each.first_day.isoformat(),
                until_day=each.until_day.isoformat(),
                why=each.why,
                until_at=each.until_at.isoformat(),
            )
            for each in billing_queries.waiting_accounts()
        ]
    )


def _rows(request: entry.Request) -> list[billing_queries.CalendarRow]:
    return billing_queries.list_calendars(without_sites=reach.without(request, permissions.VIEW_BILL))


def _terms(
    request: entry.Request, given: CalendarTermsGiven, site_id: int, kept: billing_queries.CalendarRow | None
) -> billing_operations.CalendarTerms:
    """What the caller may not decide stays as it is, or off."""
    said = given.model_dump(exclude={"site", "accounts", "small_below"})
    if not request.caller.access.allows(permissions.APPROVE_RUN, site_id):
        said = {name: value for name, value in said.items() if name not in AUTOMATIC}
        if kept is not None:
            said |= {name: getattr(kept, name) for name in AUTOMATIC}
    small = None if given.small_below is None else Decimal(given.small_below)
    return billing_operations.CalendarTerms(**said, small_below=small)


def _told(row: billing_queries.CalendarRow) -> BillingCalendar:
    names = [each for each in BillingCalendar.model_fields if each not in ("id", "site", "accounts")]
    said = {name: getattr(row, name) for name in names}
    said["starts_on"] = row.starts_on.isoformat()
    said["small_below"] = None if row.small_below is None else str(row.small_below)
    accounts = None if row.accounts is None else billing_queries.group_of(calendar=row.public_id)
    return BillingCalendar(id=row.public_id, site=row.site_public_id, accounts=accounts, **said)
