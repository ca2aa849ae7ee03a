"""Reads of buses, devices and requests; each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meterbook.acquisition import models, texts, values
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


@dataclass(frozen=True)
class BusRow:
    """A bus as screens see it."""

    id: int
    public_id: uuid.UUID
    site_id: int
    name: str
    protocol: values.BusProtocol
    host: str
    port: int
    timeout_ms: int
    retries: int
    is_enabled: bool
    line: values.LineSettings = values.AS_USUAL
    is_of_gateway: bool = False  # a field gateway asks it, not our collector

    @property
    def address(self) -> str:
        """Where it is reached, as people write it: host and port, or the serial port."""
        return values.place(self.host, self.port)


@dataclass(frozen=True)
class ProblemRow:
    """What is wrong with a device, in the reader's language; `exact` is the driver's own sentence, in English."""

    code: str
    words: str
    remedy: str
    exact: str


@dataclass(frozen=True)
class DeviceRow:
    """A device with how it is doing. The frame is the latest that came, in hex without spaces."""

    id: int
    public_id: uuid.UUID
    meter_public_id: uuid.UUID
    bus: BusRow
    unit_id: int
    model_code: str
    byte_order: str
    live_seconds: int
    is_enabled: bool
    status: values.DeviceStatus
    status_caption: str
    answered_at: datetime | None
    failed_at: datetime | None
    silent_since: datetime | None
    failures: int
    problem: ProblemRow | None
    frame_at: datetime | None
    request_hex: str
    response_hex: str
    took_ms: int | None
    secondary: str = ""

    @property
    def address(self) -> str:
        """The meter's address on the bus, as people write it."""
        return self.secondary or str(self.unit_id)


@dataclass(frozen=True)
class MemoryAnswer:
    """What became of what a meter remembered: values taken, known before, and contradicting what was read.

    `ahead_seconds`: how far its clock is ahead of ours; None where it cannot be read. `asked`: how many records.
    """

    asked: int
    taken: int
    known: int
    conflicts: int
    ahead_seconds: int | None


@dataclass(frozen=True)
class AnsweredValue:
    """One register of an answer: `value` x 10^-`decimals` of `unit`, and the words it came as, in hex."""

    register_code: str
    series_code: str
    value: int
    decimals: int
    unit: Unit
    raw: str


@dataclass(frozen=True)
class RequestRow:
    """A device request as a screen waits for it."""

    public_id: uuid.UUID
    meter_public_id: uuid.UUID
    kind: values.RequestKind
    status: values.RequestStatus
    status_caption: str
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None
    took_ms: int | None
    values: tuple[AnsweredValue, ...]
    problem: ProblemRow | None
    memory: MemoryAnswer | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come."""
        return self.status.is_final


@dataclass(frozen=True)
class SilentMeter:
    """A meter whose device does not answer; `label` is its meter point's name, else its serial number."""

    meter_id: uuid.UUID
    point_id: uuid.UUID | None
    site: site_models.Site
    label: str
    since: datetime
    problem: dict[str, Any]


@dataclass(frozen=True)
class BusSilence:
    """Who does not answer on a bus; `is_whole`: it has two devices or more, and the latest cycle of each failed."""

    bus: models.Bus
    silent: tuple[SilentMeter, ...]
    is_whole: bool
    devices: int


class DeviceNotFound(LookupError):
    """The meter has no device in this organization; add it to a bus first."""


class RequestNotFound(LookupError):
    """There is no such request in this organization."""


def list_buses(*, site_id: int | None = None, with_senders: bool = False) -> list[BusRow]:
    """This will return the buses of the running scope, by name.

    :param with_senders: also where devices send by HTTP, which is no line that anybody could choose
    """
    buses = models.Bus.objects.filter(organization_id__in=scoping.current().organizations)
    if not with_senders:
        buses = buses.exclude(protocol=values.BusProtocol.HTTP.value)
    if site_id is not None:
        buses = buses.filter(site_id=site_id)
    return sorted(map(bus_row, buses.order_by("id")), key=lambda row: order.natural(row.name))


def get_device_of_meter(*, meter_public_id: uuid.UUID) -> DeviceRow:
    """This will return the device through which a meter is read: the enabled one, else the newest.

    :raises DeviceNotFound: when the meter has none, or belongs to another organization
    """
    devices = models.Device.objects.filter(
        organization_id__in=scoping.current().organizations, meter__public_id=meter_public_id
    )
    device = devices.select_related("bus", "meter").order_by("-is_enabled", "-id").first()
    if device is None:
        raise DeviceNotFound(DeviceNotFound.__doc__)
    return _device_row(device, _states([device.pk]).get(device.pk))


def list_devices(*, bus_id: int | None = None) -> list[DeviceRow]:
    """This will return the devices of the running scope, by bus and address."""
    devices = models.Device.objects.filter(organization_id__in=scoping.current().organizations)
    if bus_id is not None:
        devices = devices.filter(bus_id=bus_id)
    found = list(devices.select_related("bus", "meter").order_by("bus__name", "unit_id", "id"))
    states = _states([device.pk for device in found])
    return [_device_row(device, states.get(device.pk)) for device in found]


