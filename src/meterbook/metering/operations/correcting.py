"""Later facts about readings: nothing is overwritten, a correction stands beside what the meter said."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import models
from meterbook.metering.operations import latest, marking, recording
from meterbook.metering.queries import standing
from meterbook.metering.validation.inputs import CorrectionKind


class CorrectionIncomplete(ValueError):
    """A correction needs a reason, a value where it sets one, and an end where it releases a stretch of time."""


@operation.operation
def correct_readings(
    *,
    actor: Actor,
    at: datetime,
    series: models.Series,
    kind: CorrectionKind,
    corrected_at: datetime,
    reason: str,
    value: int | None = None,
    until: datetime | None = None,
    proposed_by: str = "",
) -> models.Correction:
    """This will add a fact about the readings of a series at an instant, and have its intervals derived again.

    :param value: in the register's resolution: what the register showed (SET), what was used unseen (CONFIRM_RESET)
    :param until: the end of the stretch that a RELEASE covers
    :param proposed_by: who asked for it, where the actor is the second person who approved it
    :raises CorrectionIncomplete: when reason, value or end is missing
    """
    if not reason.strip():
        raise CorrectionIncomplete(_("Say why the reading is corrected."))
    if kind in (CorrectionKind.SET, CorrectionKind.CONFIRM_RESET) and value is None:
        raise CorrectionIncomplete(_("Give the value that the meter showed."))
    if kind is CorrectionKind.RELEASE and (until is None or until <= corrected_at):
        raise CorrectionIncomplete(_("Give the end of the time to release, after its start."))
    correction = models.Correction.objects.create(
        organization_id=series.organization_id,
        series=series,
        kind=kind,
        at=corrected_at,
        value=value,
        until=until,
        reason=reason.strip(),
        author=proposed_by or actor.label,
        approved_by=actor.label if proposed_by else "",
        recorded_at=at,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:correct_reading",
        subject=series,
        before={"proposed_by": proposed_by} if proposed_by else None,
        after={"kind": kind, "at": corrected_at, "value": value, "until": until},
        reason=reason,
    )
    mark(series, corrected_at)
    show_newest(series, corrected_at)
    return correction


def mark(series: models.Series, corrected_at: datetime) -> None:
    """This will have the days derived again that a correction reaches: from the reading before it as far as they go."""
    earlier = models.Reading.objects.filter(
        organization_id=series.organization_id, series_id=series.pk, at__lt=corrected_at
    )
    before = earlier.order_by("-at").values_list("at", flat=True).first()
    starts_at = min(before or corrected_at, corrected_at).astimezone(UTC)
    ids = [series.pk]
    first = starts_at.date() - timedelta(days=1)
    marking.mark_dirty(
        organization_id=series.organization_id, series_ids=ids, first_day=first, until_day=corrected_at.date()
    )
    marking.mark_dirty_from(organization_id=series.organization_id, series_ids=ids, starts_at=corrected_at)


def show_newest(series: models.Series, corrected_at: datetime) -> None:
    """This will have the live value follow a correction after the commit: the newest reading as it counts now."""
    readings = models.Reading.objects.filter(organization_id=series.organization_id, series_id=series.pk)
    newest = standing.counting(readings).order_by("-at", "source").values_list("at", "shown", "quality", "fact").first()
    now = None
    if newest is not None:
        at, value, quality, fact = newest
        now = latest.Newest(
            recording.microseconds(at), value, int(Quality.EDITED if fact == CorrectionKind.SET else quality)
        )
    transaction.on_commit(
        functools.partial(
            recording.replace_latest,
            organization_id=series.organization_id,
            series_id=series.pk,
            corrected_at=corrected_at,
            now=now,
        ),
        robust=True,
    )
