"""Many devices at once, with few statements. The caller checked what it writes, and audits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterbook.acquisition import models, values
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.metering import models as metering_models

BATCH = 1_000


@dataclass(frozen=True)
class DevicePlan:
    """A meter and its address on a bus; it speaks as its model says. With a `secondary` address `unit_id` is 253."""

    bus: models.Bus
    meter: metering_models.Meter
    unit_id: int
    secondary: str = ""


@operation.operation
def create_devices(*, devices: Sequence[DevicePlan]) -> None:
    """This will put meters on buses; the collector begins to read them within half a minute.

    The database refuses addresses that are taken (`IntegrityError`), and with them everything.
    """
    organization_id = scoping.current().organization_id
    made = models.Device.objects.bulk_create(
        [
            models.Device(
                organization_id=organization_id,
                bus=plan.bus,
                meter=plan.meter,
                unit_id=values.BY_SELECTION if plan.secondary else plan.unit_id,
                secondary=plan.secondary,
                model_code=plan.meter.model_code,
                live_seconds=values.live_seconds(values.BusProtocol(plan.bus.protocol)),
            )
            for plan in devices
        ],
        batch_size=BATCH,
    )
    models.DeviceState.objects.bulk_create(
        [models.DeviceState(organization_id=organization_id, device=device) for device in made], batch_size=BATCH
    )
    if made:
        foundation_bus.notify("device", organization_id, [device.pk for device in made])
