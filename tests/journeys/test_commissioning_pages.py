"""Commissioning at a phone: search a line, see which meters there are, compare, check, take over; come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from meterbook.acquisition import models, operations, values
from meterbook.acquisition.contract.frames import Record
from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import acquisition, commissioning, identity, lab, sites
from tests.journeys import house

SDM630 = documents.load("eastron_sdm630")


class Plant(house.House):
    """A line with an SDM630 at 3 that sends its words the other way around, and a B23 at 7."""

    def __init__(self) -> None:
        super().__init__()
        self.site = sites.site(organization=self.organization)
        self.bus = acquisition.bus(site=self.site)
        self.meters = {
            3: commissioning.simulated(orders.in_order(SDM630, ByteOrder.O3412)),
            7: commissioning.simulated(documents.load("abb_b23")),
        }

    def step(self, client: Any = None, **given: str) -> str:  # noqa: ANN401
        path = self.path("commission_step", self.bus.public_id)
        return str((client or self.client).post(path, given).content.decode())

    def play(self) -> int:
        return commissioning.play(self.organization.pk, self.meters)

    def search(self) -> None:
        commissioning.searched(self.bus, self.meters)

    def found(self, unit: int) -> models.FoundMeter:
        return next(each for each in commissioning.found_on(self.bus) if each.unit_id == unit)

    def page(self, unit: int) -> str:
        return str(self.client.get(self.path("found_meter", self.found(unit).public_id)).content.decode())

    def note(self, unit: int, **given: str) -> str:
        path = self.path("found_meter", self.found(unit).public_id)
        return str(self.client.post(path, given, headers={"HX-Request": "true"}).content.decode())


@pytest.fixture
def plant() -> Plant:
    return Plant()


class TestSearch:
    def test_finds_the_meters_of_a_line_and_says_which_they_are(self, plant: Plant) -> None:
        chosen = plant.client.get(plant.path("commissioning")).content.decode()
        before = plant.client.get(plant.path("commission_bus", plant.bus.public_id)).content.decode()

        plant.step(go_on="1")
        plant.play()
        plant.step()
        plant.play()
        with scoping.scope([plant.organization.pk], actor=identity.ACTOR):  # the silent ones in between
            begun = models.Commissioning.objects.filter(organization_id=plant.organization.pk)
            begun.update(next_unit=240, search=None)
        page = plant.step()
        while "load delay" in page:
            plant.play()
            page = plant.step()

        assert plant.bus.name in chosen
        assert "Search the line" in before
        assert "247 of 247 addresses asked" in page
        assert "Eastron SDM" in page
        assert "ABB B2" in page
        assert "12,345.00" in page
        assert [each.unit_id for each in commissioning.found_on(plant.bus)] == [3, 7]
        assert all(each.is_surveyed for each in commissioning.found_on(plant.bus))

    def test_is_left_and_taken_up_where_it_was_by_whoever_comes(self, plant: Plant) -> None:
        plant.step(go_on="1")
        plant.play()  # nobody watches while the answer comes
        other = house.signed_in(plant.person(role=RoleCode.INTEGRATOR))

        page = plant.step(other)
        stopped = plant.step(other, stop="1")

        assert "12 of 247 addresses asked" in page
        assert "Address 3" in page
        assert "Go on searching" in stopped
        plant.play()
        assert "24 of 247 addresses asked" in plant.step(go_on="1")

    def test_stands_with_words_when_no_collector_answers(self, plant: Plant) -> None:
        plant.step(go_on="1")
        with scoping.scope([plant.organization.pk], actor=identity.ACTOR):
            asked = models.Probe.objects.filter(organization_id=plant.organization.pk)
            asked.update(status="EXPIRED")

        page = plant.step()

        assert "Nobody took the question within 15 s." in page
        assert "Go on searching" in page

    def test_a_line_is_added_where_none_is(self, plant: Plant) -> None:
        facts = {"site": str(plant.site.public_id), "gateway_name": "Bench", "protocol": "MODBUS_TCP"}
        refused = plant.client.post(plant.path("commissioning"), {**facts, "host": "a b", "port": "502"})
        there = plant.client.post(plant.path("commissioning"), {**facts, "host": "127.0.0.1", "port": "502"})

        assert "alone, such as" in refused.content.decode()
        assert (refused.status_code, there.status_code) == (422, 422)
        assert "has this address already" in there.content.decode()

    def test_is_not_for_who_may_not_manage_devices_nor_for_others(self, plant: Plant) -> None:
        plant.search()
        monitor = house.signed_in(plant.person(role=RoleCode.MONITOR))
        elsewhere = Plant()
        found = plant.found(3)

        assert monitor.get(plant.path("commissioning")).status_code == 403
        assert monitor.post(plant.path("commission_step", plant.bus.public_id)).status_code == 403
        assert monitor.post(plant.path("found_meter", found.public_id)).status_code == 403
        assert elsewhere.client.get(elsewhere.path("found_meter", found.public_id)).status_code == 404
        assert elsewhere.client.get(elsewhere.path("commission_bus", plant.bus.public_id)).status_code == 404


class TestMeter:
    def test_shows_its_values_in_the_order_that_makes_sense(self, plant: Plant) -> None:
        plant.search()

        page = plant.page(3)

        assert "12,345.00" in page
        assert re.search(r'value="3412" checked', page)
        assert "Likely" in page
        assert 'value="abb_b23"' not in page

    @pytest.mark.spec("C-06/1")
    def test_what_the_display_shows_finds_order_and_scale(self, plant: Plant) -> None:
        plant.search()
        model = "eastron_sdm630"

        right = plant.note(3, model_code=model, byte_order="3412", scale="1", display="12,345.0")
        finer = plant.note(3, model_code=model, byte_order="3412", scale="1", display="12.345")
        wrong = plant.note(3, model_code=model, byte_order="3412", scale="1", display="777")
        flipped = plant.note(3, model_code=model, byte_order="1234", scale="1", display="12,345.0")

        assert "It says what the display shows." in right
        assert "÷ 1000" in finer
        assert "Nothing that the meter sent says that." in wrong
        assert "Not as it is read now." in flipped
        use = re.search(r"&quot;use&quot;|\"use\": \"([^\"]+)\"", flipped)
        assert use is not None
        assert use[1] == "eastron_sdm630|3412|1"
        plant.note(3, use=use[1], display="12,345.0")
        row = plant.found(3)
        assert (row.model_code, row.byte_order, row.scale) == ("eastron_sdm630", "3412", "1")

    def test_nothing_that_was_typed_is_lost_right_or_not(self, plant: Plant) -> None:
        plant.search()

        said = plant.note(
            7, model_code="", byte_order="", scale="10", display="abc", multiplier="200/5", clamp_1="1,250.5"
        )
        page = plant.page(7)

        assert "Write a number, such as 1,234.50." in said
        assert 'value="abc"' in page
        assert 'value="200/5"' in page
        assert 'value="1250.5"' in page
        assert '<option value="10" selected>' in page
        with scoping.scope([plant.organization.pk], actor=identity.ACTOR):
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=plant.organization.pk, action="acquisition:note_found_meter"
            )
            assert entries.count() == 1

    @pytest.mark.spec("C-06/2")
    def test_compares_its_transformers_with_a_clamp_and_a_load(self, plant: Plant) -> None:
        plant.search()
        meter = plant.meters[3]
        amperes = meter.value(SDM630.register("current_l1"), lab.NOON)
        shown = Decimal(amperes.numerator) / Decimal(amperes.denominator) * 20

        plain = plant.page(3)
        clamped = plant.note(
            3, model_code="eastron_sdm630", byte_order="3412", scale="1", multiplier="40", clamp_1=f"{shown:.1f}"
        )

        assert "V × I" in plain
        assert "With the multiplier 20 they would agree." in clamped
        assert "finding" in clamped

    def test_refuses_what_cannot_be_chosen(self, plant: Plant) -> None:
        plant.search()

        said = [
            plant.note(3, **given)
            for given in (
                {"scale": "7"},
                {"model_code": "nothing"},
                {"byte_order": "9999"},
                {"use": "a|b|c|d"},
                {"use": "\x00"},
            )
        ]

        assert all("notice alarm" in each for each in said)
        assert plant.found(3).model_code == ""

    def test_is_taken_over_with_all_that_is_known(self, plant: Plant) -> None:
        plant.search()
        plant.note(3, model_code="eastron_sdm630", byte_order="3412", scale="1", multiplier="200/5")

        href = re.search(r'href="([^"]*/meters/new[^"]*)"', plant.page(3))
        assert href is not None
        form = plant.client.get(href[1].replace("&amp;", "&")).content.decode()

        assert '<option value="eastron_sdm630" selected>' in form or 'value="eastron_sdm630" selected' in form
        assert 'value="200/5"' in form
        assert 'name="byte_order" value="3412"' in form
        assert re.search(r'name="unit_id"[^>]*value="3"', form)
        acquisition.device(organization=plant.organization, on=plant.bus, unit_id=3)
        assert "A meter is set up here already." in plant.page(3)

    def test_becomes_a_type_that_is_read_as_it_was_found(self, plant: Plant) -> None:
        plant.search()
        plant.note(3, model_code="eastron_sdm630", byte_order="3412", scale="0.1")

        page = plant.page(3)
        href = re.search(r'href="([^"]*new-type[^"]*)"', page)
        assert href is not None
        form = plant.client.get(href[1].replace("&amp;", "&")).content.decode()

        assert "Save it as a type of your own first" in page
        assert 'value="eastron_sdm630_own"' in form
        assert re.search(r'<option value="3412" selected', form)
        assert re.search(r'name="r0-scale"[^>]*value="(0\.1|1/10)"', form)

    def test_that_fell_silent_says_what_to_look_at(self, plant: Plant) -> None:
        plant.search()
        found = plant.found(3)
        path = plant.path("found_meter_survey", found.public_id)
        plant.client.post(path, {"again": "1"})
        del plant.meters[3]
        plant.play()

        page = plant.client.post(path).content.decode()

        assert "Is the address on the meter really this one?" in page
        assert "Read it again" in page


def test_an_mbus_meter_says_itself_which_it_is() -> None:
    plant = Plant()
    plant.bus = acquisition.bus(site=plant.site, port=10_001, protocol=values.BusProtocol.MBUS_TCP)
    own = documents.load("kamstrup_multical_601")
    main = orders.main_counter(own)
    assert own.kin is not None
    told = operations.ProbeAnswer(
        took_ms=90,
        records=(Record(main.record, Decimal(37351000), "Wh", "", "e791"),),
        kin=(own.kin.manufacturer, "14588517", own.kin.version or 8, own.kin.medium or 4),
    )
    plant.step(go_on="1")
    commissioning.answer(plant.organization.pk, operations.ProbeAnswer(took_ms=9, found=((1, ()),), next_unit=12))
    plant.step(stop="1")
    plant.step()
    commissioning.answer(plant.organization.pk, told)
    listed = plant.step()

    page = plant.page(1)

    assert "Kamstrup" in listed
    assert "Says so itself" in listed
    assert "14588517" in page
    assert "37,351" in page
    assert "Order of the bytes" not in page
    assert "serial=14588517" in page


@pytest.fixture
def gateway() -> Iterator[SimulatedGateway]:
    with lab.running_gateway(units={2: "eastron_sdm630", 5: "carlo_gavazzi_em24"}) as running:
        running.meters[2].model = orders.in_order(SDM630, ByteOrder.O3412)
        yield running


@pytest.mark.usefixtures("empty_database")
def test_with_a_collector_and_meters_on_a_socket(gateway: SimulatedGateway) -> None:
    plant = Plant()
    plant.bus = acquisition.bus(site=plant.site, port=gateway.port, timeout_ms=300)
    with acquisition.running_collector():
        page = plant.step(go_on="1")

        def two() -> str:
            going = plant.step()
            return going if going.count("12 of") or "Address 5" in going else ""

        page = acquisition.eventually(two)
        plant.step(stop="1")

        def known() -> str:
            going = plant.step()
            return going if "load delay" not in going else ""

        page = acquisition.eventually(known, seconds=60)

    assert "Eastron SDM630" in page
    assert "Carlo Gavazzi EM24" in page
    assert {each.unit_id for each in commissioning.found_on(plant.bus)} == {2, 5}
    assert {function for _unit, function, _address, _count in gateway.server.requests} <= {3, 4}
