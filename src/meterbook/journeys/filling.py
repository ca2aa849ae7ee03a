"""Fill a time without readings: what each method says, who must agree, which bills were made from it (B-19, B-20)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.billing import models as billing_models
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork import values as fieldwork_values
from meterbook.foundation import operation, scoping
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from meterbook.journeys import billed
from meterbook.kernel import rounding
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import models, permissions, values
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating import ladder
from meterbook.metering.estimating.inputs import APPORTIONING, Case, Method, Outcome
from meterbook.metering.estimating.limits import Limits

_MOST_BILLS = 20


class MethodNotApplicable(ValueError):
    """The method gives no number for this time; choose another."""


class EstimateForbidden(MethodNotApplicable):
    """Rules of the site allow estimates of defective meters only (B-21)."""


@dataclass(frozen=True)
class Bill:
    """An issued bill that charged a part of a time."""

    public_id: uuid.UUID
    number: str


@dataclass(frozen=True)
class Done:
    """What was stored: the fact, or the proposal that `is_waiting` for a second person; `start` of its time."""

    public_id: uuid.UUID
    start: datetime
    is_waiting: bool

    @classmethod
    def of(cls, made: models.Correction | models.CorrectionProposal) -> Done:
        """This will tell of a stored row."""
        return cls(made.public_id, made.at, isinstance(made, models.CorrectionProposal))


@dataclass(frozen=True)
class Preview:
    """A gap and what each method makes of it, in the order of the site; `used` as it would be booked.

    Where a reading lies after it as well (`gap.difference`) how much was used is known, and only ways of spreading it
    are offered. `months` are so many in a row that are estimated then; `limits` what is allowed (B-21), with the share
    that the outcomes have been cut to. `policy_version` is that of the order; `shape_is_usual`: it is spread by the
    meter's usual hours, else evenly. `needs_second`: the time was billed, the organization asks two people, and another
    could be the second.
    """

    gap: metering_queries.Gap
    outcomes: tuple[Outcome, ...]
    policy_version: int
    limits: Limits
    shape_is_usual: bool
    months: int
    bills: tuple[Bill, ...]
    needs_second: bool
    second_people: tuple[str, ...]

    @property
    def needs_visit(self) -> bool:
        """Whether somebody must go and read the meter: too many periods in a row are estimated."""
        return self.gap.difference is None and self.months > self.limits.most_months

    @property
    def first(self) -> Outcome | None:
        """The first method that gives a number."""
        return ladder.first_applicable(self.outcomes)

    def shown(self, used: int) -> Decimal:
        """This will return a quantity in the series' unit."""
        return Decimal(used).scaleb(-self.gap.series.decimals, context=rounding.EXACT)


def preview(
    *, actor: Actor, at: datetime, meter_point: uuid.UUID, until: datetime, given: Decimal | None = None
) -> Preview:
    """This will say what each method makes of the time from the last known register to `until`; nothing is stored.

    It is about the series of the meter point that is billed.

    :param given: a person's own number, in the series' unit
    :raises metering_queries.GapRefused: when nothing of it is a gap
    """
    return _preview(actor, at, _counted_series(meter_point), until, given)


def _preview(
    actor: Actor, at: datetime, series: models.Series, until: datetime, given: Decimal | None, percent: int = 100
) -> Preview:
    row = _series_row(series)
    gap = _find(row, until, at)
    site_id = series.meter_point.site_id
    policy = metering_queries.estimating_policy(site_id=site_id)
    case = metering_queries.gather(
        gap=gap,
        since=billed.same_account_since(series.meter_point_id, gap.period.start),
        policy=policy,
        given=None if given is None else int(given.scaleb(row.decimals, context=rounding.EXACT)),
    )
    bills = bills_of(meter_point_id=series.meter_point_id, period=gap.period)
    people = _second_people(actor, at, site_id) if bills else ()
    limits = replace(policy.limits, percent=100 if gap.difference is not None else min(percent, policy.limits.percent))
    return Preview(
        gap=gap,
        outcomes=tuple(_booked(limits.cut(each), gap) for each in _outcomes(case, policy.methods)),
        policy_version=policy.version,
        limits=limits,
        shape_is_usual=case.weights is not None,
        months=_months(gap, series),
        bills=bills,
        needs_second=bool(people),
        second_people=people,
    )


