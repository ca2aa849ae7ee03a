"""Fills an empty database with the demonstration: a mall with live meters, and a steel plant with a year of bills."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import plans as acquisition_plans
from meterbook.acquisition.library import documents
from meterbook.billing import operations as billing_operations
from meterbook.foundation import scoping
from meterbook.identity import operations as identity_operations
from meterbook.identity import queries as identity_queries
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from meterbook_lab import demo_customers, demo_meters, demo_people, demo_steel
from meterbook_lab.demo_meters import Hanging
from meterbook_lab.demo_people import ACTOR

LIVE_SECONDS = 5
# How far back live quantities go: all of them, and power, which the curves show. Energy goes back to the beginning.
DETAILED, CURVES = timedelta(days=1), timedelta(days=14)
PLACES = {"MP-101": "1.01", "MP-102": "1.02"}
ZONE = ZoneInfo("Europe/Madrid")


def begins_at(at: datetime) -> datetime:
    """This will return where the history of a demonstration filled at `at` begins: a UTC midnight.

    At the mall the whole month before that of `at` has been measured, so that it can be billed.
    """
    first_day = demo_customers.first_billed_day(at, ZONE)
    return datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC) - timedelta(days=1)


def seed(*, at: datetime, since: datetime, gateway: tuple[str, int]) -> int:
    """This will fill an empty database and return the id of its organization. Outside a scope.

    :param since: where the history begins (`begins_at`)
    :param gateway: host and port of the simulated gateway (`demo_meters.serve_gateway`)
    """
    organization_id = identity_queries.next_organization_id()
    with scoping.scope([organization_id], actor=ACTOR):
        identity_operations.create_organization(actor=ACTOR, at=at, name="Harbor Properties")
        people = demo_people.create(at)
        site = site_operations.create_site(
            actor=ACTOR, at=at, code="MALL", name="Harbor Mall", time_zone=ZONE.key, currency="EUR"
        )
        bus = acquisition_operations.create_bus(
            actor=ACTOR,
            at=at,
            site=site,
            name="Gateway, ground floor",
            host=gateway[0],
            port=gateway[1],
            allowed=networks.AllowedNetworks(is_demo=True),
        )
        points, installed = _install(site, _nodes(site, at), bus, at, since)
        demo_customers.create(site, points, people, at)
        demo_steel.create(people, at)
    with scoping.scope([organization_id], actor=people[demo_people.CLERK]):
        demo_steel.import_year(people, at)
    demo_people.set_passwords(people, at)
    for meter, series in installed:
        _fill(organization_id, meter, series, at, since)
    metering_operations.derive_dirty_days(organization_id=organization_id, actor=ACTOR, at=at)
    demo_steel.bill(organization_id, people)
    _plan_run(organization_id, site, people[demo_people.CLERK], at)
    return organization_id


def _plan_run(organization_id: int, site: site_models.Site, clerk: Actor, at: datetime) -> None:
    """Bills of the month before, for somebody to approve: the worker carries the run on to its review."""
    first_day = demo_customers.first_billed_day(at, ZONE)
    with scoping.scope([organization_id], actor=clerk):
        billing_operations.plan_run(
            actor=clerk, at=at, site=site, first_day=first_day, until_day=civil.next_month(first_day)
        )


def _nodes(site: site_models.Site, at: datetime) -> dict[str, site_models.SiteNode]:
    kinds = site_values.NodeKind
    building = site_operations.create_node(
        actor=ACTOR, at=at, site=site, kind=kinds.BUILDING, code="A", name="Main building"
    )
    floor = site_operations.create_node(
        actor=ACTOR, at=at, site=site, kind=kinds.FLOOR, code="A0", name="Ground floor", parent=building
    )
    return {
        code: site_operations.create_node(
            actor=ACTOR, at=at, site=site, kind=kinds.UNIT, code=place, name=f"Unit {place}", parent=floor
        )
        for code, place in PLACES.items()
    }


def _install(
    site: site_models.Site,
    nodes: dict[str, site_models.SiteNode],
    bus: acquisition_models.Bus,
    at: datetime,
    since: datetime,
) -> tuple[dict[str, metering_models.MeterPoint], list[tuple[Hanging, dict[str, metering_models.Series]]]]:
    points: dict[str, metering_models.MeterPoint] = {}
    installations: dict[str, metering_models.Installation] = {}
    found = []
    for hanging in demo_meters.hanging(since):
        meter = metering_operations.create_meter(
            actor=ACTOR,
            at=at,
            organization_id=site.organization_id,
            serial_number=hanging.serial_number,
            model_code=hanging.model_code,
        )
        registers = acquisition_plans.registers_of_model(hanging.model_code, _shown(hanging, hanging.since))
        if hanging.point_code in points:
            former = installations[hanging.point_code]
            installation = _exchange(former, hanging, meter, registers, at, since)
        else:
            points[hanging.point_code] = metering_operations.create_meter_point(
                actor=ACTOR,
                at=at,
                site=site,
                code=hanging.point_code,
                name=hanging.point_name,
                service=metering_values.Service.ELECTRICITY,
                node=nodes.get(hanging.point_code),
            )
            installation = metering_operations.install_meter(
                actor=ACTOR,
                at=at,
                meter_point=points[hanging.point_code],
                meter=meter,
                starts_at=hanging.since,
                registers=registers,
            )
        installations[hanging.point_code] = installation
        if hanging.until is None:
            acquisition_operations.create_device(
                actor=ACTOR, at=at, bus=bus, meter=meter, unit_id=hanging.unit, live_seconds=LIVE_SECONDS
            )
        found.append((hanging, _series(points[hanging.point_code])))
    return points, found


def _exchange(
    former: metering_models.Installation,
    hanging: Hanging,
    meter: metering_models.Meter,
    registers: Iterable[metering_operations.RegisterPlan],
    at: datetime,
    since: datetime,
) -> metering_models.Installation:
    old = next(each for each in demo_meters.hanging(since) if each.until == hanging.since)
    model = documents.load(old.model_code)
    closings = {
        model.register(code).series_code: metering_operations.Closing(value)
        for code, value in _shown(old, hanging.since).items()
    }
    return metering_operations.exchange_meter(
        actor=ACTOR,
        at=at,
        installation=former,
        exchanged_at=hanging.since,
        closings=closings,
        meter=meter,
        registers=registers,
        reason="Calibration period over",
    )


def _shown(hanging: Hanging, at: datetime) -> dict[str, int]:
    """What the counters show at an instant, by register code."""
    simulated = hanging.simulated()
    return {
        register.code: demo_meters.shown(simulated, register, at)
        for register in simulated.model.registers
        if register.is_energy
    }


def _series(point: metering_models.MeterPoint) -> dict[str, metering_models.Series]:
    found = metering_models.Series.objects.filter(organization_id=point.organization_id, meter_point=point)
    return {series.code: series for series in found}


def _fill(
    organization_id: int, hanging: Hanging, series: dict[str, metering_models.Series], at: datetime, since: datetime
) -> None:
    rows: list[tuple[int, int, int]] = []
    for register in documents.load(hanging.model_code).registers:
        fed = series.get(register.series_code)
        if fed is None:
            continue
        back = CURVES if register.series_code == "power" else DETAILED
        read = demo_meters.readings(
            hanging,
            register,
            begins_at=since if register.is_energy else max(since, _midnight(at) - back),
            until=at,
            step=timedelta(minutes=fed.step),
        )
        rows += [(fed.pk, _microseconds(instant), value) for instant, value in read]
    batch = metering_operations.ReadingBatch.of(rows)
    metering_operations.record_readings(organization_id=organization_id, actor=ACTOR, at=at, batch=batch)


def _midnight(at: datetime) -> datetime:
    """On the grid of every step."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _microseconds(instant: datetime) -> int:
    """This will return an instant as microseconds since 1970 in UTC."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
