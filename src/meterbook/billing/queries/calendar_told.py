"""What customers are told of issued bills besides the amount, and which bills are too small to be sent."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from meterbook.billing import models
from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import Service


@dataclass(frozen=True)
class Use:
    """What a bill measured of a service."""

    service: Service
    unit: Unit
    quantity: Decimal


def uses_of(*, public_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[Use, ...]]:
    """This will return what issued bills measured, by service and unit, in the order of the bill."""
    drafts = models.BillDraft.objects.filter(
        organization_id=scoping.current().organization_id, public_id__in=list(public_ids)
    )
    found = {}
    for public_id, content in drafts.order_by("id").values_list("public_id", "content").iterator(chunk_size=200):
        sums: dict[tuple[str, str], Decimal] = {}
        for point in json.loads(bytes(content))["meter_points"]:
            key = point["service"], point["unit"]
            quantity = Decimal(point["quantity"]).scaleb(-point["decimals"])
            sums[key] = sums.get(key, Decimal(0)) + quantity
        found[public_id] = tuple(Use(Service(service), Unit(unit), each) for (service, unit), each in sums.items())
    return found


def small_below(*, run_public_id: uuid.UUID) -> Decimal | None:
    """This will return below which amount the bills of a run are not sent, as its calendar says; None: all are."""
    runs = models.BillRun.objects.filter(organization_id=scoping.current().organization_id, public_id=run_public_id)
    return runs.values_list("calendar__small_below", flat=True).first()
