"""Start the runs of calendars by themselves, once each, and those of accounts that were put aside."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from meterbook.billing import cycles, models, values
from meterbook.billing.calculating import complete, facts
from meterbook.billing.operations import approving, collecting, planning, scheduling_terms
from meterbook.customers import queries as customer_queries
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor

SOURCE = "calendar"
# Somebody must do something, or time must pass; it is tried again.
TROUBLES = (planning.PeriodNotOver, planning.RunPresent, customer_queries.NoLandlord)
DATA_REASONS = frozenset(
    {
        values.HoldReason.MISSING.value,
        values.HoldReason.QUESTIONABLE.value,
        values.HoldReason.INCOMPLETE.value,
        values.HoldReason.NOT_DERIVED.value,
    }
)


@operation.operation
def start_next(*, actor: Actor, at: datetime, calendar: uuid.UUID) -> bool:
    """This will start the run of a calendar's next period when its hour has come; False: nothing is due.

    Period and run are written together, so that a run is started once, whatever is killed. What cannot start is tried
    again, and keeps its trouble by name.

    :raises CalendarNotFound: when it is not there
    """
    locked = scheduling_terms.lock_calendar(calendar)
    if not locked.is_active:
        return False
    period = _next_period(locked, at)
    if period is None:
        return False
    period.tried_at = at
    try:
        with transaction.atomic():
            period.run = planning.plan_run(
                actor=acting(locked),
                at=at,
                site=locked.site,
                first_day=period.days.lower,
                until_day=period.days.upper,
                due_days=locked.due_days,
                more=planning.Terms(calendar_id=locked.pk, account_ids=_group(locked)),
            )
            period.state, period.trouble = values.PeriodState.STARTED.value, ""
    except planning.NobodyToBill:
        period.state, period.trouble = values.PeriodState.EMPTY.value, ""
    except TROUBLES as error:
        period.trouble = type(error).__name__
    period.save()
    return period.state != values.PeriodState.WAITS.value


@operation.operation
def put_aside(
    *,
    actor: Actor,
    at: datetime,
    run: models.BillRun | uuid.UUID,
    account_ids: Iterable[int],
    why: values.AsideReason,
    until_at: datetime,
    reason: str,
) -> None:
    """This will take accounts out of a run, so that the others need not wait; a run of their own follows.

    READINGS: when their readings are there, at `until_at` at the latest; PERSON: in a moment, for a person.

    :raises NotInReview: in another state
    :raises MemberNotFound: when one has no part in the run
    """
    wanted = sorted(set(account_ids))
    locked = approving.exclude_accounts(actor=actor, at=at, run=run, account_ids=wanted, reason=reason)
    for account_id in wanted:
        models.WaitingAccount.objects.update_or_create(
            organization_id=locked.organization_id,
            run=locked,
            account_id=account_id,
            defaults={
                "why": why.value,
                "until_at": until_at,
                "put_aside_at": at,
                "put_aside_by": actor.label,
                "is_settled": False,
                "follow_up": None,
            },
        )


@operation.operation
def follow_up(*, actor: Actor, at: datetime, run: uuid.UUID) -> models.BillRun | None:
    """This will start a run of the same days for accounts that were put aside and whose time has come.

    None: none is ready, or nothing of their days is left.
    """
    locked = planning.lock(run)
    rows = models.WaitingAccount.objects.select_for_update().filter(
        organization_id=locked.organization_id, run=locked, is_settled=False
    )
    waiting = list(rows.order_by("account__number", "id"))
    persons = [each for each in waiting if each.why == values.AsideReason.PERSON]
    ready = persons or _ready(locked, waiting, at)
    if not ready:
        return None
    terms = planning.Terms(
        calendar_id=locked.calendar_id,
        account_ids=[each.account_id for each in ready],
        exact=approving.exact_of(locked),
        needs_person=bool(persons) or locked.needs_person,
        services=locked.services,
    )
    made: models.BillRun | None = None
    try:
        with transaction.atomic():
            made = planning.plan_run(
                actor=_starting(locked, actor),
                at=at,
                site=locked.site,
                first_day=locked.days.lower,
                until_day=locked.days.upper,
                due_days=locked.due_days,
                more=terms,
            )
    except planning.NobodyToBill:  # another run billed them meanwhile, or their contracts were changed
        made = None
    except TROUBLES:
        return None
    for each in ready:
        each.is_settled, each.follow_up = True, made
        each.save(update_fields=["is_settled", "follow_up"])
    return made


@operation.operation
def leave_to_person(*, actor: Actor, at: datetime, run: uuid.UUID) -> None:
    """This will have a run of a calendar wait for a person, whatever the calendar says."""
    locked = planning.lock(run)
    if not locked.needs_person:
        locked.needs_person = True
        locked.save(update_fields=["needs_person"])


def acting(calendar: models.BillingCalendar) -> Actor:
    """This will return who acts where a calendar does: the system, by its name."""
    return Actor.system(calendar.name, source=SOURCE)


def grace_ends_at(run: models.BillRun) -> datetime:
    """This will return until when missing readings of a calendar's run are waited for."""
    if run.calendar is None:
        return run.started_at
    span = cycles.Span(run.days.lower, run.days.upper + timedelta(days=run.calendar.grace_days))
    return cycles.due_at(span, hour=run.calendar.notice_hour, zone=ZoneInfo(run.site.time_zone))


