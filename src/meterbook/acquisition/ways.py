"""The way to meters: by which line and gateway each is reached, and who else is there. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from meterbook.acquisition import gateway_models, models, values
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models

_NETWORK = ("CONNECTION", "CONNECTION_LOST")  # codes of problems in which not even the converter answers


@dataclass(frozen=True)
class Way:
    """How a meter point is reached: over a bus, or as one that a gateway delivers; one of both is None."""

    point: uuid.UUID
    name: str
    site_id: int
    starts_at: datetime  # since when its meter hangs there
    bus: uuid.UUID | None
    bus_name: str
    gateway: uuid.UUID | None
    gateway_name: str


def ways_of_live_meters() -> list[Way]:
    """This will return the way to every meter that is asked or delivered now, in three queries."""
    organization_id = scoping.current().organization_id
    hanging = {
        row[0]: row[1:]
        for row in metering_models.Installation.objects.filter(
            organization_id=organization_id, during__upper_inf=True
        ).values_list("meter_id", "meter_point__public_id", "meter_point__name", "meter_point__site_id", "during")
    }
    found: dict[int, Way] = {}
    devices = models.Device.objects.filter(organization_id=organization_id, is_enabled=True, bus__is_enabled=True)
    for meter_id, bus, bus_name, gateway, gateway_name in devices.order_by("id").values_list(
        "meter_id", "bus__public_id", "bus__name", "bus__gateway__public_id", "bus__gateway__name"
    ):
        if meter_id in hanging:
            point, name, site_id, during = hanging[meter_id]
            found[meter_id] = Way(point, name, site_id, during.lower, bus, bus_name, gateway, gateway_name or "")
    delivered = gateway_models.GatewayMeter.objects.filter(organization_id=organization_id, removed_at=None)
    for meter_id, gateway, gateway_name in delivered.order_by("id").values_list(
        "meter_id", "gateway__public_id", "gateway__name"
    ):
        if meter_id in hanging and meter_id not in found:
            point, name, site_id, during = hanging[meter_id]
            found[meter_id] = Way(point, name, site_id, during.lower, None, "", gateway, gateway_name)
    return list(found.values())


def points_of_bus(*, bus: uuid.UUID) -> list[uuid.UUID]:
    """This will return the meter points whose meters hang on a bus and are asked, by address."""
    meters = models.Device.objects.filter(
        organization_id=scoping.current().organization_id, bus__public_id=bus, is_enabled=True
    ).order_by("unit_id", "id")
    return _points(list(meters.values_list("meter_id", flat=True)))


def points_of_gateway(*, gateway: uuid.UUID) -> list[uuid.UUID]:
    """This will return the meter points whose meters a gateway asks or delivers."""
    organization_id = scoping.current().organization_id
    asked = models.Device.objects.filter(
        organization_id=organization_id, bus__gateway__public_id=gateway, is_enabled=True
    ).order_by("bus_id", "unit_id", "id")
    delivered = gateway_models.GatewayMeter.objects.filter(
        organization_id=organization_id, gateway__public_id=gateway, removed_at=None
    ).order_by("id")
    ids = [*asked.values_list("meter_id", flat=True), *delivered.values_list("meter_id", flat=True)]
    return _points(list(dict.fromkeys(ids)))


def is_converter_away(*, bus: uuid.UUID) -> bool:
    """This will tell whether no connection to the converter of a bus comes about, as its devices failed latest."""
    states = models.DeviceState.objects.filter(
        organization_id=scoping.current().organization_id,
        device__bus__public_id=bus,
        device__is_enabled=True,
        failures__gt=0,
    )
    codes = [(each or {}).get("code") for each in states.values_list("problem", flat=True)]
    return bool(codes) and all(code in _NETWORK for code in codes)


def is_place_dark(*, meter: uuid.UUID) -> bool:
    """This will tell whether all meters at the place of a meter are silent or failing, two at least.

    Meters at one place (a shop's electricity and water, say) have the same supply; where they fail together while
    others on their lines answer, it is probably off. Lines that are silent as a whole tell nothing about that.
    """
    organization_id = scoping.current().organization_id
    place = (
        metering_models.Installation.objects.filter(
            organization_id=organization_id, meter__public_id=meter, during__upper_inf=True
        )
        .values_list("meter_point__node_id", flat=True)
        .first()
    )
    if place is None:
        return False
    there = metering_models.Installation.objects.filter(
        organization_id=organization_id, meter_point__node_id=place, during__upper_inf=True
    ).values("meter_id")
    devices = models.Device.objects.filter(organization_id=organization_id, is_enabled=True, meter_id__in=there)
    failing = devices.filter(devicestate__failures__gt=0)
    count = devices.count()
    if count < 2 or failing.count() < count:
        return False
    lines = set(devices.values_list("bus_id", flat=True))
    answering = models.DeviceState.objects.filter(
        organization_id=organization_id,
        device__bus_id__in=lines,
        device__is_enabled=True,
        status=values.DeviceStatus.OK,
        failures=0,
    )
    return set(answering.values_list("device__bus_id", flat=True)) == lines


def _points(meter_ids: Collection[int]) -> list[uuid.UUID]:
    hanging = dict(
        metering_models.Installation.objects.filter(
            organization_id=scoping.current().organization_id, meter_id__in=list(meter_ids), during__upper_inf=True
        ).values_list("meter_id", "meter_point__public_id")
    )
    return [hanging[each] for each in meter_ids if each in hanging]
