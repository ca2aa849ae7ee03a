"""Write what a plan holds: sites, places, meter points, meters and how they are reached. Inside an operation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.acquisition import catalogue, networks, plans
from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.operations import bulk as acquisition_bulk
from meterbook.journeys import changing_zones, hung_registers
from meterbook.journeys.building import asset_columns, further_registers, lines
from meterbook.journeys.building.planning import Entry, Plan
from meterbook.journeys.building.present import Present, Values
from meterbook.journeys.building.sheets import CUSTOM, Sheet
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.metering.operations import bulk as metering_bulk
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values
from meterbook.sites.operations import bulk as site_bulk

BUS_NAME_LENGTH = 100


def write(*, actor: Actor, at: datetime, plan: Plan, present: Present, allowed: networks.AllowedNetworks) -> None:
    """This will write a plan without problems; the caller's transaction undoes all of it when anything fails."""
    _keep_billed_days(plan, present)
    site_bulk.put_sites(sites=[_site(each.values) for each in plan.entries[Sheet.SITES]])
    site_bulk.put_places(at=at, places=[_place(each.values) for each in plan.entries[Sheet.PLACES]])
    sites = {each.code: each for each in site_models.Site.objects.filter(organization_id=present.organization_id)}
    nodes = {each.code: each for each in site_models.SiteNode.objects.filter(organization_id=present.organization_id)}
    entries = plan.entries[Sheet.POINTS]
    points = metering_bulk.put_points(points=[_point(at, each.values, sites, nodes) for each in entries])
    hung = [each for each in entries if each.values.get("serial") and (each.is_new or "serial" in each.differing)]
    meters = metering_bulk.install_meters(
        points=points, meters=[_meter(at, each.values, points[str(each.values["code"])].zone) for each in hung]
    )
    asset_columns.write(actor=actor, at=at, entries=entries, points=points, fresh=meters)
    _connect(actor, at, [each for each in hung if each.values.get("host")], meters, sites, present, allowed)


def _keep_billed_days(plan: Plan, present: Present) -> None:
    """Before zones become others: which days of the meter points stay what they were."""
    zones = {
        present.sites[str(each.values["code"])].pk: str(each.values["time_zone"])
        for each in plan.entries[Sheet.SITES]
        if not each.is_new and "time_zone" in each.differing
    }
    own = {
        str(each.values["code"]): _text(each.values, "time_zone")
        for each in plan.entries[Sheet.POINTS]
        if not each.is_new and "time_zone" in each.differing
    }
    changing_zones.follow_points(own, zones)
    changing_zones.follow_sites(zones, without=own)


def _site(values: Values) -> site_values.SiteFacts:
    return site_values.SiteFacts(
        code=str(values["code"]),
        name=str(values["name"]),
        time_zone=str(values["time_zone"]),
        currency=str(values["currency"]),
        language=str(values["language"]),
        portfolio=_text(values, "portfolio"),
        address=_text(values, "address"),
        contacts=_text(values, "contacts"),
    )


def _place(values: Values) -> site_bulk.PlacePlan:
    area, capacity, headcount, usage = (values.get(key) for key in ("area", "rated_capacity", "headcount", "usage"))
    facts = site_values.NodeFacts(
        area=area if isinstance(area, Decimal) else None,
        area_unit=site_values.AreaUnit(_text(values, "area_unit") or site_values.AreaUnit.M2),
        headcount=headcount if isinstance(headcount, int) else None,
        usage=site_values.UsageType(str(usage)) if usage else None,
        address=_text(values, "address"),
        rated_capacity=capacity if isinstance(capacity, Decimal) else None,
        capacity_unit=site_values.CapacityUnit(_text(values, "capacity_unit") or site_values.CapacityUnit.KW),
        contacts=_text(values, "contacts"),
        language=_text(values, "language"),
        custom={key.removeprefix(CUSTOM): _text(values, key) for key in values if key.startswith(CUSTOM)},
    )
    parent = values.get("parent")
    return site_bulk.PlacePlan(
        code=str(values["code"]),
        name=str(values["name"]),
        kind=site_values.NodeKind(str(values["kind"])),
        site=str(values["site"]),
        parent=str(parent) if parent is not None else None,
        facts=facts,
    )


def _point(
    at: datetime,
    values: Values,
    sites: Mapping[str, site_models.Site],
    nodes: Mapping[str, site_models.SiteNode],
) -> metering_bulk.PointPlan:
    site, place = sites[str(values["site"])], values.get("place")
    return metering_bulk.PointPlan(
        code=str(values["code"]),
        name=str(values["name"]),
        service=metering_values.Service(str(values["service"])),
        role=metering_values.PointRole(str(values["role"])),
        site=site,
        node=nodes[str(place)] if place is not None else None,
        moved_at=site_bulk.moves_from(at, site.time_zone),
        time_zone=_text(values, "time_zone"),
        language=_text(values, "language"),
    )


def _meter(at: datetime, values: Values, zone: ZoneInfo) -> metering_bulk.MeterPlan:
    since, model, ratio = (values.get(key) for key in ("since", "model", "multiplier"))
    return metering_bulk.MeterPlan(
        point=str(values["code"]),
        serial_number=str(values["serial"]),
        model_code=str(model) if model is not None else metering_values.IMPORTED,
        multiplier=ratio if isinstance(ratio, Fraction) else Fraction(1),
        starts_at=civil.start_of_day(since if isinstance(since, date) else civil.local_date(at, zone), zone),
        registers=_registers(values, model),
        is_primary=catalogue.current().is_primary(str(model)),
    )


def _registers(values: Values, model: object) -> tuple[metering_operations.RegisterPlan, ...]:
    if model is not None:
        return plans.registers_of_model(str(model))
    service = metering_values.Service(str(values["service"]))
    kept = further_registers.codes_of(values)
    return hung_registers.registers_of(metering_values.IMPORTED, service, kept=kept)


def _connect(
    actor: Actor,
    at: datetime,
    entries: list[Entry],
    meters: Mapping[str, metering_models.Meter],
    sites: Mapping[str, site_models.Site],
    present: Present,
    allowed: networks.AllowedNetworks,
) -> None:
    buses: dict[Any, acquisition_models.Bus] = dict(present.gateways)
    devices = []
    for entry in entries:
        values = entry.values
        host, port = lines.place(values)
        key = values["site"], host, port
        if key not in buses:
            buses[key] = acquisition_operations.create_bus(
                actor=actor,
                at=at,
                site=sites[str(values["site"])],
                name=acquisition_values.place(host[: BUS_NAME_LENGTH - 6], port),
                host=host,
                port=port,
                protocol=lines.protocol_of(values),
                allowed=allowed,
            )
        meter = meters[str(values["code"])]
        unit = int(str(values["unit"] if values.get("unit") is not None else acquisition_values.BY_SELECTION))
        secondary = _text(values, "secondary")
        devices.append(acquisition_bulk.DevicePlan(bus=buses[key], meter=meter, unit_id=unit, secondary=secondary))
    acquisition_bulk.create_devices(devices=devices)


def _text(values: Values, key: str) -> str:
    value = values.get(key)
    return "" if value is None else str(value)
