"""Decide about another tariff than the default; what bills have taken meanwhile keeps its tariff (M-057)."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterbook.customers import models as customer_models
from meterbook.customers import overrides
from meterbook.foundation import operation
from meterbook.journeys import billed
from meterbook.kernel.actor import Actor


def holds_from(row: overrides.OverrideRow) -> datetime:
    """This will tell from when on a tariff that waits can hold: as asked for, or from where bills end."""
    taken = billed.taken_after(meter_point_ids=[row.point_id], instant=row.starts_at).get(row.point_id)
    return row.starts_at if taken is None else max(row.starts_at, taken.until)


@operation.operation
def approve(*, actor: Actor, at: datetime, override: uuid.UUID) -> customer_models.Contract:
    """This will approve another tariff than the default, from `holds_from` on; it returns the contract that goes on.

    :raises overrides.OverrideNotFound: when there is none of that id
    :raises overrides.OverrideGone: when somebody decided meanwhile, or there is nothing left to change
    :raises overrides.OverrideIsOwn: when who asked approves, and another could
    """
    starts_at = holds_from(overrides.get_override(public_id=override))
    return overrides.approve(actor=actor, at=at, override=override, starts_at=starts_at)
