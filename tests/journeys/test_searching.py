"""The page's search for meters at every address: its parts, progress, stop, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from meterbook.acquisition import models, operations
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import acquisition, identity, sites
from tests.journeys import house


class Plant(house.House):
    """A site with a gateway; the collector is played by `answer`."""

    def __init__(self) -> None:
        super().__init__()
        self.site = sites.site(organization=self.organization)
        self.bus = acquisition.bus(site=self.site)

    def search(self, client: Any = None, **given: Any) -> Any:  # noqa: ANN401
        body = {
            "site": str(self.site.public_id),
            "model_code": "eastron_sdm630",
            "gateway": str(self.bus.public_id),
            **given,
        }
        return (client or self.client).post(self.path("meter_search"), body)

    def parts(self) -> list[models.Probe]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return list(models.Probe.objects.filter(organization_id=self.organization.pk).order_by("id"))

    def answer(self, *found: tuple[int, tuple[str, ...]]) -> str:
        """Answers the newest part as a collector that asked all of its addresses."""
        newest = self.parts()[-1]
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            operations.take_probes(actor=identity.ACTOR, at=clock.now(), real_at=clock.real_now())
            operations.answer_probe(
                actor=identity.ACTOR,
                at=clock.now(),
                real_at=clock.real_now(),
                probe_id=newest.pk,
                answer=operations.ProbeAnswer(took_ms=9, found=found, next_unit=(newest.until_unit or 0) + 1),
            )
        return str(newest.public_id)


@pytest.fixture
def plant() -> Plant:
    return Plant()


class TestSearch:
    def test_goes_from_part_to_part_and_shows_who_answered(self, plant: Plant) -> None:
        began = plant.search().content.decode()
        first = plant.answer((7, ("eastron_sdm630", "abb_b23")))
        going = plant.search(search=[first]).content.decode()

        assert "0 of 247 addresses asked" in began
        assert "12 of 247 addresses asked" in going
        assert "Address 7" in going
        assert "fits the chosen model" in going
        assert [(each.unit_id, each.until_unit) for each in plant.parts()] == [(1, 12), (13, 24)]

    def test_stops_and_goes_on_where_it_was(self, plant: Plant) -> None:
        plant.search()
        first = plant.answer()
        stopped = plant.search(search=[first], stop="1").content.decode()

        assert "Go on searching" in stopped
        assert len(plant.parts()) == 1
        plant.search(search=[first], go_on="1")
        assert [each.unit_id for each in plant.parts()] == [1, 13]

    def test_asks_one_part_at_a_time(self, plant: Plant) -> None:
        plant.search()
        (part,) = plant.parts()

        waiting = plant.search(search=[str(part.public_id)]).content.decode()

        assert "Stop searching" in waiting
        assert len(plant.parts()) == 1

    def test_ends_after_the_highest_address(self, plant: Plant) -> None:
        plant.search()
        with scoping.scope([plant.organization.pk], actor=identity.ACTOR):
            models.Probe.objects.filter(organization_id=plant.organization.pk).update(until_unit=247)
        last = plant.answer()

        page = plant.search(search=[last]).content.decode()

        assert "247 of 247 addresses asked" in page
        assert "Nobody answered at any address" in page
        assert len(plant.parts()) == 1

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"gateway": "new", "host": "198.51.100.7", "port": "502"}, "alarm"),
            ({"gateway": "new", "host": "a b", "port": "502"}, "alone, such as"),
            ({"gateway": "nowhere"}, "Choose a gateway."),
            ({"model_code": ""}, "Fill in first"),
            ({"model_code": "nothing"}, "Choose a meter model"),
        ],
        ids=["network", "host", "gateway", "empty", "model"],
    )
    def test_refuses_what_a_test_read_refuses(self, plant: Plant, given: dict[str, str], words: str) -> None:
        assert words in plant.search(**given).content.decode()
        assert plant.parts() == []

    def test_forgets_parts_that_are_not_the_readers(self, plant: Plant) -> None:
        other = Plant()
        other.search()
        foreign = other.answer((9, ()))

        page = plant.search(search=[foreign, "nonsense"]).content.decode()

        assert "Address 9" not in page
        assert "0 of 247" in page

    def test_is_only_for_who_manages_devices(self, plant: Plant) -> None:
        monitor = house.signed_in(plant.person(role=RoleCode.MONITOR))

        assert plant.search(monitor).status_code == 403
