"""Who or what brought a reading: a device and its frame, a gateway's batch, a file, a person with a photo."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from meterbook.acquisition import gateway_models
from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import queries as acquisition_queries
from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from meterbook.metering import models
from meterbook.metering.values import ReadingKind, Source

FRAME_AGE = timedelta(minutes=1)  # a frame so near to a reading is the reading's
DEVICE_SOURCES = frozenset({Source.METER, Source.MEMORY, Source.GATEWAY})


@dataclass(frozen=True)
class FromPerson:
    """What a person typed: `value` in `unit` as the display showed it; `photo` of the display."""

    kind: ReadingKind
    value: Decimal
    unit: Unit
    doubts: tuple[str, ...]
    reason: str
    photo: uuid.UUID | None
    author: str
    recorded_at: datetime
    reviewer: str


@dataclass(frozen=True)
class FromFile:
    """The import that stored the reading; `digest` is the SHA-256 of the file, `column` where its values stood."""

    public_id: uuid.UUID
    name: str
    digest: str
    author: str
    imported_at: datetime
    column: str
    time_column: str


@dataclass(frozen=True)
class FromGateway:
    """The field gateway that sent it. What is known of the message is kept for 45 days: else those fields are None."""

    gateway: str
    boot: str | None
    sequence: int | None
    digest: str | None
    received_at: datetime | None


@dataclass(frozen=True)
class Origin:
    """Everything known of where a reading came from; what does not apply is None.

    `device` is how the meter is reached. `frames` are the exchanges that brought the reading, where they were kept: the
    device as it stood on its bus then, each with its request and answer.
    """

    person: FromPerson | None = None
    file: FromFile | None = None
    gateway: FromGateway | None = None
    device: acquisition_queries.DeviceRow | None = None
    frames: tuple[acquisition_queries.DeviceRow, ...] = ()


def origin_of(
    *, series_id: int, at: datetime, meter_id: int | None, source: Source | None, received_at: datetime | None
) -> Origin:
    """This will find where the reading of an instant came from, and the photo of that instant, if there is one."""
    person = _person(series_id, at)
    if source is None or received_at is None:
        return Origin(person=person)
    device = _device(meter_id) if source in DEVICE_SOURCES and meter_id is not None else None
    return Origin(
        person=person,
        file=_file(received_at) if source is Source.IMPORT else None,
        gateway=_gateway(meter_id, received_at) if source is Source.GATEWAY and meter_id is not None else None,
        device=device,
        frames=_frames(device, meter_id, at) if device is not None and meter_id is not None else (),
    )


def _person(series_id: int, at: datetime) -> FromPerson | None:
    taken = models.TakenReading.objects.filter(
        organization_id=scoping.current().organization_id, series_id=series_id, at=at
    )
    found = taken.select_related("photo").defer("photo__content").order_by("-id").first()
    if found is None:
        return None
    return FromPerson(
        kind=ReadingKind(found.kind),
        value=found.value.normalize(),
        unit=Unit(found.unit),
        doubts=tuple(each for each in found.doubts.split(",") if each),
        reason=found.reason,
        photo=found.photo.public_id if found.photo is not None else None,
        author=found.author,
        recorded_at=found.recorded_at,
        reviewer=found.reviewer,
    )


def _file(received_at: datetime) -> FromFile | None:
    """An import stores all its readings with the instant of its own."""
    files = models.ImportFile.objects.filter(organization_id=scoping.current().organization_id, imported_at=received_at)
    found = files.defer("content").order_by("id").first()
    if found is None:
        return None
    mapping = (found.outcome or {}).get("mapping") or found.mapping
    return FromFile(
        public_id=found.public_id,
        name=found.name,
        digest=found.digest,
        author=found.author,
        imported_at=received_at,
        column=str(mapping.get("value_column", "")),
        time_column=str(mapping.get("time_column", "")),
    )


def _gateway(meter_id: int, received_at: datetime) -> FromGateway | None:
    own = gateway_models.GatewayMeter.objects.filter(
        organization_id=scoping.current().organization_id, meter_id=meter_id
    )
    meter = own.select_related("gateway").order_by("removed_at", "-id").last()
    if meter is None:
        return None
    batches = gateway_models.GatewayBatch.objects.filter(
        organization_id=scoping.current().organization_id,
        boot__gateway_id=meter.gateway_id,
        received_at=received_at,
    )
    batch = batches.select_related("boot").order_by("id").first()
    if batch is None:
        return FromGateway(meter.gateway.name, None, None, None, None)
    return FromGateway(meter.gateway.name, batch.boot.boot, batch.sequence, batch.digest, batch.received_at)


def _device(meter_id: int) -> acquisition_queries.DeviceRow | None:
    devices = acquisition_models.Device.objects.filter(
        organization_id=scoping.current().organization_id, meter_id=meter_id
    )
    meter = devices.order_by("id").values_list("meter__public_id", flat=True).first()
    if meter is None:
        return None
    return acquisition_queries.get_device_of_meter(meter_public_id=meter)


def _frames(
    device: acquisition_queries.DeviceRow, meter_id: int, at: datetime
) -> tuple[acquisition_queries.DeviceRow, ...]:
    """Those that were kept of the reading; else the latest one of the device, where it is so near to it."""
    kept = acquisition_models.KeptFrame.objects.filter(
        organization_id=scoping.current().organization_id, meter_id=meter_id, at=at.replace(microsecond=0)
    )
    found = tuple(
        replace(
            device,
            bus=acquisition_queries.bus_row(each.bus),
            frame_at=each.at,
            request_hex=bytes(each.request).hex(),
            response_hex=bytes(each.response).hex(),
            took_ms=each.took_ms,
        )
        for each in kept.select_related("bus").order_by("id")
    )
    if found or device.frame_at is None or abs(device.frame_at - at) >= FRAME_AGE:
        return found
    return (device,)
