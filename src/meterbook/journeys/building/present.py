"""What an organization has already, in the words of the workbook's columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import values as acquisition_values
from meterbook.foundation import scoping
from meterbook.journeys import change_site
from meterbook.journeys.building import further_registers, present_assets
from meterbook.journeys.building.cells import Value
from meterbook.journeys.building.sheets import CUSTOM
from meterbook.kernel import civil
from meterbook.metering import models as metering_models
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models

Values = Mapping[str, Value]


@dataclass(frozen=True)
class Present:
    """Sites, places and meter points by code, each with what its columns hold.

    `meters` are (model, serial number), `gateways` are found by site, host and port, `units` are (gateway, address).
    """

    organization_id: int
    sites: Mapping[str, site_models.Site]
    places: Mapping[str, site_models.SiteNode]
    points: Mapping[str, metering_models.MeterPoint]
    values_of_sites: Mapping[str, Values]
    values_of_places: Mapping[str, Values]
    values_of_points: Mapping[str, Values]
    sites_with_accounts: frozenset[int]
    moved_places: frozenset[int]
    meters: frozenset[tuple[str, str]]
    gateways: Mapping[tuple[str, str, int], acquisition_models.Bus]
    units: frozenset[tuple[int, int | str]]


def load() -> Present:
    """This will return all of the scope's organization, in a fixed number of queries."""
    organization_id = scoping.current().organization_id
    sites = {
        each.code: each for each in site_models.Site.objects.filter(organization_id=organization_id).order_by("id")
    }
    nodes = (
        site_models.SiteNode.objects.filter(organization_id=organization_id)
        .select_related("site", "parent")
        .order_by("id")
    )
    places = {each.code: each for each in nodes}
    rows = (
        metering_models.MeterPoint.objects.filter(organization_id=organization_id)
        .select_related("site", "node")
        .order_by("id")
    )
    points = {each.code: each for each in rows}
    # What a field gateway asks stands at addresses of its own network: a row of ours never means those.
    own = acquisition_models.Bus.objects.filter(organization_id=organization_id, gateway=None)
    buses = own.select_related("site").order_by("id")
    devices = (
        acquisition_models.Device.objects.filter(organization_id=organization_id, is_enabled=True)
        .select_related("bus")
        .order_by("id")
    )
    moved = site_models.NodePlacement.objects.filter(organization_id=organization_id).values_list(
        "node_id", "parent_id"
    )
    return Present(
        organization_id=organization_id,
        sites=sites,
        places=places,
        points=points,
        values_of_sites={code: _site(each) for code, each in sites.items()},
        values_of_places={code: _place(each) for code, each in places.items()},
        values_of_points=_points(organization_id, points.values(), devices),
        sites_with_accounts=change_site.sites_with_accounts(),
        moved_places=frozenset(each for pair in moved for each in pair if each is not None),
        meters=frozenset(
            metering_models.Meter.objects.filter(organization_id=organization_id)
            .values_list("model_code", "serial_number")
            .order_by("id")
        ),
        gateways={(each.site.code, each.host, each.port): each for each in buses},
        units=frozenset((each.bus_id, each.secondary or each.unit_id) for each in devices),
    )


def _site(row: site_models.Site) -> Values:
    return {
        "code": row.code,
        "name": row.name,
        "portfolio": row.portfolio or None,
        "time_zone": row.time_zone,
        "currency": row.currency,
        "language": row.language,
        "address": row.address or None,
        "contacts": row.contacts or None,
    }


def _place(row: site_models.SiteNode) -> Values:
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "site": row.site.code,
        "parent": row.parent.code if row.parent else None,
        "area": None if row.area is None else row.area.normalize() + 0,
        "area_unit": None if row.area is None else row.area_unit,
        "headcount": row.headcount,
        "usage": row.usage or None,
        "rated_capacity": None if row.rated_capacity is None else row.rated_capacity.normalize() + 0,
        "capacity_unit": None if row.rated_capacity is None else row.capacity_unit,
        "address": row.address or None,
        "contacts": row.contacts or None,
        "language": row.language or None,
        **{CUSTOM + key: value for key, value in row.custom.items()},
    }


def _points(
    organization_id: int,
    points: Iterable[metering_models.MeterPoint],
    devices: Iterable[acquisition_models.Device],
) -> dict[str, Values]:
    hanging = metering_models.Installation.objects.filter(
        organization_id=organization_id, during__upper_inf=True
    ).select_related("meter")
    installed = {each.meter_point_id: each for each in hanging}
    segments = metering_models.MultiplierSegment.objects.filter(
        organization_id=organization_id, installation__in=hanging
    )
    ratios = {
        installation: Fraction(numerator, denominator)
        for installation, numerator, denominator in segments.order_by("starts_at", "id").values_list(
            "installation_id", "numerator", "denominator"
        )
    }
    read, counting = {each.meter_id: each for each in devices}, _counting(organization_id)
    known = present_assets.load(installed.values(), points)
    found: dict[str, Values] = {}
    for point in points:
        values: dict[str, Value] = {
            "code": point.code,
            "name": point.name,
            "service": point.service,
            "role": point.role,
            "site": point.site.code,
            "place": point.node.code if point.node else None,
            "time_zone": point.time_zone or None,
            "language": point.language or None,
            **known.get(point.pk, {}),
        }
        installation = installed.get(point.pk)
        if installation is not None:
            values |= _meter(installation, point.zone, ratios.get(installation.pk, Fraction(1)))
            values |= _device(read.get(installation.meter_id))
            if installation.meter.model_code == metering_values.IMPORTED:
                held = further_registers.written(counting[installation.pk], point.service)
                values |= {further_registers.COLUMN: held} if held is not None else {}
        found[point.code] = values
    return found


def _counting(organization_id: int) -> Mapping[int, set[str]]:
    """The series that the registers of meters feed that hang now and are read by hand, by installation."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = metering_models.InstallationRegister.objects.filter(
        organization_id=organization_id,
        installation__during__upper_inf=True,
        installation__meter__model_code=metering_values.IMPORTED,
    )
    for installation, code in rows.order_by("id").values_list("installation_id", "series__code"):
        found[installation].add(code)
    return found


def _meter(installation: metering_models.Installation, zone: ZoneInfo, ratio: Fraction) -> dict[str, Value]:
    model, since = installation.meter.model_code, installation.during.lower
    if model == metering_values.VIRTUAL:
        return {}  # a formula fills no cells: virtual meters are written on their page
    first: date | None = None if since is None else civil.local_date(since, zone)
    return {
        "serial": installation.meter.serial_number,
        "model": None if model == metering_values.IMPORTED else model,
        "multiplier": ratio,
        "since": first,
    }


def _device(device: acquisition_models.Device | None) -> dict[str, Value]:
    if device is None or not acquisition_values.BusProtocol(device.bus.protocol).is_asked:
        return {}  # a topic and its mapping fill no cells: what sends by itself is connected on its page
    return {
        "host": device.bus.host,
        "port": device.bus.port or None,
        "spoken": device.bus.protocol,
        "unit": None if device.secondary else device.unit_id,
        "secondary": device.secondary or None,
    }
