"""Runs that go by themselves: started by calendars, what lacks estimated after the grace, approved (M-078, M-079)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError
from django.utils.translation import gettext as _

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.billing.calculating.complete import Standing
from meterbook.billing.operations import faults
from meterbook.billing.queries import faults as fault_queries
from meterbook.billing.values import Automatic
from meterbook.foundation import operation, scoping
from meterbook.journeys import filling
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries

logger = logging.getLogger(__name__)

NOT_FILLED = (
    filling.EstimateForbidden,
    filling.MethodNotApplicable,
    metering_operations.EstimateTooMuch,
    metering_queries.GapRefused,
)
ESTIMABLE = frozenset({billing_values.HoldReason.MISSING, billing_values.HoldReason.INCOMPLETE})


def keep(*, organization_id: int, actor: Actor, at: datetime) -> None:
    """This will start what is due, follow accounts that were put aside, and carry on what needs no person.

    Outside a scope: each calendar and each run has a transaction of its own, and the trouble of one stops no other. It
    may be killed anywhere, and repeated.
    """

    _each(actor, at, organization_id, Automatic.CALENDAR, billing_queries.active_calendars, _start)
    _each(actor, at, organization_id, Automatic.RUN, billing_queries.runs_with_waiting, _follow)
    _each(actor, at, organization_id, Automatic.RUN, billing_queries.runs_to_attend, _attend)


def _each(
    actor: Actor,
    at: datetime,
    organization_id: int,
    what: Automatic,
    listed: Callable[[], list[uuid.UUID]],
    act: Callable[[Actor, datetime, uuid.UUID], bool],
) -> None:
    """What fails is noted at it, for the people who must put it right, until it goes on."""
    with scoping.scope([organization_id], actor=actor):
        ids, faulty = listed(), fault_queries.faulty(what)
    for one in ids:
        try:
            is_more = True
            while is_more:
                with scoping.scope([organization_id], actor=actor):
                    is_more = act(actor, at, one)
        except DatabaseError:
            raise
        except Exception as error:
            logger.exception("Calendars: %s %s", what, one)
            words = str(error) or type(error).__name__
            with scoping.scope([organization_id], actor=actor):
                faults.note_fault(actor=actor, at=at, what=what, public_id=one, words=words)
        else:
            if one in faulty:
                with scoping.scope([organization_id], actor=actor):
                    faults.clear_fault(actor=actor, at=at, what=what, public_id=one)


def _start(actor: Actor, at: datetime, calendar: uuid.UUID) -> bool:
    return billing_operations.start_next(actor=actor, at=at, calendar=calendar)


def _follow(actor: Actor, at: datetime, run: uuid.UUID) -> bool:
    billing_operations.follow_up(actor=actor, at=at, run=run)
    return False


def _attend(actor: Actor, at: datetime, run: uuid.UUID) -> bool:
    attend(actor=actor, at=at, run=run)
    return False


@operation.operation
def attend(*, actor: Actor, at: datetime, run: uuid.UUID) -> None:
    """This will do the next thing for a run that is for review; for one of a calendar what that says.

    Accounts whose readings came are checked again. After the grace, what lacks is estimated. Where the calendar
    approves by itself, the others do not wait: accounts without readings are put aside until then, accounts that differ
    by more than the tolerance for a person; what is left is approved.
    """
    review = billing_queries.run_in_review(run_public_id=run)
    if review is None:
        return
    if review.lacking:
        standings = billing_operations.standings(review.run, list(review.lacking))
        if Standing.PENDING in standings.values():
            return
        if any(standings.get(each, Standing.COMPLETE) is Standing.COMPLETE for each in review.lacking):
            billing_operations.check_again(actor=actor, at=at, run=run)
            return
        is_over = at >= billing_operations.grace_ends_at(review.run)
        if is_over and review.estimates and _estimate(actor, at, review, review.lacking):
            return  # until the estimates are derived
    if review.approves:
        _approve(actor, at, review)


@operation.operation
def estimate_accounts(*, actor: Actor, at: datetime, run: uuid.UUID, account_ids: Collection[int], reason: str) -> int:
    """This will estimate what lacks of held accounts of a run by the methods of the site; it counts the times filled.

    :raises NothingEstimated: when none of it can be estimated
    """
    review = billing_queries.run_in_review(run_public_id=run)
    if review is None:
        raise billing_operations.NotInReview(_("This can be done while the run is for review; reload the page."))
    wanted = [each for each in review.lacking if each in set(account_ids)]
    filled = _estimate(actor, at, review, wanted, reason)
    if not filled:
        raise NothingEstimated(
            _("Nothing could be estimated: no method gives a number, or it was estimated too often. See the meter.")
        )
    return filled


@dataclass(frozen=True)
class Guess:
    """What is missing at a meter of an account, and what it would be estimated at; or why it cannot be."""

    account_number: str
    customer_name: str
    meter_name: str
    seen: filling.Preview | None
    why_not: str


def guesses(*, actor: Actor, at: datetime, run: uuid.UUID, account_ids: Collection[int]) -> list[Guess]:
    """This will say what `estimate_accounts` would fill, by account and meter; nothing is stored."""
    review = billing_queries.run_in_review(run_public_id=run)
    if review is None:
        return []
    rows = billing_queries.members_by_account(run_public_id=run, account_ids=list(account_ids))
    return [_guess(actor, at, row, gap) for row in rows for gap in review.lacking.get(row.member.account_id) or (None,)]


def _guess(
    actor: Actor,
    at: datetime,
    row: billing_queries.ComparedRow,
    gap: billing_queries.Lacking | None,
) -> Guess:
    seen, why_not = None, ""
    if gap is None:
        why_not = _("Nothing is missing there, or something else must be put right first.")
    elif gap.reason not in ESTIMABLE:
        why_not = str(billing_values.HOLD_REMEDIES[gap.reason])
    else:
        try:
            seen = filling.preview(actor=actor, at=at, meter_point=gap.meter_point, until=gap.until)
        except NOT_FILLED as error:
            why_not = str(error)
        else:
            if seen.needs_visit:
                why_not = _("It was estimated too often in a row: somebody must read the meter.")
            elif seen.first is None:
                why_not = _("No method gives a number.")
    name = "" if gap is None else gap.name
    return Guess(row.member.account_number, row.member.customer_name, name, seen, why_not)


class NothingEstimated(ValueError):
    """No method gives a number for what lacks, or too many periods in a row would be estimated."""


def _estimate(
    actor: Actor, at: datetime, review: billing_queries.Review, account_ids: Collection[int], reason: str = ""
) -> int:
    said = reason or _("The bill is due and no reading came within the days of grace.")
    filled = 0
    for account_id in account_ids:
        for gap in review.lacking[account_id]:
            filled += _fill(actor, at, gap, said)
    return filled


def _fill(actor: Actor, at: datetime, gap: billing_queries.Lacking, said: str) -> bool:
    """By the first method that gives a number; after too many periods in a row somebody is sent instead (B-21)."""
    if gap.reason not in ESTIMABLE:
        return False
    try:
        seen = filling.preview(actor=actor, at=at, meter_point=gap.meter_point, until=gap.until)
        if seen.needs_visit:
            filling.have_read(actor=actor, at=at, meter_point=gap.meter_point, months=seen.months)
            return False
        filling.fill(
            actor=actor,
            at=at,
            meter_point=gap.meter_point,
            until=gap.until,
            method=None,
            reason=said,
        )
    except NOT_FILLED:
        return False
    return True


def _approve(actor: Actor, at: datetime, review: billing_queries.Review) -> None:
    run = review.run
    if not review.within and not review.outside and not review.held:
        return
    grace_ends_at = billing_operations.grace_ends_at(run)
    waits = [each for each in review.lacking if at < grace_ends_at]
    if not review.within and not waits:
        # Nothing would be left: the run itself is the one that a person looks at.
        billing_operations.leave_to_person(actor=actor, at=at, run=run.public_id)
        return
    persons = [each for each in (*review.held, *review.outside) if each not in waits]
    for account_ids, why, until_at, reason in (
        (waits, billing_values.AsideReason.READINGS, grace_ends_at, _("Waits for readings.")),
        (persons, billing_values.AsideReason.PERSON, at, _("For a person to look at.")),
    ):
        if account_ids:
            billing_operations.put_aside(
                actor=review.actor,
                at=at,
                run=run,
                account_ids=account_ids,
                why=why,
                until_at=until_at,
                reason=reason,
            )
    if review.within:
        billing_operations.approve_by_calendar(actor=review.actor, at=at, run=run)
    else:
        billing_operations.cancel_run(
            actor=review.actor, at=at, run=run, reason=_("Every account waits; runs of their own follow.")
        )
