"""Whether the supply of a silent meter is off, as meters near it tell by their voltages. Needs a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from meterbook.acquisition import models, values
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.metering.queries import live as live_queries
from meterbook.metering.values import PointRole, Service

DEAD_BELOW = Decimal(20)  # volts: a lost phase shows what is coupled into it, a weak supply of 120 V still 100
FRESH = timedelta(minutes=15)  # an older voltage tells nothing of now
PHASES = {f"voltage_l{phase}": phase for phase in (1, 2, 3)}


@dataclass(frozen=True)
class DeadPhase:
    """A phase without voltage, and the meter point that shows it; `is_main`: it is the main meter of the site."""

    point_name: str
    phase: int
    volts: Decimal
    is_main: bool

    def as_json(self) -> dict[str, str | int | bool]:
        """This will return what an alarm keeps."""
        return {"name": self.point_name, "phase": self.phase, "volts": str(self.volts), "is_main": self.is_main}


@dataclass(frozen=True)
class _Series:
    series_id: int
    point_name: str
    phase: int
    rank: int  # 0 the main meter, 1 at the same place, 2 on the same bus
    decimals: int


def said_last_gasp(*, meter: uuid.UUID) -> bool:
    """This will tell whether a meter said itself that its supply failed, before it fell silent."""
    return models.DeviceState.objects.filter(
        organization_id=scoping.current().organization_id,
        device__meter__public_id=meter,
        device__is_enabled=True,
        problem__code=values.LAST_GASP.code,
    ).exists()


def dead_phase_near(*, meter: uuid.UUID, at: datetime) -> DeadPhase | None:
    """This will return a phase without voltage near a silent meter: at the main meter, at its place, or on its bus.

    None where no meter there tells its voltages within the last quarter of an hour, or all of them are there.
    """
    organization_id = scoping.current().organization_id
    own = (
        metering_models.Installation.objects.filter(
            organization_id=organization_id, meter__public_id=meter, during__upper_inf=True
        )
        .values_list("meter_id", "meter_point__site_id", "meter_point__node_id")
        .first()
    )
    if own is None:
        return None
    meter_id, site_id, node_id = own
    device = models.Device.objects.filter(organization_id=organization_id, meter_id=meter_id, is_enabled=True).first()
    near = Q(meter_point__site_id=site_id, meter_point__role=PointRole.MAIN)
    if device is not None:
        beside = models.Device.objects.filter(
            organization_id=organization_id, bus_id=device.bus_id, is_enabled=True
        ).values("meter_id")
        near |= Q(meter_id__in=beside)
    if node_id is not None:
        near |= Q(meter_point__node_id=node_id)
    hanging = metering_models.Installation.objects.filter(
        near, organization_id=organization_id, during__upper_inf=True, meter_point__service=Service.ELECTRICITY
    ).exclude(meter_id=meter_id)
    return _dead(_voltages(hanging.values_list("id", flat=True), site_id, node_id), at)


def dead_phase_of_main(*, bus: uuid.UUID, at: datetime) -> DeadPhase | None:
    """This will return a phase without voltage at a main meter of the site of a silent bus that is read elsewhere."""
    organization_id = scoping.current().organization_id
    line = models.Bus.objects.filter(organization_id=organization_id, public_id=bus).first()
    if line is None:
        return None
    behind = models.Device.objects.filter(organization_id=organization_id, bus=line, is_enabled=True).values("meter_id")
    hanging = metering_models.Installation.objects.filter(
        organization_id=organization_id,
        during__upper_inf=True,
        meter_point__site_id=line.site_id,
        meter_point__role=PointRole.MAIN,
        meter_point__service=Service.ELECTRICITY,
    ).exclude(meter_id__in=behind)
    return _dead(_voltages(hanging.values_list("id", flat=True), line.site_id, None), at)


def _voltages(installations: Iterable[int], site_id: int, node_id: int | None) -> list[_Series]:
    registers = metering_models.InstallationRegister.objects.filter(
        organization_id=scoping.current().organization_id,
        installation_id__in=list(installations),
        series__code__in=PHASES,
    )
    columns = (
        *("series_id", "series__code", "decimals", "series__meter_point__name"),
        *("series__meter_point__role", "series__meter_point__node_id", "series__meter_point__site_id"),
    )
    found = []
    for series_id, code, decimals, name, role, node, site in registers.order_by("id").values_list(*columns):
        is_main = role == PointRole.MAIN and site == site_id
        rank = 0 if is_main else 1 if node is not None and node == node_id else 2
        found.append(_Series(series_id, name, PHASES[code], rank, decimals))
    return found


def _dead(series: list[_Series], at: datetime) -> DeadPhase | None:
    latest = live_queries.latest_of(series_ids=[each.series_id for each in series])
    by_rank: dict[int, list[tuple[int, _Series, Decimal]]] = defaultdict(list)
    for each in series:
        newest = latest.get(each.series_id)
        if newest is not None and at - FRESH <= newest.at <= at + FRESH:
            volts = Decimal(newest.raw).scaleb(-each.decimals)
            if volts < DEAD_BELOW:
                by_rank[each.rank].append((each.phase, each, volts))
    if not by_rank:
        return None
    nearest = min(by_rank)
    phase, shown, volts = min(by_rank[nearest], key=lambda found: (found[0], found[1].series_id))
    return DeadPhase(shown.point_name, phase, volts, is_main=nearest == 0)
