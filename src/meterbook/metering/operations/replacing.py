"""A corrected file is taken: what it says otherwise stands beside what was stored, at once or after a second person.

One fact INTERVALS tells of the whole; the SETs made with it hold what the register is taken to show. Later readings of
files move along, so that what was used later stays as it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from meterbook.audit import chain as audit_chain
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import models, values
from meterbook.metering.importing import instants
from meterbook.metering.importing.differences import Differences
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid
from meterbook.metering.importing.registers import Readings
from meterbook.metering.operations import correcting, import_known, import_plans, marking
from meterbook.metering.operations.import_plans import PointPlan
from meterbook.metering.queries import standing
from meterbook.metering.validation.inputs import CorrectionKind, Told

LONGEST_REASON = 500
_IMPORT_LOCK = 4_762_312  # beside deriving.marks.LOCK


class IntervalsOutdated(ValueError):
    """What is stored has changed since somebody asked for the correction; refuse it, and import the file again."""


@dataclass(frozen=True)
class Correcting:
    """What a file says otherwise is to count from now on, for a reason.

    :ivar site_ids: where the person may correct readings; None: everywhere
    """

    reason: str
    site_ids: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise correcting.CorrectionIncomplete(_("Say why the stored values are corrected; it stays on record."))

    @property
    def words(self) -> str:
        """The reason as it is kept."""
        return self.reason.strip()[:LONGEST_REASON]


def lock_organization(organization_id: int) -> None:
    """This will make imports wait for each other: two at once would base their registers on the same past."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_IMPORT_LOCK, organization_id])


def sums_of(plan: PointPlan, found: Differences) -> tuple[str, str, str] | None:
    """This will return what was used in the intervals that differ, before and after, and the symbol of the unit:
    ("12.500", "11.000", "kWh"). None where the file tells registers.
    """
    if not plan.mapping.adds_up or plan.target is None:
        return None
    scale = plan.target.scale
    before, after = scale.value(int(found.was.sum())), scale.value(int(found.now.sum()))
    return f"{before:f}", f"{after:f}", unit_of(plan)


def unit_of(plan: PointPlan) -> str:
    """This will return the symbol of the unit in which differences are told: that of the series."""
    return values.series_type(plan.mapping.series).unit.symbol


def span_of(found: Differences) -> tuple[datetime, datetime]:
    """This will return from when until when something differs."""
    return instants.instant_of(int(found.start[0])), instants.instant_of(int(found.at[-1]))


def facts_of(file: models.ImportFile, plan: PointPlan, found: Differences) -> dict[str, object]:
    """This will return the fact INTERVALS as it is proposed and kept."""
    start, end = span_of(found)
    made_of: dict[str, object] = {
        "file": str(file.public_id),
        "name": file.name,
        "digest": found.digest,
        "intervals": len(found.at),
    }
    sums = sums_of(plan, found)
    if sums is not None:
        before, after, unit = sums
        made_of |= {"was": before, "now": after, "before": f"{before} {unit}", "shown": f"{after} {unit}"}
    return {"kind": CorrectionKind.INTERVALS, "at": start, "until": end, "made_of": made_of}


def waiting_for(plan: PointPlan, found: Differences) -> models.CorrectionProposal | None:
    """This will return the proposal of the very same correction that waits for a second person."""
    return models.CorrectionProposal.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id=plan.series_id or 0,
        kind=CorrectionKind.INTERVALS,
        state=values.ProposalState.WAITING,
        made_of__digest=found.digest,
    ).first()


def carry_out(
    *,
    actor: Actor,
    at: datetime,
    plan: PointPlan,
    found: Differences,
    facts: AnyMapping[str, object],
    reason: str,
    proposed_by: str = "",
) -> models.Correction:
    """This will put what a file says otherwise beside what is stored; inside an operation. Its new readings are
    stored by `store_readings`.

    :param proposed_by: who asked for it, where the actor is the second person who approved it
    """
    organization_id = scoping.current().organization_id
    series = models.Series.objects.select_for_update().get(organization_id=organization_id, pk=plan.series_id or 0)
    author, approver = proposed_by or actor.label, actor.label if proposed_by else ""
    made = models.Correction.objects.create(
        organization_id=organization_id,
        series=series,
        reason=reason,
        author=author,
        approved_by=approver,
        recorded_at=at,
        **facts,
    )
    told = np.where(found.is_end, Told.INTERVAL.value, Told.SHIFT.value).tolist()
    if not plan.mapping.adds_up:
        told = [Told.READING.value] * len(told)
    later_at, later = _later(plan, found)
    told += [Told.SHIFT.value] * len(later)
    closings = _move_closing(plan, found)
    instants_set, numbers = [*found.set_at.tolist(), *later_at], [*found.set_value.tolist(), *later]
    if instants_set[-1:] == [closings.get("closing_at")]:  # the closing itself holds what the meter showed at its end
        instants_set, numbers, told = instants_set[:-1], numbers[:-1], told[:-1]
    _set(made, instants_set, numbers, told)
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:correct_intervals",
        subject=series,
        before={"proposed_by": proposed_by} if proposed_by else None,
        after={"at": made.at, "until": made.until, **made.made_of, **closings},
        reason=reason,
        rows=audit_chain.digest_of_rows([each, number] for each, number in zip(instants_set, numbers, strict=True)),
    )
    mark(plan)
    bus.notify("series", organization_id, [series.pk])
    correcting.show_newest(series, span_of(found)[1])
    return made


