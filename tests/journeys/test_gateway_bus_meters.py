"""Many meters of a field gateway get their addresses on a bus on one page: all of them, or none."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from meterbook.acquisition import gateway_plans, operations, values
from meterbook.foundation import scoping
from tests.factories import acquisition, gateways, identity, metering, sites
from tests.journeys.test_topology_pages import text_of
from tests.support import pages


class House:
    def __init__(self, *models: str) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)
        self.meters = [
            acquisition.installed_meter(organization=self.organization, site=self.site, model_code=each)
            for each in models
        ]
        self.gateway = gateways.gateway(site=self.site, meters=self.meters)

    def bus(self, protocol: values.BusProtocol, port: int) -> str:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            made = operations.create_gateway_bus(
                actor=identity.ACTOR,
                at=acquisition.AT,
                public_id=self.gateway.public_id,
                name=f"Riser {port}",
                protocol=protocol,
                host="192.168.10.4",
                port=port,
            )
        return str(made.public_id)

    def href(self, bus: str) -> str:
        return reverse("gateway_bus_meters", args=[self.organization.public_id, self.gateway.public_id]) + f"?bus={bus}"

    def write(self, bus: str, *addresses: tuple[metering.Installed, str]) -> HttpResponse:
        given = {f"address-{meter.meter.public_id}": typed for meter, typed in addresses}
        answer: HttpResponse = self.browser.post(self.href(bus), given)
        return answer

    def read(self) -> list[tuple[str, ...]]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            lines = gateway_plans.list_lines(gateway_id=self.gateway.pk)
        return [tuple(address for _serial, address in each.devices) for each in lines]


def test_those_with_an_address_are_read_and_the_others_stay_to_choose_from() -> None:
    house = House("eastron_sdm630", "eastron_sdm630", "eastron_sdm630", "kamstrup_382")
    first, second, third, heat = house.meters
    assert "No bus yet" in house.browser.get(house.href("").partition("?")[0]).content.decode()
    riser = house.bus(values.BusProtocol.MODBUS_RTU_TCP, 4001)
    warm = house.bus(values.BusProtocol.MBUS_TCP, 10001)

    empty = house.write(riser)
    wrong = house.write(riser, (first, "7"), (second, "300"))
    twice = house.write(riser, (first, "7"), (second, "7"))
    nothing = house.read()
    taken = house.write(riser, (first, "7"), (second, "8"))
    numbered = house.write(warm, (heat, "1458 8517"))

    assert [each.status_code for each in (empty, wrong, twice, taken, numbered)] == [422, 422, 422, 302, 302]
    assert "between 1 and 247" in text_of(wrong.content.decode())
    assert "in use on bus" in text_of(twice.content.decode())
    assert nothing == [(), ()]  # all of them, or none
    assert house.read() == [("7", "8"), ("14588517FFFFFFFF",)]
    left = text_of(house.browser.get(house.href(riser)).content.decode())
    assert third.meter.serial_number in left
    assert first.meter.serial_number not in left
    assert house.href(riser) in pages.page(house.browser, "gateway", house.organization, house.gateway.public_id)


def test_of_a_bus_that_is_not_the_gateways_there_is_no_page() -> None:
    house, other = House("eastron_sdm630"), House()
    foreign = other.bus(values.BusProtocol.MODBUS_TCP, 502)

    assert house.browser.get(house.href(foreign)).status_code == 404
    assert house.write(foreign, (house.meters[0], "7")).status_code == 404
