"""How the platform reaches its meters: gateways, the buses behind them, the devices on each. Needs a running scope.

Sums of thousands of devices are made by the database; the devices of a bus are read when somebody opens it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from meterbook.acquisition import models, queries, values
from meterbook.acquisition.queries import ProblemRow
from meterbook.foundation import scoping
from meterbook.kernel import order


@dataclass(frozen=True)
class Health:
    """How the enabled devices below a place are doing. `asked` and `failed` are of this hour and the one before."""

    devices: int
    answering: int
    silent: int
    never: int
    failing: int
    answered_at: datetime | None
    asked: int
    failed: int

    @property
    def is_troubled(self) -> bool:
        """Whether somebody should look: a device is silent, fails at present, or never answered."""
        return bool(self.silent or self.failing or self.never)


@dataclass(frozen=True)
class BusNode:
    """A bus with the sums of its devices."""

    public_id: uuid.UUID
    site_name: str
    name: str
    host: str
    port: int
    protocol: values.BusProtocol
    is_enabled: bool
    health: Health
    line: values.LineSettings = values.AS_USUAL
    gateway: str = ""  # name of the field gateway that asks it


@dataclass(frozen=True)
class Gateway:
    """What is reached under one address: usually one device with one or more buses behind it.

    `host` is the name of the field gateway for the buses that one asks: their addresses are those of its own network.
    """

    host: str
    buses: tuple[BusNode, ...]
    health: Health


@dataclass(frozen=True)
class DeviceNode:
    """A device with the meter it reads; `point_id` is None for one that hangs nowhere."""

    public_id: uuid.UUID
    unit_id: int
    model_code: str
    is_enabled: bool
    status: values.DeviceStatus
    status_caption: str
    answered_at: datetime | None
    failures: int
    asked: int
    failed: int
    problem: ProblemRow | None
    serial_number: str
    point_id: uuid.UUID | None
    point_name: str
    point_code: str
    point_site_id: int | None
    secondary: str = ""

    @property
    def address(self) -> str:
        """The meter's address on the bus, as people write it."""
        return self.secondary or str(self.unit_id)


@dataclass(frozen=True)
class LineDetail:
    """What holds for a bus on which meters are asked. `gateway_name`: the field gateway that asks it, or empty."""

    public_id: uuid.UUID
    site_id: int
    name: str
    protocol: values.BusProtocol
    host: str
    port: int
    line: values.LineSettings
    timeout_ms: int
    retries: int
    is_enabled: bool
    gateway_name: str
    meters: int


class BusNotFound(LookupError):
    """There is no such bus in this organization, or the reader may not see its site."""


