"""Import readings from a file, all or nothing: meters that are made with it, readings, marks and the trail in one
transaction.
"""

from __future__ import annotations

import functools
import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from psycopg import errors as pg_errors

from meterbook.audit import chain as audit_chain
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bulk, bus, operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering.importing import instants
from meterbook.metering.importing.differences import Differences
from meterbook.metering.importing.mapping import Kind, Mapping
from meterbook.metering.importing.parsing import Column
from meterbook.metering.operations import (
    entering,
    estimating,
    import_outcomes,
    import_plans,
    installing,
    meters,
    recording,
    replacing,
    stepping,
)
from meterbook.metering.operations.batches import ReadingBatch
from meterbook.metering.operations.import_outcomes import Became, ChangeState, ImportOutcome, Reviewing
from meterbook.metering.operations.import_plans import ImportPlan, PointPlan
from meterbook.metering.operations.replacing import Correcting
from meterbook.sites import models as site_models

_PATIENCE_SECONDS = 20
_MINUTE = 60_000_000  # microseconds, which the rows are counted in


class SiteNotOpen(LookupError):
    """The site for new meter points is not there, or the person may not import at it."""


def check_import(
    *,
    content: bytes,
    name: str,
    mapping: Mapping,
    new_meters_at: uuid.UUID | None = None,
    site_ids: frozenset[int] | None = None,
    reviewing: Reviewing | None = None,
) -> ImportOutcome:
    """This will tell what importing a file would store; nothing is changed. Needs a running scope.

    :param new_meters_at: public id of the site where meter points that are not there yet would be made
    :param site_ids: where the person may import; None: everywhere
    :param reviewing: tell values that differ from stored ones; None: they are faults
    :raises uploads.UploadRefused: when the file is no table
    :raises importing.problems.FileInvalid: with every fault by row
    """
    site = site_of(new_meters_at, site_ids)
    parsed = import_plans.read(content=content, mapping=mapping, new_meters_at=site, site_ids=site_ids)
    plan = import_plans.plan(parsed, correcting=reviewing is not None)
    return import_outcomes.outcome_of(plan, content, name, {}, reviewing=reviewing)


@operation.operation
def import_readings(
    *,
    actor: Actor,
    at: datetime,
    content: bytes,
    name: str,
    mapping: Mapping,
    new_meters_at: uuid.UUID | None = None,
    site_ids: frozenset[int] | None = None,
    correcting: Correcting | None = None,
) -> ImportOutcome:
    """This will store the readings of a file, all or nothing; the same file again changes nothing.

    The days are marked; the worker derives them after the commit.

    :param new_meters_at: public id of the site where meter points that are not there yet are made
    :param site_ids: where the person may import; None: everywhere
    :param correcting: take values that differ from stored ones as a correction; None: they are faults
    :raises uploads.UploadRefused: when the file is no table
    :raises importing.problems.FileInvalid: with every fault by row
    :raises entering.CorrectionNotAllowed: when the person may not correct readings of a meter point
    """
    file = new_file(actor, at, content, name)
    file.mapping = mapping.plain()
    file.new_meters_at = site_of(new_meters_at, site_ids)
    return run(actor, at, file, content, site_ids, correcting)


def run(
    actor: Actor,
    at: datetime,
    file: models.ImportFile,
    content: bytes,
    site_ids: frozenset[int] | None,
    correcting: Correcting | None,
) -> ImportOutcome:
    """This will import a file that has its row already, by its mapping; inside an operation."""
    site = file.new_meters_at
    parsed = import_plans.read(content=content, mapping=Mapping.of(file.mapping), new_meters_at=site, site_ids=site_ids)
    if parsed.span is not None:
        _require_partitions(*parsed.span)
    replacing.lock_organization(file.organization_id)
    plan = import_plans.plan(parsed, correcting=correcting is not None)
    wanted: dict[str, list[PointPlan]] = {}
    for each in plan.points:
        if each.point is None and site is not None:
            wanted.setdefault(each.column.point, []).append(each)
    new_points = {code: _make_point(actor, at, plans, site) for code, plans in wanted.items() if site is not None}
    stored = [(each.series_id or new_points[each.column.point][1][each.mapping.series], each) for each in plan.points]
    taken = {} if correcting is None else _correct(actor, at, file, plan, correcting)
    stored = [(series_id, _as_stored(each, taken)) for series_id, each in stored]
    for series_id, each in stored:
        if len(each.readings):
            replacing.store_readings(file.organization_id, at, series_id, each.readings)
            replacing.mark(each, series_id)
    made = {code: point for code, (point, _id) in new_points.items()}
    outcome = import_outcomes.outcome_of(plan, content, file.name, made, taken=taken)
    _keep(file, at, content if replacing.is_waiting(file) else None, outcome)
    _record(actor, at, file, outcome, stored)
    _announce(actor, at, file.organization_id, stored)
    return outcome