def standings(run: models.BillRun, account_ids: Collection[int]) -> dict[int, complete.Standing]:
    """This will tell how it stands with the readings of accounts in the days of a run, whether in it or put aside."""
    wanted = set(account_ids)
    shares = [each for each in collecting.wanted_shares(run) if each.account_id in wanted]
    return complete.standings(facts.run_of(run), shares)


def _ready(run: models.BillRun, waiting: list[models.WaitingAccount], at: datetime) -> list[models.WaitingAccount]:
    if not waiting:
        return []
    found = standings(run, [each.account_id for each in waiting])
    # Nothing is left to those without a standing: planning tells.
    return [
        each
        for each in waiting
        if each.until_at <= at or found.get(each.account_id, complete.Standing.COMPLETE) is complete.Standing.COMPLETE
    ]


def _starting(run: models.BillRun, actor: Actor) -> Actor:
    return actor if run.calendar is None else acting(run.calendar)


def _group(calendar: models.BillingCalendar) -> list[int] | None:
    if not calendar.has_group:
        return None
    rows = models.CalendarAccount.objects.filter(organization_id=calendar.organization_id, calendar=calendar)
    return list(rows.order_by("account_id").values_list("account_id", flat=True))


def _next_period(calendar: models.BillingCalendar, at: datetime) -> models.CalendarPeriod | None:
    """The period that waits, or the next one whose hour has come, as a row that may not be saved yet."""
    rows = models.CalendarPeriod.objects.filter(organization_id=calendar.organization_id, calendar=calendar)
    waits = rows.filter(state=values.PeriodState.WAITS.value).order_by("days").first()
    if waits is not None:
        return waits
    latest = rows.order_by("-days__endswith").first()
    span = next(cycles.spans(rhythm(calendar), since=None if latest is None else latest.days.upper))
    due_at = cycles.due_at(span, hour=calendar.notice_hour, zone=ZoneInfo(calendar.site.time_zone))
    if due_at > at:
        return None
    return models.CalendarPeriod(
        organization_id=calendar.organization_id,
        calendar=calendar,
        days=DateRange(span.first_day, span.until_day, "[)"),
        due_at=due_at,
        tried_at=at,
    )


def rhythm(calendar: models.BillingCalendar) -> cycles.Rhythm:
    """This will return the rhythm of a calendar."""
    return cycles.Rhythm(
        cycles.months_of(cycles.Cycle(calendar.cycle), calendar.months), calendar.cutoff_day, calendar.starts_on
    )
