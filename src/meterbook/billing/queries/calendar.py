"""Calendars: what they say, which runs come next, who waits; and what a run of theirs needs. Needs a running scope."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import cycles, models, values
from meterbook.foundation import scoping


class CalendarNotFound(LookupError):
    """There is no such calendar within reach."""


@dataclass(frozen=True)
class CalendarRow:
    """A calendar; `accounts` is the size of its group, None where it is the site's."""

    public_id: uuid.UUID
    site_public_id: uuid.UUID
    site_id: int
    site_name: str
    zone: str
    currency: str
    name: str
    accounts: int | None
    cycle: cycles.Cycle
    months: int
    cutoff_day: int
    starts_on: date
    notice_hour: int
    due_days: int
    grace_days: int
    on_missing: values.OnMissing
    is_auto_approved: bool
    tolerance_percent: int
    approves_first: bool
    auto_approval_by: str
    settlement: values.TrueUpStrategy
    bundling: values.Bundling
    small_below: Decimal | None
    is_active: bool
    set_by: str
    set_at: datetime


@dataclass(frozen=True)
class PlannedRun:
    """A period of a calendar: its days [first_day, until_day), when its run starts, and what is known of it.

    `state` None: it has not come yet. `trouble` names why it could not start.
    """

    calendar: CalendarRow
    first_day: date
    until_day: date
    due_at: datetime
    state: values.PeriodState | None = None
    trouble: str = ""
    run: uuid.UUID | None = None
    run_state: values.RunState | None = None


@dataclass(frozen=True)
class Waiting:
    """An account that was put aside from a run, until when at the latest."""

    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    run: uuid.UUID
    site_name: str
    zone: str
    first_day: date
    until_day: date
    why: values.AsideReason
    until_at: datetime
    put_aside_by: str


def list_calendars(*, without_sites: Collection[int] = ()) -> list[CalendarRow]:
    """This will return the calendars, by site and name; those that are off come after the others."""
    rows = _calendars().exclude(site_id__in=list(without_sites))
    counted = _group_sizes([each.pk for each in rows])
    return [_row(each, counted) for each in rows.order_by("-is_active", "site__name", "has_group", "name", "id")]


def find_calendar(*, public_id: uuid.UUID) -> CalendarRow:
    """This will return a calendar.

    :raises CalendarNotFound: when it is not there or out of reach
    """
    found = _calendars().filter(public_id=public_id).first()
    if found is None:
        raise CalendarNotFound(_("There is no such calendar."))
    return _row(found, _group_sizes([found.pk]))


def group_of(*, calendar: uuid.UUID) -> list[uuid.UUID]:
    """This will return the accounts of a calendar's group, by number."""
    rows = models.CalendarAccount.objects.filter(
        organization_id=scoping.current().organization_id, calendar__public_id=calendar
    )
    return list(rows.order_by("account__number", "id").values_list("account__public_id", flat=True))


def upcoming(*, calendars: Sequence[CalendarRow], at: datetime, count: int = 6) -> list[PlannedRun]:
    """This will return the next runs of active calendars, those that could not start first, by their hour."""
    found = []
    latest = _latest_ends([each.public_id for each in calendars])
    waits = _begun([each.public_id for each in calendars], calendars, state=values.PeriodState.WAITS)
    for each in calendars:
        if not each.is_active:
            continue
        months = cycles.months_of(each.cycle, each.months)
        spans = cycles.spans(cycles.Rhythm(months, each.cutoff_day, each.starts_on), since=latest.get(each.public_id))
        for span in itertools.islice(spans, count):
            due = cycles.due_at(span, hour=each.notice_hour, zone=ZoneInfo(each.zone))
            found.append(PlannedRun(each, span.first_day, span.until_day, due))
    return sorted([*waits, *found], key=lambda one: (one.state is None, one.due_at, one.calendar.name))


def begun(*, calendar: CalendarRow, limit: int = 12) -> list[PlannedRun]:
    """This will return the latest periods that a calendar began with, the newest first."""
    return _begun([calendar.public_id], [calendar])[:limit]


