"""Gaps of meters: what each method estimates, the estimates and edits there are, and the second person's decision."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from ninja import Query, Router
from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity.values import Module
from meterbook.journeys import filling
from meterbook.kernel.quantity import Unit
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.inputs import Lack, Method, Outcome
from meterbook.metering.validation.inputs import CorrectionKind

router = Router(tags=["Readings"])
Reason = Annotated[values.Words, Field(min_length=1, max_length=300)]
UntilAsked = Annotated[values.InstantGiven | None, Query(description="The end of the gap; none: now.")]
EstimateState = metering_queries.EstimateState


class Estimate(values.Told):
    """What a method makes of the gap; `quantity` null where it gives no number, and `lack` says why."""

    method: Method
    quantity: values.DecimalTold | None
    lack: Lack | None
    is_proposed: bool


class Gap(values.Told):
    """Time that no reading ends, and each method in the order of the site.

    `needs_second`: bills were made from it, and somebody else must approve what is put there.
    """

    start: values.InstantTold
    end: values.InstantTold
    unit: Unit
    estimates: list[Estimate]
    bills: list[str]
    needs_second: bool


class NewEstimate(values.Given):
    """Up to when, by which method (null: the first that gives a number), and why. `quantity` is for MANUAL alone.

    `is_defective`: the meter is said to be defective or tampered with; some rules allow no other estimates.
    """

    until: values.InstantGiven
    method: Method | None = None
    quantity: values.DecimalGiven | None = None
    is_defective: bool = False
    reason: Reason


class Withdrawal(values.Given):
    """Why an estimate is taken away."""

    reason: Reason


class Decision(values.Given):
    """Whether a change of billed time is approved."""

    is_approved: bool


class Stored(values.Told):
    """What was stored: the fact, or with `is_waiting` the proposal that a second person decides on."""

    id: uuid.UUID
    is_waiting: bool


class Edit(values.Told):
    """A correction of readings or an estimate, with the original; `quantity_now` is what counts there by now."""

    id: uuid.UUID
    series: str
    kind: CorrectionKind
    at: values.InstantTold
    until: values.InstantTold | None
    original: values.DecimalTold | None
    value: values.DecimalTold | None
    method: Method | None
    quantity: values.DecimalTold | None
    quantity_now: values.DecimalTold | None
    state: EstimateState | None
    reason: str
    author: str
    approved_by: str
    recorded_at: values.InstantTold


class Proposal(values.Told):
    """A change of billed time that waits for a second person; `shown` is what the meter is said to have shown, `before`
    what counts until somebody decides.
    """

    id: uuid.UUID
    kind: CorrectionKind
    at: values.InstantTold
    until: values.InstantTold | None
    method: Method | None
    quantity: values.DecimalTold | None
    before: str
    shown: str
    reason: str
    author: str
    recorded_at: values.InstantTold


class Conflict(values.Told):
    """A second number came for an instant that had one; `kept` counts."""

    series: str
    at: values.InstantTold
    kept: values.DecimalTold | None
    offered: values.DecimalTold | None
    received_at: values.InstantTold


class Edits(values.Told):
    """What people changed of a meter's readings, the latest first, at most 200 of each."""

    edits: list[Edit]
    waiting: list[Proposal]
    conflicts: list[Conflict]


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/gap",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=Gap,
    by_site=True,
    by_single=True,
)
def show_gap(request: entry.Request, point: uuid.UUID, until: UntilAsked = None) -> Gap:
    """This will say what each method makes of the time after the last known register; nothing is stored."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    end = _ended(detail, until or caller.at)
    found = filling.preview(actor=caller.actor, at=caller.at, meter_point=detail.public_id, until=end)
    return Gap(
        start=values.instant(found.gap.period.start),
        end=values.instant(found.gap.period.end),
        unit=found.gap.series.unit,
        estimates=[_estimate(each, found) for each in found.outcomes],
        bills=[each.number for each in found.bills],
        needs_second=found.needs_second,
    )


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/estimates",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=Stored,
    by_site=True,
    by_single=True,
)
def fill_gap(request: entry.Request, point: uuid.UUID, given: NewEstimate) -> Stored:
    """This will fill a gap by an estimate; readings that come later replace it by themselves."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    made = filling.fill(
        actor=caller.actor,
        at=caller.at,
        meter_point=detail.public_id,
        until=_ended(detail, given.until),
        method=given.method,
        reason=given.reason,
        given=values.read_decimal(given.quantity) if given.method is Method.MANUAL else None,
        is_defective=given.is_defective,
    )
    return Stored(id=made.public_id, is_waiting=made.is_waiting)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/estimates/{uuid:estimate}/withdraw",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=Stored,
    by_site=True,
    by_single=True,
)
def withdraw_estimate(request: entry.Request, point: uuid.UUID, estimate: uuid.UUID, given: Withdrawal) -> Stored:
    """This will take an estimate away: its time is a gap again."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    made = filling.withdraw(
        actor=caller.actor, at=caller.at, meter_point=detail.public_id, estimate=estimate, reason=given.reason
    )
    return Stored(id=made.public_id, is_waiting=made.is_waiting)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/proposals/{uuid:proposal}/decide",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=Edits,
    by_site=True,
    by_single=True,
)
def decide_correction(request: entry.Request, point: uuid.UUID, proposal: uuid.UUID, given: Decision) -> Edits:
    """This will approve or refuse a change of billed time that another person asked for."""
    caller = request.caller
    detail = reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True)
    filling.decide(
        actor=caller.actor,
        at=caller.at,
        meter_point=detail.public_id,
        proposal=proposal,
        is_approved=given.is_approved,
    )
    return _edits(detail)


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/edits",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=Edits,
    by_site=True,
    by_single=True,
)
def list_edits(request: entry.Request, point: uuid.UUID) -> Edits:
    """This will list the edits and estimates of a meter's readings, what waits for a second person, and conflicts."""
    return _edits(reach.point(request, point, permissions.CORRECT_READING, is_assigned_enough=True))


