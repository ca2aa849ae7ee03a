"""Meter points with the meters that hang there: list, read, set up, ask now."""

from __future__ import annotations

import os
import uuid
from fractions import Fraction
from typing import Annotated

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.acquisition import catalogue, networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import brokers, lines, reach
from meterbook.api.resources import meter_shapes as shapes
from meterbook.identity.values import Module
from meterbook.journeys import add_meter
from meterbook.kernel import clock
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring import values as monitoring_values

router = Router(tags=["Meters"])
PORTS = acquisition_values.PORTS


class NewGateway(values.Given):
    """A gateway that is not there yet. `host` is its address or name, or the path of a serial port of the collector.

    Without `port` it is the usual one of the protocol (502, 10001 with M-Bus), without `line` that is set as usual.
    """

    name: values.Name
    host: values.Name
    port: int | None = Field(None, ge=PORTS[0], le=PORTS[-1])
    protocol: acquisition_values.BusProtocol = acquisition_values.BusProtocol.MODBUS_TCP
    line: lines.Line | None = None


class Connection(values.Given):
    """How a meter is asked: by a gateway that is there (`gateway`, its id) or by a new one, at a unit address.

    `byte_order` is that of a test read, where the meter sends its numbers otherwise than its model says. An M-Bus meter
    may be named by its `secondary` address in place of `unit_id`: 8 digits, or 16 with maker, version and medium. A
    meter that sends by itself has a `subscription` at a broker (`gateway`, its id) instead.
    """

    gateway: uuid.UUID | None = None
    new_gateway: NewGateway | None = None
    unit_id: int | None = Field(None, ge=0, le=lines.LAST_ADDRESS)
    secondary: lines.Secondary | None = None
    byte_order: ByteOrder | None = None
    subscription: brokers.SubscriptionGiven | None = None


class NewMeterPoint(values.Given):
    """A meter point with its meter, at a place of the site. Without a connection people or files bring readings.

    Such a meter has the main counter of its service, which showed `opening` at `starts_at`, and what `registers` name:
    series codes (energy_export, energy_reactive_import, energy_import_t1 ..., power_maximum, volume) with what each
    showed then; null: not known.
    """

    site: uuid.UUID
    code: values.Code
    name: values.Name
    service: metering_values.Service
    serial_number: values.Code
    model: values.Code = metering_values.IMPORTED
    multiplier: values.DecimalGiven = "1"
    rated_per_hour: values.DecimalGiven | None = None
    starts_at: values.InstantGiven | None = None
    connection: Connection | None = None
    place: uuid.UUID | None = None
    opening: values.DecimalGiven | None = None
    registers: Annotated[dict[values.Code, values.DecimalGiven | None], Field(max_length=20)] = Field({})


@endpoint(
    router,
    "GET",
    "/meter-points",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=paging.Page[shapes.ListedPoint],
    by_site=True,
)
def list_meter_points(
    request: entry.Request,
    q: values.Search = "",
    state: monitoring_values.MeterState | None = None,
    service: metering_values.Service | None = None,
    role: metering_values.PointRole | None = None,
    model: values.Search = "",
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.ListedPoint]:
    """This will return meter points with their newest values.

    `q` is a part of a name, code, serial number, unit, or of the tenant's name or account.
    """
    allowed = request.caller.access.sites(permissions.VIEW_METER)
    if site is not None:
        allowed = frozenset({reach.site(request, site, permissions.VIEW_METER).id})
    wanted = monitoring_values.MeterFilter(search=q, state=state, service=service, model=model, role=role)
    rows = monitoring_queries.meters_after(
        at=request.caller.at,
        wanted=wanted,
        site_ids=allowed,
        after_id=paging.after(request, cursor),
        limit=limit + 1,
    )
    return paging.page(request, rows, limit, lambda row: shapes.listed(request, row))


