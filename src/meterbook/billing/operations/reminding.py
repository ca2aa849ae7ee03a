"""Note that somebody was reminded of the deadline of a dispute."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


@operation.operation
def note_reminded(*, actor: Actor, at: datetime, dispute: uuid.UUID, people: int) -> None:
    """This will note for which deadline people were reminded; once noted it does nothing.

    :raises meterbook.billing.queries.disputes.DisputeNotFound: when the organization has none of that public id
    """
    rows = models.Dispute.objects.filter(organization_id=scoping.current().organization_id, public_id=dispute)
    locked = rows.select_for_update(of=("self",)).first()
    if locked is None:
        raise dispute_queries.DisputeNotFound(_("There is no such dispute."))
    clock = dispute_queries.get_dispute(public_id=dispute).clock
    if locked.reminded_of == clock:
        return
    before, locked.reminded_of = locked.reminded_of, clock
    locked.save(update_fields=["reminded_of"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:remind_of_dispute",
        subject=locked,
        before={"reminded_of": before},
        after={"reminded_of": clock, "people": people},
    )
