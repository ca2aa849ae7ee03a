"""A landlord sets a house up: the next steps with counts, what forms propose, and the same for programs."""

from __future__ import annotations

import base64

import pytest

from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.factories import api, identity, sites
from tests.journeys import house
from tests.journeys.hand_read import NOW, OCTOBER, House, picture


@pytest.fixture(autouse=True)
def _in_december() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


@pytest.fixture
def place() -> House:
    return House()


class TestSteps:
    """What Home tells who sets a house up: units, meters, tariff, customers, first bill, with counts."""

    def test_go_from_units_to_the_first_bill(self) -> None:
        empty = house.House()
        sites.site(organization=empty.organization, name="Casa Sol")
        set_up = House()
        tariffless, counted = (each.client.get(each.path("home")).context["home"].steps for each in (empty, set_up))

        assert [each.title for each in tariffless] == [
            "Name the site",
            "Write down the units",
            "Add a meter",
            "Write a tariff",
            "Open an account",
            "Bill a month",
        ]
        assert [each.is_done for each in tariffless] == [True, False, False, False, False, False]
        assert '<option value="UNIT" selected' in empty.client.get(tariffless[1].href).content.decode()
        assert [each.is_done for each in counted] == [True, True, True, False, False, False]
        assert counted[1].words == "4 units are there."
        assert counted[4].words == "4 of 4 have nobody who pays yet."
        assert counted[4].href == set_up.path("openings")

    def test_a_unit_without_a_meter_is_counted(self) -> None:
        place = House()
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            site_operations.create_node(
                actor=identity.ACTOR,
                at=OCTOBER,
                site=place.site,
                kind=site_values.NodeKind.UNIT,
                code="P99",
                name="Piso 99",
            )

        step = place.client.get(place.path("home")).context["home"].steps[2]

        assert (step.is_done, step.words) == (False, "1 unit has no meter yet.")


class TestProposals:
    def test_a_house_that_nobody_paid_for_begins_with_its_first_readings(self, place: House) -> None:
        form = place.client.get(place.path("openings")).context["form"]

        assert form.initial["day"] == "2026-10-01"
        assert form.fields["day"].help_text == "The day of the first reading."

    def test_a_tariff_is_called_by_service_and_place(self, place: House) -> None:
        page = place.client.get(place.path("tariff_new"), {"start": "flat"}).content.decode()

        assert "Electricity, Casa Sol" in page
        assert "Retail" not in page

    def test_a_run_says_whose_readings_are_missing(self, place: House) -> None:
        page = place.client.get(place.path("run_new"), {"month": "2026-11"}).content.decode()

        assert "4 meters have no reading for this month yet" in page
        assert f"{place.page}?month=2026-11" in page

    def test_with_two_sites_the_person_is_asked_and_then_remembered(self, place: House) -> None:
        other = sites.site(organization=place.organization, name="Steel plant")
        asked = place.client.get(place.path("account_new")).content.decode()
        run = place.client.get(place.path("run_new")).content.decode()

        place.client.post(
            place.path("account_new"),
            {"site": str(other.public_id), "number": "A-1", "name": "Zoe", "language": "en"},
        )
        again = place.client.get(place.path("account_new")).content.decode()

        assert "Choose a site" in asked
        assert "Choose the site first." in run
        assert f'value="{other.public_id}" selected' in again


class TestProgram:
    """Many readings in one call, each by itself; and the list of what a month lacks."""

    def test_lists_and_enters_with_one_answer_a_reading(self, place: House) -> None:
        program = api.program(organization=place.organization)
        listed = program.get(f"/sites/{place.site.public_id}/hand-readings").json()
        sent = [
            {"meter_point": place.key(0), "at": "2026-11-30T23:00:00Z", "value": "1520.5"},
            {"meter_point": place.key(1), "at": "2026-11-30T23:00:00Z", "value": "1200"},
            {"meter_point": place.key(2), "at": "2026-11-30T23:00:00Z", "value": "1200", "reason": "looked twice"}
            | {"photo": base64.b64encode(picture().read()).decode()},
            {"meter_point": place.key(3), "at": "2026-11-30T23:00:00Z", "value": "15.123"},
        ]

        taken = program.post("/hand-readings", {"readings": sent}).json()["items"]
        ahead = program.post("/hand-readings", {"readings": [{**sent[0], "at": "2026-12-24T00:00:00Z"}]})

        assert (listed["month"], listed["missing"], len(listed["items"])) == ("2026-11-01", 4, 4)
        assert listed["items"][0]["before"] == {"at": "2026-10-31T23:00:00Z", "value": "1300.00"}
        assert [each["outcome"] for each in taken] == ["STORED", "DOUBTFUL", "STORED", "REFUSED"]
        assert "lower than the 1,300.00 kWh before" in taken[1]["words"]
        assert api.problem(ahead)["errors"][0]["pointer"] == "/body/readings/0/at"
        assert [len(place.readings(number)) for number in range(4)] == [3, 2, 3, 2]
