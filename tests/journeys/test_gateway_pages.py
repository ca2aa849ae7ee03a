"""The pages about field gateways: added with a code, watched, given meters, and ended."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pypdf
import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from meterbook.acquisition import gateway_plans
from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition.values import LineSettings, Parity
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import acquisition, gateways, identity, metering, sites
from tests.support import pages

CODE = re.compile(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")


class House:
    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)
        self.meters = [metering.installed_meter(organization=self.organization, site=self.site) for _ in range(3)]

    def href(self, route: str, *more: object) -> str:
        return reverse(route, args=[self.organization.public_id, *more])

    def post(self, route: str, *more: object, **given: object) -> HttpResponse:
        answer: HttpResponse = self.browser.post(self.href(route, *more), given)
        return answer

    def page(self, route: str, *more: object) -> str:
        return pages.page(self.browser, route, self.organization, *more)

    def rows(self) -> list[acquisition_gateways.GatewayRow]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return acquisition_gateways.list_gateways(at=clock.now())


class TestAdding:
    def test_shows_the_code_once_with_its_picture_and_it_enrols(self) -> None:
        house = House()
        given = {"site": str(house.site.public_id), "name": "Riser east", "profile": "CARD", "most_meters": "2"}

        shown = house.post("gateway_new", **given)

        text = shown.content.decode()
        (code,) = set(CODE.findall(text))
        assert shown.status_code == 200
        assert shown.headers["Cache-Control"] == "no-store"
        assert "<svg" in text
        (row,) = house.rows()
        assert (row.name, row.most_meters, row.state.value) == ("Riser east", 2, "WAITING")
        assert not CODE.search(house.page("gateway", row.public_id))
        enrolled = Client().post(
            "/push/v1/enrol", {"code": code, "algorithm": "hmac-sha256"}, content_type="application/json"
        )
        assert enrolled.status_code == 201

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("name", "", "This field is required"),
            ("most_meters", "0", "greater than or equal to 1"),
            ("most_meters", "", "such as 6"),
            ("most_meters", "many", "whole number"),
            ("profile", "BOX", "valid choice"),
            ("site", "nowhere", "valid choice"),
        ],
    )
    def test_says_beside_the_field_what_is_wrong(self, field: str, value: str, words: str) -> None:
        house = House()
        given = {"site": str(house.site.public_id), "name": "Riser", "profile": "CARD", "most_meters": "6"}

        answer = house.post("gateway_new", **{**given, field: value})

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert house.rows() == []

    def test_of_a_name_that_the_site_has_is_refused(self) -> None:
        house = House()
        given = {"site": str(house.site.public_id), "name": "Riser", "profile": "CENTRAL", "most_meters": ""}
        house.post("gateway_new", **given)

        again = house.post("gateway_new", **given)

        assert again.status_code == 422
        assert "take another name" in again.content.decode()


class TestGateway:
    @pytest.mark.spec("M-018/3")
    def test_refuses_one_meter_more_than_its_profile_allows(self) -> None:
        house = House()
        gateway = gateways.gateway(site=house.site, most_meters=2, meters=house.meters[:1])
        wanted = [str(each.meter.public_id) for each in house.meters[1:]]

        refused = house.post("gateway_meters", gateway.public_id, meters=wanted)
        taken = house.post("gateway_meters", gateway.public_id, meters=wanted[:1])

        assert refused.status_code == 422
        assert "allows 2 meters; this would be meter 3" in refused.content.decode()
        assert taken.status_code == 302
        assert "2 of 2" in house.page("gateway", gateway.public_id)
        house.post("gateway_meter_remove", gateway.public_id, meter=wanted[0])
        assert "1 of 2" in house.page("gateway", gateway.public_id)

    def test_tells_how_it_is_doing_and_what_was_wrong(self) -> None:
        house = House()
        gateway = gateways.gateway(site=house.site, meters=house.meters)
        sender = gateways.enrolled(gateway)
        status = {"firmware": "1.4.2", "rssi": -91, "restart_reason": "watchdog", "clock_offset_ms": -7000}
        sender.send([gateways.group(house.meters[0], [(clock.now() - timedelta(hours=1), 1)])], status=status)
        sender.send([], sequence=1)

        listed, shown = house.page("gateways"), house.page("gateway", gateway.public_id)

        for text in (listed, shown):
            for words in ("Sends", "1.4.2", "−91 dBm", "watchdog", "7 s behind"):
                assert words.replace("−", "-") in text.replace("−", "-"), words
        assert "1 security event" in listed
        assert "Another content under a known number" in shown
        acquisition.deliver(house.organization.pk)
        alarms = re.findall(rf"{house.href('alarms')}[0-9a-f-]{{36}}/", house.page("alarms"))
        told = [house.browser.get(each).content.decode() for each in alarms]
        assert any(house.href("gateway", gateway.public_id) in each for each in told)
        assert house.post("gateway_settle", gateway.public_id, reason="").status_code == 422
        assert house.post("gateway_settle", gateway.public_id, reason="a test").status_code == 302
        assert "a test" in house.page("gateway", gateway.public_id)
        assert "security event" not in house.page("gateways")

    def test_is_changed_asked_for_a_key_and_revoked(self) -> None:
        house = House()
        gateway = gateways.gateway(site=house.site)
        sender = gateways.enrolled(gateway)
        of = gateway.public_id

        changed = house.post("gateway_change", of, name="Riser west", profile="CENTRAL", most_meters="")
        asked = house.post("gateway_exchange_key", of)
        told = sender.send([]).json()["exchange_key"]
        drawn = house.post("gateway_code", of, overlap="7")
        lacking = house.post("gateway_revoke", of, reason="")
        ended = house.post("gateway_revoke", of, reason="stolen")

        assert [each.status_code for each in (changed, asked, drawn, lacking, ended)] == [302, 302, 200, 422, 302]
        assert told is True
        (row,) = house.rows()
        assert (row.name, row.most_meters, row.state.value) == ("Riser west", None, "REVOKED")
        assert sender.send([]).status_code == 401
        assert house.post("gateway_code", of, overlap="0").status_code == 422

    def test_is_seen_by_who_may_and_changed_by_nobody_else(self) -> None:
        house = House()
        gateway = gateways.gateway(site=house.site)
        auditor = pages.signed_in(house.organization, RoleCode.AUDITOR)

        assert "Add a gateway" not in pages.page(auditor, "gateways", house.organization)
        assert "Revoke" not in pages.page(auditor, "gateway", house.organization, gateway.public_id)
        assert auditor.post(house.href("gateway_revoke", gateway.public_id), {"reason": "x"}).status_code == 403

    def test_list_is_empty_with_advice(self) -> None:
        assert "No field gateway yet" in House().page("gateways")


class TestLines:
    def test_an_mbus_line_is_set_and_its_meter_read_by_its_number(self) -> None:
        house = House()
        meter = acquisition.installed_meter(organization=house.organization, site=house.site, model_code="kamstrup_382")
        gateway = gateways.gateway(site=house.site, meters=[meter])
        of = gateway.public_id
        line = {"name": "Heat", "protocol": "MBUS_SERIAL", "host": "/dev/ttyUSB1"}

        odd = house.post("gateway_bus_new", of, **line, baud="123")
        house.post("gateway_bus_new", of, name="Broker", protocol="MQTT", host="192.168.10.6")
        added = house.post("gateway_bus_new", of, **line, baud="300", stop_bits="2", pause_ms="50")
        through = house.post("gateway_bus_new", of, name="Converter", protocol="MBUS_TCP", host="192.168.10.5")
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            converter, own = gateway_plans.list_lines(gateway_id=gateway.pk)
        given = {"bus": own.public_id, "meter": str(meter.meter.public_id)}
        nothing = house.post("gateway_device_new", of, **given)
        short = house.post("gateway_device_new", of, **given, secondary="1458")
        read = house.post("gateway_device_new", of, **given, secondary="1458 8517")
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            told = gateway_plans.content(gateway_id=gateway.pk)["buses"]

        assert [each.status_code for each in (odd, added, through, nothing, short, read)] == [
            422,
            302,
            302,
            422,
            422,
            302,
        ]
        assert converter.address == "192.168.10.5:10001"
        assert own.line == LineSettings(300, Parity.EVEN, 2, 50)
        shown = house.page("gateway", of)
        assert "300 8E2, pause 50 ms" in shown
        assert "14588517FFFFFFFF" in shown
        assert [device["unit_id"] for bus in told for device in bus["devices"]] == [0x14588517FFFFFFFF]

    def test_only_mbus_has_numbers_of_meters(self) -> None:
        house = House()
        meter = acquisition.installed_meter(organization=house.organization, site=house.site)
        gateway = gateways.gateway(site=house.site, meters=[meter])
        of = gateway.public_id
        house.post("gateway_bus_new", of, name="Riser", protocol="MODBUS_TCP", host="192.168.10.4")

        assert 'name="secondary"' not in house.page("gateway_device_new", of)
        house.post("gateway_bus_new", of, name="Heat", protocol="MBUS_TCP", host="192.168.10.5")
        assert 'name="secondary"' in house.page("gateway_device_new", of)
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            _heat, riser = gateway_plans.list_lines(gateway_id=gateway.pk)
        given = {"bus": riser.public_id, "meter": str(meter.meter.public_id), "secondary": "14588517"}
        assert "Only M-Bus has it" in house.post("gateway_device_new", of, **given).content.decode()

    def test_a_bus_and_a_meter_on_it_are_added(self) -> None:
        house = House()
        meter = acquisition.installed_meter(organization=house.organization, site=house.site)
        gateway = gateways.gateway(site=house.site, meters=[meter])
        of = gateway.public_id

        wrong = house.post("gateway_bus_new", of, name="Riser", protocol="MODBUS_TCP", host="a b", port="502")
        added = house.post("gateway_bus_new", of, name="Riser", protocol="MODBUS_TCP", host="192.168.10.4", port="502")
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (line,) = gateway_plans.list_lines(gateway_id=gateway.pk)
        given = {"bus": line.public_id, "meter": str(meter.meter.public_id), "unit_id": "7"}
        far = house.post("gateway_device_new", of, **{**given, "unit_id": "300"})
        read = house.post("gateway_device_new", of, **given)

        assert [each.status_code for each in (wrong, added, far, read)] == [422, 302, 422, 302]
        shown = house.page("gateway", of)
        assert "192.168.10.4:502" in shown
        assert "Modbus TCP" in shown
        assert house.post("gateway_device_new", of, **given).status_code == 422
        sheet = house.browser.get(house.href("gateway_wiring", of))
        text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(sheet.content)).pages)
        assert sheet.headers["Content-Type"] == "application/pdf"
        for words in ("192.168.10.4:502", meter.meter.serial_number, gateway.name):
            assert words in text
