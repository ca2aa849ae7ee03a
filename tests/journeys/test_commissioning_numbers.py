"""M-Bus meters that all have one address are found by their numbers, read, and taken over: through the page and a real
collector, on a simulated line on which two of them have the same number."""

from __future__ import annotations

import pytest

from meterbook.acquisition import models, operations, values
from meterbook.foundation import scoping
from meterbook_lab.mbus_meter import MbusMeter, recorded
from tests.factories import acquisition, api, commissioning, identity, lab, sites
from tests.journeys import house

# A collector serves every organization of its database: here it shall have only those of the test.
pytestmark = pytest.mark.usefixtures("empty_database")

KAMSTRUP, SIEMENS = "kamstrup_multical_601", "siemens_wfh21"


class Plant(house.House):
    """An M-Bus of a site."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.site = sites.site(organization=self.organization)
        self.bus = acquisition.bus(
            site=self.site,
            port=port,
            protocol=values.BusProtocol.MBUS_TCP,
            line=values.LineSettings(baud=38_400),
        )
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            models.Bus.objects.filter(organization_id=self.organization.pk, pk=self.bus.pk).update(timeout_ms=100)

    def step(self, **given: str) -> str:
        return str(self.client.post(self.path("commission_step", self.bus.public_id), given).content.decode())

    def until_over(self, **given: str) -> str:
        """Step as the page does, until it stops asking."""
        page = self.step(**given)

        def stepped() -> str | None:
            shown = self.step()
            return None if "load delay" in shown else shown

        return page if "load delay" not in page else acquisition.eventually(stepped, seconds=90)


def test_meters_with_one_address_are_found_by_number_and_taken_over() -> None:
    line = [
        MbusMeter(recorded(KAMSTRUP), 0, number="12345678"),
        MbusMeter(recorded(SIEMENS), 0, number="55500001"),
        MbusMeter(recorded(SIEMENS), 0, number="90000009"),
        MbusMeter(recorded(KAMSTRUP), 0, number="90000009"),
    ]
    with lab.running_mbus(line) as bus, acquisition.running_collector():
        plant = Plant(bus.port)
        before = plant.client.get(plant.path("commission_bus", plant.bus.public_id)).content.decode()
        page = plant.until_over(go_on="1", by="number")
        found = {each.secondary[:8]: each for each in commissioning.found_on(plant.bus)}
        program = api.program(organization=plant.organization)
        told = program.get(f"/buses/{plant.bus.public_id}/commissioning").json()
        one = program.get(f"/found-meters/{found['12345678'].public_id}").json()
        chosen = plant.client.get(plant.path("found_meter", found["12345678"].public_id)).content.decode()

    assert "Search by the meters" in before
    assert "100 % of all numbers tried" in page
    assert "Number 12345678" in page
    assert "Try every number again" in page
    assert "Several meters answer to the number 90000009 at once." in page
    assert set(found) == {"12345678", "55500001", "90000009"}
    assert found["12345678"].secondary == "123456782D2C0804"
    assert {each.unit_id for each in found.values()} == {values.BY_SELECTION}
    assert (told["is_by_number"], told["is_over"], told["tried_percent"]) == (True, True, 100)
    assert (one["secondary"], one["model"], one["is_set_up"]) == ("123456782D2C0804", KAMSTRUP, False)
    assert "secondary=123456782D2C0804" in chosen


def test_what_is_left_is_asked_part_by_part_and_the_addresses_can_be_searched_afterwards() -> None:
    plant = Plant(10_001)
    organization = plant.organization.pk
    found = ("123456782D2C0804", "")
    plant.step(go_on="1", by="number")
    commissioning.answer(
        organization, operations.ProbeAnswer(9, selected=(), rest=("2FFFFFFFFFFFFFFF", "1FFFFFFFFFFFFFFF"))
    )
    half = plant.step()
    commissioning.answer(organization, operations.ProbeAnswer(9, problem=commissioning.SILENCE))
    stuck = plant.step()
    plant.step(go_on="1")
    commissioning.answer(organization, operations.ProbeAnswer(9, selected=(found,), rest=()))
    plant.step()
    left = begun(plant).pending
    page = plant.step(go_on="1", stop="1")
    commissioning.answer(organization, operations.ProbeAnswer(9, selected=(found,), rest=()))
    plant.step()
    addresses = plant.step(go_on="1", by="address")

    assert "80 % of all numbers tried" in half
    assert "load delay" not in stuck
    assert left == []
    assert "Number 12345678" in page
    assert begun(plant).pending is None
    assert "addresses asked" in addresses
    assert len(commissioning.found_on(plant.bus)) == 1


def begun(plant: Plant) -> models.Commissioning:
    with scoping.scope([plant.organization.pk], actor=identity.ACTOR):
        return models.Commissioning.objects.get(organization_id=plant.organization.pk)
