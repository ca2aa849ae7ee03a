"""A device at a broker that says with its last strength that its supply fails is silent at once, and why is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterbook.acquisition import values
from meterbook.alarms import queries as alarm_queries
from meterbook.alarms.values import Cause
from meterbook.foundation import scoping
from tests.factories import acquisition as factory
from tests.factories import mqtt
from tests.journeys.test_collector_brokers import is_connected, place

# A collector serves every organization of its database: here it shall have only those of the test.
pytestmark = pytest.mark.usefixtures("empty_database")


@pytest.mark.spec("M-024/3")
def test_of_a_device_is_told_at_once(tmp_path: Path) -> None:
    organization, site = place()
    with mqtt.running_broker(tmp_path) as running:
        bus = mqtt.broker(site=site, port=running.port)
        gasping, _series = mqtt.heard_meter(
            organization=organization, on=bus, topic="riser/1", text="energy_import: /e kWh", seconds=600
        )
        other, _series = mqtt.heard_meter(
            organization=organization, on=bus, topic="riser/2", text="energy_import: /e kWh", seconds=600
        )
        with factory.running_collector(factory.DEMO):
            factory.eventually(lambda: is_connected(bus))
            for topic in ("riser/1", "riser/2"):
                running.send(topic, {"e": 5})
            factory.eventually(lambda: factory.shown_device(other).status is values.DeviceStatus.OK)
            factory.eventually(lambda: factory.shown_device(gasping).status is values.DeviceStatus.OK)

            running.send("riser/1", {"event": "power_lost"})

            factory.eventually(lambda: factory.shown_device(gasping).status is values.DeviceStatus.SILENT)
        factory.deliver(organization.pk)
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            (alarm,) = alarm_queries.list_alarms()[0]

    assert alarm.cause is Cause.METER_UNPOWERED
    assert alarm.cause_caption == "The meter said itself that its supply failed: look at its fuse."
