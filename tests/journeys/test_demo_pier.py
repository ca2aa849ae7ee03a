"""The demonstration's third site: its meters send by themselves, and what they send is what the product reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from meterbook.acquisition import models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.contract.decoding import Options
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.mqtt import messages, shapes
from meterbook.foundation import scoping
from meterbook.journeys import sent
from meterbook.kernel import clock
from meterbook_lab import demo_devices, demo_pier
from tests.factories import acquisition, identity

AT = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
SINCE = AT - timedelta(days=380)


class TestDevices:
    def test_a_shelly_sends_under_its_topics_what_its_model_is_read_by(self) -> None:
        kiosk = demo_devices.meter(demo_devices.KIOSK, SINCE)

        found = demo_devices.messages(kiosk, AT)

        known = shapes.of_model(kiosk.model, 0)
        assert known is not None
        for topic, content in found.items():
            places = [each for each in known.places if each.topic == topic]
            told = messages.read(json.dumps(content).encode(), places, "", now=AT)
            assert len(told.records) == len(places)

    def test_the_p1_port_counts_on_and_its_check_sum_fits(self) -> None:
        boats = demo_devices.meter(demo_devices.BOATS, SINCE)

        told = [
            decoding.decode("dsmr", demo_devices.p1_telegram(boats, at), Options())
            for at in (AT, AT + timedelta(hours=1))
        ]

        assert [each["crc_ok"] for each in told] == [True, True]
        sums = [
            sum(Decimal(str(one["value"])) for one in each["objects"] if ":1.8." in one["obis"])  # type: ignore[index, union-attr, call-overload]
            for each in told
        ]
        used = boats.watt_hours(AT, AT + timedelta(hours=1)) / 1000
        assert abs(sums[1] - sums[0] - Decimal(used.numerator) / Decimal(used.denominator)) < Decimal("0.01")


def test_the_site_hears_its_charger_by_the_address_that_was_made_for_it() -> None:
    organization = identity.organization()
    at = clock.now()
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        demo_pier.build(at=at, since=at - timedelta(days=380), served=[("127.0.0.1", 1883), ("127.0.0.1", 2001)])
        devices = models.Device.objects.filter(organization_id=organization.pk).select_related("bus", "meter")
        protocols = {each.meter.serial_number: each.bus.protocol for each in devices.order_by("id")}
        boats = next(each for each in devices if each.meter.serial_number == demo_devices.BOATS)
        sender = demo_pier.sender_of(organization.pk)
        assert sender is not None
        made = acquisition_operations.rotate_sender(
            actor=identity.ACTOR, at=at, real_at=clock.real_now(), public_id=sender.public_id, keeps_former=False
        )
        assert demo_pier.bus_of(organization.pk, demo_devices.BOATS) == boats.bus_id
    charger = demo_devices.meter(demo_devices.CHARGER, at - timedelta(days=380))

    heard = sent.take(
        address="127.0.0.1",
        at=at,
        real_at=clock.real_now(),
        public_id=made.public_id,
        token=made.token,
        payload=json.dumps(demo_devices.charged(charger, at)).encode(),
    )

    assert protocols == {
        demo_devices.KIOSK: "MQTT",
        demo_devices.CHARGER: "HTTP",
        demo_devices.BOATS: "DSMR_TCP",
    }
    assert boats.unit_id == 0
    assert (heard.stored, heard.problem) == (2, "")
    acquisition.deliver(organization.pk)
