"""Field gateways: how they do, which meters they deliver, their end. Codes for enrolling are on their page only."""

from __future__ import annotations

import uuid
from typing import Any

from ninja import Router

from meterbook.acquisition import gateway_plans, gateways, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.gateways import GatewayRow
from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import field_gateway_shapes as shapes
from meterbook.api.resources import lines, reach
from meterbook.identity.values import Module

router = Router(tags=["Field gateways"])


@endpoint(
    router,
    "GET",
    "/field-gateways",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGateways,
    by_site=True,
)
def list_field_gateways(request: entry.Request) -> shapes.FieldGateways:
    """This will return the gateways, those with security events or silent first."""
    caller = request.caller
    rows = gateways.list_gateways(at=caller.at, site_ids=caller.access.sites(permissions.VIEW_DEVICE))
    off = reach.without(request, permissions.VIEW_DEVICE)
    return shapes.FieldGateways(items=[shapes.FieldGateway(**_told(each)) for each in rows if each.site_id not in off])


@endpoint(
    router,
    "POST",
    "/field-gateways",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    status=201,
    by_site=True,
)
def create_field_gateway(request: entry.Request, given: shapes.NewFieldGateway) -> shapes.FieldGatewayWhole:
    """This will add a gateway. It enrols with a code, which a person draws on its page."""
    site = reach.site(request, given.site, permissions.MANAGE_DEVICE)
    made = acquisition_operations.create_gateway(
        actor=request.caller.actor,
        at=request.caller.at,
        site=site.public_id,
        name=given.name,
        profile=given.profile,
        most_meters=given.most_meters,
    )
    return _whole(request, made.public_id, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "GET",
    "/field-gateways/{uuid:gateway}",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def get_field_gateway(request: entry.Request, gateway: uuid.UUID) -> shapes.FieldGatewayWhole:
    """This will return a gateway with its meters and security events."""
    return _whole(request, gateway, permissions.VIEW_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/meters",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def add_gateway_meters(
    request: entry.Request, gateway: uuid.UUID, given: shapes.GatewayMeters
) -> shapes.FieldGatewayWhole:
    """This will let a gateway deliver meters; more than its profile allows are refused."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.add_meters(actor=caller.actor, at=caller.at, public_id=gateway, meters=given.meters)
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/meters/removal",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def remove_gateway_meters(
    request: entry.Request, gateway: uuid.UUID, given: shapes.GatewayMeters
) -> shapes.FieldGatewayWhole:
    """This will end that a gateway delivers meters; what it read until now is taken still."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    for meter in given.meters:
        acquisition_operations.remove_meter(actor=caller.actor, at=caller.at, public_id=gateway, meter=meter)
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "PUT",
    "/field-gateways/{uuid:gateway}",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def change_field_gateway(
    request: entry.Request, gateway: uuid.UUID, given: shapes.ChangedFieldGateway
) -> shapes.FieldGatewayWhole:
    """This will change name and profile of a gateway."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.change_gateway(actor=caller.actor, at=caller.at, public_id=gateway, **given.model_dump())
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/buses",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    status=201,
    by_site=True,
)
def create_gateway_bus(
    request: entry.Request, gateway: uuid.UUID, given: shapes.NewGatewayBus
) -> shapes.FieldGatewayWhole:
    """This will add a bus that a gateway reads by itself."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.create_gateway_bus(
        actor=caller.actor,
        at=caller.at,
        public_id=gateway,
        name=given.name,
        protocol=given.protocol,
        host=given.host,
        port=lines.port(given.protocol, given.port),
        line=lines.settings(given.protocol, given.line),
    )
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/devices",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    status=201,
    by_site=True,
)
def create_gateway_device(
    request: entry.Request, gateway: uuid.UUID, given: shapes.NewGatewayDevice
) -> shapes.FieldGatewayWhole:
    """This will have a gateway read one of its meters on one of its buses."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    unit_id, secondary = lines.address(given.unit_id, given.secondary, "/body")
    acquisition_operations.create_gateway_device(
        actor=caller.actor,
        at=caller.at,
        public_id=gateway,
        bus=given.bus,
        meter=given.meter,
        unit_id=unit_id,
        secondary=secondary,
    )
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/key-exchange",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def exchange_gateway_key(request: entry.Request, gateway: uuid.UUID) -> shapes.FieldGatewayWhole:
    """This will ask a gateway to exchange its key with its next message."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.ask_for_rotation(actor=caller.actor, at=caller.at, public_id=gateway)
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/revocation",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def revoke_field_gateway(
    request: entry.Request, gateway: uuid.UUID, given: shapes.GatewayReason
) -> shapes.FieldGatewayWhole:
    """This will end a gateway: its next message is refused."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.revoke_gateway(actor=caller.actor, at=caller.at, public_id=gateway, reason=given.reason)
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


@endpoint(
    router,
    "POST",
    "/field-gateways/{uuid:gateway}/settlement",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=shapes.FieldGatewayWhole,
    by_site=True,
)
def settle_gateway_events(
    request: entry.Request, gateway: uuid.UUID, given: shapes.GatewayReason
) -> shapes.FieldGatewayWhole:
    """This will note that somebody looked into the security events of a gateway; their alarms end."""
    _find(request, gateway, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.settle_incidents(actor=caller.actor, at=caller.at, public_id=gateway, reason=given.reason)
    return _whole(request, gateway, permissions.MANAGE_DEVICE)


def _find(request: entry.Request, gateway: uuid.UUID, permission: str) -> GatewayRow:
    caller = request.caller
    return gateways.get_gateway(public_id=gateway, at=caller.at, site_ids=caller.access.sites(permission))


def _whole(request: entry.Request, gateway: uuid.UUID, permission: str) -> shapes.FieldGatewayWhole:
    row = _find(request, gateway, permission)
    meters = [
        shapes.GatewayMeter(
            id=each.public_id,
            serial_number=each.serial_number,
            model=each.model_code,
            meter_point=each.point_id,
        )
        for each in gateways.list_meters(gateway_id=row.id)
    ]
    events = [
        shapes.GatewayEvent(
            kind=each.kind,
            count=each.count,
            first_at=values.instant(each.first_at),
            last_at=values.instant(each.last_at),
            address=each.address,
            settled_at=values.maybe_instant(each.settled_at),
        )
        for each in gateways.list_incidents(gateway_id=row.id)
    ]
    buses = [
        shapes.GatewayBus(
            id=uuid.UUID(each.public_id),
            name=each.name,
            protocol=each.protocol,
            address=each.address,
            line=lines.told(each.line),
            meters={address: serial for serial, address in each.devices},
        )
        for each in gateway_plans.list_lines(gateway_id=row.id)
    ]
    return shapes.FieldGatewayWhole(**_told(row), meters=meters, buses=buses, events=events)


def _told(row: GatewayRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "site_name": row.site_name,
        "name": row.name,
        "profile": row.profile,
        "most_meters": row.most_meters,
        "meter_count": row.meters,
        "state": row.state,
        "enrolled_at": values.maybe_instant(row.enrolled_at),
        "revoked_at": values.maybe_instant(row.revoked_at),
        "seen_at": values.maybe_instant(row.seen_at),
        "firmware": row.firmware,
        "restart_reason": row.restart_reason,
        "rssi": row.rssi,
        "clock_offset_ms": row.clock_offset_ms,
        "buffered": row.buffered,
        "open_events": row.incidents,
    }
