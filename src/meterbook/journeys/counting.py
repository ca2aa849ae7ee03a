"""Correct how many times a meter counted: by a test, or where its multiplier was wrong; and bill anew (B-02, B-24)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.billing.correcting import limits
from meterbook.billing.operations import correcting as bill_correcting
from meterbook.billing.operations import supposing
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import operation, scoping
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from meterbook.journeys import filling
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import models, permissions, ratios
from meterbook.metering import operations as metering_operations
from meterbook.metering.deriving import supposing as deriving_supposing
from meterbook.metering.operations import counting, estimating
from meterbook.metering.operations.counting import Recount
from meterbook.metering.validation.inputs import CorrectionKind


class TestUnfit(ValueError):
    """The test cannot correct what was counted: it was passed, has no error or no certificate, or was withdrawn."""


class TimeUnfit(ValueError):
    """The time lies where the test says nothing: the meter did not hang there, or the test came before its end."""


class TooFarBack(ValueError):
    """More would be asked for than may be billed so late (B-24, B-77)."""


@dataclass(frozen=True)
class Plan:
    """What is to be corrected, ready to be stored: of which series, by what facts, and what bills would come to.

    `ratio` is how many times as much as now is counted in `period`. `second_people` are those who can approve it;
    empty: nobody has to.
    """

    series: models.Series
    period: Period
    ratio: Fraction
    facts: Mapping[str, object]
    effect: supposing.Effect
    second_people: tuple[str, ...]

    @property
    def needs_second(self) -> bool:
        """Whether it waits for another person."""
        return bool(self.second_people)


def plan_by_test(*, actor: Actor, at: datetime, meter_point: uuid.UUID, test: uuid.UUID, period: Period) -> Plan:
    """This will say what a failed test of the meter corrects in a time, and which bills that would change.

    A meter at -3 % registered 97 of 100, so what it counted counts 100/97 times. Nothing is stored.

    :raises TestUnfit: when the test was passed or withdrawn, or has no error or no certificate
    :raises TimeUnfit: when the meter did not hang there in all of that time, or it lies after the test
    :raises TooFarBack: when tenants would be asked for more, for time before the limit of back-billing
    :raises counting.RatioPresent: when another test corrects a part of that time
    """
    tested = _test(meter_point, test)
    ratio = _ratio(tested)
    installation = _hanging(meter_point, tested, period, at)
    series = counting.counted(installation)
    counting.require_free(series=series, start=period.start, end=period.end)
    if ratio > 1:
        _require_recent(at, installation.meter_point.zone, period)
    made_of: dict[str, object] = {
        "ratio": str(ratio),
        "error": str(tested.largest_error),
        "test": str(tested.public_id),
        "certificate": tested.certificate_number or tested.tested_on.isoformat(),
        "file": str(tested.file.public_id) if tested.file is not None else "",
    }
    facts = {"kind": CorrectionKind.RATIO, "at": period.start, "until": period.end, "made_of": made_of}
    return _plan(actor, at, series, period, ratio, facts)


def plan_withdrawal(*, actor: Actor, at: datetime, meter_point: uuid.UUID, correction: uuid.UUID) -> Plan:
    """This will say which bills would change if a correction by a test were withdrawn.

    :raises counting.SegmentGone: when it is not there, or was withdrawn
    """
    found = counting.find_ratio(correction)
    if found.series.meter_point.public_id != meter_point or found.until is None:
        raise counting.SegmentGone(_("There is no such correction."))
    facts: dict[str, object] = {
        "kind": CorrectionKind.WITHDRAW_RATIO,
        "at": found.at,
        "until": found.until,
        "made_of": dict(found.made_of),
    }
    ratio = 1 / (ratios.read(found.made_of.get("ratio")) or Fraction(1))
    return _plan(actor, at, found.series, Period(found.at, found.until), ratio, facts)


def plan_multiplier(*, actor: Actor, at: datetime, installation: models.Installation, recount: Recount) -> Plan:
    """This will say what another multiplier of an installation would change; nothing is stored.

    :raises counting.MultiplierUnchanged: and what else `counting.facts_of` refuses
    """
    series = counting.counted(installation)
    facts = counting.facts_of(installation=installation, recount=recount, at=at)
    made_of, until = facts["made_of"], facts["until"]
    if not isinstance(made_of, dict) or not isinstance(until, datetime):
        raise TypeError("facts_of tells a mapping and an instant")
    ratio = recount.multiplier / Fraction(made_of["before"])
    return _plan(actor, at, series, Period(recount.starts_at, until), ratio, facts)


@operation.operation
def carry_out(*, actor: Actor, at: datetime, plan: Plan, reason: str) -> filling.Done:
    """This will correct what a meter counted, or have it wait for a second person.

    :raises metering_operations.CorrectionIncomplete: without a reason
    :raises counting.RatioPresent: when somebody corrected that time meanwhile
    """
    if not reason.strip():
        raise metering_operations.CorrectionIncomplete(_("Say why it is corrected; it stays on record."))
    if plan.needs_second:
        proposed = estimating.propose(actor=actor, at=at, series=plan.series, facts=plan.facts, reason=reason.strip())
        return filling.Done.of(proposed)
    made = counting.store(actor=actor, at=at, series=plan.series, facts=plan.facts, reason=reason)
    return filling.Done.of(made)


def installed(*, meter_point: uuid.UUID, instant: datetime) -> models.Installation:
    """This will return the installation of a meter at a point at an instant, with meter and point.

    :raises counting.SegmentGone: when none hung there
    """
    found = _installations(meter_point).filter(during__contains=instant).first()
    if found is None:
        raise counting.SegmentGone(_("No meter hung there at that time."))
    return found


def changed_bills(*, meter_point: uuid.UUID, correction: uuid.UUID, at: datetime) -> supposing.Effect:
    """This will return the bills of the time of a correction as they would be from what is known now.

    :raises counting.SegmentGone: when there is no such correction at the meter point
    """
    found = _fact(meter_point, correction)
    period = Period(found.at, found.until or found.at + timedelta.resolution)
    return supposing.effect_of(meter_point_id=found.series.meter_point_id, period=period, supposed=(), at=at)


@dataclass(frozen=True)
class Rebilled:
    """How many bills were proposed to be corrected, and by number why others were not."""

    proposed: int
    refused: Mapping[str, str]


REFUSALS = (
    bill_correcting.BillCredited,
    bill_correcting.BillSettled,
    bill_correcting.CorrectionPresent,
    bill_correcting.NotCalculable,
    bill_correcting.NothingToCorrect,
    bill_correcting.UnderChargeTooOld,
)


@operation.operation
def rebill(*, actor: Actor, at: datetime, meter_point: uuid.UUID, correction: uuid.UUID) -> Rebilled:
    """This will propose a credit note and a new bill for every bill that a correction changes (B-76).

    Each is approved like any other correction of a bill. What cannot be is told, and left as it is.

    :raises counting.SegmentGone: when there is no such correction at the meter point
    """
    reason = _fact(meter_point, correction).reason
    refused, proposed = {}, 0
    for each in changed_bills(meter_point=meter_point, correction=correction, at=at).bills:
        try:
            bill_correcting.propose_correction(actor=actor, at=at, bill=each.public_id, reason=reason)
        except REFUSALS as error:
            refused[each.number] = str(error)
        else:
            proposed += 1
    return Rebilled(proposed, refused)


def _plan(
    actor: Actor,
    at: datetime,
    series: models.Series,
    period: Period,
    ratio: Fraction,
    facts: Mapping[str, object],
) -> Plan:
    kind, made_of = facts["kind"], facts["made_of"]
    shown = made_of.get("registers", {}).get(series.code) if isinstance(made_of, dict) else None
    supposed = deriving_supposing.suppose(
        deriving_supposing.Supposition(
            series_id=series.pk,
            start=period.start,
            end=period.end,
            times=ratio,
            is_test=kind != CorrectionKind.MULTIPLIER,
            shown=shown,
            is_withdrawn=kind == CorrectionKind.WITHDRAW_RATIO,
        )
    )
    effect = supposing.effect_of(meter_point_id=series.meter_point_id, period=period, supposed=[supposed], at=at)
    return Plan(series, period, ratio, facts, effect, _second_people(actor, at, series.meter_point.site_id))


def _second_people(actor: Actor, at: datetime, site_id: int) -> tuple[str, ...]:
    """A multiplier and the ratio of a test are approved by a second person whether the time was billed or not."""
    if not two_people.is_needed(TwoPeople.READING):
        return ()
    return tuple(two_people.name_others(actor=actor, at=at, permission=permissions.CORRECT_READING, site_id=site_id))


def _test(meter_point: uuid.UUID, test: uuid.UUID) -> models.MeterTest:
    found = (
        models.MeterTest.objects.select_related("file", "meter")
        .defer("file__content")
        .filter(
            organization_id=scoping.current().organization_id,
            public_id=test,
            meter__installation__meter_point__public_id=meter_point,
        )
        .first()
    )
    if found is None:
        raise TestUnfit(_("There is no such test of a meter that hung here."))
    return found


def _ratio(test: models.MeterTest) -> Fraction:
    if test.withdrawn_at is not None:
        raise TestUnfit(_("This test was withdrawn; choose another."))
    if test.is_passed:
        raise TestUnfit(_("The meter passed this test: it measured rightly, and nothing is to be corrected."))
    error: Decimal | None = test.largest_error
    if not error:
        raise TestUnfit(_("The test does not say by how much the meter was wrong. Note the error with the test."))
    if test.file is None:
        raise TestUnfit(_("The certificate of this test is not kept. Note the test again with its certificate."))
    try:
        return ratios.of_error(error)
    except ratios.NothingRegistered as nothing:
        raise TestUnfit(
            _("A meter that stood still cannot be corrected by a ratio; estimate the time as a gap instead.")
        ) from nothing


def _hanging(meter_point: uuid.UUID, test: models.MeterTest, period: Period, at: datetime) -> models.Installation:
    own = _installations(meter_point).filter(meter=test.meter, during__contains=period.start)
    found = own.first()
    if found is None or (found.during.upper is not None and period.end > found.during.upper):
        raise TimeUnfit(
            _("Meter %(serial)s did not hang here in all of that time.") % {"serial": test.meter.serial_number}
        )
    end = civil.start_of_day(test.tested_on + timedelta(days=1), found.meter_point.zone)
    if period.end > min(end, at):
        raise TimeUnfit(_("A test says nothing of the time after it; end on the day of the test at the latest."))
    return found


def _require_recent(at: datetime, zone: ZoneInfo, period: Period) -> None:
    months = correction_queries.correction_rules().back_billing_months
    if months is None:
        return
    earliest = limits.months_before(civil.local_date(at, zone), months)
    if period.start < civil.start_of_day(earliest, zone):
        raise TooFarBack(
            _("More may be asked for since %(day)s at the earliest (%(months)s months); begin there or later.")
            % {"day": formats.date_format(earliest, "SHORT_DATE_FORMAT"), "months": months}
        )


def _installations(meter_point: uuid.UUID) -> QuerySet[models.Installation]:
    return models.Installation.objects.select_related("meter", "meter_point__site").filter(
        organization_id=scoping.current().organization_id, meter_point__public_id=meter_point
    )


def _fact(meter_point: uuid.UUID, correction: uuid.UUID) -> models.Correction:
    found = (
        models.Correction.objects.select_related("series__meter_point")
        .filter(
            organization_id=scoping.current().organization_id,
            public_id=correction,
            series__meter_point__public_id=meter_point,
            kind__in=counting.KINDS,
        )
        .first()
    )
    if found is None:
        raise counting.SegmentGone(_("There is no such correction."))
    return found
