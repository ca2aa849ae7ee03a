"""What meters counted wrongly: tests and multipliers that correct it, and the bills that change by it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Literal

from ninja import Router
from pydantic import Field, model_validator

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import meter_changes, reach
from meterbook.billing import permissions as billing_permissions
from meterbook.billing.operations import supposing
from meterbook.identity.values import Module
from meterbook.journeys import counting as journey
from meterbook.kernel.period import Period
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.operations import counting
from meterbook.metering.validation.inputs import CorrectionKind

router = Router(tags=["Readings"])
Reason = Annotated[values.Words, Field(min_length=1, max_length=300)]


class ByTest(values.Given):
    """A test that the meter failed, and the time in which it was wrong; `only_look` stores nothing."""

    test: uuid.UUID
    start: values.InstantGiven
    end: values.InstantGiven
    reason: Reason
    only_look: bool = False

    @model_validator(mode="after")
    def ends_later(self) -> ByTest:
        """This will refuse a time that ends before it begins."""
        if self.end <= self.start:
            raise ValueError("end is not after start")
        return self


class RightMultiplier(values.Given):
    """The multiplier that begins at `since` was wrong, and what it should be; `only_look` stores nothing."""

    since: values.InstantGiven
    multiplier: meter_changes.Ratio
    protocol: Annotated[values.Words, Field(min_length=1, max_length=80)]
    reason: Reason
    only_look: bool = False


class CountWithdrawal(values.Given):
    """Why a correction by a test is taken back."""

    reason: Reason


class AffectedBill(values.Told):
    """An issued bill and what it would come to; `now` null: that cannot be calculated."""

    id: uuid.UUID
    number: str
    first_day: date
    until_day: date
    before: values.Money
    now: values.Money | None
    is_too_old: bool


class CountEffect(values.Told):
    """The bills of a time; `more` and `less` are the sums charged too little and too much, by currency."""

    bills: list[AffectedBill]
    more: list[values.Money]
    less: list[values.Money]


class CountCorrection(values.Told):
    """What was corrected, or would be: `id` null where nothing was stored; `is_waiting` for a second person."""

    id: uuid.UUID | None
    is_waiting: bool
    needs_second: bool
    times: str
    effect: CountEffect


class CountChange(values.Told):
    """One correction of what a meter counted: a ratio by a test, its withdrawal, or a multiplier."""

    id: uuid.UUID
    kind: Literal["RATIO", "WITHDRAW_RATIO", "MULTIPLIER"]
    start: values.InstantTold
    end: values.InstantTold | None
    ratio: str | None
    multiplier: str | None
    before: str | None
    evidence: str
    is_standing: bool
    reason: str
    author: str
    approved_by: str
    recorded_at: values.InstantTold


class CountChanges(values.Told):
    """What was corrected of what a meter counted, the latest first."""

    changes: list[CountChange]


class RebillOutcome(values.Told):
    """How many corrections of bills were proposed, and by bill number why others were not."""

    proposed: int
    refused: dict[str, str]


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/count-changes",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=CountChanges,
    by_site=True,
    by_single=True,
)
def list_count_changes(request: entry.Request, point: uuid.UUID) -> CountChanges:
    """This will list the corrections of what a meter counted, the latest first."""
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    return CountChanges(
        changes=[_change(each) for each in metering_queries.count_changes(meter_point=detail.public_id)]
    )


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/count-changes/by-test",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=CountCorrection,
    by_site=True,
    by_single=True,
)
def correct_by_test(request: entry.Request, point: uuid.UUID, given: ByTest) -> CountCorrection:
    """This will correct what a meter counted by a test that it failed; -3 % counts 100/97 times."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    plan = journey.plan_by_test(
        actor=caller.actor,
        at=caller.at,
        meter_point=detail.public_id,
        test=given.test,
        period=Period(given.start, given.end),
    )
    return _done(request, plan, given.reason, only_look=given.only_look)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/count-changes/multiplier",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=CountCorrection,
    by_site=True,
    by_single=True,
)
def correct_multiplier(request: entry.Request, point: uuid.UUID, given: RightMultiplier) -> CountCorrection:
    """This will put a multiplier right that was entered wrongly, from its beginning on."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    plan = journey.plan_multiplier(
        actor=caller.actor,
        at=caller.at,
        installation=journey.installed(meter_point=detail.public_id, instant=given.since),
        recount=counting.Recount(
            starts_at=given.since,
            multiplier=meter_changes.ratio(given.multiplier),
            is_new=False,
            registers={},
            evidence={"protocol": given.protocol},
        ),
    )
    return _done(request, plan, given.reason, only_look=given.only_look)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/count-changes/{uuid:count_change}/withdraw",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=CountCorrection,
    by_site=True,
    by_single=True,
)
def withdraw_count(
    request: entry.Request, point: uuid.UUID, count_change: uuid.UUID, given: CountWithdrawal
) -> CountCorrection:
    """This will take back a correction by a test."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    plan = journey.plan_withdrawal(
        actor=caller.actor, at=caller.at, meter_point=detail.public_id, correction=count_change
    )
    return _done(request, plan, given.reason, only_look=False)


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/count-changes/{uuid:count_change}/bills",
    permission=billing_permissions.VIEW_BILL,
    module=Module.BILLING,
    answers=CountEffect,
    by_site=True,
)
def show_count_bills(request: entry.Request, point: uuid.UUID, count_change: uuid.UUID) -> CountEffect:
    """This will list the bills of the time of a correction, each beside what it would be now."""
    detail = reach.point(request, point, billing_permissions.VIEW_BILL)
    return _effect(journey.changed_bills(meter_point=detail.public_id, correction=count_change, at=request.caller.at))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/count-changes/{uuid:count_change}/rebill",
    permission=billing_permissions.MANAGE_RUN,
    module=Module.BILLING,
    answers=RebillOutcome,
    by_site=True,
)
def rebill_count(request: entry.Request, point: uuid.UUID, count_change: uuid.UUID) -> RebillOutcome:
    """This will propose a credit note and a new bill for each bill that a correction changes."""
    detail = reach.point(request, point, billing_permissions.MANAGE_RUN)
    caller = request.caller
    done = journey.rebill(actor=caller.actor, at=caller.at, meter_point=detail.public_id, correction=count_change)
    return RebillOutcome(proposed=done.proposed, refused=dict(done.refused))