def waiting_accounts(*, run_public_id: uuid.UUID | None = None, limit: int = 200) -> list[Waiting]:
    """This will return the accounts that were put aside and have no bill of their own yet, the longest first."""
    rows = models.WaitingAccount.objects.filter(
        organization_id=scoping.current().organization_id, is_settled=False
    ).select_related("account__customer", "run__site")
    if run_public_id is not None:
        rows = rows.filter(run__public_id=run_public_id)
    return [
        Waiting(
            account_public_id=each.account.public_id,
            account_number=each.account.number,
            customer_name=each.account.customer.name,
            run=each.run.public_id,
            site_name=each.run.site.name,
            zone=each.run.site.time_zone,
            first_day=each.run.days.lower,
            until_day=each.run.days.upper,
            why=values.AsideReason(each.why),
            until_at=each.until_at,
            put_aside_by=each.put_aside_by,
        )
        for each in rows.order_by("until_at", "account__number", "id")[:limit]
    ]


def active_calendars() -> list[uuid.UUID]:
    """This will return the calendars that start runs."""
    rows = models.BillingCalendar.objects.filter(organization_id=scoping.current().organization_id, is_active=True)
    return list(rows.order_by("id").values_list("public_id", flat=True))


def runs_with_waiting() -> list[uuid.UUID]:
    """This will return the runs from which accounts were put aside that have no run of their own yet."""
    rows = models.WaitingAccount.objects.filter(organization_id=scoping.current().organization_id, is_settled=False)
    return list(rows.order_by("run_id").values_list("run__public_id", flat=True).distinct())


def runs_to_attend() -> list[uuid.UUID]:
    """This will return the runs that are for review and of a calendar, or with accounts that may be sound by now."""
    own = scoping.current().organization_id
    held = models.RunMember.objects.filter(organization_id=own, run=OuterRef("pk"), state=values.MemberState.HELD.value)
    rows = models.BillRun.objects.filter(
        Q(calendar_id__isnull=False) | Exists(held), organization_id=own, state=values.RunState.REVIEW.value
    )
    return list(rows.order_by("id").values_list("public_id", flat=True))


def _calendars() -> QuerySet[models.BillingCalendar]:
    rows = models.BillingCalendar.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("site")


def _group_sizes(ids: Sequence[int]) -> Mapping[int, int]:
    rows = models.CalendarAccount.objects.filter(
        organization_id=scoping.current().organization_id, calendar_id__in=list(ids)
    )
    return dict(rows.order_by().values_list("calendar_id").annotate(count=Count("id")))


def _latest_ends(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    rows = models.CalendarPeriod.objects.filter(
        organization_id=scoping.current().organization_id, calendar__public_id__in=list(ids)
    )
    return {
        public_id: days.upper for public_id, days in rows.order_by("days").values_list("calendar__public_id", "days")
    }


def _begun(
    ids: Sequence[uuid.UUID], calendars: Sequence[CalendarRow], state: values.PeriodState | None = None
) -> list[PlannedRun]:
    rows = models.CalendarPeriod.objects.filter(
        organization_id=scoping.current().organization_id, calendar__public_id__in=list(ids)
    ).select_related("calendar", "run")
    if state is not None:
        rows = rows.filter(state=state.value)
    own = {each.public_id: each for each in calendars}
    return [
        PlannedRun(
            calendar=own[each.calendar.public_id],
            first_day=each.days.lower,
            until_day=each.days.upper,
            due_at=each.due_at,
            state=values.PeriodState(each.state),
            trouble=each.trouble,
            run=None if each.run is None else each.run.public_id,
            run_state=None if each.run is None else values.RunState(each.run.state),
        )
        for each in rows.order_by("-days", "id")
    ]


def _row(calendar: models.BillingCalendar, sizes: Mapping[int, int]) -> CalendarRow:
    return CalendarRow(
        public_id=calendar.public_id,
        site_public_id=calendar.site.public_id,
        site_id=calendar.site_id,
        site_name=calendar.site.name,
        zone=calendar.site.time_zone,
        currency=calendar.site.currency,
        name=calendar.name,
        accounts=sizes.get(calendar.pk, 0) if calendar.has_group else None,
        cycle=cycles.Cycle(calendar.cycle),
        months=calendar.months,
        cutoff_day=calendar.cutoff_day,
        starts_on=calendar.starts_on,
        notice_hour=calendar.notice_hour,
        due_days=calendar.due_days,
        grace_days=calendar.grace_days,
        on_missing=values.OnMissing(calendar.on_missing),
        is_auto_approved=calendar.is_auto_approved,
        tolerance_percent=calendar.tolerance_percent,
        approves_first=calendar.approves_first,
        auto_approval_by=calendar.auto_approval_by,
        settlement=values.TrueUpStrategy(calendar.settlement),
        bundling=values.Bundling(calendar.bundling),
        small_below=calendar.small_below,
        is_active=calendar.is_active,
        set_by=calendar.set_by,
        set_at=calendar.set_at,
    )