@operation.operation
def fill(
    *,
    actor: Actor,
    at: datetime,
    meter_point: uuid.UUID,
    until: datetime,
    method: Method | None,
    reason: str,
    given: Decimal | None = None,
    percent: int = 100,
    is_defective: bool = False,
) -> Done:
    """This will fill the time up to `until` by a method, or by the first that gives a number.

    Of billed time a proposal for a second person, where the organization asks for one.

    :param given: a person's own number in the series' unit, for the method MANUAL
    :param percent: of what the method says, how much is taken at most: some rules allow 75 % only (B-21)
    :param is_defective: whether the meter is said to be defective or tampered with
    :raises metering_queries.GapRefused: when nothing of it is a gap
    :raises MethodNotApplicable: when the method gives no number
    :raises EstimateForbidden: when only defective meters may be estimated, and this one is not said to be
    :raises metering_operations.EstimateTooMuch: when the supply cannot have delivered that
    :raises metering_operations.CorrectionIncomplete: without a reason
    """
    series = _counted_series(meter_point)
    found = _preview(actor, at, series, until, given, percent)
    chosen = found.first if method is None else next(each for each in found.outcomes if each.method is method)
    if chosen is None or chosen.used is None:
        raise MethodNotApplicable(_("This method gives no number for this time; choose another."))
    if chosen.method is Method.INTERPOLATION:
        raise MethodNotApplicable(_("The register runs straight there already; nothing is to be done."))
    if found.limits.only_defective and found.gap.difference is None and not is_defective:
        raise EstimateForbidden(_("Only a defective meter may be estimated here. Say that it is, or have it read."))
    shape = metering_queries.shape_of(gap=found.gap, zone=series.meter_point.zone, used=chosen.used)
    estimated = metering_operations.Estimated(
        method=chosen.method,
        used=chosen.used,
        made_of={
            **chosen.made_of,
            **({"is_defective": True} if is_defective else {}),
            "used": chosen.used,
            "bills": [each.number for each in found.bills],
            "is_usual": bool(shape),
            "policy": found.policy_version,
        },
        reason=reason,
        shape=shape,
    )
    book = metering_operations.estimate if found.gap.difference is None else metering_operations.apportion
    made = book(actor=actor, at=at, series=series, until=until, estimated=estimated, needs_second=found.needs_second)
    if found.needs_visit:
        _send_somebody(actor, at, series, found.months)
    return Done.of(made)


@operation.operation
def have_read(*, actor: Actor, at: datetime, meter_point: uuid.UUID, months: int) -> None:
    """This will have somebody read a meter that was estimated for so many months, unless a job waits already."""
    _send_somebody(actor, at, _counted_series(meter_point), months)


@operation.operation
def withdraw(*, actor: Actor, at: datetime, meter_point: uuid.UUID, estimate: uuid.UUID, reason: str) -> Done:
    """This will take an estimate of a meter point away; of billed time a second person decides.

    :raises metering_operations.EstimateGone: when it is not there, or was withdrawn already
    :raises metering_operations.CorrectionIncomplete: without a reason
    """
    found = models.Correction.objects.select_related("series__meter_point").filter(
        organization_id=scoping.current().organization_id,
        public_id=estimate,
        series__meter_point__public_id=meter_point,
    )
    fact = found.first()
    if fact is None or fact.until is None:
        raise metering_operations.EstimateGone(_("There is no such estimate."))
    point = fact.series.meter_point
    is_billed = bool(bills_of(meter_point_id=point.pk, period=Period(fact.at, fact.until)))
    made = metering_operations.withdraw_estimate(
        actor=actor,
        at=at,
        estimate=estimate,
        reason=reason,
        needs_second=is_billed and bool(_second_people(actor, at, point.site_id)),
    )
    return Done.of(made)


@operation.operation
def decide(
    *, actor: Actor, at: datetime, meter_point: uuid.UUID, proposal: uuid.UUID, is_approved: bool
) -> models.Correction | None:
    """This will approve or refuse a change of billed time at a meter point.

    :raises metering_operations.ProposalGone: when it is not there, or somebody decided meanwhile
    :raises metering_operations.SecondPersonNeeded: when the author approves and another could
    """
    found = models.CorrectionProposal.objects.select_related("series__meter_point").filter(
        organization_id=scoping.current().organization_id,
        public_id=proposal,
        series__meter_point__public_id=meter_point,
    )
    waiting = found.first()
    if waiting is None:
        raise metering_operations.ProposalGone(_("There is nothing to decide any more; somebody did so meanwhile."))
    others = _second_people(actor, at, waiting.series.meter_point.site_id)
    return metering_operations.decide_proposal(
        actor=actor, at=at, proposal=proposal, is_approved=is_approved, may_be_alone=not others
    )


def _months(gap: metering_queries.Gap, series: models.Series) -> int:
    return metering_queries.estimated_months(gap=gap, zone=series.meter_point.zone)