def _ended(detail: metering_queries.MeterDetail, until: datetime) -> datetime:
    return filling.floored(until, detail.main_series)


def _estimate(outcome: Outcome, found: filling.Preview) -> Estimate:
    is_proposed = found.first is not None and found.first.method is outcome.method
    quantity = None if outcome.used is None else values.decimal(found.shown(outcome.used))
    return Estimate(method=outcome.method, quantity=quantity, lack=outcome.lack, is_proposed=is_proposed)


def _edits(detail: metering_queries.MeterDetail) -> Edits:
    return Edits(
        edits=[_edit(each) for each in metering_queries.list_edits(series=detail.series)],
        waiting=[_proposal(each) for each in metering_queries.list_proposals(meter_point=detail.public_id)],
        conflicts=[
            Conflict(
                series=each.series.code,
                at=values.instant(each.at),
                kept=values.maybe_decimal(each.kept),
                offered=values.maybe_decimal(each.offered),
                received_at=values.instant(each.received_at),
            )
            for each in metering_queries.list_conflicts(series=detail.series)
        ],
    )


def _edit(row: metering_queries.EditRow) -> Edit:
    return Edit(
        id=row.public_id,
        series=row.series.code,
        kind=row.kind,
        at=values.instant(row.at),
        until=values.maybe_instant(row.until),
        original=values.maybe_decimal(row.original),
        value=values.maybe_decimal(row.shown),
        method=row.method,
        quantity=values.maybe_decimal(row.used),
        quantity_now=values.maybe_decimal(row.used_now),
        state=row.state,
        reason=row.reason,
        author=row.author,
        approved_by=row.approved_by,
        recorded_at=values.instant(row.recorded_at),
    )


def _proposal(row: metering_queries.ProposalRow) -> Proposal:
    return Proposal(
        id=row.public_id,
        kind=row.kind,
        at=values.instant(row.at),
        until=values.maybe_instant(row.until),
        method=row.method,
        quantity=values.maybe_decimal(row.used),
        before=row.before,
        shown=row.shown,
        reason=row.reason,
        author=row.author,
        recorded_at=values.instant(row.recorded_at),
    )
