"""Which meters remember what nobody read, and what of it is wanted. Each needs a running scope of one organization."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from meterbook.acquisition import catalogue, memory, models, queries, values
from meterbook.acquisition.library.documents import MeterModel, ModelUnknown
from meterbook.acquisition.library.memories import DAY_MINUTES, MemoryRegister
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import zones

LONGEST_SLOT = timedelta(hours=1)
FAILED = (values.RequestStatus.FAILED.value, values.RequestStatus.EXPIRED.value)
AGAIN_AFTER = timedelta(hours=1)  # a memory that could not be read is asked again by itself


@dataclass(frozen=True)
class Wanted:
    """What is to be asked of a device: the zone that its clock may keep, and the instants that lack a reading.

    `moments` are all that it remembers by a clock that is right, the newest first.
    """

    meter_id: int
    zone: ZoneInfo
    moments: tuple[datetime, ...]
    missing: frozenset[datetime]


@dataclass(frozen=True)
class MemoryState:
    """How a meter's memory is used: whether by itself after an outage, and the latest question."""

    records: int
    is_daily: bool
    is_automatic: bool
    may_be_automatic: bool
    latest: queries.RequestRow | None


def wanted(*, device_id: int, series_ids: Collection[int], at: datetime) -> Wanted | None:
    """This will return what is wanted of a device's memory; None when it hangs nowhere or its model has no memory."""
    device = (
        models.Device.objects.filter(organization_id=scoping.current().organization_id, pk=device_id)
        .select_related("meter")
        .first()
    )
    return None if device is None else _wanted(device, series_ids, at)


def wanted_behind_gateway(*, gateway_id: int, device_id: int, at: datetime) -> Wanted | None:
    """This will return what is wanted of the memory of a device that a gateway asks; None where there is nothing."""
    device = _behind(gateway_id, device_id)
    return None if device is None else _wanted(device, _series(device), at)


def series_behind_gateway(*, gateway_id: int, device_id: int) -> dict[str, int]:
    """This will return into which series the counters of a device's memory go, by register, while its meter hangs."""
    device = _behind(gateway_id, device_id)
    return {} if device is None else _series_by_register(device)


def devices_to_ask(*, at: datetime, looked: dict[int, datetime]) -> list[uuid.UUID]:
    """This will return the meters that shall be asked by themselves now: they answer, and remember what is missing.

    What was asked for once is not asked for again; after a failure it is, an hour later.

    :param looked: up to when a device was looked at, by its id; it is kept up, so that a meter is looked at once for
        each of its records
    """
    organization_id = scoping.current().organization_id
    devices = (
        models.Device.objects.filter(
            organization_id=organization_id,
            is_enabled=True,
            asks_memory=True,
            bus__is_enabled=True,
            model_code__in=_remembering(),
            devicestate__status=values.DeviceStatus.OK.value,
        )
        .select_related("meter")
        .order_by("id")
    )
    found = []
    for device in devices:
        settled = _settled(device, at)
        if settled is None or looked.get(device.pk) == settled:
            continue
        plan = _wanted(device, _series(device), at)
        if plan is not None and plan.missing and _is_news(device, max(plan.missing), at):
            found.append(device.meter.public_id)
        elif plan is not None and (not plan.missing or not _has_failed(device)):
            looked[device.pk] = settled
    return found


def state(*, meter_public_id: uuid.UUID, real_at: datetime) -> MemoryState | None:
    """This will return how the memory of a meter's device is used; None when it has none that can be asked."""
    device = (
        models.Device.objects.filter(
            organization_id=scoping.current().organization_id,
            meter__public_id=meter_public_id,
            is_enabled=True,
        )
        .select_related("meter")
        .first()
    )
    model = _model(device) if device is not None else None
    if device is None or model is None or model.memory is None:
        return None
    latest = _questions(device).select_related("device__meter").order_by("-id").first()
    return MemoryState(
        records=model.memory.records,
        is_daily=model.memory.step == DAY_MINUTES,
        is_automatic=device.asks_memory and model.memory.is_automatic,
        may_be_automatic=model.memory.is_automatic,
        latest=queries.request_row(latest, real_at) if latest is not None else None,
    )


def _wanted(device: models.Device, series_ids: Collection[int], at: datetime) -> Wanted | None:
    model, zone = _model(device), _zone(device)
    if model is None or model.memory is None or zone is None:
        return None
    moments = memory.moments(model.memory, at, zone)
    missing = metering_operations.missing_moments(
        meter_id=device.meter_id, series_ids=series_ids, moments=moments, at=at
    )
    return Wanted(device.meter_id, zone, moments, frozenset(missing))


def _behind(gateway_id: int, device_id: int) -> models.Device | None:
    return (
        models.Device.objects.filter(
            organization_id=scoping.current().organization_id, bus__gateway_id=gateway_id, pk=device_id, is_enabled=True
        )
        .select_related("meter")
        .first()
    )


def _series(device: models.Device) -> list[int]:
    return list(_series_by_register(device).values())


def _series_by_register(device: models.Device) -> dict[str, int]:
    fed = metering_models.InstallationRegister.objects.filter(
        organization_id=device.organization_id,
        installation__meter_id=device.meter_id,
        installation__during__upper_inf=True,
        register_code__in=[each.code for each in _registers(device)],
    )
    return dict(fed.order_by("id").values_list("register_code", "series_id"))


def _is_news(device: models.Device, newest_missing: datetime, at: datetime) -> bool:
    """Whether the newest missing instant was not asked for yet; an answer that brought nothing will not change."""
    asked = _questions(device).filter(requested_at__gt=newest_missing).order_by("-id").first()
    return asked is None or (asked.status in FAILED and asked.requested_at <= at - AGAIN_AFTER)


def _has_failed(device: models.Device) -> bool:
    latest = _questions(device).order_by("-id").first()
    return latest is not None and latest.status in FAILED


def _settled(device: models.Device, at: datetime) -> datetime | None:
    """The newest record whose slot is over: an hour is the longest."""
    model, zone = _model(device), _zone(device)
    if model is None or model.memory is None or zone is None:
        return None
    return memory.moments(model.memory, at - LONGEST_SLOT, zone)[0]


def _questions(device: models.Device) -> QuerySet[models.DeviceRequest]:
    return models.DeviceRequest.objects.filter(
        organization_id=device.organization_id, device=device, kind=values.RequestKind.READ_MEMORY.value
    )


def _remembering() -> list[str]:
    """The codes of types whose meters may be asked by themselves; of the many only those that devices have."""
    own = models.Device.objects.filter(organization_id=scoping.current().organization_id, is_enabled=True)
    codes = own.order_by().values_list("model_code", flat=True).distinct()
    return [code for code in codes if (known := _load(code)) is not None and known.memory and known.memory.is_automatic]


def _registers(device: models.Device) -> tuple[MemoryRegister, ...]:
    model = _model(device)
    return model.memory.registers if model is not None and model.memory is not None else ()


def _model(device: models.Device) -> MeterModel | None:
    return _load(device.model_code)


def _load(code: str) -> MeterModel | None:
    try:
        return catalogue.current().load(code)
    except ModelUnknown:
        return None


def _zone(device: models.Device) -> ZoneInfo | None:
    installation = (
        metering_models.Installation.objects.filter(
            organization_id=device.organization_id, meter_id=device.meter_id, during__upper_inf=True
        )
        .select_related("meter_point__site")
        .first()
    )
    if installation is None:
        return None
    point = installation.meter_point
    return zones.resolve(point.time_zone, point.former_zones, point.site.time_zone)
