"""A person settles what the derivation found: a reset is confirmed or refused, a jump is let through or left out."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel import rounding
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.operations import correcting
from meterbook.metering.queries import deciding
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

MOST_LEFT_OUT = 5_000
LOWER = (FindingKind.RESET_CANDIDATE, FindingKind.GLITCH)  # the register shows less than before


class Verdict(enum.StrEnum):
    """What a person says about a finding."""

    RIGHT = "RIGHT"  # the meter showed that: the counter started anew, so much was used
    WRONG = "WRONG"  # the meter was misread: the reading does not count
    ROLLED = "ROLLED"  # the counter passed its end and went on from 0: what lies between is counted


class FindingGone(LookupError):
    """There is nothing to settle there any more; look at the meter again."""


class TooManyReadings(ValueError):
    """More readings hang on that than can be left out at once; exchange the meter in the records instead."""


@operation.operation
def settle(
    *,
    actor: Actor,
    at: datetime,
    meter_point: uuid.UUID,
    found_at: datetime,
    kind: FindingKind,
    verdict: Verdict,
    reason: str,
    used: Decimal | None = None,
) -> None:
    """This will put the facts beside the readings that settle a finding, and have the days derived again.

    RIGHT confirms a reset with what was used unseen, lets an impossible jump count, or believes a held reading. WRONG
    leaves out the readings below the earlier value, or the one that jumped (B-04, B-05). ROLLED counts over the end: of
    five digits, 3 after 99,990 are 13. Nothing is overwritten.

    :param used: in the register's unit; what a counter that started anew had counted unseen, None for nothing
    :raises FindingGone: when it was settled meanwhile, or derived away
    :raises TooManyReadings: when more than 5,000 readings would be left out
    :raises correcting.CorrectionIncomplete: when the reason or the value is missing
    """
    found = next(
        (
            each
            for each in deciding.open_findings(meter_point=meter_point)
            if each.at == found_at and each.kind is kind and each.may_be_settled
        ),
        None,
    )
    if found is None:
        raise FindingGone(_("There is nothing to settle there any more; look at the meter again."))
    series = models.Series.objects.get(organization_id=scoping.current().organization_id, pk=found.series_id)
    if verdict is Verdict.WRONG:
        _leave_out(actor, at, series, found, reason)
        return
    facts: dict[str, object] = {"kind": CorrectionKind.SET, "value": found.raw}
    if verdict is Verdict.ROLLED:
        facts = {"kind": CorrectionKind.CONFIRM_RESET, "value": _over_the_end(found)}
    elif kind in LOWER:
        facts = {"kind": CorrectionKind.CONFIRM_RESET, "value": _raw(used or Decimal(0), found.decimals)}
    elif kind is FindingKind.OVER_LIMIT:
        facts = {"kind": CorrectionKind.RELEASE, "until": found.until}
    correcting.correct_readings(actor=actor, at=at, series=series, corrected_at=found.at, reason=reason, **facts)  # type: ignore[arg-type]


def _leave_out(actor: Actor, at: datetime, series: models.Series, found: deciding.OpenFinding, reason: str) -> None:
    """Each reading by itself, as a later fact; a held one is out already and only told so."""
    if not reason.strip():
        raise correcting.CorrectionIncomplete(_("Say why the reading is corrected."))
    readings = models.Reading.objects.filter(organization_id=series.organization_id, series_id=series.pk)
    if found.kind in LOWER:
        low = readings.filter(at__gte=found.at, value__lt=found.baseline)
        higher = readings.filter(at__gt=found.at, value__gte=found.baseline).order_by("at").values_list("at", flat=True)
        if (back := higher.first()) is not None:
            low = low.filter(at__lt=back)
    else:
        low = readings.filter(at=found.until or found.at)
    instants = sorted(set(low.order_by("at").values_list("at", flat=True)[: MOST_LEFT_OUT + 1]))
    if not instants:
        raise FindingGone(_("There is nothing to settle there any more; look at the meter again."))
    if len(instants) > MOST_LEFT_OUT:
        raise TooManyReadings(
            _("More readings hang on that than can be left out at once; exchange the meter in the records instead.")
        )
    models.Correction.objects.bulk_create(
        models.Correction(
            organization_id=series.organization_id,
            series=series,
            kind=CorrectionKind.EXCLUDE,
            at=each,
            reason=reason.strip(),
            author=actor.label,
            recorded_at=at,
        )
        for each in instants
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:correct_reading",
        subject=series,
        before=None,
        after={"kind": CorrectionKind.EXCLUDE, "at": instants[0], "until": instants[-1], "readings": len(instants)},
        reason=reason,
    )
    correcting.mark(series, found.at)
    correcting.show_newest(series, instants[-1])


def _over_the_end(found: deciding.OpenFinding) -> int:
    if found.wrap is None or found.kind not in LOWER or not found.raw < found.baseline < found.wrap:
        raise correcting.CorrectionIncomplete(_("It is not known where this register ends; say how much was used."))
    return found.wrap - found.baseline + found.raw


def _raw(value: Decimal, decimals: int) -> int:
    scaled = value.scaleb(decimals, context=rounding.EXACT)
    if scaled != scaled.to_integral_value():
        raise correcting.CorrectionIncomplete(
            _("The display shows at most %(decimals)s decimals; write the number as it stands there.")
            % {"decimals": decimals}
        )
    return int(scaled)