def silence_of_bus(*, public_id: uuid.UUID) -> BusSilence:
    """This will return which meters of a bus are silent now, and whether the bus as a whole is.

    A bus is silent when its first device counts as silent and the latest cycle of all others failed too: its gateway
    is away, or its line is cut.

    :raises LookupError: when the bus is not there or belongs to another organization
    """
    organization_id = scoping.current().organization_id
    bus = models.Bus.objects.filter(organization_id=organization_id, public_id=public_id).select_related("site").first()
    if bus is None:
        raise LookupError(f"There is no bus {public_id} in this organization.")
    devices = models.Device.objects.filter(organization_id=organization_id, bus=bus, is_enabled=True)
    found = list(devices.select_related("meter").order_by("unit_id", "id"))
    states = _states([each.pk for each in found])
    silent = [each for each in found if each.pk in states and states[each.pk].status == values.DeviceStatus.SILENT]
    has_failed = all(each.pk in states and states[each.pk].failures > 0 for each in found)
    return BusSilence(
        bus=bus,
        silent=tuple(_silent_meter(bus, each, states[each.pk]) for each in silent),
        is_whole=len(found) > 1 and bool(silent) and has_failed,
        devices=len(found),
    )


def _silent_meter(bus: models.Bus, device: models.Device, state: models.DeviceState) -> SilentMeter:
    point = point_of_meter(organization_id=device.organization_id, meter_id=device.meter_id)
    return SilentMeter(
        meter_id=device.meter.public_id,
        point_id=None if point is None else point.public_id,
        site=bus.site if point is None else point.site,
        label=device.meter.serial_number if point is None else point.name,
        since=state.silent_since or state.failed_at or device.created_at,
        problem=state.problem or {},
    )


def get_request(*, public_id: uuid.UUID, real_at: datetime) -> RequestRow:
    """This will return a device request. One that nobody took in time shows as expired, also without a collector.

    :param real_at: the machine's present instant (`kernel.clock.real_now`): requests expire in real time
    :raises RequestNotFound: when it is not there or belongs to another organization
    """
    requests = models.DeviceRequest.objects.filter(
        organization_id__in=scoping.current().organizations, public_id=public_id
    )
    request = requests.select_related("device__meter").first()
    if request is None:
        raise RequestNotFound(RequestNotFound.__doc__)
    return request_row(request, real_at)


def request_row(request: models.DeviceRequest, real_at: datetime) -> RequestRow:
    """This will return a request, read with its device and meter, as a screen shows it."""
    status = values.RequestStatus(request.status)
    if not status.is_final and request.expires_at <= real_at:
        status = values.RequestStatus.EXPIRED
    answer: Mapping[str, Any] = request.answer or {}
    return RequestRow(
        public_id=request.public_id,
        meter_public_id=request.device.meter.public_id,
        kind=values.RequestKind(request.kind),
        status=status,
        status_caption=str(values.REQUEST_STATUS_CAPTIONS[status]),
        requested_by=request.requested_by,
        requested_at=request.requested_at,
        answered_at=request.answered_at,
        took_ms=answer.get("took_ms"),
        values=tuple(_answered(each) for each in answer.get("values", ())),
        problem=problem_row(values.Problem.from_json(answer.get("problem"))),
        memory=MemoryAnswer(**answer["memory"]) if answer.get("memory") else None,
    )


def point_of_meter(*, organization_id: int, meter_id: int) -> metering_models.MeterPoint | None:
    """This will return the meter point at which a meter hangs now; None while it hangs nowhere."""
    installation = (
        metering_models.Installation.objects.filter(
            organization_id=organization_id, meter_id=meter_id, during__upper_inf=True
        )
        .select_related("meter_point__site")
        .first()
    )
    return installation.meter_point if installation is not None else None


def _states(device_ids: Iterable[int]) -> dict[int, models.DeviceState]:
    found = models.DeviceState.objects.filter(
        organization_id__in=scoping.current().organizations, device_id__in=list(device_ids)
    )
    return {state.device_id: state for state in found}


def bus_row(bus: models.Bus) -> BusRow:
    """This will return a bus as screens see it."""
    return BusRow(
        id=bus.pk,
        public_id=bus.public_id,
        site_id=bus.site_id,
        name=bus.name,
        protocol=values.BusProtocol(bus.protocol),
        host=bus.host,
        port=bus.port,
        timeout_ms=bus.timeout_ms,
        retries=bus.retries,
        is_enabled=bus.is_enabled,
        line=values.LineSettings(bus.baud, values.Parity(bus.parity), bus.stop_bits, bus.pause_ms),
        is_of_gateway=bus.gateway_id is not None,
    )


def _device_row(device: models.Device, state: models.DeviceState | None) -> DeviceRow:
    status = values.DeviceStatus(state.status) if state else values.DeviceStatus.NEVER
    return DeviceRow(
        id=device.pk,
        public_id=device.public_id,
        meter_public_id=device.meter.public_id,
        bus=bus_row(device.bus),
        unit_id=device.unit_id,
        model_code=device.model_code,
        byte_order=device.byte_order,
        live_seconds=device.live_seconds,
        is_enabled=device.is_enabled,
        status=status,
        status_caption=str(values.DEVICE_STATUS_CAPTIONS[status]),
        answered_at=state.answered_at if state else None,
        failed_at=state.failed_at if state else None,
        silent_since=state.silent_since if state else None,
        failures=state.failures if state else 0,
        problem=problem_row(values.Problem.from_json(state.problem)) if state else None,
        frame_at=state.frame_at if state else None,
        request_hex=state.request_hex if state else "",
        response_hex=state.response_hex if state else "",
        took_ms=state.took_ms if state else None,
        secondary=device.secondary,
    )


def problem_row(problem: values.Problem | None) -> ProblemRow | None:
    """This will say a problem in the reader's language; None for none."""
    if problem is None:
        return None
    return ProblemRow(code=problem.code, words=texts.words(problem), remedy=texts.remedy(problem), exact=problem.words)


def _answered(stored: Mapping[str, Any]) -> AnsweredValue:
    return AnsweredValue(
        register_code=stored["register_code"],
        series_code=stored["series_code"],
        value=int(stored["value"]),
        decimals=int(stored["decimals"]),
        unit=Unit(stored["unit"]),
        raw=stored["raw"],
    )
