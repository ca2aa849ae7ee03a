"""A line is changed for all meters on it: by people on its page, by programs, and behind a field gateway."""

from __future__ import annotations

import uuid

import pytest
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings

from meterbook.acquisition import gateway_plans, models, networks, operations, permissions, values
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from tests.factories import acquisition, api, gateways, identity, sites
from tests.journeys.test_topology_pages import text_of
from tests.support import pages

LINE = {"name": "Riser", "protocol": "MODBUS_RTU_TCP", "host": "127.0.0.1", "port": "4001"}
PACE = {"timeout_ms": "2500", "retries": "1", "is_enabled": "on"}


@pytest.fixture(autouse=True)
def _demo(settings: Settings) -> None:
    """Gateways at loopback addresses are for demos only."""
    settings.IS_DEMO = True


class House:
    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)

    def change(self, bus: models.Bus, **given: str) -> HttpResponse:
        href = reverse("bus_change", args=[self.organization.public_id, bus.public_id])
        answer: HttpResponse = self.browser.post(href, given)
        return answer

    def now(self, bus: models.Bus) -> models.Bus:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return models.Bus.objects.get(pk=bus.pk)

    def behind_gateway(self, *, host: str = "/dev/ttyUSB0") -> tuple[models.Bus, models.Device]:
        """A gateway of its own with a meter on a serial port, as every small computer at a site has it."""
        meter = acquisition.installed_meter(organization=self.organization, site=self.site)
        gateway = gateways.gateway(site=self.site, meters=[meter])
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            bus = operations.create_gateway_bus(
                actor=identity.ACTOR,
                at=acquisition.AT,
                public_id=gateway.public_id,
                name=f"Bus {uuid.uuid4().hex[:6]}",
                protocol=values.BusProtocol.MODBUS_SERIAL,
                host=host,
                port=0,
            )
            device = operations.create_gateway_device(
                actor=identity.ACTOR,
                at=acquisition.AT,
                public_id=gateway.public_id,
                bus=bus.public_id,
                meter=meter.meter.public_id,
                unit_id=7,
            )
        return bus, device


@pytest.mark.spec("M-016/7")
class TestPage:
    def test_changes_name_protocol_place_pace_and_tells_it_in_the_trail(self) -> None:
        house = House()
        device = acquisition.device(organization=house.organization, on=acquisition.bus(site=house.site))
        bus = device.bus
        shown = pages.page(house.browser, "bus_change", house.organization, bus.public_id)
        health = pages.page(house.browser, "bus_health", house.organization, bus.public_id)

        changed = house.change(bus, **LINE, **PACE, pause_ms="20")

        assert "holds for the 1 meter on" in text_of(shown)
        assert reverse("bus_change", args=[house.organization.public_id, bus.public_id]) in health
        assert changed.status_code == 302
        now = house.now(bus)
        assert (now.name, now.protocol, now.port) == ("Riser", "MODBUS_RTU_TCP", 4001)
        assert (now.timeout_ms, now.retries, now.pause_ms, now.is_enabled) == (2500, 1, 20, True)
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (entry,) = audit_models.AuditEntry.objects.filter(action="acquisition:change_bus")
        assert entry.after["timeout_ms"] == 2500
        assert "host" not in entry.after  # only what differs

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("timeout_ms", "10", "greater than or equal to 50"),
            ("retries", "11", "less than or equal to 10"),
            ("name", "", "This field is required"),
            ("protocol", "MBUS_TCP", "valid choice"),
            ("host", "a b", "address or name alone"),
            ("host", "192.0.2.9", "simulated meters on this machine only"),
            ("port", "4002", "has this address already"),
        ],
    )
    def test_says_beside_the_field_what_cannot_be(self, field: str, value: str, words: str) -> None:
        house = House()
        bus = acquisition.bus(site=house.site)
        acquisition.bus(site=house.site, port=4002, name="Other")

        answer = house.change(bus, **{**LINE, **PACE, field: value})

        assert answer.status_code == 422
        assert words in text_of(answer.content.decode())
        assert house.now(bus).name == bus.name

    def test_a_line_that_is_off_is_no_trouble_and_has_no_alarm(self) -> None:
        house = House()
        device = acquisition.device(organization=house.organization, on=acquisition.bus(site=house.site, name="Riser"))
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.note_device_silence(
                actor=identity.ACTOR,
                at=acquisition.AT,
                device_id=device.pk,
                failures=3,
                since=acquisition.AT,
                problem=acquisition.TIMEOUT,
            )
        acquisition.deliver(house.organization.pk)
        before = pages.page(house.browser, "alarms", house.organization)

        house.change(device.bus, **LINE, timeout_ms="1000", retries="2")
        acquisition.deliver(house.organization.pk)

        topology = text_of(pages.page(house.browser, "topology", house.organization))
        assert "No open alarms" not in text_of(before)
        assert "Switched off" in topology
        assert "With trouble 0" in topology
        assert "No open alarms" in text_of(pages.page(house.browser, "alarms", house.organization))

    def test_is_for_who_manages_devices_at_its_site(self) -> None:
        house = House()
        bus = acquisition.bus(site=house.site)
        elsewhere = sites.site(organization=house.organization)
        auditor = pages.signed_in(house.organization, RoleCode.AUDITOR)
        other = pages.signed_in(identity.organization())
        other.force_login(
            identity.user(organization=house.organization, role=RoleCode.INTEGRATOR, site_id=elsewhere.pk)
        )
        href = reverse("bus_change", args=[house.organization.public_id, bus.public_id])

        assert auditor.get(href).status_code == 403
        assert other.get(href).status_code == 404
        assert href not in pages.page(auditor, "bus_health", house.organization, bus.public_id)