def _done(request: entry.Request, plan: journey.Plan, reason: str, *, only_look: bool) -> CountCorrection:
    made = None
    if not only_look:
        made = journey.carry_out(actor=request.caller.actor, at=request.caller.at, plan=plan, reason=reason)
    return CountCorrection(
        id=None if made is None else made.public_id,
        is_waiting=made is not None and made.is_waiting,
        needs_second=plan.needs_second,
        times=str(plan.ratio),
        effect=_effect(plan.effect),
    )


def _effect(effect: supposing.Effect) -> CountEffect:
    return CountEffect(
        bills=[
            AffectedBill(
                id=each.public_id,
                number=each.number,
                first_day=each.first_day,
                until_day=each.until_day,
                before=values.money(each.before),
                now=None if each.now is None else values.money(each.now),
                is_too_old=each.is_too_old,
            )
            for each in effect.bills
        ],
        more=[values.money(each) for each in effect.more],
        less=[values.money(each) for each in effect.less],
    )


def _change(row: metering_queries.CountChange) -> CountChange:
    facts = {key: str(value) for key, value in row.made_of.items()}
    is_multiplier = row.kind is CorrectionKind.MULTIPLIER
    return CountChange(
        id=row.public_id,
        kind=row.kind.value,  # type: ignore[arg-type]  # one of the three that the query asks for
        start=values.instant(row.at),
        end=values.maybe_instant(row.until),
        ratio=facts.get("ratio"),
        multiplier=facts.get("multiplier"),
        before=facts.get("before") if is_multiplier else None,
        evidence=facts.get("protocol", "") if is_multiplier else facts.get("certificate", ""),
        is_standing=row.is_standing,
        reason=row.reason,
        author=row.author,
        approved_by=row.approved_by,
        recorded_at=values.instant(row.recorded_at),
    )
