"""What is sent and answered about field gateways."""

from __future__ import annotations

import uuid

from pydantic import Field

from meterbook.acquisition import gateway_values
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.gateway_values import GatewayProfile, GatewayState, IncidentKind
from meterbook.api import values
from meterbook.api.resources import lines


class NewFieldGateway(values.Given):
    """A gateway to be added; a central one has no limit of meters."""

    site: uuid.UUID
    name: values.Name
    profile: GatewayProfile = GatewayProfile.CARD
    most_meters: int | None = Field(gateway_values.USUAL_LIMIT, ge=1, le=gateway_values.MOST_OF_CARD)


class GatewayMeters(values.Given):
    """Meters at the gateway's site, by their ids."""

    meters: list[uuid.UUID] = Field(min_length=1, max_length=1_000)


class NewGatewayBus(values.Given):
    """A bus in the gateway's own network, or a serial port of it such as /dev/ttyUSB0, which has no port.

    Without `port` it is the usual one of what is spoken: 502, with M-Bus 10001, with telegrams of DSMR and SML 23.
    """

    name: values.Name
    protocol: acquisition_values.BusProtocol = acquisition_values.BusProtocol.MODBUS_TCP
    host: values.Name
    port: int | None = Field(None, ge=0, le=acquisition_values.PORTS[-1])
    line: lines.Line | None = None


class NewGatewayDevice(values.Given):
    """A meter of the gateway, and its address on one of the gateway's buses: `unit_id`, or `secondary` of M-Bus."""

    bus: uuid.UUID
    meter: uuid.UUID
    unit_id: int | None = Field(None, ge=0, le=lines.LAST_ADDRESS)
    secondary: lines.Secondary | None = None


class ChangedFieldGateway(values.Given):
    """Name and profile of a gateway; a central one has no limit of meters."""

    name: values.Name
    profile: GatewayProfile
    most_meters: int | None = Field(None, ge=1, le=gateway_values.MOST_OF_CARD)
    orders_by_sequence: bool = False


class GatewayReason(values.Given):
    """Why; it stays in the audit trail."""

    reason: values.Note


class GatewayMeter(values.Told):
    """A meter that a gateway may deliver."""

    id: uuid.UUID
    serial_number: str
    model: str
    meter_point: uuid.UUID | None


class GatewayBus(values.Told):
    """A bus that a gateway reads, with the serial numbers of its meters by their address on it."""

    id: uuid.UUID
    name: str
    protocol: acquisition_values.BusProtocol
    address: str
    line: lines.LineTold
    meters: dict[str, str]


class GatewayEvent(values.Told):
    """What came in the name of a gateway and was not as it must be."""

    kind: IncidentKind
    count: int
    first_at: values.InstantTold
    last_at: values.InstantTold
    address: str
    settled_at: values.InstantTold | None


class FieldGateway(values.Told):
    """A gateway. Null where it has not told yet; `clock_offset_ms` is how much its clock is ahead."""

    id: uuid.UUID
    site_name: str
    name: str
    profile: GatewayProfile
    most_meters: int | None
    meter_count: int
    state: GatewayState
    enrolled_at: values.InstantTold | None
    revoked_at: values.InstantTold | None
    seen_at: values.InstantTold | None
    firmware: str
    restart_reason: str
    rssi: int | None
    clock_offset_ms: int | None
    buffered: int | None
    open_events: int


class FieldGatewayWhole(FieldGateway):
    """A gateway with its meters, the buses that it reads by itself, and its security events."""

    meters: list[GatewayMeter]
    buses: list[GatewayBus]
    events: list[GatewayEvent]


class FieldGateways(values.Told):
    """All gateways that the caller reaches."""

    items: list[FieldGateway]
