"""Correct how many times a meter counted: by a test of it (B-24), or because its multiplier was wrong (B-02).

What the meter showed stays as it is. A ratio stands beside it for its time and can be withdrawn; a multiplier is put
right in its segment, and the fact that says so stays beside the readings.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus, operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering.operations import correcting, installing, marking
from meterbook.metering.validation.inputs import CorrectionKind

KINDS = (CorrectionKind.RATIO, CorrectionKind.WITHDRAW_RATIO, CorrectionKind.MULTIPLIER)
_ACTIONS = {
    CorrectionKind.RATIO: "metering:correct_by_test",
    CorrectionKind.WITHDRAW_RATIO: "metering:withdraw_ratio",
    CorrectionKind.MULTIPLIER: "metering:correct_multiplier",
}


class MultiplierUnchanged(ValueError):
    """The meter counts that many times there already."""


class SegmentGone(LookupError):
    """The meter has no multiplier that begins then; look at its page again."""


class RatioPresent(ValueError):
    """Another test corrects a part of that time already; withdraw that correction first."""


@dataclass(frozen=True)
class Recount:
    """A multiplier from an instant on: a new one with what the registers showed, or (`is_new` False) the right one
    where a wrong one was entered. `evidence` is the number of a protocol or the public id of a photo.
    """

    starts_at: datetime
    multiplier: Fraction
    is_new: bool
    registers: Mapping[str, int]
    evidence: Mapping[str, str]


def facts_of(*, installation: models.Installation, recount: Recount, at: datetime) -> dict[str, object]:
    """This will return the fact that a multiplier changes or was wrong, as it is proposed and kept.

    :raises installing.RegistersArePrimary: on a meter that multiplies inside, but for 1
    :raises installing.OutsideInstallation: when the meter does not hang there then
    :raises installing.ClosingMissing: when a new multiplier comes without what a register showed
    :raises SegmentGone: when no multiplier begins at the instant of a wrong one
    :raises MultiplierUnchanged: when it is so already
    """
    if installation.meter.is_primary and recount.multiplier != 1:
        raise installing.RegistersArePrimary(
            _("Meter %(serial)s multiplies inside, as its model says: its multiplier must be 1.")
            % {"serial": installation.meter.serial_number}
        )
    during, starts_at = installation.during, recount.starts_at
    if recount.is_new:
        installing.require_changeable(installation, starts_at)
        installing.require_all(installation, recount.registers)
        before = installing.multiplier_at(installation, starts_at)
    else:
        before = _segment_at(installation, starts_at)
    if before == recount.multiplier:
        raise MultiplierUnchanged(
            _("The meter counts %(times)s times there already; nothing is to be changed.") % {"times": before}
        )
    later = [each for each in _starts(installation) if each > starts_at]
    ends = [each for each in (*later[:1], during.upper, at) if each is not None]
    return {
        "kind": CorrectionKind.MULTIPLIER,
        "at": starts_at,
        "until": max(min(ends), starts_at + timedelta.resolution),
        "made_of": {
            "installation": str(installation.public_id),
            "multiplier": str(recount.multiplier),
            "before": str(before),
            "is_new": recount.is_new,
            "registers": dict(recount.registers),
            **recount.evidence,
        },
    }


def require_free(*, series: models.Series, start: datetime, end: datetime) -> None:
    """This will refuse a ratio where another one stands.

    :raises RatioPresent: when one does
    """
    standing: dict[tuple[datetime, datetime | None], bool] = {}
    rows = models.Correction.objects.filter(
        organization_id=series.organization_id,
        series=series,
        kind__in=(CorrectionKind.RATIO, CorrectionKind.WITHDRAW_RATIO),
        at__lt=end,
        until__gt=start,
    )
    for kind, at, until in rows.order_by("recorded_at", "id").values_list("kind", "at", "until"):
        standing[at, until] = kind == CorrectionKind.RATIO
    if any(standing.values()):
        raise RatioPresent(_("Another test corrects a part of that time already; withdraw that correction first."))


def find_ratio(public_id: uuid.UUID) -> models.Correction:
    """This will return a correction by a test that stands, with its series.

    :raises SegmentGone: when there is none, or it was withdrawn
    """
    rows = models.Correction.objects.select_related("series__meter_point").filter(
        organization_id=scoping.current().organization_id, public_id=public_id, kind=CorrectionKind.RATIO
    )
    found = rows.first()
    if found is None:
        raise SegmentGone(_("There is no such correction."))
    later = models.Correction.objects.filter(
        organization_id=found.organization_id,
        series=found.series,
        kind=CorrectionKind.WITHDRAW_RATIO,
        at=found.at,
        until=found.until,
        pk__gt=found.pk,
    )
    if later.exists():
        raise SegmentGone(_("This correction was withdrawn already."))
    return found


@operation.operation
def store(
    *,
    actor: Actor,
    at: datetime,
    series: models.Series,
    facts: Mapping[str, Any],
    reason: str,
    proposed_by: str = "",
) -> models.Correction:
    """This will carry out a ratio, its withdrawal, or a multiplier, and have the days derived again.

    :param facts: kind, time and `made_of`, as `facts_of` makes them
    :param proposed_by: who asked for it, where the actor is the second person who approved it
    :raises correcting.CorrectionIncomplete: without a reason
    :raises RatioPresent: when another test corrects a part of that time
    :raises SegmentGone: when the multiplier is not there any more, or a withdrawn ratio
    """
    if not reason.strip():
        raise correcting.CorrectionIncomplete(_("Say why it is corrected; it stays on record."))
    kind, made_of = CorrectionKind(facts["kind"]), facts["made_of"]
    # Two people who correct one meter come one after the other.
    models.Series.objects.select_for_update().get(organization_id=series.organization_id, pk=series.pk)
    before: dict[str, object] = {"proposed_by": proposed_by} if proposed_by else {}
    touched = [series.pk]
    if kind is CorrectionKind.RATIO:
        require_free(series=series, start=facts["at"], end=facts["until"])
    elif kind is CorrectionKind.MULTIPLIER:
        before["multiplier"] = made_of["before"]
        touched = _recount(actor, at, facts, made_of, reason)
    made = models.Correction.objects.create(
        organization_id=series.organization_id,
        series=series,
        kind=kind,
        at=facts["at"],
        until=facts["until"],
        made_of=made_of,
        reason=reason.strip(),
        author=proposed_by or actor.label,
        approved_by=actor.label if proposed_by else "",
        recorded_at=at,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action=_ACTIONS[kind],
        subject=series,
        before=before or None,
        after={"at": made.at, "until": made.until, **made_of},
        reason=reason,
    )
    _mark(series, touched, made.at, None if kind is CorrectionKind.MULTIPLIER else made.until)
    bus.notify("series", series.organization_id, touched)
    return made


def _recount(
    actor: Actor, at: datetime, facts: Mapping[str, Any], made_of: Mapping[str, Any], reason: str
) -> list[int]:
    """The series that count another number of times from then on."""
    installation = models.Installation.objects.select_related("meter", "meter_point").get(
        organization_id=scoping.current().organization_id, public_id=made_of["installation"]
    )
    multiplier = Fraction(made_of["multiplier"])
    if installation.meter.is_primary and multiplier != 1:
        raise installing.RegistersArePrimary(_("This meter multiplies inside: its multiplier must be 1."))
    if made_of["is_new"]:
        installing.change_multiplier(
            actor=actor,
            at=at,
            installation=installation,
            starts_at=facts["at"],
            multiplier=multiplier,
            registers=made_of["registers"],
            reason=reason,
        )
    elif str(_segment_at(installation, facts["at"])) != made_of["before"]:
        raise SegmentGone(_("The multiplier was changed meanwhile; look at the meter's page again."))
    else:
        _put_right(installation, facts["at"], multiplier)
    return list(
        models.InstallationRegister.objects.filter(
            organization_id=installation.organization_id, installation=installation
        )
        .order_by("id")
        .values_list("series_id", flat=True)
    )


def _put_right(installation: models.Installation, starts_at: datetime, multiplier: Fraction) -> None:
    rows = models.MultiplierSegment.objects.filter(
        organization_id=installation.organization_id, installation=installation, starts_at=starts_at
    )
    found = rows.first()
    if found is None:  # a meter that counted once from its beginning, because nobody said anything
        models.MultiplierSegment.objects.create(
            organization_id=installation.organization_id,
            installation=installation,
            starts_at=starts_at,
            numerator=multiplier.numerator,
            denominator=multiplier.denominator,
        )
        return
    found.numerator, found.denominator = multiplier.numerator, multiplier.denominator
    found.save(update_fields=["numerator", "denominator"])


def _starts(installation: models.Installation) -> list[datetime]:
    rows = models.MultiplierSegment.objects.filter(
        organization_id=installation.organization_id, installation=installation
    )
    return sorted({installation.during.lower, *rows.values_list("starts_at", flat=True)})


def _segment_at(installation: models.Installation, starts_at: datetime) -> Fraction:
    if starts_at not in _starts(installation):
        raise SegmentGone(_("The meter has no multiplier that begins then; look at its page again."))
    return installing.multiplier_at(installation, starts_at)


def _mark(series: models.Series, series_ids: list[int], start: datetime, end: datetime | None) -> None:
    if end is None:
        marking.mark_dirty_from(organization_id=series.organization_id, series_ids=series_ids, starts_at=start)
        return
    marking.mark_dirty(
        organization_id=series.organization_id,
        series_ids=series_ids,
        first_day=start.astimezone(UTC).date(),
        until_day=(end - timedelta.resolution).astimezone(UTC).date() + timedelta(days=1),
    )


def counted(installation: models.Installation) -> models.Series:
    """This will return the series of an installation that is billed, else the first one that counts.

    :raises SegmentGone: when nothing of it counts
    """
    wanted = values.COUNTED_SERIES[values.Service(installation.meter_point.service)]
    rows = models.InstallationRegister.objects.filter(
        organization_id=installation.organization_id,
        installation=installation,
        series__kind=values.SeriesKind.CUMULATIVE,
    ).select_related("series__meter_point")
    found = sorted(rows.order_by("id"), key=lambda each: each.series.code != wanted)
    if not found:
        raise SegmentGone(_("This meter has no register that counts."))
    return found[0].series
