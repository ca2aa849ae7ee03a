"""What a run that is for review still needs, and which of its drafts are near enough to what was billed before."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from meterbook.billing import models, values
from meterbook.billing.queries import members
from meterbook.billing.values import HoldReason, MemberState
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor

_PERCENT = Decimal("0.01")
_OF_READINGS = frozenset({HoldReason.MISSING, HoldReason.QUESTIONABLE, HoldReason.INCOMPLETE, HoldReason.NOT_DERIVED})


@dataclass(frozen=True)
class Lacking:
    """A meter point of an account without all of its readings; the account's time there ends at `until`."""

    meter_point: uuid.UUID
    name: str
    reason: HoldReason
    until: datetime


@dataclass(frozen=True)
class Review:
    """A run for review. `held` are all accounts that need a decision, `lacking` those that only lack readings.

    `within` are drafts that differ by the calendar's tolerance at most from the bill before, `outside` the others.
    """

    run: models.BillRun
    actor: Actor
    held: tuple[int, ...]
    lacking: Mapping[int, tuple[Lacking, ...]]
    within: tuple[int, ...]
    outside: tuple[int, ...]
    approves: bool
    estimates: bool


def run_in_review(*, run_public_id: uuid.UUID) -> Review | None:
    """This will return what a run that is for review needs, in a fixed number of queries; None in another state."""
    runs = models.BillRun.objects.filter(
        organization_id=scoping.current().organization_id,
        public_id=run_public_id,
        state=values.RunState.REVIEW.value,
    )
    run = runs.select_related("site", "calendar").first()
    if run is None:
        return None
    calendar = run.calendar
    approves = calendar is not None and calendar.is_auto_approved and not run.needs_person
    held = _held(run)
    within, outside = _compared(run) if approves else ((), ())
    return Review(
        run=run,
        actor=Actor.system("calendar" if calendar is None else calendar.name, source="calendar"),
        held=tuple(held),
        lacking=_lacking(run, held),
        within=within,
        outside=outside,
        approves=approves,
        estimates=calendar is not None and calendar.on_missing == values.OnMissing.ESTIMATE,
    )


def _held(run: models.BillRun) -> dict[int, list[tuple[HoldReason, str]]]:
    rows = models.RunMember.objects.filter(
        organization_id=run.organization_id, run=run, state=MemberState.HELD.value
    ).order_by("position")
    return {
        account_id: [(HoldReason(each["reason"]), each["meter_point"]) for each in reasons]
        for account_id, reasons in rows.values_list("account_id", "reasons")
    }


def _lacking(run: models.BillRun, held: Mapping[int, list[tuple[HoldReason, str]]]) -> dict[int, tuple[Lacking, ...]]:
    """Of those that nothing else is wrong with, but a shared cost that waits for such readings."""
    only = {
        account_id: [each for each in reasons if each[0] in _OF_READINGS]
        for account_id, reasons in held.items()
        if any(reason in _OF_READINGS for reason, _code in reasons)
        and all(reason in _OF_READINGS or reason is HoldReason.POOL_METER for reason, _code in reasons)
    }
    shares = models.RunShare.objects.filter(
        organization_id=run.organization_id, run=run, account_id__in=list(only)
    ).order_by("during", "id")
    ends: dict[tuple[int, str], list[tuple[uuid.UUID, str, datetime]]] = defaultdict(list)
    for account_id, code, public_id, name, during in shares.values_list(
        "account_id", "meter_point__code", "meter_point__public_id", "meter_point__name", "during"
    ):
        ends[account_id, code].append((public_id, name, during.upper))
    return {
        account_id: tuple(
            Lacking(public_id, name, reason, until)
            for reason, code in dict.fromkeys(reasons)
            for public_id, name, until in ends[account_id, code]
        )
        for account_id, reasons in only.items()
    }


def _compared(run: models.BillRun) -> tuple[tuple[int, ...], tuple[int, ...]]:
    calendar = run.calendar
    drafted = members.Narrowing(show=members.Show.READY)
    ids = members.member_ids(run_public_id=run.public_id, narrowing=drafted)
    within: list[int] = []
    outside: list[int] = []
    for row in members.members_by_account(run_public_id=run.public_id, account_ids=ids):
        is_near = calendar is not None and _is_near(row, calendar)
        (within if is_near else outside).append(row.member.account_id)
    return tuple(within), tuple(outside)


def _is_near(row: members.ComparedRow, calendar: models.BillingCalendar) -> bool:
    """An unusual draft never is; one without a bill before only where the calendar says so, or nothing is due."""
    if row.member.reasons or row.member.total is None:
        return False
    if row.before is None:
        return calendar.approves_first or not row.member.total
    difference = abs((row.member.total - row.before).amount)
    return difference <= abs(row.before.amount) * calendar.tolerance_percent * _PERCENT
