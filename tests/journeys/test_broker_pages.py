"""Brokers of MQTT on their pages and in the API: added, changed, and meters set up that send by themselves."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings

from meterbook.acquisition import brokers, models, operations, values
from meterbook.acquisition import queries as acquisition_queries
from meterbook.foundation import scoping, vault
from meterbook.journeys import exchange_meter
from meterbook.kernel import clock
from tests.factories import acquisition, api, identity, mqtt, sites
from tests.support import pages, trails

SECRET = "gulls over the pier"
MAPPING = "energy_import: /energy/total kWh\npower: /power × 0.001 kW\ntime: /ts"


@pytest.fixture(autouse=True)
def demo(settings: Settings) -> None:
    """Brokers of these tests are on this machine."""
    settings.IS_DEMO = True


class House:
    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)

    def href(self, route: str, *more: object) -> str:
        return reverse(route, args=[self.organization.public_id, *more])

    def post(self, route: str, *more: object, **given: object) -> HttpResponse:
        answer: HttpResponse = self.browser.post(self.href(route, *more), given)
        return answer

    def page(self, route: str, *more: object) -> str:
        return pages.page(self.browser, route, self.organization, *more)

    def broker(self) -> brokers.BrokerRow:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            (row,) = brokers.list_brokers()
        return row

    def password(self) -> str:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            sealed = models.Broker.objects.get(organization_id=self.organization.pk).sealed_password
        assert SECRET not in sealed
        return vault.open_sealed(sealed) if sealed else ""

    def meter(self, **given: object) -> HttpResponse:
        form = {
            "site": str(self.site.public_id),
            "name": "Shop 1",
            "code": "MP-1",
            "service": "ELECTRICITY",
            "model_code": "json_electricity",
            "serial_number": "SN-1",
            "multiplier": "1",
            "gateway": f"mqtt:{self.broker().bus.public_id}",
            "topic": "riser/1",
            "mapping": MAPPING,
            "byte_order": "",
        }
        return self.post("meter_new", **form | given)


def broker_form(house: House, **given: object) -> dict[str, object]:
    return {"site": str(house.site.public_id), "name": "Hall", "host": "127.0.0.1", "port": "", **given}


class TestABroker:
    def test_is_added_and_changed_and_its_password_is_never_shown_again(self) -> None:
        house = House()

        added = house.post("broker_new", **broker_form(house, user="mall", password=SECRET, is_encrypted="on"))

        row = house.broker()
        assert added.status_code == 302
        assert (row.bus.host, row.bus.port, row.user, row.is_encrypted) == ("127.0.0.1", 8883, "mall", True)
        assert house.password() == SECRET
        shown = house.page("broker", row.bus.public_id) + house.page("brokers") + house.page("topology")
        assert SECRET not in shown
        assert "Not entered yet" in shown
        assert "Unauthenticated" not in shown
        again = broker_form(house, name="Hall 2", user="mall", password="", is_encrypted="on", port="8883")
        assert house.post("broker", row.bus.public_id, **again).status_code == 302
        assert (house.broker().bus.name, house.password()) == ("Hall 2", SECRET)
        for other in ({"host": "127.0.0.2"}, {"port": "8884"}, {"is_encrypted": ""}, {"user": "else"}):
            moved = house.post("broker", row.bus.public_id, **again | other)
            assert (moved.status_code, "enter it again" in moved.content.decode()) == (422, True)
        gone = house.post("broker", row.bus.public_id, **broker_form(house, name="Hall 2", user="", password=""))
        assert (gone.status_code, house.password()) == (302, "")
        assert "Unauthenticated" in house.page("brokers")
        assert "Unauthenticated" in house.page("topology")
        kept_trail = [each for each in trails.entries(house.organization) if each.action.endswith("_broker")]
        assert len(kept_trail) == 3
        assert SECRET not in str(kept_trail)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"host": "not a host"}, "address or name alone"),
            ({"host": "8.8.8.8"}, "outside of the local network"),
            ({"host": "8.8.8.8", "user": "u", "password": "p"}, "outside of the local network"),
            (
                {"host": "8.8.8.8", "user": "u", "password": "p", "is_encrypted": "on"},
                "A demo reaches simulated meters",
            ),
            ({"user": "u"}, "Give the password"),
            ({"password": "p"}, "A password needs a user"),
            ({"is_encrypted": "on", "authority": "no certificate"}, "BEGIN CERTIFICATE"),
            ({"authority": "x"}, "only with encryption"),
            ({"port": "70000"}, "less than or equal to 65535"),
        ],
        ids=["host", "anonymous", "clear", "network", "no_password", "no_user", "certificate", "unused", "port"],
    )
    def test_that_cannot_be_is_explained(self, given: dict[str, object], words: str) -> None:
        house = House()

        answer = house.post("broker_new", **broker_form(house, **given))

        assert answer.status_code == 422
        assert words in answer.content.decode()


class TestAMeterThatSends:
    def test_is_set_up_with_what_its_messages_hold_and_changed(self) -> None:
        house = House()
        house.post("broker_new", **broker_form(house))

        assert "Where the values stand" in house.page("meter_new")
        added = house.meter()

        assert added.status_code == 302
        point = added.headers["Location"].rstrip("/").split("/")[-1]
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            device = models.Device.objects.get(organization_id=house.organization.pk)
            row = brokers.find_subscription(device_id=device.pk, model_code=device.model_code)
        assert row is not None
        assert row.text.splitlines() == ["energy_import: /energy/total kWh", "power: /power × 0.001 kW", "time: /ts"]
        assert "riser/1" in house.page("meter_connection", point)
        changed = {"topic": "riser/2", "mapping": "energy_import: /e Wh", "expected_seconds": "30", "channel": "0"}
        assert house.post("meter_connection", point, **changed).status_code == 302
        other = house.post("meter_connection", point, **changed | {"mapping": "energy_export: /e Wh"})
        assert "was set up without energy_export" in other.content.decode()
        shown = house.page("meter", point)
        assert "energy_import" not in re.findall(r"Energy returned", shown)
        assert "Unit number" in house.page("topology_bus", house.broker().bus.public_id)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"topic": ""}, "Give the topic"),
            ({"topic": "riser/#"}, "without + and #"),
            ({"mapping": ""}, "Say where the values stand"),
            ({"mapping": "energy_import: /e m³"}, "do not measure what energy_import counts"),
            ({"mapping": "energy_import /e"}, "Line 1: write"),
            ({"mapping": "power: /p W\nheat: /h kWh"}, "Line 2: this model has no register"),
            ({"mapping": "power: /p lux"}, "the unit “lux” is not known"),
            ({"mapping": "power: /p × much W"}, "no factor"),
            ({"gateway": "new"}, "Choose the broker"),
            ({"model_code": "eastron_sdm630", "unit_id": "7"}, "This model does not speak that"),
        ],
        ids=lambda each: str(each)[:20] if isinstance(each, str) else "-".join(each),
    )
    def test_that_cannot_be_is_explained(self, given: dict[str, object], words: str) -> None:
        house = House()
        house.post("broker_new", **broker_form(house))

        answer = house.meter(**given)

        assert answer.status_code == 422
        assert words in answer.content.decode().replace("&#x27;", "'")

    def test_needs_a_broker_first(self) -> None:
        house = House()
        form = {"name": "Shop", "code": "M-1", "service": "ELECTRICITY", "model_code": "json_electricity"}
        form |= {"site": str(house.site.public_id), "serial_number": "1", "multiplier": "1", "gateway": "new"}

        for route in ("meter_new", "first_meter"):
            answer = house.post(route, **form)
            assert (answer.status_code, "Choose the broker" in answer.content.decode()) == (422, True)

    def test_goes_on_under_its_topic_when_it_is_exchanged(self) -> None:
        house = House()
        bus = mqtt.broker(site=house.site, port=1883)
        old, _ = mqtt.heard_meter(organization=house.organization, on=bus, text=MAPPING)
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            point = acquisition_queries.point_of_meter(organization_id=house.organization.pk, meter_id=old.meter_id)
            assert point is not None
            exchange_meter.exchange(
                actor=acquisition.ACTOR,
                at=clock.now(),
                point_id=point.public_id,
                old_meter_id=old.meter.public_id,
                exchanged_at=clock.now().replace(microsecond=0),
                finals={"energy_import": exchange_meter.Final(Decimal(0))},
                new=exchange_meter.NewMeter(serial_number="SN-2", model_code="json_electricity"),
                reason="worn",
            )
            devices = models.Device.objects.filter(organization_id=house.organization.pk, is_enabled=True)
            (new,) = devices
            row = brokers.find_subscription(device_id=new.pk, model_code=new.model_code)
        assert row is not None
        assert (row.topic, row.is_own, row.text) == ("riser/1", True, MAPPING)


class TestTheInterface:
    def test_adds_a_broker_and_a_meter_that_sends(self) -> None:
        house = House()
        program = api.program(organization=house.organization)

        def call(method: str, path: str, body: object = None) -> HttpResponse:
            return program.ask(method, f"/{path}", body)

        made = call("POST", "brokers", {"site": str(house.site.public_id), "name": "Hall", "host": "127.0.0.1"})
        broker = json.loads(made.content)
        assert (broker["port"], broker["is_authenticated"], broker["state"]) == (1883, False, "NEVER")
        wrong = call("POST", "brokers", {"site": str(house.site.public_id), "name": "Hall", "host": "9.9.9.9"})
        assert (wrong.status_code, "local network" in wrong.content.decode()) == (422, True)
        place = {"code": "energy_import", "pointer": "/e", "unit": "WH", "factor": "0.5"}
        point = call(
            "POST",
            "meter-points",
            {
                "site": str(house.site.public_id),
                "code": "MP-9",
                "name": "Shop",
                "service": "ELECTRICITY",
                "serial_number": "9",
                "model": "json_electricity",
                "connection": {"gateway": broker["id"], "subscription": {"topic": "a/b", "values": [place]}},
            },
        )
        assert point.status_code == 201
        path = f"meter-points/{json.loads(point.content)['id']}/subscription"
        told = json.loads(call("GET", path).content)
        assert told["values"] == [place | {"topic": ""}]
        changed = call("PUT", path, {"topic": "a/c", "values": [{"code": "energy_import", "pointer": "/x"}]})
        assert json.loads(changed.content)["values"][0]["unit"] == "KWH"
        gateway = {"name": "B", "host": "127.0.0.1", "protocol": "MQTT"}
        other = call(
            "POST",
            "meter-points",
            {
                "site": str(house.site.public_id),
                "code": "MP-10",
                "name": "Shop",
                "service": "ELECTRICITY",
                "serial_number": "10",
                "model": "json_electricity",
                "connection": {"new_gateway": gateway, "unit_id": 1},
            },
        )
        assert (other.status_code, "added by itself" in other.content.decode()) == (422, True)
        refused = call("PUT", path, {"topic": "a/+"})
        assert (refused.status_code, json.loads(call("GET", "brokers").content)["items"][0]["meter_count"]) == (422, 1)


def test_a_state_is_shown_with_what_to_do() -> None:
    house = House()
    bus = mqtt.broker(site=house.site, port=1883)
    problem = values.Problem("BROKER_REFUSED", "refused", "check", {"host": "127.0.0.1"})
    for state, words in (
        (values.BrokerState.RETRYING, "does not let us in"),
        (values.BrokerState.CONNECTED, "Connected"),
    ):
        with scoping.scope([house.organization.pk], actor=acquisition.ACTOR):
            operations.note_broker(
                actor=acquisition.ACTOR,
                at=clock.now(),
                bus_id=bus.pk,
                state=state,
                problem=problem if state is values.BrokerState.RETRYING else None,
            )
        assert words in house.page("topology")
        assert words in house.page("brokers")
