"""What the clocks of meters said latest. Needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from meterbook.acquisition import models as acquisition_models
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.monitoring import models


@dataclass(frozen=True)
class MeterClock:
    """What a meter's own clock said latest: by how much it is ahead of ours (below zero: behind)."""

    meter: uuid.UUID
    name: str
    point: uuid.UUID | None
    site_id: int
    offset: timedelta
    told_at: datetime
    bus: uuid.UUID
    bus_name: str
    bus_site_id: int


def clocks_of_meters(*, since: datetime) -> list[MeterClock]:
    """This will return the clocks that meters told since an instant, the latest of each meter that is asked."""
    organization_id = scoping.current().organization_id
    told = (
        models.LineHour.objects.filter(
            organization_id=organization_id,
            hour__gte=since.replace(minute=0, second=0, microsecond=0),
            clock_at__gte=since,
            device__is_enabled=True,
            bus__is_enabled=True,
        )
        .order_by("device_id", "-clock_at")
        .distinct("device_id")
        .values_list(
            "device__meter_id", "device__meter__public_id", "device__meter__serial_number", "bus__site_id",
            "clock_ms", "clock_at", "bus__public_id", "bus__name",
        )
    )  # fmt: skip
    rows = list(told)
    points = {
        each.meter_id: each.meter_point
        for each in metering_models.Installation.objects.filter(
            organization_id=organization_id, meter_id__in=[row[0] for row in rows], during__upper_inf=True
        ).select_related("meter_point")
    }
    found = []
    for meter_id, meter, serial, site_id, offset, told_at, bus, bus_name in rows:
        if offset is None or told_at is None:
            continue
        point = points.get(meter_id)
        name, where = (serial, site_id) if point is None else (point.name, point.site_id)
        place = None if point is None else point.public_id
        ahead = timedelta(milliseconds=offset)
        found.append(MeterClock(meter, name, place, where, ahead, told_at, bus, bus_name, site_id))
    return found


def asked_meters() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """This will return the meters that are asked or heard now, each with its bus."""
    devices = acquisition_models.Device.objects.filter(
        organization_id=scoping.current().organization_id, is_enabled=True, bus__is_enabled=True
    )
    return list(devices.order_by("id").values_list("meter__public_id", "bus__public_id"))
