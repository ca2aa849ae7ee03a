"""Gaps are filled by estimates, which stand beside the readings as facts and give way to readings that come later."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus, operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import models, values
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.operations import correcting, counting, marking, replacing
from meterbook.metering.queries import apart, edits, gaps
from meterbook.metering.queries import series as series_queries
from meterbook.metering.validation.inputs import CorrectionKind

LONGEST_REASON = 500
_ACTIONS = {
    CorrectionKind.ESTIMATE: "metering:estimate",
    CorrectionKind.APPORTION: "metering:apportion",
    CorrectionKind.WITHDRAW: "metering:withdraw_estimate",
}


class EstimateTooMuch(ValueError):
    """More than the supply can have delivered in that time."""


class EstimateGone(LookupError):
    """There is no such estimate, or it was withdrawn already."""


class ProposalGone(LookupError):
    """There is no such change to decide on, or somebody decided meanwhile."""


class SecondPersonNeeded(PermissionError):
    """Who asked for the change of a billed time does not approve it."""


@dataclass(frozen=True)
class Estimated:
    """What is to be put into a gap: `used` in the series' scale, how it came about, and why.

    `shape` tells how it lies in the time (`queries.shape_of`); empty: evenly.
    """

    method: Method
    used: int
    made_of: Mapping[str, object]
    reason: str
    shape: Mapping[str, object] = field(default_factory=dict)


@operation.operation
def estimate(
    *, actor: Actor, at: datetime, series: models.Series, until: datetime, estimated: Estimated, needs_second: bool
) -> models.Correction | models.CorrectionProposal:
    """This will put an estimate into the time from the last known register to `until`, and have it derived.

    Where the time was billed and two people are asked for, it waits for the second as a proposal.

    :param needs_second: whether a second person must approve it
    :raises gaps.GapRefused: when nothing of it is a gap
    :raises EstimateTooMuch: when the supply cannot have delivered that
    :raises correcting.CorrectionIncomplete: without a reason
    """
    gap = _gap(series, until, at)
    counts = gap.counts(estimated.used)
    if gap.most is not None and gap.booked(counts) > gap.most:
        raise EstimateTooMuch(_("That is more than the supply can have delivered in this time; estimate less."))
    facts: dict[str, object] = {
        "kind": CorrectionKind.ESTIMATE,
        "at": gap.period.start,
        "until": gap.period.end,
        "value": counts,
        "method": estimated.method.value,
        "made_of": dict(estimated.made_of),
        "shape": dict(estimated.shape),
    }
    reason = _reason(estimated.reason)
    if needs_second:
        return propose(actor=actor, at=at, series=series, facts=facts, reason=reason)
    return _store(actor, at, series, facts, reason)


@operation.operation
def apportion(
    *, actor: Actor, at: datetime, series: models.Series, until: datetime, estimated: Estimated, needs_second: bool
) -> models.Correction | models.CorrectionProposal:
    """This will spread what was measured between two readings by the usual shape; how much it was stays as it is.

    Nothing is estimated by that: the register difference is the truth (decision 0012).

    :param until: an instant at the end of the day in which the time lies
    :raises gaps.GapRefused: when no readings lie apart there, or the register does not say what was used
    :raises correcting.CorrectionIncomplete: without a reason
    """
    gap = apart.find_apart(series=_held(series), until=until)
    facts: dict[str, object] = {
        "kind": CorrectionKind.APPORTION,
        "at": gap.period.start,
        "until": gap.period.end,
        "method": estimated.method.value,
        "made_of": dict(estimated.made_of),
        "shape": dict(estimated.shape),
    }
    reason = _reason(estimated.reason)
    if needs_second:
        return propose(actor=actor, at=at, series=series, facts=facts, reason=reason)
    return _store(actor, at, series, facts, reason)


@operation.operation
def withdraw_estimate(
    *, actor: Actor, at: datetime, estimate: uuid.UUID, reason: str, needs_second: bool
) -> models.Correction | models.CorrectionProposal:
    """This will take an estimate away: its time is a gap again, as far as no reading tells of it.

    Of what was apportioned the register runs straight again.

    :raises EstimateGone: when it is not there, or was withdrawn already
    :raises correcting.CorrectionIncomplete: without a reason
    """
    found = find_standing(estimate)
    facts: dict[str, object] = {"kind": CorrectionKind.WITHDRAW, "at": found.at, "until": found.until}
    if needs_second:
        return propose(actor=actor, at=at, series=found.series, facts=facts, reason=_reason(reason))
    return _store(actor, at, found.series, facts, _reason(reason))


def find_standing(estimate: uuid.UUID) -> models.Correction:
    """This will return an estimate that was not withdrawn, with its series.

    :raises EstimateGone: when there is none
    """
    organization_id = scoping.current().organization_id
    found = (
        models.Correction.objects.select_related("series")
        .filter(organization_id=organization_id, public_id=estimate, kind__in=edits.OF_A_TIME)
        .first()
    )
    if found is None:
        raise EstimateGone(_("There is no such estimate."))
    later = models.Correction.objects.filter(
        organization_id=organization_id,
        series=found.series,
        kind=CorrectionKind.WITHDRAW,
        at=found.at,
        until=found.until,
        pk__gt=found.pk,
    )
    if later.exists():
        raise EstimateGone(_("This estimate was withdrawn already."))
    return found


@operation.operation
def propose(
    *, actor: Actor, at: datetime, series: models.Series, facts: Mapping[str, object], reason: str
) -> models.CorrectionProposal:
    """This will keep a correction of billed time until a second person decides on it; one of a kind and time waits."""
    same: dict[str, Any] = {name: facts.get(name) for name in ("kind", "at", "until")}
    waiting = models.CorrectionProposal.objects.filter(
        organization_id=series.organization_id, series=series, state=values.ProposalState.WAITING, **same
    )
    for each in waiting:
        _decide(each, values.ProposalState.REFUSED, actor, at)
    made = models.CorrectionProposal.objects.create(
        organization_id=series.organization_id,
        series=series,
        reason=reason,
        author=actor.label,
        author_id=actor.id,
        recorded_at=at,
        **facts,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:propose_correction",
        subject=series,
        before=None,
        after=_told(facts),
        reason=reason,
    )
    return made


@operation.operation
def decide_proposal(
    *, actor: Actor, at: datetime, proposal: uuid.UUID, is_approved: bool, may_be_alone: bool
) -> models.Correction | None:
    """This will carry out a proposed correction, or refuse it; the author may refuse their own.

    :param may_be_alone: whether the author may approve it: nobody else can, or two people are not asked for any more
    :raises ProposalGone: when it is not there, or somebody decided meanwhile
    :raises SecondPersonNeeded: when the author approves and another could
    :raises gaps.GapRefused: when an estimate has no gap any more
    :raises replacing.IntervalsOutdated: when what is stored differs otherwise from the file by now
    """
    found = (
        models.CorrectionProposal.objects.select_for_update(of=("self",))
        .select_related("series")
        .filter(
            organization_id=scoping.current().organization_id, public_id=proposal, state=values.ProposalState.WAITING
        )
        .first()
    )
    if found is None:
        raise ProposalGone(_("There is nothing to decide any more; somebody did so meanwhile."))
    if not is_approved:
        _decide(found, values.ProposalState.REFUSED, actor, at)
        audit_operations.record(
            actor=actor,
            at=at,
            action="metering:refuse_correction",
            subject=found.series,
            before={"proposed_by": found.author},
            after=None,
        )
        return None
    if found.author_id is not None and found.author_id == actor.id and not may_be_alone:
        raise SecondPersonNeeded(_("You asked for this change; another person who may correct readings approves it."))
    if found.kind == CorrectionKind.ESTIMATE and found.until is not None:
        gap = _gap(found.series, found.until, at)
        if gap.period.start != found.at:
            raise gaps.GapRefused(gaps.NoGap.FILLED)
    if found.kind == CorrectionKind.APPORTION and found.until is not None:
        between = apart.find_apart(series=_held(found.series), until=found.until, start=found.at).period
        if (between.start, between.end) != (found.at, found.until):
            raise gaps.GapRefused(gaps.NoGap.MEASURED)
    made = _carry_out(actor, at, found)
    _decide(found, values.ProposalState.APPROVED, actor, at)
    return made


def _carry_out(actor: Actor, at: datetime, found: models.CorrectionProposal) -> models.Correction:
    """What was approved, as a fact of who had asked for it."""
    if found.kind in counting.KINDS:
        own = {name: getattr(found, name) for name in ("kind", "at", "until", "made_of")}
        return counting.store(
            actor=actor, at=at, series=found.series, facts=own, reason=found.reason, proposed_by=found.author
        )
    if found.kind == CorrectionKind.INTERVALS:
        return replacing.approve(actor=actor, at=at, proposal=found)
    if found.kind == CorrectionKind.SET:
        return correcting.correct_readings(
            actor=actor,
            at=at,
            series=found.series,
            kind=CorrectionKind.SET,
            corrected_at=found.at,
            reason=found.reason,
            value=found.value,
            proposed_by=found.author,
        )
    facts = {name: getattr(found, name) for name in ("kind", "at", "until", "value", "method", "made_of", "shape")}
    return _store(actor, at, found.series, facts, found.reason, proposed_by=found.author)


def _gap(series: models.Series, until: datetime, at: datetime) -> gaps.Gap:
    return gaps.find_gap(series=_held(series), until=until, at=at)


def _held(series: models.Series) -> series_queries.SeriesRow:
    """Looked for while the series is held: two people who fill one gap come one after the other."""
    models.Series.objects.select_for_update().get(organization_id=series.organization_id, pk=series.pk)
    return next(
        each for each in series_queries.list_series(meter_point_ids=[series.meter_point_id]) if each.id == series.pk
    )


def _store(
    actor: Actor,
    at: datetime,
    series: models.Series,
    facts: Mapping[str, object],
    reason: str,
    *,
    proposed_by: str = "",
) -> models.Correction:
    """One fact more, by its author; `actor` is who approved it where somebody else had proposed it."""
    made = models.Correction.objects.create(
        organization_id=series.organization_id,
        series=series,
        reason=reason,
        author=proposed_by or actor.label,
        recorded_at=at,
        approved_by=actor.label if proposed_by else "",
        **facts,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action=_ACTIONS[CorrectionKind(made.kind)],
        subject=series,
        before={"proposed_by": proposed_by} if proposed_by else None,
        after=_told(facts),
        reason=reason,
    )
    _mark(series, Period(made.at, made.until or made.at + timedelta.resolution))
    bus.notify("series", series.organization_id, [series.pk])
    return made


def _mark(series: models.Series, period: Period) -> None:
    marking.mark_dirty(
        organization_id=series.organization_id,
        series_ids=[series.pk],
        first_day=period.start.astimezone(UTC).date(),
        until_day=(period.end - timedelta.resolution).astimezone(UTC).date() + timedelta(days=1),
    )


def _decide(proposal: models.CorrectionProposal, state: values.ProposalState, actor: Actor, at: datetime) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state.value, actor.label, at
    proposal.save(update_fields=["state", "decided_by", "decided_at"])
    if proposal.kind == CorrectionKind.INTERVALS:
        replacing.let_go(proposal)


def _told(facts: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in facts.items() if value not in (None, "", {}) and key != "shape"}


def _reason(reason: str) -> str:
    if not reason.strip():
        raise correcting.CorrectionIncomplete(_("Say why the gap is filled; it stays on record."))
    return reason.strip()[:LONGEST_REASON]
