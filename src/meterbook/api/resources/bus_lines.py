"""What holds for a bus on which meters are asked: its address, what is spoken, time-out and retries, on and off."""

from __future__ import annotations

import os
import uuid

from django.conf import settings
from ninja import Router
from pydantic import Field

from meterbook.acquisition import networks, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import topology as acquisition_topology
from meterbook.acquisition import values as acquisition_values
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import lines
from meterbook.identity.values import Module

router = Router(tags=["Meters"])
FIRST_PORT, LAST_PORT = acquisition_values.PORTS[0], acquisition_values.PORTS[-1]


class ChangedBus(values.Given):
    """A bus as it shall be. A serial port has no `port`; left out it is the usual one of the protocol.

    `timeout_ms` are for one attempt, `retries` come after one that failed. A bus that is not enabled is not asked.
    """

    name: values.Words = Field(min_length=1, max_length=100)
    protocol: acquisition_values.BusProtocol
    host: values.Words = Field(min_length=1, max_length=253)
    port: int | None = Field(None, ge=FIRST_PORT, le=LAST_PORT)
    line: lines.Line | None = None
    timeout_ms: int = Field(ge=acquisition_values.TIMEOUTS_MS[0], le=acquisition_values.TIMEOUTS_MS[-1])
    retries: int = Field(ge=acquisition_values.RETRIES[0], le=acquisition_values.RETRIES[-1])
    is_enabled: bool = True


class BusTold(values.Told):
    """A bus; `field_gateway` is the name of the one that asks it, empty where we do. `port` is 0 of a serial port."""

    id: uuid.UUID
    name: str
    protocol: acquisition_values.BusProtocol
    host: str
    port: int
    line: lines.LineTold
    timeout_ms: int
    retries: int
    is_enabled: bool
    field_gateway: str
    meter_count: int


@endpoint(
    router,
    "GET",
    "/buses/{uuid:bus}",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=BusTold,
    by_site=True,
)
def get_bus(request: entry.Request, bus: uuid.UUID) -> BusTold:
    """This will return what holds for a bus on which meters are asked."""
    return _told(request, bus, permissions.VIEW_DEVICE)


@endpoint(
    router,
    "PUT",
    "/buses/{uuid:bus}",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=BusTold,
    by_site=True,
)
def change_bus(request: entry.Request, bus: uuid.UUID, given: ChangedBus) -> BusTold:
    """This will change a bus for all meters on it; its meters are asked anew within half a minute."""
    _told(request, bus, permissions.MANAGE_DEVICE)
    caller = request.caller
    facts = acquisition_operations.LineFacts(
        name=given.name,
        protocol=given.protocol,
        host=given.host,
        port=lines.port(given.protocol, given.port),
        line=lines.settings(given.protocol, given.line),
        timeout_ms=given.timeout_ms,
        retries=given.retries,
        is_enabled=given.is_enabled,
    )
    try:
        allowed = networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)
        acquisition_operations.change_bus(actor=caller.actor, at=caller.at, bus=bus, facts=facts, allowed=allowed)
    except acquisition_operations.ConnectionRefused as error:
        raise problems.invalid(f"/body/{error.field}", str(error)) from error
    return _told(request, bus, permissions.MANAGE_DEVICE)


def _told(request: entry.Request, bus: uuid.UUID, permission: str) -> BusTold:
    try:
        found = acquisition_topology.get_line(bus=bus, site_ids=request.caller.access.sites(permission))
    except acquisition_topology.BusNotFound as error:
        raise problems.not_found() from error
    return BusTold(
        id=found.public_id,
        name=found.name,
        protocol=found.protocol,
        host=found.host,
        port=found.port,
        line=lines.told(found.line),
        timeout_ms=found.timeout_ms,
        retries=found.retries,
        is_enabled=found.is_enabled,
        field_gateway=found.gateway_name,
        meter_count=found.meters,
    )
