"""Which meters a gateway reads: added as far as its profile allows, removed, followed when they are exchanged."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.acquisition import gateway_models, models
from meterbook.acquisition.operations import gateways as gateway_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models


class MeterNotFree(ValueError):
    """The meter is unknown, hangs at another site, or another gateway reads it."""


@operation.operation
def add_meters(*, actor: Actor, at: datetime, public_id: uuid.UUID, meters: Iterable[uuid.UUID]) -> None:
    """This will have a gateway read meters that hang at its site; those it reads already stay.

    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises gateway_operations.LimitReached: when its profile does not allow so many; none is added
    :raises MeterNotFree: when one hangs elsewhere, or another gateway reads it
    """
    gateway = gateway_operations.require_working(public_id)
    wanted = list(dict.fromkeys(meters))
    found = metering_models.Meter.objects.filter(organization_id=gateway.organization_id, public_id__in=wanted)
    if found.count() != len(wanted):
        raise MeterNotFree(_("There is no such meter."))
    link_meters(actor=actor, at=at, gateway=gateway, meters=list(found.order_by("id")))


def link_meters(
    *, actor: Actor, at: datetime, gateway: gateway_models.Gateway, meters: list[metering_models.Meter]
) -> None:
    """This will have a gateway, locked, read meters; part of an operation, which tells its errors."""
    present = set(gateway_operations.links_of(gateway).values_list("meter_id", flat=True))
    new = [each for each in meters if each.pk not in present]
    require_room(gateway, len(present) + len(new))
    serials = set(gateway_operations.links_of(gateway).values_list("meter__serial_number", flat=True))
    for meter in new:
        _require_free(gateway, meter, serials)
        serials.add(meter.serial_number)
        gateway_models.GatewayMeter.objects.create(
            organization_id=gateway.organization_id, gateway=gateway, meter=meter
        )
    if new:
        after = {"meters": [each.serial_number for each in new]}
        gateway_operations.note(actor, at, "add_meters_to_gateway", gateway, None, after)


@operation.operation
def remove_meter(*, actor: Actor, at: datetime, public_id: uuid.UUID, meter: uuid.UUID) -> None:
    """This will end that a gateway reads a meter; what it read before and sends later is taken still.

    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises MeterNotFree: when it does not read that meter
    """
    gateway = gateway_operations.locked(public_id)
    link = gateway_operations.links_of(gateway).filter(meter__public_id=meter).select_related("meter").first()
    if link is None:
        raise MeterNotFree(_("The gateway does not read that meter."))
    link.removed_at = at
    link.save(update_fields=["removed_at"])
    read = models.Device.objects.filter(organization_id=gateway.organization_id, bus__gateway=gateway)
    gateway_operations.stop_reading(actor, at, read.filter(meter_id=link.meter_id))
    gateway_operations.note(actor, at, "remove_meter_from_gateway", gateway, {"meter": link.meter.serial_number}, None)


@operation.operation
def hand_over_meter(*, actor: Actor, at: datetime, old: metering_models.Meter, new: metering_models.Meter) -> None:
    """This will have the gateway that reads a meter read the one that takes its place, if there is one.

    What it read of the old one and sends later is taken still.
    """
    links = gateway_models.GatewayMeter.objects.filter(
        organization_id=scoping.current().organization_id, meter=old, removed_at=None
    )
    link = links.select_related("gateway").first()
    if link is None:
        return
    link.removed_at = at
    link.save(update_fields=["removed_at"])
    gateway_models.GatewayMeter.objects.create(
        organization_id=link.organization_id, gateway_id=link.gateway_id, meter=new
    )
    before, after = {"meter": old.serial_number}, {"meter": new.serial_number}
    gateway_operations.note(actor, at, "hand_over_meter", link.gateway, before, after)


def require_room(gateway: gateway_models.Gateway, count: int) -> None:
    """This will refuse more meters than the profile of a gateway allows.

    :raises gateway_operations.LimitReached: saying how many it may read
    """
    if gateway.most_meters is not None and count > gateway.most_meters:
        allows = ngettext(
            "The profile of this gateway allows %(limit)s meter; this would be meter %(count)s.",
            "The profile of this gateway allows %(limit)s meters; this would be meter %(count)s.",
            gateway.most_meters,
        ) % {"limit": gateway.most_meters, "count": gateway.most_meters + 1}
        remedy = _("Remove one, choose a profile with a higher limit, or add a second gateway.")
        raise gateway_operations.LimitReached(f"{allows} {remedy}")


def _require_free(gateway: gateway_models.Gateway, meter: metering_models.Meter, serials: set[str]) -> None:
    hangs = metering_models.Installation.objects.filter(
        organization_id=gateway.organization_id,
        meter=meter,
        during__upper_inf=True,
        meter_point__site_id=gateway.site_id,
    )
    named = {"number": meter.serial_number}
    if not hangs.exists():
        raise MeterNotFree(_("Meter %(number)s does not hang at the site of this gateway.") % named)
    if meter.serial_number in serials:
        raise MeterNotFree(_("The gateway reads another meter with the number %(number)s.") % named)
    taken = gateway_models.GatewayMeter.objects.filter(
        organization_id=gateway.organization_id, meter=meter, removed_at=None
    )
    other = taken.select_related("gateway").first()
    if other is not None:
        words = _("Meter %(number)s is read by the gateway “%(name)s”; remove it there first.")
        raise MeterNotFree(words % {**named, "name": other.gateway.name})