# The tally's own hour and the one before it, unless both are over.
_ASKED = "CASE WHEN t.hour >= %(hour)s THEN t.asked + t.asked_before WHEN t.hour >= %(before)s THEN t.asked ELSE 0 END"
_FAILED = _ASKED.replace("asked", "failed")
_BUSES = f"""
SELECT b.public_id, site.name, b.name, b.host, b.port, b.protocol, b.is_enabled,
    b.baud, b.parity, b.stop_bits, b.pause_ms, b.gateway_id, coalesce(g.name, ''),
    count(d.id),
    count(d.id) FILTER (WHERE s.status = 'OK'),
    count(d.id) FILTER (WHERE s.status = 'SILENT'),
    count(d.id) FILTER (WHERE coalesce(s.status, 'NEVER') = 'NEVER'),
    count(d.id) FILTER (WHERE s.status = 'OK' AND s.failures > 0),
    max(s.answered_at),
    coalesce(sum({_ASKED}), 0),
    coalesce(sum({_FAILED}), 0)
FROM acquisition_bus b
JOIN sites_site site ON site.id = b.site_id AND site.organization_id = %(organization)s
LEFT JOIN acquisition_gateway g ON g.id = b.gateway_id AND g.organization_id = %(organization)s
LEFT JOIN acquisition_device d ON d.bus_id = b.id AND d.is_enabled AND d.organization_id = %(organization)s
LEFT JOIN acquisition_devicestate s ON s.device_id = d.id AND s.organization_id = %(organization)s
LEFT JOIN acquisition_devicetally t ON t.device_id = d.id AND t.organization_id = %(organization)s
WHERE b.organization_id = %(organization)s {{narrowed}}
GROUP BY b.id, site.name, g.name
"""  # noqa: S608 - of constants only
_DEVICES = f"""
SELECT d.public_id, d.unit_id, d.secondary, d.model_code, d.is_enabled, coalesce(s.status, 'NEVER'), s.answered_at,
    coalesce(s.failures, 0), coalesce({_ASKED}, 0), coalesce({_FAILED}, 0), s.problem::json,
    m.serial_number, p.public_id, coalesce(p.name, ''), coalesce(p.code, ''), p.site_id
FROM acquisition_device d
JOIN metering_meter m ON m.id = d.meter_id AND m.organization_id = %(organization)s
LEFT JOIN metering_installation i ON i.meter_id = m.id AND upper_inf(i.during) AND i.organization_id = %(organization)s
LEFT JOIN metering_meterpoint p ON p.id = i.meter_point_id AND p.organization_id = %(organization)s
LEFT JOIN acquisition_devicestate s ON s.device_id = d.id AND s.organization_id = %(organization)s
LEFT JOIN acquisition_devicetally t ON t.device_id = d.id AND t.organization_id = %(organization)s
WHERE d.organization_id = %(organization)s AND d.bus_id = %(bus)s AND d.is_enabled {{narrowed}}
ORDER BY d.unit_id, d.secondary, d.id
"""  # noqa: S608 - of constants only
_GATEWAY_ID = 11  # its column of _BUSES
_TROUBLED = "AND (coalesce(s.status, 'NEVER') <> 'OK' OR s.failures > 0)"


def list_gateways(*, at: datetime, site_ids: Collection[int] | None = None) -> list[Gateway]:
    """This will return the gateways, those with trouble first, then by address as people order them.

    :param site_ids: only buses of those sites; None means all of the organization
    """
    given = _given(at)
    narrowed = ""
    if site_ids is not None:
        given["sites"], narrowed = sorted(site_ids), "AND b.site_id = ANY(%(sites)s)"
    with connection.cursor() as cursor:
        cursor.execute(_BUSES.format(narrowed=narrowed), given)
        rows = [(_bus(*row), row[_GATEWAY_ID]) for row in cursor.fetchall()]
    # Addresses behind field gateways are those of their own networks: /dev/ttyUSB0 of two is not one place.
    by_place: dict[tuple[int | None, str], list[BusNode]] = {}
    for each, gateway_id in sorted(rows, key=lambda row: (order.natural(row[0].name), row[0].port)):
        by_place.setdefault((gateway_id, each.gateway or each.host), []).append(each)
    gateways = [
        Gateway(host, tuple(found), add_up([each.health for each in found])) for (_id, host), found in by_place.items()
    ]
    return sorted(gateways, key=lambda each: (not each.health.is_troubled, order.natural(each.host)))


def list_devices(
    *, at: datetime, bus: uuid.UUID, site_ids: Collection[int] | None = None, only_troubled: bool = False
) -> list[DeviceNode]:
    """This will return the enabled devices of a bus, by address.

    :raises BusNotFound: when the organization has no such bus at one of the sites
    """
    found = [each for each in queries.list_buses(with_senders=True) if each.public_id == bus]
    if not found or (site_ids is not None and found[0].site_id not in site_ids):
        raise BusNotFound(BusNotFound.__doc__)
    given = {**_given(at), "bus": found[0].id}
    with connection.cursor() as cursor:
        cursor.execute(_DEVICES.format(narrowed=_TROUBLED if only_troubled else ""), given)
        return [_device(*row) for row in cursor.fetchall()]