def _correct(
    actor: Actor, at: datetime, file: models.ImportFile, plan: ImportPlan, wish: Correcting
) -> dict[int, Became]:
    """What the file says otherwise is taken, or waits for a second person; all of a register is decided as one."""
    found: dict[int, Became] = {}
    for each in plan.points:
        if each.differences is None or each.series_id is None or each.point is None:
            continue
        if wish.site_ids is not None and each.point.site_id not in wish.site_ids:
            raise entering.CorrectionNotAllowed(
                _("Stored values of %(code)s differ, and you may not correct readings there. Ask somebody who may.")
                % {"code": each.point.code}
            )
        found[each.series_id] = _correct_one(actor, at, file, each, each.differences, wish)
    return found


def _correct_one(
    actor: Actor, at: datetime, file: models.ImportFile, plan: PointPlan, found: Differences, wish: Correcting
) -> Became:
    waiting = replacing.waiting_for(plan, found)
    if waiting is not None:
        return Became(ChangeState.WAITS, waiting.public_id)
    facts = replacing.facts_of(file, plan, found)
    if import_outcomes.needs_second(plan, found, actor, at):
        series = models.Series.objects.get(organization_id=file.organization_id, pk=plan.series_id or 0)
        made = estimating.propose(actor=actor, at=at, series=series, facts=facts, reason=wish.words)
        return Became(ChangeState.WAITS, made.public_id)
    replacing.carry_out(actor=actor, at=at, plan=plan, found=found, facts=facts, reason=wish.words)
    return Became(ChangeState.TAKEN)


def _as_stored(plan: PointPlan, taken: dict[int, Became]) -> PointPlan:
    """As long as a correction waits, what hangs on it is not stored either."""
    became = taken.get(plan.series_id or 0)
    is_waiting = became is not None and became.state is ChangeState.WAITS
    return replace(plan, readings=plan.apart) if is_waiting else plan


def _keep(file: models.ImportFile, at: datetime, content: bytes | None, outcome: ImportOutcome) -> None:
    """The content only stays as long as a second person may still have it carried out."""
    file.content, file.imported_at, file.mapping, file.outcome = content, at, dict(outcome.mapping), outcome.plain()
    file.save(update_fields=["content", "imported_at", "mapping", "new_meters_at", "outcome"])