def _later(plan: PointPlan, found: Differences) -> tuple[list[int], list[int]]:
    """The readings after the file, each moved by what was corrected. All are of files: the plan made sure of it."""
    if not found.shift or plan.target is None:
        return [], []
    until = instants.instant_of(plan.column.ends[-1])
    rows = standing.counting(import_known.readings_of(plan.target.register).filter(at__gt=until))
    pairs = list(rows.order_by("at").values_list("at", "shown"))
    return [instants.microseconds(at) for at, _shown in pairs], [shown + found.shift for _at, shown in pairs]


def _move_closing(plan: PointPlan, found: Differences) -> dict[str, object]:
    """Of a meter that only files tell of the closing, no reading, goes along; what it was stays in the trail."""
    register = plan.target.register if plan.target is not None else None
    if register is None or register.closing is None or not found.shift:
        return {}
    before, register.closing = register.closing, register.closing + found.shift
    register.save(update_fields=["closing"])
    end = instants.microseconds(register.installation.during.upper)
    return {"closing_at": end, "closing_before": before, "closing": register.closing}


def _set(made: models.Correction, at: list[int], numbers: list[int], told: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO metering_correction (organization_id, public_id, series_id, kind, at, value, reason, author,"
            " approved_by, recorded_at, method, made_of)"
            " SELECT %s, gen_random_uuid(), %s, %s, 'epoch'::timestamptz + us * interval '1 microsecond', number,"
            " %s, %s, %s, %s, told, %s::jsonb"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) WITH ORDINALITY AS given(us, number, told, place)"
            " ORDER BY place",
            [
                made.organization_id,
                made.series_id,
                CorrectionKind.SET.value,
                made.reason,
                made.author,
                made.approved_by,
                made.recorded_at,
                f'{{"part_of": "{made.public_id}"}}',
                at,
                numbers,
                told,
            ],
        )


def store_readings(organization_id: int, at: datetime, series_id: int, readings: Readings) -> None:
    """This will store readings of a file; by the application's own role, so that all of an import is one transaction:
    row security forbids it COPY.
    """
    if not len(readings):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO metering_reading (organization_id, series_id, at, value, quality, source, received_at)"
            " SELECT %s, %s, 'epoch'::timestamptz + us * interval '1 microsecond', value, %s, %s, %s"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS given(us, value)",
            [
                organization_id,
                series_id,
                int(Quality.VALID),
                int(values.Source.IMPORT),
                at,
                readings.at.tolist(),
                readings.value.tolist(),
            ],
        )


def mark(plan: PointPlan, series_id: int | None = None) -> None:
    """This will have the days derived again that a file reaches.

    :param series_id: of a register that was made with the import
    """
    marking.mark_dirty(
        organization_id=scoping.current().organization_id,
        series_ids=[series_id or plan.series_id or 0],
        first_day=plan.dirty_from.astimezone(UTC).date() - timedelta(days=1),
        until_day=plan.dirty_until.astimezone(UTC).date() + timedelta(days=1),
    )


def approve(*, actor: Actor, at: datetime, proposal: models.CorrectionProposal) -> models.Correction:
    """This will carry out a correction by a file that was proposed, on what is stored now; inside an operation.

    :raises IntervalsOutdated: when that is not what was asked for any more
    """
    organization_id = scoping.current().organization_id
    lock_organization(organization_id)
    plan = _plan_anew(proposal)
    found = plan.differences if plan is not None else None
    if plan is None or found is None or found.digest != proposal.made_of.get("digest"):
        raise _outdated()
    store_readings(organization_id, at, proposal.series_id, plan.readings)
    facts = {name: getattr(proposal, name) for name in ("kind", "at", "until", "made_of")}
    return carry_out(
        actor=actor,
        at=at,
        plan=plan,
        found=found,
        facts=facts,
        reason=proposal.reason,
        proposed_by=proposal.author,
    )


def _plan_anew(proposal: models.CorrectionProposal) -> PointPlan | None:
    file = _file_of(proposal)
    if file is None or file.content is None:
        return None
    try:
        parsed = import_plans.read(
            content=bytes(file.content), mapping=Mapping.of(file.mapping), new_meters_at=file.new_meters_at
        )
        points = import_plans.plan(parsed, correcting=True, series_id=proposal.series_id).points
    except FileInvalid as error:
        raise _outdated() from error
    return points[0] if points else None


def is_waiting(file: models.ImportFile) -> bool:
    """This will tell whether a correction by a file waits for a second person."""
    return models.CorrectionProposal.objects.filter(
        organization_id=file.organization_id,
        state=values.ProposalState.WAITING,
        kind=CorrectionKind.INTERVALS,
        made_of__file=str(file.public_id),
    ).exists()


def let_go(proposal: models.CorrectionProposal) -> None:
    """This will forget the content of a file once nothing of it waits any more; inside an operation."""
    file = _file_of(proposal)
    if file is not None and file.content is not None and not is_waiting(file):
        file.content = None
        file.save(update_fields=["content"])


def _file_of(proposal: models.CorrectionProposal) -> models.ImportFile | None:
    return (
        models.ImportFile.objects.select_for_update(of=("self",))
        .select_related("new_meters_at")
        .filter(
            organization_id=proposal.organization_id,
            public_id=uuid.UUID(str(proposal.made_of.get("file"))),
        )
        .first()
    )


def _outdated() -> IntervalsOutdated:
    return IntervalsOutdated(
        _("What is stored has changed since this was asked for. Refuse it, and import the file again.")
    )