def get_line(*, bus: uuid.UUID, site_ids: Collection[int] | None = None) -> LineDetail:
    """This will return what holds for a bus on which meters are asked.

    :param site_ids: only buses of those sites; None means all of the organization
    :raises BusNotFound: when there is none at one of the sites, or devices send there by themselves
    """
    organization_id = scoping.current().organization_id
    found = models.Bus.objects.filter(organization_id=organization_id, public_id=bus)
    held = (found if site_ids is None else found.filter(site_id__in=site_ids)).select_related("gateway").first()
    if held is None or not values.BusProtocol(held.protocol).is_asked:
        raise BusNotFound(BusNotFound.__doc__)
    on = models.Device.objects.filter(organization_id=organization_id, bus=held, is_enabled=True)
    return LineDetail(
        public_id=held.public_id,
        site_id=held.site_id,
        name=held.name,
        protocol=values.BusProtocol(held.protocol),
        host=held.host,
        port=held.port,
        line=values.LineSettings(held.baud, values.Parity(held.parity), held.stop_bits, held.pause_ms),
        timeout_ms=held.timeout_ms,
        retries=held.retries,
        is_enabled=held.is_enabled,
        gateway_name=held.gateway.name if held.gateway is not None else "",
        meters=on.count(),
    )


def add_up(parts: Collection[Health]) -> Health:
    """This will return the sums over several places, and the newest answer of any of them."""
    return Health(
        devices=sum(each.devices for each in parts),
        answering=sum(each.answering for each in parts),
        silent=sum(each.silent for each in parts),
        never=sum(each.never for each in parts),
        failing=sum(each.failing for each in parts),
        answered_at=max((each.answered_at for each in parts if each.answered_at), default=None),
        asked=sum(each.asked for each in parts),
        failed=sum(each.failed for each in parts),
    )


def _given(at: datetime) -> dict[str, Any]:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return {
        "organization": scoping.current().organization_id,
        "hour": hour,
        "before": hour - timedelta(hours=1),
    }


def _bus(
    public_id: uuid.UUID,
    site: str,
    name: str,
    host: str,
    port: int,
    protocol: str,
    is_enabled: bool,
    *more: Any,  # noqa: ANN401 - a row
) -> BusNode:
    baud, parity, stop_bits, pause_ms, _gateway_id, gateway, *counts = more
    line = values.LineSettings(baud, values.Parity(parity), stop_bits, pause_ms)
    devices, answering, silent, never, failing, answered_at, asked, failed = counts
    if not is_enabled:  # nobody asks there, on purpose: that is no trouble
        silent = never = failing = 0
    health = Health(devices, answering, silent, never, failing, answered_at, int(asked), int(failed))
    return BusNode(public_id, site, name, host, port, values.BusProtocol(protocol), is_enabled, health, line, gateway)


def _device(
    public_id: uuid.UUID,
    unit_id: int,
    secondary: str,
    model_code: str,
    is_enabled: bool,
    status: str,
    *more: Any,  # noqa: ANN401 - a row
) -> DeviceNode:
    answered_at, failures, asked, failed, problem, serial, point_id, point_name, point_code, site_id = more
    known = values.DeviceStatus(status)
    return DeviceNode(
        public_id=public_id,
        unit_id=unit_id,
        model_code=model_code,
        is_enabled=is_enabled,
        status=known,
        status_caption=str(values.DEVICE_STATUS_CAPTIONS[known]),
        answered_at=answered_at,
        failures=failures,
        asked=asked,
        failed=failed,
        problem=queries.problem_row(values.Problem.from_json(problem)),
        serial_number=serial,
        point_id=point_id,
        point_name=point_name,
        point_code=point_code,
        point_site_id=site_id,
        secondary=secondary,
    )


@dataclass(frozen=True)
class ModelUse:
    """How many enabled devices of a meter model there are, and how many of them answer."""

    devices: int
    answering: int


def use_of_models() -> dict[str, ModelUse]:
    """This will count the enabled devices of the organization by their meter model, in one query."""
    devices = models.Device.objects.filter(organization_id=scoping.current().organization_id, is_enabled=True)
    answers = Count("pk", filter=Q(devicestate__status=values.DeviceStatus.OK.value))
    counted = devices.order_by("model_code").values_list("model_code").annotate(devices=Count("pk"), answering=answers)
    return {code: ModelUse(count, answering) for code, count, answering in counted}