class TestBehindFieldGateways:
    def test_two_with_the_same_serial_port_are_two_places(self) -> None:
        house = House()
        bus, device = house.behind_gateway()
        other, _device = house.behind_gateway()

        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.change_connection(
                actor=identity.ACTOR,
                at=acquisition.AT,
                device=device.public_id,
                gateway_name=bus.name,
                host=bus.host,
                port=bus.port,
                unit_id=9,
                byte_order=None,
                allowed=networks.AllowedNetworks(),
            )
            names = [each.gateway.name for each in models.Bus.objects.select_related("gateway").order_by("id")]

        topology = text_of(pages.page(house.browser, "topology", house.organization))
        assert "2 gateways" in topology
        assert all(f"{name} " in topology for name in names)
        assert house.now(other).host == "/dev/ttyUSB0"

    def test_an_address_in_the_network_of_the_gateway_is_its_own_affair(self) -> None:
        house = House()
        bus, _device = house.behind_gateway()
        line = {"name": "Riser", "protocol": "MODBUS_RTU_TCP", "host": "192.168.10.4", "port": "4001"}

        changed, serial = house.change(bus, **line, **PACE), house.change(bus, **{**line, "host": "a b"}, **PACE)

        assert (changed.status_code, serial.status_code) == (302, 422)
        gateway = house.now(bus).gateway_id
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (told,) = gateway_plans.content(gateway_id=gateway)["buses"]
        assert (told["host"], told["port"], told["timeout_ms"], told["retries"]) == ("192.168.10.4", 4001, 2500, 1)


def test_programs_see_and_change_the_same() -> None:
    house = House()
    bus = acquisition.bus(site=house.site)
    rights = [permissions.VIEW_DEVICE, permissions.MANAGE_DEVICE]
    program = api.program(organization=house.organization, permissions=rights)
    place = f"/buses/{bus.public_id}"

    told = program.get(place).json()
    changed = program.ask("PUT", place, {**LINE, "port": 4001, "timeout_ms": 3000, "retries": 0, "is_enabled": False})
    refused = program.ask("PUT", place, {**LINE, "port": 4001, "host": "a b", "timeout_ms": 3000, "retries": 0})

    assert (told["timeout_ms"], told["retries"], told["field_gateway"]) == (200, 1, "")
    assert (changed.status_code, changed.json()["is_enabled"], changed.json()["timeout_ms"]) == (200, False, 3000)
    assert refused.status_code == 422
    assert api.problem(refused)["errors"][0]["pointer"] == "/body/host"
