"""Devices that send by HTTP, as screens see them. Reads need a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from meterbook.acquisition import catalogue, models, queries, values
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import models as metering_models


class SenderNotFound(LookupError):
    """There is no such device that sends by HTTP in this organization."""


@dataclass(frozen=True)
class SenderRow:
    """A device that sends by HTTP; never with its token. `former_until` and `refused_at` are real time.

    `text` is its mapping as people write it. The point is where its meter hangs now, empty and None for nowhere.
    """

    public_id: uuid.UUID
    device_id: int
    meter_id: uuid.UUID
    serial_number: str
    model_code: str
    site_id: int
    site_name: str
    point_id: uuid.UUID | None
    point_code: str
    point_name: str
    mapping: mapping.MessageMap
    text: str
    expected_seconds: int
    is_open: bool
    is_enabled: bool
    status: values.DeviceStatus
    answered_at: datetime | None
    seen_from: str
    problem: queries.ProblemRow | None
    message: str
    message_at: datetime | None
    former_until: datetime | None
    revoked_at: datetime | None
    refused: int
    refused_at: datetime | None
    refusal: str


@dataclass(frozen=True)
class FreeMeter:
    """A meter that hangs at a site and is read in no way, or by hand and from files."""

    public_id: uuid.UUID
    serial_number: str
    model_code: str
    site_public_id: uuid.UUID
    site_id: int
    point_code: str
    point_name: str


def list_senders(*, site_ids: Collection[int] | None = None) -> list[SenderRow]:
    """This will return the devices that send by HTTP, by the code of their meter point.

    :param site_ids: only those of these sites; None means all
    """
    found = _senders()
    if site_ids is not None:
        found = found.filter(device__bus__site_id__in=list(site_ids))
    rows = _rows(list(found.order_by("id")))
    return sorted(rows, key=lambda row: (row.revoked_at is not None, order.natural(row.point_code or "~")))


def get_sender(*, public_id: uuid.UUID, site_ids: Collection[int] | None = None) -> SenderRow:
    """This will return one of them.

    :raises SenderNotFound: when it is not there, or its site is none of these
    """
    row = _senders().filter(public_id=public_id).first()
    if row is None or (site_ids is not None and row.device.bus.site_id not in site_ids):
        raise SenderNotFound(SenderNotFound.__doc__)
    return _rows([row])[0]


def find_of_device(*, device_id: int) -> uuid.UUID | None:
    """This will return the sender of a device; None for one that is read otherwise."""
    own = models.Sender.objects.filter(organization_id__in=scoping.current().organizations, device_id=device_id)
    return own.values_list("public_id", flat=True).first()


def registers_of_meter(*, meter_id: int) -> frozenset[str] | None:
    """This will return the registers that a meter sends by HTTP at present; None for one that is read otherwise."""
    own = models.Sender.objects.filter(
        organization_id__in=scoping.current().organizations,
        device__meter_id=meter_id,
        device__is_enabled=True,
        revoked_at=None,
    )
    found = own.first()
    return mapping.MessageMap.from_json(found.mapping).registers if found is not None else None


def list_free_meters(*, site_ids: Collection[int] | None = None) -> list[FreeMeter]:
    """This will return the meters that hang somewhere and are read in no way, by the code of their meter point."""
    organizations = scoping.current().organizations
    read = models.Device.objects.filter(organization_id__in=organizations, is_enabled=True)
    hung = metering_models.Installation.objects.filter(
        organization_id__in=organizations, during__upper_inf=True
    ).exclude(meter_id__in=read.values("meter_id"))
    if site_ids is not None:
        hung = hung.filter(meter_point__site_id__in=list(site_ids))
    rows = [
        FreeMeter(
            public_id=each.meter.public_id,
            serial_number=each.meter.serial_number,
            model_code=each.meter.model_code,
            site_public_id=each.meter_point.site.public_id,
            site_id=each.meter_point.site_id,
            point_code=each.meter_point.code,
            point_name=each.meter_point.name,
        )
        for each in hung.select_related("meter", "meter_point__site").order_by("id")
    ]
    return sorted(rows, key=lambda row: order.natural(row.point_code))


def _senders() -> QuerySet[models.Sender]:
    own = models.Sender.objects.filter(organization_id__in=scoping.current().organizations)
    return own.select_related("device__bus__site", "device__meter", "device__devicestate")


def _rows(found: list[models.Sender]) -> list[SenderRow]:
    hung = metering_models.Installation.objects.filter(
        organization_id__in=scoping.current().organizations,
        meter_id__in=[each.device.meter_id for each in found],
        during__upper_inf=True,
    )
    points = {each.meter_id: each.meter_point for each in hung.select_related("meter_point")}
    types = catalogue.current()
    return [_row(each, points.get(each.device.meter_id), types) for each in found]


def _row(sender: models.Sender, point: metering_models.MeterPoint | None, types: catalogue.Catalogue) -> SenderRow:
    device, state = sender.device, sender.device.devicestate
    held = mapping.MessageMap.from_json(sender.mapping)
    text = held.written(types.load(device.model_code)) if device.model_code in types else ""
    return SenderRow(
        public_id=sender.public_id,
        device_id=device.pk,
        meter_id=device.meter.public_id,
        serial_number=device.meter.serial_number,
        model_code=device.model_code,
        site_id=device.bus.site_id,
        site_name=device.bus.site.name,
        point_id=point.public_id if point is not None else None,
        point_code=point.code if point is not None else "",
        point_name=point.name if point is not None else "",
        mapping=held,
        text=text,
        expected_seconds=device.live_seconds,
        is_open=sender.is_open,
        is_enabled=device.is_enabled,
        status=values.DeviceStatus(state.status),
        answered_at=state.answered_at,
        seen_from=sender.seen_from,
        problem=queries.problem_row(values.Problem.from_json(state.problem)),
        message=bytes.fromhex(state.response_hex).decode(errors="replace"),
        message_at=state.frame_at,
        former_until=sender.former_until,
        revoked_at=sender.revoked_at,
        refused=sender.refused,
        refused_at=sender.refused_at,
        refusal=sender.refusal,
    )
