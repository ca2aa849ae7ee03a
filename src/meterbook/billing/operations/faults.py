"""Note why a calendar or a run does not go on by itself, and that it goes on again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from meterbook.audit import operations as audit_operations
from meterbook.billing import models
from meterbook.billing.values import Automatic
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

LONGEST = 300


@operation.operation
def note_fault(*, actor: Actor, at: datetime, what: Automatic, public_id: uuid.UUID, words: str) -> None:
    """This will keep why something does not go on, since when; the same again changes nothing.

    :param words: what was refused, as people are told it; what is longer than 300 signs is cut
    """
    locked = _rows(what).filter(public_id=public_id).select_for_update(of=("self",)).first()
    said = " ".join(words.split())[:LONGEST] or "?"
    if locked is None or locked.fault == said:
        return
    before = locked.fault
    locked.fault, locked.fault_since = said, locked.fault_since or at
    locked.save(update_fields=["fault", "fault_since"])
    _record(actor, at, locked, before)


@operation.operation
def clear_fault(*, actor: Actor, at: datetime, what: Automatic, public_id: uuid.UUID) -> None:
    """This will note that it goes on again; without a fault nothing happens."""
    locked = _rows(what).exclude(fault="").filter(public_id=public_id).select_for_update(of=("self",)).first()
    if locked is None:
        return
    before = locked.fault
    locked.fault, locked.fault_since = "", None
    locked.save(update_fields=["fault", "fault_since"])
    _record(actor, at, locked, before)


def _rows(what: Automatic) -> QuerySet[models.BillingCalendar] | QuerySet[models.BillRun]:
    owner = scoping.current().organization_id
    if what is Automatic.CALENDAR:
        return models.BillingCalendar.objects.filter(organization_id=owner)
    return models.BillRun.objects.filter(organization_id=owner)


def _record(actor: Actor, at: datetime, subject: models.BillingCalendar | models.BillRun, before: str) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:note_fault",
        subject=subject,
        before={"fault": before},
        after={"fault": subject.fault},
    )
