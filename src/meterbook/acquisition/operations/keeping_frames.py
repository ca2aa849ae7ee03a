"""Keep the bytes on the wire of readings where bills begin and end (I-01): a few hundred a meter and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meterbook.acquisition import models
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

MOST_BYTES = 4_000  # of one telegram; a longer one is cut


@dataclass(frozen=True)
class FrameToKeep:
    """What went over the wire for the reading of an instant, in hex without spaces."""

    device_id: int
    at: datetime
    request_hex: str
    response_hex: str
    took_ms: int


@operation.operation
def keep_frames(*, actor: Actor, at: datetime, frames: Sequence[FrameToKeep]) -> int:
    """This will keep frames, each once, and return how many were handed in of devices that are there."""
    organization_id = scoping.current().organization_id
    devices = models.Device.objects.filter(organization_id=organization_id, pk__in={each.device_id for each in frames})
    known = {each.pk: each for each in devices.order_by("id")}
    rows = [
        models.KeptFrame(
            organization_id=organization_id,
            meter_id=known[each.device_id].meter_id,
            bus_id=known[each.device_id].bus_id,
            address=known[each.device_id].secondary or str(known[each.device_id].unit_id),
            at=each.at.replace(microsecond=0),
            request=bytes.fromhex(each.request_hex)[:MOST_BYTES],
            response=bytes.fromhex(each.response_hex)[:MOST_BYTES],
            took_ms=each.took_ms,
        )
        for each in frames
        if each.device_id in known
    ]
    models.KeptFrame.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