def _send_somebody(actor: Actor, at: datetime, series: models.Series, months: int) -> None:
    """A job to read the meter, unless one waits already (B-21)."""
    point = series.meter_point
    waiting = fieldwork_queries.list_jobs(states=fieldwork_values.WAITING, managed_at=None, meter_point=point.public_id)
    if any(each.kind is fieldwork_values.JobKind.READ for each in waiting):
        return
    words = _("Estimated for %(count)s months in a row: read what the meter shows, and say why it is not read.")
    fieldwork_operations.make_job(
        actor=actor,
        at=at,
        site_id=point.site_id,
        kind=fieldwork_values.JobKind.READ,
        words=words % {"count": months},
        meter_point=point.public_id,
    )


def _find(row: metering_queries.SeriesRow, until: datetime, at: datetime) -> metering_queries.Gap:
    """Time after the last reading; where one lies after it, the time between the two."""
    try:
        return metering_queries.find_gap(series=row, until=until, at=at)
    except metering_queries.GapRefused as refused:
        if refused.why is not metering_queries.NoGap.READ_LATER:
            raise
        try:
            return metering_queries.find_apart(series=row, until=until)
        except metering_queries.GapRefused as apart:
            if apart.why is metering_queries.NoGap.MEASURED:
                raise refused from apart
            raise


def _outcomes(case: Case, order: Sequence[Method]) -> list[Outcome]:
    """All methods; of a known difference only the ways to spread it: nothing is to be estimated."""
    is_known = case.difference is not None
    return [each for each in ladder.outcomes(case, order) if each.method in APPORTIONING or not is_known]


def _counted_series(meter_point: uuid.UUID) -> models.Series:
    found = models.Series.objects.select_related("meter_point__site").filter(
        organization_id=scoping.current().organization_id, meter_point__public_id=meter_point
    )
    for each in found.order_by("id"):
        if each.code == values.COUNTED_SERIES[values.Service(each.meter_point.service)]:
            return each
    raise metering_queries.GapRefused(metering_queries.NoGap.NOT_COUNTED)


def _series_row(series: models.Series) -> metering_queries.SeriesRow:
    listed = metering_queries.list_series(meter_point_ids=[series.meter_point_id])
    return next(each for each in listed if each.id == series.pk)


def needs_second(
    *, actor: Actor, at: datetime, meter_point_id: int, instant: datetime, until: datetime | None = None
) -> bool:
    """This will tell whether somebody else must approve a change of what a meter showed at an instant.

    Bills were made of the time that begins or ends there or holds it, two people are asked for, and another could be
    the second.

    :param until: where not one reading is changed, but what was used from `instant` until then
    """
    beside = Period(instant - timedelta.resolution, instant + timedelta.resolution)
    if until is not None and until > instant:
        beside = Period(instant, until)
    if not bills_of(meter_point_id=meter_point_id, period=beside):
        return False
    point = models.MeterPoint.objects.get(organization_id=scoping.current().organization_id, pk=meter_point_id)
    return bool(_second_people(actor, at, point.site_id))


def floored(instant: datetime, series: metering_queries.SeriesRow | None) -> datetime:
    """This will return the end of the last interval of a series at or before an instant."""
    step = timedelta(minutes=series.step if series else values.STEPS[2])
    day = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + (instant - day) // step * step


def bills_of(*, meter_point_id: int, period: Period) -> tuple[Bill, ...]:
    """This will return the issued bills that charged a part of a time at a meter point, oldest first."""
    organization_id = scoping.current().organization_id
    pairs = billing_models.RunShare.objects.filter(
        organization_id=organization_id,
        meter_point_id=meter_point_id,
        during__overlap=DateTimeTZRange(period.start, period.end, "[)"),
    ).values_list("run_id", "account_id")
    wanted = set(pairs)
    bills = billing_models.Bill.objects.filter(
        organization_id=organization_id,
        run_id__in={run for run, _account in wanted},
        account_id__in={account for _run, account in wanted},
    ).order_by("id")
    rows = bills.values_list("public_id", "number", "run_id", "account_id")
    listed = [Bill(public_id, number) for public_id, number, *pair in rows if tuple(pair) in wanted]
    return tuple(listed[:_MOST_BILLS])


def _booked(outcome: Outcome, gap: metering_queries.Gap) -> Outcome:
    """With the number that the register can show: whole counts."""
    return outcome if outcome.used is None else replace(outcome, used=gap.booked(gap.counts(outcome.used)))


def _second_people(actor: Actor, at: datetime, site_id: int) -> tuple[str, ...]:
    if not two_people.is_needed(TwoPeople.READING):
        return ()
    return tuple(two_people.name_others(actor=actor, at=at, permission=permissions.CORRECT_READING, site_id=site_id))
