"""Settle what was found about days of meters."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.monitoring import models


class FindingSettled(LookupError):
    """There is no such finding, or it was settled already."""


class ReasonMissing(ValueError):
    """What was found is settled with a reason."""


@operation.operation
def settle_day_finding(*, actor: Actor, at: datetime, finding: uuid.UUID, reason: str) -> None:
    """This will settle what was found about days of a meter: it is known and dealt with, or right.

    :raises FindingSettled: when it is not there or was settled already
    :raises ReasonMissing: without a reason
    """
    if not reason.strip():
        raise ReasonMissing(_("Say why; it stays on record."))
    found = (
        models.DayFinding.objects.select_for_update()
        .filter(organization_id=scoping.current().organization_id, public_id=finding, settled_at=None)
        .first()
    )
    if found is None:
        raise FindingSettled(_("There is nothing to settle any more; somebody did so meanwhile."))
    found.settled_at, found.settled_by, found.reason = at, actor.label, reason.strip()
    found.save(update_fields=["settled_at", "settled_by", "reason"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="monitoring:settle_day_finding",
        subject=found,
        before={"kind": found.kind, "first_day": found.first_day, "last_day": found.last_day},
        after=None,
        reason=found.reason,
    )
