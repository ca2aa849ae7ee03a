"""Carry a run on, one transaction a step. Stopped anywhere, the next call goes on from there."""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.billing import models, values
from meterbook.billing.operations import chunk_queue, drafting, issuing, planning, reserving
from meterbook.billing.values import RunState
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor


def advance_run(*, organization_id: int, actor: Actor, at: datetime, run_id: uuid.UUID) -> None:
    """This will carry a run on until a person must decide, it is closed, or others do the rest. Outside a scope.

    Several at once share the chunks, drafting and issuing; all other steps take turns. Each step is a transaction of
    its own, and may be repeated: a run that was killed anywhere ends with the same bills, no gap and no duplicate.

    :raises RunNotFound: when it is not there or belongs to another organization
    """
    calculators: drafting.Calculators = {}
    while True:
        with scoping.scope([organization_id], actor=actor):
            if not step(actor=actor, at=at, run_id=run_id, calculators=calculators):
                return


def step(*, actor: Actor, at: datetime, run_id: uuid.UUID, calculators: drafting.Calculators) -> bool:
    """This will do one step of a run in the caller's scope; False when there is nothing to do for now.

    :raises RunNotFound: see `advance_run`
    """
    run = _find(run_id)
    if run.state in values.WAITING_STATES:
        return False
    if run.state == RunState.VALIDATING and drafting.draft_next(run, calculators):
        return True
    if run.state == RunState.ISSUING and issuing.issue_next(actor=actor, at=at, run=run):
        return True
    return _move_on(actor, at, planning.lock(run))


def _move_on(actor: Actor, at: datetime, run: models.BillRun) -> bool:
    """One step of a locked run, read again under the lock: another may have been faster."""
    if run.state == RunState.PLANNED:
        planning.move(run, RunState.COLLECTING)
    elif run.state == RunState.COLLECTING:
        planning.collect(run)
        run.priced_on = civil.local_date(at, ZoneInfo(run.site.time_zone))
        planning.move(run, RunState.VALIDATING, "priced_on")
    elif run.state == RunState.VALIDATING:
        # Others had the rest when this one looked. The lock waited for them; what one gave up is taken next.
        if not chunk_queue.open_chunks(run).exists():
            planning.move(run, RunState.CALCULATED)
    elif run.state == RunState.CALCULATED:
        issuing.open_ledger_accounts(actor=actor, at=at, run=run)
        planning.move(run, RunState.REVIEW)
    elif run.state == RunState.APPROVED:
        reserving.reserve(run)
        planning.move(run, RunState.ISSUING)
    elif run.state == RunState.ISSUING:
        if not chunk_queue.open_chunks(run).exists():
            planning.move(run, RunState.DELIVERED)
    elif run.state == RunState.DELIVERED:
        issuing.close(actor=actor, at=at, run=run)
    else:
        return False
    return True


def _find(run_id: uuid.UUID) -> models.BillRun:
    runs = models.BillRun.objects.filter(organization_id=scoping.current().organization_id, public_id=run_id)
    found = runs.select_related("site").first()
    if found is None:
        raise planning.RunNotFound(_("There is no such run."))
    return found
