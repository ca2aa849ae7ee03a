"""Test reads: a meter is asked before it is set up, and what it sent is told in every order of its bytes."""

from __future__ import annotations

import os
import uuid

from django.conf import settings
from ninja import Router
from pydantic import Field

from meterbook.acquisition import networks, permissions, probing
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import lines, reach
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.kernel.quantity import Unit

router = Router(tags=["Meters"])
PORTS = acquisition_values.PORTS


class NewProbe(values.Given):
    """Where a meter may be found: behind a gateway that is there (its id), or at a host and port.

    `protocol` and `line` are of a place without a gateway; the host of a serial port is its path. An M-Bus meter may be
    named by its `secondary` address in place of `unit_id`.
    """

    site: uuid.UUID
    model: values.Code
    unit_id: int | None = Field(None, ge=0, le=lines.LAST_ADDRESS)
    secondary: lines.Secondary | None = None
    gateway: uuid.UUID | None = None
    host: values.Name | None = None
    port: int | None = Field(None, ge=PORTS[0], le=PORTS[-1])
    protocol: acquisition_values.BusProtocol = acquisition_values.BusProtocol.MODBUS_TCP
    line: lines.Line | None = None


class Order(values.Told):
    """What the main counter says in one order of its bytes; null where that is no number."""

    byte_order: ByteOrder
    octets: str
    value: str | None
    is_plausible: bool


class ProbedValue(values.Told):
    """A register, read in the proposed order."""

    register_code: str
    value: values.DecimalTold
    unit: Unit


class ProbedRecord(values.Told):
    """A value that an M-Bus meter names itself; `raw` is what it sent for it, in hex. Null where it is no number."""

    name: str
    value: str | None
    unit: str
    text: str
    raw: str


class Probe(values.Told):
    """A test read: when `is_final`, what came is there, or the problem says why not. Frames are in hex.

    An M-Bus meter has one order of bytes and `records`.
    """

    id: uuid.UUID
    status: acquisition_values.RequestStatus
    is_final: bool
    took_ms: int | None
    frames: list[tuple[str, str]]
    register_code: str
    unit: Unit
    orders: list[Order]
    proposed: ByteOrder
    items: list[ProbedValue]
    records: list[ProbedRecord]
    problem: str | None


@endpoint(
    router,
    "POST",
    "/probes",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=Probe,
    status=202,
    by_site=True,
)
def request_probe(request: entry.Request, given: NewProbe) -> Probe:
    """This will have a meter asked that is not set up; the answer comes within 15 s."""
    site = reach.site(request, given.site, permissions.MANAGE_DEVICE)
    unit, secondary = lines.address(given.unit_id, given.secondary, "/body")
    place = acquisition_operations.Place(
        unit_id=unit,
        bus=given.gateway,
        host=given.host or "",
        port=lines.port(given.protocol, given.port),
        protocol=given.protocol,
        line=lines.settings(given.protocol, given.line),
        secondary=secondary,
    )
    try:
        made = acquisition_operations.request_probe(
            actor=request.caller.actor,
            at=request.caller.at,
            real_at=clock.real_now(),
            site=site.public_id,
            model_code=given.model,
            place=place,
            allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
        )
    except acquisition_operations.ProbeRefused as error:
        field = "model" if error.field == "model_code" else error.field
        raise problems.invalid(f"/body/{field}", str(error)) from error
    return _told(probing.get_probe(public_id=made, real_at=clock.real_now()))


@endpoint(
    router,
    "GET",
    "/probes/{uuid:probe}",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=Probe,
    by_site=True,
)
def get_probe(request: entry.Request, probe: uuid.UUID) -> Probe:
    """This will return how a test read stands, with what the meter sent once it is there."""
    try:
        row = probing.get_probe(public_id=probe, real_at=clock.real_now())
    except probing.ProbeNotFound as error:
        raise problems.not_found() from error
    if not request.caller.access.allows(permissions.MANAGE_DEVICE, row.site_id):
        raise problems.not_found()
    return _told(row)


def _told(row: probing.ProbeRow) -> Probe:
    return Probe(
        id=row.public_id,
        status=row.status,
        is_final=row.is_final,
        took_ms=row.took_ms,
        frames=[(each.request, each.response) for each in row.frames],
        register_code=row.main.code,
        unit=row.main.unit,
        orders=[
            Order(
                byte_order=each.order,
                octets=each.octets.replace(" ", ""),
                value=None if each.number is None else str(each.number),
                is_plausible=each.is_plausible,
            )
            for each in row.orders
        ],
        proposed=row.proposed,
        items=[
            ProbedValue(register_code=each.code, value=values.scaled(each.value, each.decimals), unit=each.unit)
            for each in row.samples(row.proposed)
        ],
        records=[
            ProbedRecord(
                name=each.name,
                value=None if each.number is None else f"{each.number:f}",
                unit=each.unit,
                text=each.text,
                raw=each.raw,
            )
            for each in row.records
        ],
        problem=f"{row.problem.words} {row.problem.remedy}" if row.problem else None,
    )
