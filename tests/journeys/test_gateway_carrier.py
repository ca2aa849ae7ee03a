"""Which way a gateway sends: set on its page and by the API, told at the enrolment and in its configuration."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.acquisition import carriers, operations
from meterbook.acquisition.push import configuration, signing
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import gateways, identity, mqtt, sites
from tests.support import pages


class House:
    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)
        self.gateway = gateways.gateway(site=self.site)

    def row(self) -> carriers.CarrierRow | None:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return carriers.find(gateway_id=self.gateway.pk)

    def post(self, **given: object) -> tuple[int, str]:
        href = reverse("gateway_carrier", args=[self.organization.public_id, self.gateway.public_id])
        answer = self.browser.post(href, given)
        return answer.status_code, answer.content.decode()

    def page(self, route: str = "gateway") -> str:
        return pages.page(self.browser, route, self.organization, self.gateway.public_id)

    def told(self, server_key: str) -> configuration.Configuration:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            made = operations.sign_configuration(actor=identity.ACTOR, at=clock.now(), gateway_id=self.gateway.pk)
        return configuration.read(
            made.text, made.signature, server_key=signing.decode(server_key), gateway=str(self.gateway.public_id)
        )


class TestCarrier:
    def test_is_chosen_on_the_page_and_told_with_a_higher_number(self) -> None:
        house = House()
        assert "over HTTPS" in house.page()
        assert "There is no broker yet" in house.page("gateway_carrier")
        bus = mqtt.broker(site=house.site, port=1883, user="meterbook", password="one", is_encrypted=True)
        sender = gateways.enrolled(house.gateway)
        before = house.told(sender.server_key)

        status, _page = house.post(broker=str(bus.public_id), host="mqtt.example.com", port="8883")

        assert status == 302
        after = house.told(sender.server_key)
        assert (before.carrier, after.number) == (None, before.number + 1)
        assert after.carrier == configuration.Carrier("mqtt.example.com", 8883, True, "")
        page = house.page()
        assert "mqtt.example.com:8883" in page
        assert f"meterbook/push/v1/{house.gateway.public_id}/batches" in page
        assert "one" not in json.dumps(after.carrier.__dict__)
        assert house.post(broker="", host="", port="")[0] == 302
        assert house.told(sender.server_key).carrier is None
        assert house.row() is None

    def test_is_told_at_the_enrolment(self) -> None:
        house = House()
        bus = mqtt.broker(site=house.site, port=1883)
        house.post(broker=str(bus.public_id))

        given = {"code": gateways.code(house.gateway), "algorithm": "hmac-sha256"}
        told = Client().post("/push/v1/enrol", given, content_type="application/json").json()

        assert told["carrier"] == {"host": "127.0.0.1", "port": 1883, "is_encrypted": False, "authority": ""}

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"broker": "nowhere"}, "valid choice"),
            ({"host": "http://x/"}, "address or name alone"),
            ({"host": "8.8.8.8"}, "needs a user and encryption"),
            ({"port": "70000"}, "less than or equal to 65535"),
        ],
    )
    def test_that_cannot_be_is_said_beside_the_field(self, given: dict[str, str], words: str) -> None:
        house = House()
        bus = mqtt.broker(site=house.site, port=1883)

        status, page = house.post(**{"broker": str(bus.public_id), **given})

        assert (status, words in page) == (422, True)
        assert house.row() is None
