"""What a gateway asks the server: its signed configuration, what its devices are asked, and its answers to that."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest

from meterbook.acquisition import operations, plans, values
from meterbook.acquisition.push import configuration, signing
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import acquisition, gateways, identity, sites

CONFIGURATION, REQUESTS, ANSWERS = "/push/v1/configuration", "/push/v1/requests", "/push/v1/answers"


class House:
    """A gateway that reads one meter by itself."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.meter = acquisition.installed_meter(organization=self.organization, site=self.site)
        self.gateway = gateways.gateway(site=self.site, meters=[self.meter])
        self.sender = gateways.enrolled(self.gateway)
        self.given: dict[str, Any] = {"actor": identity.ACTOR, "at": clock.now(), "public_id": self.gateway.public_id}
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            self.bus = operations.create_gateway_bus(
                **self.given, name="Riser", protocol=values.BusProtocol.MODBUS_TCP, host="192.168.10.4", port=502
            )
            self.device = operations.create_gateway_device(
                **self.given, bus=self.bus.public_id, meter=self.meter.meter.public_id, unit_id=7
            )

    def configuration(self) -> tuple[int, str, str]:
        told = self.sender.call(CONFIGURATION, {}).json()
        return told["number"], told["configuration"], told["signature"]

    def read(self, text: str, signature: str, **more: Any) -> configuration.Configuration:  # noqa: ANN401
        given = {"server_key": signing.decode(self.sender.server_key), "gateway": self.sender.gateway, **more}
        return configuration.read(text, signature, **given)

    def asked(self, *, known: int | None = None) -> list[dict[str, Any]]:
        known = self.configuration()[0] if known is None else known
        told = self.sender.call(REQUESTS, {"wait_ms": 0, "configuration": known})
        assert told.status_code == 200, told.content
        return list(told.json()["requests"])


class TestConfiguration:
    def test_is_signed_and_tells_what_to_read(self) -> None:
        house = House()

        number, text, signature = house.configuration()

        (bus,) = house.read(text, signature).buses
        (device,) = bus.devices
        assert (number, bus.protocol, bus.host, bus.port) == (1, "MODBUS_TCP", "192.168.10.4", 502)
        assert (device.meter, device.unit_id, device.model.code) == (
            house.meter.meter.serial_number,
            7,
            "eastron_sdm630",
        )
        assert device.registers["energy_import"] == 15

    def test_gets_a_new_number_when_its_content_changes_and_only_then(self) -> None:
        house = House()
        first = house.configuration()
        assert house.configuration() == first

        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.remove_meter(**house.given, meter=house.meter.meter.public_id)
        number, text, signature = house.configuration()

        assert number == 2
        assert house.read(text, signature).buses == ()
        with pytest.raises(configuration.ConfigurationRefused, match="older"):
            house.read(*first[1:], number=2)

    def test_of_another_gateway_or_server_is_refused(self) -> None:
        house, other = House(), House()
        _number, text, signature = house.configuration()

        with pytest.raises(configuration.ConfigurationRefused, match="signed"):
            house.read(text.replace("192.168.10.4", "192.168.10.5"), signature)
        with pytest.raises(configuration.ConfigurationRefused, match="signed"):
            other.read(text, signature)

    def test_is_not_read_by_the_collector(self) -> None:
        house = House()

        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            assert plans.devices_for_collector() == ()

    def test_takes_no_meter_that_the_gateway_may_not_deliver(self) -> None:
        house = House()
        stranger = acquisition.installed_meter(organization=house.organization, site=house.site)

        with (
            scoping.scope([house.organization.pk], actor=identity.ACTOR),
            pytest.raises(operations.DeviceMisconfigured, match="field gateway"),
        ):
            operations.create_device(
                actor=identity.ACTOR, at=clock.now(), bus=house.bus, meter=stranger.meter, unit_id=8
            )


class TestRequests:
    def test_are_taken_once_and_answered(self) -> None:
        house = House()
        wanted = acquisition.request(house.device)

        (asked,) = house.asked()
        again = house.asked()
        value = {
            "register_code": "power",
            "series_code": "power",
            "value": 1234,
            "decimals": 1,
            "unit": "W",
            "raw": "0",
        }
        answer = {"request": asked["id"], "took_ms": 40, "values": [value], "problem": None}
        told = house.sender.call(ANSWERS, answer).json()

        assert asked["id"] == str(wanted)
        assert asked["device"] == str(house.device.public_id)
        assert 0 < asked["expires_in_ms"] <= 30_000
        assert again == []
        assert told["status"] == "ANSWERED"
        row = acquisition.shown_request(house.organization.pk, wanted)
        assert [(each.register_code, each.value) for each in row.values] == [("power", 1234)]

    def test_that_expired_are_never_given_out(self) -> None:
        house = House()
        wanted = acquisition.request(house.device, real_at=clock.real_now() - timedelta(seconds=31))

        assert house.asked() == []
        assert acquisition.shown_request(house.organization.pk, wanted).status is values.RequestStatus.EXPIRED

    def test_tell_the_exact_problem(self) -> None:
        house = House()
        wanted = acquisition.request(house.device)
        (asked,) = house.asked()
        problem = {"code": "TIMEOUT", "words": "unit 7 did not answer within 1 s", "remedy": "Check the wiring."}

        house.sender.call(ANSWERS, {"request": asked["id"], "took_ms": 1000, "values": [], "problem": problem})

        row = acquisition.shown_request(house.organization.pk, wanted)
        assert row.status is values.RequestStatus.FAILED
        assert row.problem is not None
        assert row.problem.code == "TIMEOUT"

    def test_of_another_gateway_cannot_be_answered(self) -> None:
        house, other = House(), House()
        wanted = acquisition.request(house.device)
        given = {"took_ms": 1, "values": [], "problem": None}

        foreign = other.sender.call(ANSWERS, {"request": str(wanted), **given})
        unknown = other.sender.call(ANSWERS, {"request": str(uuid.uuid4()), **given})
        broken = other.sender.call(ANSWERS, {"request": "x", **given})

        assert [each.status_code for each in (foreign, unknown, broken)] == [404, 404, 422]
        assert other.sender.call(REQUESTS, {"wait_ms": 1_000_000}).status_code == 422

    def test_come_back_at_once_when_the_configuration_is_another(self) -> None:
        house = House()

        told = house.sender.call(REQUESTS, {"wait_ms": 20_000, "configuration": 0}).json()

        assert told["configuration"] == 1


class TestDevices:
    def test_that_a_gateway_cannot_read_are_told_as_silent(self) -> None:
        house = House()
        now = int(clock.now().timestamp() * 1000)
        problem = {"code": "TIMEOUT", "words": "unit 7 did not answer within 1 s", "remedy": "Check the wiring."}
        note = {"device": str(house.device.public_id), "at": now, "failures": 3, "since": now - 60_000}

        house.sender.send([], devices=({**note, "problem": problem},))
        silent = acquisition.shown_device(house.device)
        house.sender.send([], devices=({"device": note["device"], "at": now, "request": "01", "response": "02"},))
        back = acquisition.shown_device(house.device)

        assert (silent.status, back.status) == (values.DeviceStatus.SILENT, values.DeviceStatus.OK)
        assert back.response_hex == "02"
        assert house.sender.send([], devices=({"device": 1, "at": now},)).status_code == 422
        assert json.loads(house.sender.send([], devices=({"device": "x", "at": now},)).content)["sequence"] == 4
