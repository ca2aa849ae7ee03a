"""A SunSpec device says itself what it has: its chain of models, the points to choose, and the type that is made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meterbook.acquisition import catalogue, operations
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.collector import surveying
from meterbook.foundation import scoping
from tests.factories import commissioning, identity, lab
from tests.journeys.test_commissioning_pages import Plant
from tests.unit.acquisition import test_sunspec_discovery as sunspec


@pytest.fixture
def plant() -> Plant:
    return Plant()


class TestSunSpec:
    def test_a_device_with_the_mark_is_asked_who_it_is_before_the_library_is_tried(self, plant: Plant) -> None:
        plant.meters[3] = commissioning.marked(plant.meters[3])
        plant.search()
        page, found = plant.path("found_meter_sunspec", plant.found(3).public_id), plant.page(3)

        plant.client.post(page, {"point": ["energy_import", "frequency"]})
        survey = plant.path("found_meter_survey", plant.found(3).public_id)
        while not plant.found(3).is_surveyed:
            plant.play()
            plant.client.post(survey)

        assert "It says that it is a Acme M1." in found
        assert "Says so itself" in plant.page(3)

    def test_a_found_device_says_its_models_and_its_chosen_points_become_its_type(self, plant: Plant) -> None:
        plant.search()
        found = plant.found(3).public_id
        survey, page = plant.path("found_meter_survey", found), plant.path("found_meter_sunspec", found)
        plant.client.post(survey, {"sunspec": "1"})
        plant.play()
        known = plant.client.post(survey)

        shown = plant.client.get(page).content.decode()
        nothing = plant.client.post(page, {})
        made = plant.client.post(page, {"point": ["energy_import", "frequency"]})

        assert known.headers["HX-Refresh"] == "true"
        assert "Acme M1" in shown
        assert "serial number S-77" in shown
        assert "203" in shown
        assert "its points are below" in shown
        assert nothing.status_code == 422
        assert "Choose at least one point." in nothing.content.decode()
        assert made.status_code == 302
        assert plant.found(3).model_code == "sunspec_acme_m1"
        with scoping.scope([plant.organization.pk], actor=identity.ACTOR):
            assert "sunspec_acme_m1" in catalogue.current()

    def test_is_asked_at_the_test_read_of_a_new_meter_and_leads_back_with_the_type(self, plant: Plant) -> None:
        given = {"site": str(plant.site.public_id), "gateway": str(plant.bus.public_id), "unit_id": "3"}
        refused = plant.client.post(plant.path("sunspec_ask"), {**given, "unit_id": ""}).content.decode()
        asked = plant.client.post(plant.path("sunspec_ask"), given).headers["HX-Redirect"]
        waiting = plant.client.get(asked).content.decode()
        plant.play()
        told = plant.client.get(asked, headers={"HX-Request": "true"})
        made = plant.client.post(asked, {"point": ["energy_import"]})
        form = plant.client.get(made.headers["Location"]).content.decode()

        assert "Fill in first" in refused
        assert "Asking address 3" in waiting
        assert told.headers["HX-Refresh"] == "true"
        assert "sunspec_acme_m1" in made.headers["Location"]
        assert 'value="S-77"' in form
        assert "Ask for SunSpec models" in form

    def test_a_device_without_any_is_told_in_words(self, plant: Plant) -> None:
        given = {"site": str(plant.site.public_id), "gateway": str(plant.bus.public_id), "unit_id": "9"}
        asked = plant.client.post(plant.path("sunspec_ask"), given).headers["HX-Redirect"]
        plant.play()

        page = plant.client.get(asked).content.decode()

        assert "No SunSpec models came" in page

    def test_over_a_socket_the_chain_is_walked_and_blocks_are_asked(self) -> None:
        async def run() -> tuple[dict[str, Any], dict[Block, str]]:
            probe = taken((Block(3, 40_000, 2), Block(3, 7, 2)))
            async with (
                sunspec.Device(40_000, sunspec.METER_MAP) as device,
                ModbusTcpBus("127.0.0.1", device.port, clock=lambda: lab.NOON) as line,
            ):
                told = await surveying.discover(line, probe, timeout=2)
                return told, dict(await surveying.ask_blocks(line, probe, timeout=2))

        told, answers = asyncio.run(run())

        assert (told["manufacturer"], told["models"]) == ("Acme", [1, 203])
        assert answers == {Block(3, 40_000, 2): "53756e53", Block(3, 7, 2): ""}


def taken(blocks: tuple[Block, ...]) -> operations.TakenProbe:
    return operations.TakenProbe(
        probe_id=1,
        organization_id=1,
        bus_id=None,
        host="127.0.0.1",
        port=502,
        timeout_ms=1000,
        unit_id=1,
        model_code="eastron_sdm630",
        expires_at=lab.NOON,
        blocks=blocks,
    )
