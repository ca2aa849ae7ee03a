"""A third site of the demonstration, whose meters send by themselves (`demo_devices`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import plans as acquisition_plans
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library import documents
from meterbook.acquisition.values import BusProtocol
from meterbook.kernel import rounding
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import PointRole, Service
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook_lab import demo_devices
from meterbook_lab.demo_people import ACTOR

ZONE = "Europe/Madrid"


def build(*, at: datetime, since: datetime, served: Sequence[tuple[str, int]]) -> site_models.Site:
    """This will make the site with its meters. Needs a scope.

    :param served: host and port of the broker and of the P1 port
    """
    site = site_operations.create_site(
        actor=ACTOR, at=at, code="PIER", name="Harbor Pier", time_zone=ZONE, currency="EUR"
    )
    if demo_devices.has_broker():
        broker = acquisition_operations.create_broker(
            actor=ACTOR,
            at=at,
            site=site.public_id,
            facts=acquisition_operations.BrokerFacts("Broker at the pier", *served[0], user="", password=None),
            allowed=networks.AllowedNetworks(is_demo=True),
        )
        kiosk = _hang(site, at, since, "PIER-1", "Ice cream kiosk", demo_devices.KIOSK)
        facts = acquisition_operations.SubscriptionFacts(topic=demo_devices.TOPIC, mapping=None, expected_seconds=60)
        acquisition_operations.subscribe_device(actor=ACTOR, at=at, bus=broker, meter=kiosk, facts=facts)
    charger = _hang(site, at, since, "PIER-2", "Car charger", demo_devices.CHARGER)
    found = mapping.read(demo_devices.CHARGER_TEXT, documents.load(demo_devices.MODELS[demo_devices.CHARGER]))
    acquisition_operations.create_sender(
        actor=ACTOR,
        at=at,
        meter=charger,
        site=site.public_id,
        facts=acquisition_operations.SenderFacts(mapping=found, expected_seconds=120),
    )
    port = acquisition_operations.create_bus(
        actor=ACTOR,
        at=at,
        site=site,
        name="P1 port, boat hall",
        host=served[1][0],
        port=served[1][1],
        protocol=BusProtocol.DSMR_TCP,
        allowed=networks.AllowedNetworks(is_demo=True),
    )
    boats = _hang(site, at, since, "PIER-3", "Boat hall", demo_devices.BOATS)
    acquisition_operations.create_device(actor=ACTOR, at=at, bus=port, meter=boats, unit_id=0, live_seconds=10)
    return site


def _hang(
    site: site_models.Site, at: datetime, since: datetime, code: str, name: str, serial: str
) -> metering_models.Meter:
    point = metering_operations.create_meter_point(
        actor=ACTOR,
        at=at,
        site=site,
        code=code,
        name=name,
        service=Service.ELECTRICITY,
        node=None,
        role=PointRole.COMMON,
    )
    model = demo_devices.MODELS[serial]
    made = metering_operations.create_meter(
        actor=ACTOR,
        at=at,
        organization_id=site.organization_id,
        serial_number=serial,
        model_code=model,
    )
    shown = demo_devices.meter(serial, since)
    register = shown.model.register("energy_import")
    opening = rounding.divide((value := shown.value(register, at) * 10**register.decimals).numerator, value.denominator)
    metering_operations.install_meter(
        actor=ACTOR,
        at=at,
        meter_point=point,
        meter=made,
        starts_at=at,
        registers=acquisition_plans.registers_of_model(
            model, {"energy_import": opening}, only=demo_devices.SENT[serial]
        ),
    )
    return made


def bus_of(organization_id: int, serial: str) -> int | None:
    """This will return the bus over which one of these meters is heard; None where it is no more. Needs a scope."""
    found = acquisition_models.Device.objects.filter(
        organization_id=organization_id, meter__serial_number=serial, is_enabled=True
    )
    return found.order_by("id").values_list("bus_id", flat=True).first()


def sender_of(organization_id: int) -> acquisition_models.Sender | None:
    """This will return the charger's address; None where it is not there, or was revoked. Needs a scope."""
    return acquisition_models.Sender.objects.filter(
        organization_id=organization_id, device__meter__serial_number=demo_devices.CHARGER, revoked_at=None
    ).first()