def _require_partitions(first: datetime, final: datetime) -> None:
    """Made over another connection, at once: a new partition locks the whole table until its transaction ends. Our own
    transaction must not have looked at readings yet, or the two would wait for each other."""
    months = [first.astimezone(UTC).date().replace(day=1)]
    while months[-1] <= final.astimezone(UTC).date():
        months.append(civil.next_month(months[-1]))
    try:
        with bulk.transact() as other:
            other.execute(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'")
            for month in months[:-1]:
                other.execute("SELECT metering_make_partition('metering_reading', %s)", [month])
    except pg_errors.LockNotAvailable as error:
        raise recording.StoreBusy(_("Other programs keep the readings busy; import the file again.")) from error


def _make_point(
    actor: Actor, at: datetime, plans: list[PointPlan], site: site_models.Site
) -> tuple[models.MeterPoint, dict[str, int]]:
    """A meter point, a meter of the model “imported”, and its registers at 0 when the file begins; series by code."""
    code, codes = plans[0].column.point, {each.mapping.series for each in plans}
    begin = min(each.column.starts[0] for each in plans)
    point = meters.create_meter_point(actor=actor, at=at, site=site, code=code, name=code, service=_service(codes))
    meter = meters.create_meter(
        actor=actor, at=at, organization_id=site.organization_id, serial_number=code, model_code=values.IMPORTED
    )
    installing.install_meter(
        actor=actor,
        at=at,
        meter_point=point,
        meter=meter,
        starts_at=instants.instant_of(begin),
        registers=[_register(each, begin) for each in plans],
        reason=_("Made with an import"),
    )
    series = models.Series.objects.filter(organization_id=site.organization_id, meter_point=point)
    return point, {each.code: each.pk for each in series}


def _register(each: PointPlan, begin: int) -> installing.RegisterPlan:
    """At 0 where its own column begins with the file; what it counted before a later begin is not known."""
    kind = values.series_type(each.mapping.series)
    is_counter = kind.is_energy_like and each.total is not None and each.column.starts[0] == begin
    return installing.RegisterPlan(
        kind.code,
        kind.code,
        kind.unit,
        each.decimals,
        opening=0 if is_counter else None,
        step=_step(each.column, each.mapping, kind.step) if kind.is_energy_like else None,
    )


def _step(column: Column, mapping: Mapping, usual: int) -> int:
    """The longest step whose slots the rows of a new meter fill: an hourly file is not cut into estimated quarters."""
    marks = np.array([*column.starts, column.ends[-1]], np.int64)
    minutes = mapping.step if mapping.kind == Kind.INTERVALS else int(np.gcd.reduce(np.diff(marks))) // _MINUTE
    fitting = (
        step
        for step in stepping.steps_in(column.zone, instants.instant_of(column.ends[-1]))
        if step > usual and minutes and minutes % step == 0 and not np.any(marks % (step * _MINUTE))
    )
    return max(fitting, default=usual)


def _service(series: set[str]) -> values.Service:
    if "heat" in series:
        return values.Service.HEATING
    return values.Service.COLD_WATER if "volume" in series else values.Service.ELECTRICITY


def _record(
    actor: Actor,
    at: datetime,
    file: models.ImportFile,
    outcome: ImportOutcome,
    stored: list[tuple[int, PointPlan]],
) -> None:
    rows = (
        [series_id, instant, value]
        for series_id, each in stored
        for instant, value in zip(each.readings.at.tolist(), each.readings.value.tolist(), strict=True)
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:import_readings",
        subject=file,
        before=None,
        after={
            "sha256": outcome.sha256,
            "mapping": outcome.mapping,
            "points": [each.code for each in outcome.points],
            "inserted": outcome.inserted,
            "unchanged": outcome.unchanged,
            "corrected": [each.code for each in outcome.points if each.changes is not None],
        },
        rows=audit_chain.digest_of_rows(rows),
    )


def _announce(actor: Actor, at: datetime, organization_id: int, stored: list[tuple[int, PointPlan]]) -> None:
    """The live value is a copy that only the bulk role may write: after the commit, for the newest reading of each."""
    touched = [(series_id, each.readings) for series_id, each in stored if len(each.readings)]
    if not touched:
        return
    bus.notify("series", organization_id, [series_id for series_id, _readings in touched])
    newest = [(series_id, int(each.at[-1]), int(each.value[-1])) for series_id, each in touched]
    batch = ReadingBatch.of(newest, source=values.Source.IMPORT)
    transaction.on_commit(
        functools.partial(recording.record_latest, organization_id=organization_id, actor=actor, at=at, batch=batch),
        robust=True,
    )


def new_file(actor: Actor, at: datetime, content: bytes, name: str) -> models.ImportFile:
    """This will note a file, without its content."""
    return models.ImportFile.objects.create(
        organization_id=scoping.current().organization_id,
        name=name[-200:],
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        author=actor.label[:200],
        uploaded_at=at,
    )


def site_of(public_id: uuid.UUID | None, site_ids: frozenset[int] | None) -> site_models.Site | None:
    """This will find the site for new meter points.

    :raises SiteNotOpen: when it is not there, or outside `site_ids`
    """
    if public_id is None:
        return None
    sites = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = sites.first()
    if found is None or (site_ids is not None and found.pk not in site_ids):
        raise SiteNotOpen(_("There is no such site where you may import."))
    return found
