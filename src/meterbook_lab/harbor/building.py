"""Builds the mall in the product: floors and units, meter points, meters and how they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import plans as acquisition_plans
from meterbook.acquisition.library import documents
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.sites.values import NO_FACTS, NodeFacts, NodeKind
from meterbook_lab.demo_people import ACTOR
from meterbook_lab.harbor import gateways, meters, points, shapes, units
from meterbook_lab.harbor.calendar import Calendar
from meterbook_lab.harbor.meters import Hanging

LIVE_SECONDS = 10
FLOORS = (
    ("A0", "Basement: parking and plant"),
    ("A1", "Level 1"),
    ("A2", "Level 2"),
    ("A3", "Level 3, with food court"),
)
ZONES = ((points.SWITCH_ROOM, "Switch room"), (points.PLANT, "Plant room"), (points.PARKING, "Parking"))
EXCHANGE_REASON = "Calibration period over"

Points = dict[str, metering_models.MeterPoint]


def build(calendar: Calendar, at: datetime, served: Sequence[tuple[str, int]]) -> tuple[site_models.Site, Points]:
    """This will make the site with all its meters and return the meter points by code. Needs a scope.

    :param served: host and port of each gateway, in the order of `gateways.NAMES`
    """
    site = site_operations.create_site(
        actor=ACTOR, at=at, code="MALL", name="Harbor Mall", time_zone=shapes.ZONE.key, currency="EUR"
    )
    nodes = _nodes(site, at)
    made = {
        point.code: metering_operations.create_meter_point(
            actor=ACTOR,
            at=at,
            site=site,
            code=point.code,
            name=point.name,
            service=point.service,
            node=nodes[point.place],
            role=point.role,
        )
        for point in points.points(calendar)
    }
    hung = _hang_all(calendar, made, at)
    _reach(site, calendar, hung, at, served)
    return site, made


def _nodes(site: site_models.Site, at: datetime) -> dict[str, site_models.SiteNode]:
    def node(
        kind: NodeKind, code: str, name: str, parent: site_models.SiteNode | None = None, area: int | None = None
    ) -> site_models.SiteNode:
        facts = NO_FACTS if area is None else NodeFacts(area=Decimal(area))
        return site_operations.create_node(
            actor=ACTOR, at=at, site=site, kind=kind, code=code, name=name, parent=parent, facts=facts
        )

    building = node(NodeKind.BUILDING, "A", "Main building")
    found = {code: node(NodeKind.FLOOR, code, name, building) for code, name in FLOORS}
    basement = found[FLOORS[0][0]]
    found |= {code: node(NodeKind.ZONE, code, name, basement) for code, name in ZONES}
    for unit in units.units():
        found[unit.code] = node(NodeKind.UNIT, unit.code, f"Unit {unit.code}", found[f"A{unit.level}"], unit.area)
    return found


def _hang_all(calendar: Calendar, made: Points, at: datetime) -> dict[Hanging, metering_models.Meter]:
    hung = {}
    former: dict[str, tuple[Hanging, metering_models.Installation]] = {}
    for hanging in meters.hanging(calendar):
        point = hanging.point
        meter = metering_operations.create_meter(
            actor=ACTOR,
            at=at,
            organization_id=made[point.code].organization_id,
            serial_number=hanging.serial,
            model_code=point.model,
        )
        registers = acquisition_plans.registers_of_model(point.model, {point.counter: hanging.opening})
        if point.code in former:
            _exchange(*former[point.code], hanging, meter, registers, calendar, at)
        else:
            installation = metering_operations.install_meter(
                actor=ACTOR,
                at=at,
                meter_point=made[point.code],
                meter=meter,
                starts_at=hanging.since,
                registers=registers,
                rated_per_hour=point.rated_per_hour,
            )
            former[point.code] = hanging, installation
        hung[hanging] = meter
    return hung


def _exchange(
    old: Hanging,
    installation: metering_models.Installation,
    new: Hanging,
    meter: metering_models.Meter,
    registers: Sequence[metering_operations.RegisterPlan],
    calendar: Calendar,
    at: datetime,
) -> None:
    counters = [each for each in documents.load(old.point.model).registers if each.is_energy]
    shown = {each.series_code: 0 for each in counters}
    shown[old.point.counter] = meters.counted(old, new.since, calendar)
    metering_operations.exchange_meter(
        actor=ACTOR,
        at=at,
        installation=installation,
        exchanged_at=new.since,
        closings={code: metering_operations.Closing(value) for code, value in shown.items()},
        meter=meter,
        registers=registers,
        reason=EXCHANGE_REASON,
    )


def _reach(
    site: site_models.Site,
    calendar: Calendar,
    hung: dict[Hanging, metering_models.Meter],
    at: datetime,
    served: Sequence[tuple[str, int]],
) -> None:
    addressed = gateways.addressed(calendar)
    for name, (host, port), behind in zip(gateways.NAMES, served, addressed, strict=True):
        bus = _bus(site, name, host, port, at)
        for unit, hanging in behind:
            acquisition_operations.create_device(
                actor=ACTOR, at=at, bus=bus, meter=hung[hanging], unit_id=unit, live_seconds=LIVE_SECONDS
            )


def _bus(site: site_models.Site, name: str, host: str, port: int, at: datetime) -> acquisition_models.Bus:
    return acquisition_operations.create_bus(
        actor=ACTOR,
        at=at,
        site=site,
        name=name,
        host=host,
        port=port,
        allowed=networks.AllowedNetworks(is_demo=True),
    )
