"""What a gateway reads by itself: buses at its site, devices on them, and the signed configuration that tells it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import gateway_models, gateway_plans, memory_plans, models, queries, values
from meterbook.acquisition.operations import devices, requests
from meterbook.acquisition.operations import gateways as gateway_operations
from meterbook.acquisition.push import configuration, signing
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping, vault
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models


class LineMisconfigured(ValueError):
    """A bus of a gateway needs a name, an address in its own network or a serial port, and a port number."""


@dataclass(frozen=True)
class SignedConfiguration:
    """A configuration as a gateway gets it."""

    number: int
    text: str
    signature: str


@dataclass(frozen=True)
class AskedOfGateway:
    """A request to a device of a gateway; `is_open` while it has no answer."""

    request_id: int
    device_id: int
    meter_id: int
    is_open: bool


@operation.operation
def create_gateway_bus(
    *,
    actor: Actor,
    at: datetime,
    public_id: uuid.UUID,
    name: str,
    protocol: values.BusProtocol,
    host: str,
    port: int,
    line: values.LineSettings | None = None,
) -> models.Bus:
    """This will add a bus that a gateway reads. Its address is in the gateway's own network: nothing of ours dials it.

    :param host: an address, or the path of a serial port of the gateway
    :param line: how the line is set; None: as it is usual for the protocol
    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises LineMisconfigured: naming what is wrong
    """
    gateway = gateway_operations.require_working(public_id)
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > 100:
        raise LineMisconfigured(_("Give the bus a name of at most 100 signs."))
    settings = line or values.usual_line(protocol)
    check_place(protocol, host, port, settings)
    fields = {"name": wanted, "protocol": protocol.value, "host": host, "port": 0 if protocol.is_serial else port}
    fields |= {**settings.as_json(), "timeout_ms": values.usual_timeout_ms(protocol)}
    try:
        with transaction.atomic():
            made = models.Bus.objects.create(
                organization_id=gateway.organization_id,
                site=gateway.site,
                gateway=gateway,
                **fields,
            )
    except IntegrityError as error:
        raise LineMisconfigured(
            _("The site has a bus “%(name)s” already; take another name.") % {"name": wanted}
        ) from error
    after = {"gateway": gateway.name, **fields}
    audit_operations.record(
        actor=actor, at=at, action="acquisition:create_gateway_bus", subject=made, before=None, after=after
    )
    return made


@operation.operation
def create_gateway_device(
    *,
    actor: Actor,
    at: datetime,
    public_id: uuid.UUID,
    bus: uuid.UUID,
    meter: uuid.UUID,
    unit_id: int,
    secondary: str = "",
) -> models.Device:
    """This will have a gateway read one of its meters on one of its buses.

    :param secondary: the address of an M-Bus meter by its number; then `unit_id` is of no account
    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises LineMisconfigured: when the bus or the meter is not the gateway's
    :raises devices.DeviceMisconfigured: for an unknown model, another protocol, or an address that cannot be
    :raises devices.AddressTaken: when the address is in use on the bus, or the meter is read through another device
    """
    gateway = gateway_operations.require_working(public_id)
    organization_id = gateway.organization_id
    line = models.Bus.objects.filter(organization_id=organization_id, gateway=gateway, public_id=bus).first()
    links = gateway_models.GatewayMeter.objects.filter(organization_id=organization_id, gateway=gateway)
    link = links.filter(removed_at=None, meter__public_id=meter).first()
    if line is None or link is None:
        raise LineMisconfigured(_("Choose a bus and a meter of this gateway."))
    found = metering_models.Meter.objects.get(organization_id=organization_id, pk=link.meter_id)
    return devices.create_device(actor=actor, at=at, bus=line, meter=found, unit_id=unit_id, secondary=secondary)


@dataclass(frozen=True)
class DevicePlace:
    """A meter, by its public id, and its address on a bus; with a `secondary` one `unit_id` is of no account."""

    meter: uuid.UUID
    unit_id: int
    secondary: str = ""


class PlaceRefused(ValueError):
    """One of several meters cannot be read as it was described; `meter` is its public id, the message says why."""

    def __init__(self, meter: uuid.UUID, words: str) -> None:
        super().__init__(words)
        self.meter = meter


@operation.operation
def create_gateway_devices(
    *, actor: Actor, at: datetime, public_id: uuid.UUID, bus: uuid.UUID, places: Collection[DevicePlace]
) -> None:
    """This will have a gateway read many of its meters on one of its buses: all of them, or none.

    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises LineMisconfigured: when the bus or a meter is not the gateway's
    :raises PlaceRefused: naming the meter whose model or address does not fit, or is taken
    """
    for each in places:
        try:
            create_gateway_device(
                actor=actor,
                at=at,
                public_id=public_id,
                bus=bus,
                meter=each.meter,
                unit_id=each.unit_id,
                secondary=each.secondary,
            )
        except (devices.DeviceMisconfigured, devices.AddressTaken) as error:
            raise PlaceRefused(each.meter, str(error)) from error


def check_place(protocol: values.BusProtocol, host: str, port: int, line: values.LineSettings) -> None:
    """This will pass when a gateway may have a line there, in its own network.

    :raises LineMisconfigured: naming what is wrong
    """
    if protocol not in values.ASKED:
        raise LineMisconfigured(
            _("A field gateway reads Modbus, M-Bus, and telegrams of DSMR and SML; choose one of them.")
        )
    if protocol.is_serial:
        if not host.startswith("/dev/") or ".." in host or len(host) > 100:
            raise LineMisconfigured(_("Give the serial port of the gateway, such as /dev/ttyUSB0."))
    else:
        if hosts.read(host) is None:
            raise LineMisconfigured(_("Give the meter's address or name alone, such as 192.168.10.4."))
        if port not in values.PORTS:
            raise LineMisconfigured(_("The port is a number from 1 to 65535, usually 502."))
    if not line.is_possible:
        raise LineMisconfigured(_("Choose a speed, a parity and stop bits that are in the lists."))


@operation.operation
def sign_configuration(*, actor: Actor, at: datetime, gateway_id: int) -> SignedConfiguration:
    """This will return what a gateway should read now, signed. Its number grows when the content has changed."""
    gateway = gateway_models.Gateway.objects.select_for_update(of=("self",)).get(
        organization_id=scoping.current().organization_id, pk=gateway_id
    )
    renumber(gateway)
    content = {"gateway": str(gateway.public_id), **gateway_plans.content(gateway_id=gateway.pk)}
    text = configuration.write({**content, "number": gateway.configuration_number})
    secret = signing.decode(vault.open_sealed(gateway.signing_key))
    return SignedConfiguration(gateway.configuration_number, text, configuration.sign(secret, text))


@operation.operation
def number_configuration(*, actor: Actor, at: datetime, gateway_id: int) -> int:
    """This will return the number of the configuration that is in force, a new one when its content has changed."""
    gateway = gateway_models.Gateway.objects.select_for_update(of=("self",)).get(
        organization_id=scoping.current().organization_id, pk=gateway_id
    )
    renumber(gateway)
    return gateway.configuration_number


def renumber(gateway: gateway_models.Gateway) -> None:
    """This will give the configuration of a gateway, locked, its next number when its content has changed."""
    content = configuration.write(gateway_plans.content(gateway_id=gateway.pk))
    digest = hashlib.sha256(content.encode()).hexdigest()
    if digest != gateway.configuration_digest:
        gateway.configuration_digest, gateway.configuration_number = digest, gateway.configuration_number + 1
        gateway.save(update_fields=["configuration_digest", "configuration_number"])


@operation.operation
def take_gateway_requests(
    *, actor: Actor, at: datetime, real_at: datetime, gateway_id: int
) -> tuple[dict[str, object], ...]:
    """This will take what devices of a gateway are asked, and return it as the gateway is told.

    `expires_in_ms` counts from now, so that the clock of the gateway does not matter.
    """
    organization_id = scoping.current().organization_id
    buses = models.Bus.objects.filter(organization_id=organization_id, gateway_id=gateway_id)
    taken = requests.take_requests(
        actor=actor, at=at, real_at=real_at, bus_ids=list(buses.order_by("id").values_list("pk", flat=True))
    )
    rows = models.DeviceRequest.objects.filter(
        organization_id=organization_id, pk__in=[each.request_id for each in taken]
    ).select_related("device")
    known = {each.pk: each for each in rows}
    return tuple(
        {
            "id": str(known[each.request_id].public_id),
            "device": str(known[each.request_id].device.public_id),
            "kind": each.kind.value,
            "expires_in_ms": int((each.expires_at - real_at).total_seconds() * 1000),
            **_memory(gateway_id, each, at),
        }
        for each in taken
    )


@operation.operation
def answer_gateway_request(
    *, actor: Actor, at: datetime, real_at: datetime, gateway_id: int, request: uuid.UUID, answer: requests.Answer
) -> values.RequestStatus:
    """This will give a request to a device of a gateway its answer and return how it stands.

    :raises queries.RequestNotFound: when it is no request to one of its devices
    """
    asked = request_of_gateway(gateway_id=gateway_id, request=request)
    return requests.answer_request(actor=actor, at=at, real_at=real_at, request_id=asked.request_id, answer=answer)


def request_of_gateway(*, gateway_id: int, request: uuid.UUID) -> AskedOfGateway:
    """This will return a request to a device of a gateway; needs a running scope.

    :raises queries.RequestNotFound: when it is no request to one of its devices
    """
    found = (
        models.DeviceRequest.objects.filter(
            organization_id=scoping.current().organization_id, public_id=request, device__bus__gateway_id=gateway_id
        )
        .select_related("device")
        .first()
    )
    if found is None:
        raise queries.RequestNotFound(_("There is no such request."))
    is_open = not values.RequestStatus(found.status).is_final
    return AskedOfGateway(found.pk, found.device_id, found.device.meter_id, is_open)


def _memory(gateway_id: int, request: requests.TakenRequest, at: datetime) -> dict[str, object]:
    """Which instants the meter lacks, of a question for what it remembers."""
    if request.kind is not values.RequestKind.READ_MEMORY:
        return {}
    plan = memory_plans.wanted_behind_gateway(gateway_id=gateway_id, device_id=request.device_id, at=at)
    missing = sorted(plan.missing) if plan is not None else []
    told = [int(each.timestamp()) * 1000 for each in missing]
    return {"memory": {"zone": plan.zone.key if plan is not None else "UTC", "missing": told}}


def device_ids(*, gateway_id: int, public_ids: Collection[str]) -> Mapping[str, int]:
    """This will return the internal ids of devices of a gateway by their public ones; needs a running scope."""
    wanted = [each for each in public_ids if _is_public_id(each)]
    devices_of = models.Device.objects.filter(
        organization_id=scoping.current().organization_id, bus__gateway_id=gateway_id, public_id__in=wanted
    )
    return {str(public_id): pk for public_id, pk in devices_of.order_by("id").values_list("public_id", "pk")}


def _is_public_id(text: Any) -> bool:  # noqa: ANN401 - what a gateway sent
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True
