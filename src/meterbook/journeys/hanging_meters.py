"""Take a meter away without another one, and hang one at a point that has none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, gateway_models
from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.foundation import operation, scoping
from meterbook.journeys import add_meter, exchange_meter, hung_registers, noting_assets
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering import operations as metering_operations
from meterbook.metering.queries.meters import MeterNotFound


@operation.operation
def remove(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    meter_id: uuid.UUID,
    removed_at: datetime,
    finals: Mapping[str, exchange_meter.Final],
    reason: str,
    noted: noting_assets.Noted = noting_assets.NOTHING,
) -> None:
    """This will take the meter at a point away; the point stays, with its series and bills, without a meter.

    :param meter_id: the meter that is taken away, as the person saw it
    :param finals: what its registers showed, by series code
    :raises exchange_meter.NothingToExchange: when no meter hangs there
    :raises exchange_meter.ChangedMeanwhile: when it is another one than `meter_id`
    :raises add_meter.MeterRefused: naming the field at fault
    :raises metering_operations.ClosingMissing: when a counting register has no final value
    """
    installation = exchange_meter.hanging(point_id)
    if installation.meter.public_id != meter_id:
        raise exchange_meter.ChangedMeanwhile(
            _("Another meter hangs there by now: look at its page, then begin again.")
        )
    with add_meter.blaming("removed_at", metering_operations.OutsideInstallation):
        metering_operations.remove_meter(
            actor=actor,
            at=at,
            installation=installation,
            ends_at=removed_at,
            closings=exchange_meter.closings_of(installation, finals),
            reason=reason,
        )
    noting_assets.note(actor, at, noted, instant=removed_at, went=installation, reason=reason)
    _disconnect(actor, at, installation.meter)


def _disconnect(actor: Actor, at: datetime, meter: models.Meter) -> None:
    """Nobody asks it any more: it hangs nowhere."""
    link = (
        gateway_models.GatewayMeter.objects.filter(
            organization_id=meter.organization_id, meter=meter, removed_at__isnull=True
        )
        .select_related("gateway")
        .first()
    )
    if link is not None:
        acquisition_operations.remove_meter(actor=actor, at=at, public_id=link.gateway.public_id, meter=meter.public_id)
    device = acquisition_models.Device.objects.filter(
        organization_id=meter.organization_id, meter=meter, is_enabled=True
    ).first()
    if device is not None:
        acquisition_operations.set_device_enabled(actor=actor, at=at, device=device, is_enabled=False)


@operation.operation
def install(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    installed_at: datetime,
    new: exchange_meter.NewMeter,
    reason: str,
    noted: noting_assets.Noted = noting_assets.NOTHING,
) -> None:
    """This will hang a meter at a point that has none: a new one, or one of that model and number that hangs nowhere.

    With an address it is asked on the bus of the meter that hung there before. The series of the point go on.

    :raises MeterNotFound: when there is no such meter point
    :raises add_meter.MeterRefused: naming the field at fault
    """
    point = _point(point_id)
    before = _before(point)
    if before is not None and before.meter.model_code == values.VIRTUAL:
        words = _("A virtual meter is computed from others; change its formula instead.")
        raise add_meter.MeterRefused("model_code", words)
    meter = _meter(actor, at, point.organization_id, new)
    with (
        add_meter.blaming("installed_at", metering_operations.PointOccupied),
        add_meter.blaming("serial_number", metering_operations.MeterElsewhere),
        add_meter.blaming("multiplier", metering_operations.RegistersArePrimary),
    ):
        hung = metering_operations.install_meter(
            actor=actor,
            at=at,
            meter_point=point,
            meter=meter,
            starts_at=installed_at,
            registers=hung_registers.registers_of(new.model_code, values.Service(point.service), new.openings),
            multiplier=new.multiplier,
            rated_per_hour=new.rated_per_hour,
            reason=reason,
        )
    noting_assets.note(actor, at, noted, instant=installed_at, came=hung, reason=reason)
    if before is not None and (new.unit_id is not None or new.secondary):
        _connect(actor, at, before.meter, meter, new)


def _point(point_id: uuid.UUID) -> models.MeterPoint:
    points = models.MeterPoint.objects.select_for_update().filter(
        organization_id=scoping.current().organization_id, public_id=point_id
    )
    found = points.first()
    if found is None:
        raise MeterNotFound(_("There is no such meter."))
    return found


def _before(point: models.MeterPoint) -> models.Installation | None:
    hung = models.Installation.objects.filter(organization_id=point.organization_id, meter_point=point)
    return hung.select_related("meter").order_by("-during", "-id").first()


def _meter(actor: Actor, at: datetime, organization_id: int, new: exchange_meter.NewMeter) -> models.Meter:
    """The one of that model and number that is there already hangs again; else it is new."""
    found = models.Meter.objects.filter(
        organization_id=organization_id, model_code=new.model_code, serial_number=new.serial_number
    ).first()
    if found is not None:
        return found
    with add_meter.blaming("serial_number", metering_operations.CodeTaken):
        return metering_operations.create_meter(
            actor=actor,
            at=at,
            organization_id=organization_id,
            serial_number=new.serial_number,
            model_code=new.model_code,
            is_primary=catalogue.current().is_primary(new.model_code),
        )


def _connect(
    actor: Actor, at: datetime, before: models.Meter, meter: models.Meter, new: exchange_meter.NewMeter
) -> None:
    devices = acquisition_models.Device.objects.filter(organization_id=before.organization_id, meter=before)
    device = devices.select_related("bus").order_by("-id").first()
    if device is None:
        return
    with add_meter.blaming("unit_id", acquisition_operations.AddressTaken, acquisition_operations.DeviceMisconfigured):
        acquisition_operations.create_device(
            actor=actor,
            at=at,
            bus=device.bus,
            meter=meter,
            unit_id=new.unit_id or 0,
            live_seconds=device.live_seconds,
            secondary=new.secondary,
        )