@endpoint(
    router,
    "POST",
    "/meter-points",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    status=201,
    by_site=True,
)
def create_meter_point(request: entry.Request, given: NewMeterPoint) -> shapes.MeterPoint:
    """This will set up a meter point, hang a new meter there and, with a connection, put it on a gateway."""
    caller = request.caller
    site = reach.site(request, given.site, permissions.MANAGE_METER)
    may_connect = caller.access.allows(acquisition_permissions.MANAGE_DEVICE, site.id)
    if given.connection is not None and not may_connect:
        words = _("This needs the permission %(permission)s, which the key or its owner lacks.")
        raise problems.Problem(403, "forbidden", words % {"permission": acquisition_permissions.MANAGE_DEVICE})
    if Fraction(given.multiplier) <= 0:
        raise problems.invalid("/body/multiplier", _("Give a number above zero."))
    made = add_meter.add_meter(
        actor=caller.actor,
        at=caller.at,
        plan=_plan(given),
        starts_at=given.starts_at or caller.at.replace(microsecond=0),
        allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
    )
    return shapes.told(metering_queries.get_meter(public_id=made))


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def get_meter_point(request: entry.Request, point: uuid.UUID) -> shapes.MeterPoint:
    """This will return a meter point with the meters that hung there and its series; a meter's id finds its point."""
    return shapes.told(reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True))


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/latest",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.LatestValues,
    by_site=True,
    by_single=True,
)
def get_latest_values(request: entry.Request, point: uuid.UUID) -> shapes.LatestValues:
    """This will return the newest value of each series of a meter point."""
    detail = reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True)
    rows = metering_queries.live_values(series=detail.series)
    return shapes.LatestValues(time_zone=detail.zone.key, items=[shapes.latest(each) for each in rows])


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/reading-requests",
    permission=acquisition_permissions.REQUEST_READING,
    module=Module.METERING,
    answers=shapes.ReadingRequest,
    status=202,
    by_site=True,
)
def request_reading(request: entry.Request, point: uuid.UUID) -> shapes.ReadingRequest:
    """This will have the meter asked now; the request that is answered says when it has been."""
    caller = request.caller
    detail = reach.point(request, point, acquisition_permissions.REQUEST_READING)
    if detail.current is None:
        raise problems.not_found(_("No meter hangs there now."))
    made = acquisition_operations.request_reading(
        actor=caller.actor, at=caller.at, real_at=clock.real_now(), meter_public_id=detail.current.meter_public_id
    )
    return shapes.asked(acquisition_queries.get_request(public_id=made, real_at=clock.real_now()))


@endpoint(
    router,
    "GET",
    "/reading-requests/{uuid:reading}",
    permission=acquisition_permissions.REQUEST_READING,
    module=Module.METERING,
    answers=shapes.ReadingRequest,
    by_site=True,
)
def get_reading_request(request: entry.Request, reading: uuid.UUID) -> shapes.ReadingRequest:
    """This will return how a request for a reading stands, with the values once they are there."""
    row = acquisition_queries.get_request(public_id=reading, real_at=clock.real_now())
    reach.point(request, row.meter_public_id, acquisition_permissions.REQUEST_READING)
    return shapes.asked(row)


@endpoint(
    router,
    "GET",
    "/gateways",
    permission=acquisition_permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=paging.Page[shapes.Gateway],
    by_site=True,
)
def list_gateways(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[shapes.Gateway]:
    """This will return the gateways through which meters are asked."""
    sites = {each.id: each for each in reach.sites(request, acquisition_permissions.VIEW_DEVICE)}
    rows = [each for each in acquisition_queries.list_buses() if each.site_id in sites]
    return paging.cut(
        request,
        rows,
        key=lambda each: each.id,
        cursor=cursor,
        limit=limit,
        tell=lambda each: shapes.gateway(each, sites[each.site_id].public_id),
    )


@endpoint(
    router,
    "GET",
    "/meter-models",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.Models,
    by_site=True,
)
def list_meter_models(request: entry.Request) -> shapes.Models:
    """This will return the models of meters that can be asked; `code` is what `model` of a new meter point names."""
    offered = catalogue.current().offered(is_demo=settings.IS_DEMO)
    return shapes.Models(
        items=[
            shapes.Model(code=each.code, manufacturer=each.manufacturer, name=each.name, service=each.service)
            for each in offered
        ]
    )


def _plan(given: NewMeterPoint) -> add_meter.MeterPlan:
    return add_meter.MeterPlan(
        site=given.site,
        code=given.code,
        name=given.name,
        service=given.service,
        serial_number=given.serial_number,
        model_code=given.model,
        multiplier=Fraction(given.multiplier),
        rated_per_hour=values.read_decimal(given.rated_per_hour),
        connection=None if given.connection is None else _connection(given.connection, given.model),
        place=given.place,
        opening=values.read_decimal(given.opening),
        further={code: values.read_decimal(shown) for code, shown in given.registers.items()},
    )


def _connection(given: Connection, model: str) -> add_meter.Connection:
    if (given.gateway is None) == (given.new_gateway is None):
        raise problems.invalid("/body/connection", _("Name either a gateway that is there, or a new one."))
    if given.subscription is not None:
        return _heard(given, given.subscription, model)
    unit, secondary = lines.address(given.unit_id, given.secondary, "/body/connection")
    order = given.byte_order
    if given.new_gateway is not None:
        new = given.new_gateway
        port = lines.port(new.protocol, new.port)
        made = add_meter.NewGateway(new.name, new.host, port, new.protocol, lines.settings(new.protocol, new.line))
        return add_meter.Connection(made, unit, order, secondary)
    assert given.gateway is not None  # noqa: S101 - one of the two, see above
    return add_meter.Connection(given.gateway, unit, order, secondary)


def _heard(given: Connection, subscription: brokers.SubscriptionGiven, model: str) -> add_meter.Connection:
    if model not in catalogue.current():
        raise problems.invalid("/body/model", _("Choose a meter model that the library has."))
    if given.gateway is None:
        raise problems.invalid("/body/connection/gateway", _("Name the broker at which the device sends."))
    facts = brokers.facts_of(subscription, catalogue.current().load(model))
    return add_meter.Connection(given.gateway, 0, subscription=facts)
