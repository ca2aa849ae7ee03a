"""A new meter hangs in a unit from the beginning; the form for the next one knows what can be known."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import Settings

from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.sites.values import NodeKind
from tests.factories import api, identity, imports, metering, sites
from tests.support import pages

METER = {
    "service": "ELECTRICITY",
    "model_code": "imported",
    "code": "M-09",
    "name": "Flat 1",
    "serial_number": "SN1",
    "multiplier": "1",
    "first_day": "2026-10-01",
}


class House:
    """Two flats at a site of somebody who sets everything up."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.first, self.second = (
            sites.node(site=self.site, kind=NodeKind.UNIT, code=f"F{n}", name=f"Flat {n}") for n in (1, 2)
        )
        self.client = pages.signed_in(self.organization)
        self.new = reverse("meter_new", args=[self.organization.public_id])

    def points(self) -> list[tuple[str, int | None]]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            own = metering_models.MeterPoint.objects.filter(organization_id=self.organization.pk)
            return list(own.order_by("id").values_list("code", "node_id"))


def unit_of(form: str) -> str:
    """The unit address that a form begins with."""
    field = re.search(r'<input[^>]*name="unit_id"[^>]*>', form)
    assert field is not None
    return "".join(re.findall(r'value="(\d*)"', field[0]))


@pytest.fixture(scope="module")
def house(database: str) -> House:
    return House()


class TestMeter:
    def test_hangs_in_the_unit_whose_page_led_to_it(self) -> None:
        house = House()
        editor = reverse("site_editor", args=[house.organization.public_id, house.site.public_id])
        begun = f"{house.new}?place={house.first.public_id}"
        assert begun in house.client.get(editor, {"place": str(house.first.public_id)}).content.decode()
        form = house.client.get(begun).content.decode()
        assert f'<option value="{house.first.public_id}" selected>Flat 1</option>' in form
        assert 'value="Flat 1"' in form

        given = {**METER, "site": str(house.site.public_id), "place": str(house.first.public_id), "again": "1"}
        following = house.client.post(house.new, given, follow=True).content.decode()

        assert house.points() == [("M-09", house.first.pk)]
        assert "“Flat 1” is set up." in following
        assert f'<option value="{house.second.public_id}" selected>Flat 2</option>' in following
        assert '<option value="imported" selected>' in following
        for known in ("Flat 2", "M-10", "2026-10-01"):
            assert f'value="{known}"' in following

    def test_is_refused_at_a_place_of_another_site_beside_the_field(self) -> None:
        house = House()
        other = sites.site(organization=house.organization, name="Elm Court")

        given = {**METER, "site": str(other.public_id), "place": str(house.first.public_id)}
        answer = house.client.post(house.new, given)

        assert answer.status_code == 422
        assert "This place is not at the chosen site" in answer.content.decode()
        assert "id_place-problem-1" in answer.content.decode()
        assert house.points() == []

    def test_on_a_gateway_leads_to_the_next_address_there(self, settings: Settings) -> None:
        settings.IS_DEMO = True  # a gateway may stand on this machine
        house = House()
        given = {**METER, "model_code": "eastron_sdm630", "site": str(house.site.public_id), "again": "1"}
        new = {"gateway": "new", "gateway_name": "Cellar", "host": "127.0.0.1", "port": "5020", "unit_id": "7"}

        following = house.client.post(house.new, given | new, follow=True).content.decode()

        assert '<option value="eastron_sdm630" selected>' in following
        assert unit_of(following) == "8"
        assert "Cellar (127.0.0.1:5020)" in following
        known = re.findall(r'<option value="([^"]+)"[^>]*>[^<]*Cellar', following)
        second = {**given, "code": "M-10", "serial_number": "SN2", "gateway": known[0], "unit_id": "8"}
        third = house.client.post(house.new, second, follow=True).content.decode()
        assert f'<option value="{known[0]}" selected>' in third
        assert unit_of(third) == "9"

    @pytest.mark.parametrize(
        "query", ["place=x&model=nothing&service=x&after=%00&first_day=never&unit=9999&gateway=x", "after=9"]
    )
    def test_begins_with_nothing_of_an_address_that_makes_no_sense(self, house: House, query: str) -> None:
        assert house.client.get(f"{house.new}?{query}").status_code == 200

    def test_hangs_in_a_unit_by_the_interface(self) -> None:
        house = House()
        program = api.Program(api.key(organization=house.organization).token)
        given = {key: METER[key] for key in ("service", "code", "name", "serial_number")}
        given |= {"site": str(house.site.public_id), "place": str(house.second.public_id)}

        answer = program.post("/meter-points", given)

        assert answer.status_code == 201, answer.content
        assert house.points() == [("M-09", house.second.pk)]


def test_a_file_whose_column_holds_codes_of_meter_points_begins_with_that_column() -> None:
    organization = identity.organization()
    for code in ("MP-1", "MP-2"):
        metering.installed_meter(organization=organization, code=code, registers=(metering.ENERGY,))
    client = pages.signed_in(organization)
    shown = {}
    for codes in (("MP-1", "MP-2"), ("MP-1", "MP-3")):
        rows = [(code, "2026-03-01 00:00", 5) for code in codes]
        content = imports.csv_file(rows, header="Meter,Read on,Reading kWh")
        given = {"file": SimpleUploadedFile("march.csv", content)}
        answer = client.post(reverse("imports", args=[organization.public_id]), given, follow=True)
        shown[codes[1]] = answer.content.decode()

    assert '<option value="Meter" selected>' in shown["MP-2"]
    assert '<option value="Meter" selected>' not in shown["MP-3"]


def test_the_code_follows_that_of_the_newest_meter_of_the_site(database: str) -> None:
    house = House()
    assert 'name="code"' in house.client.get(house.new).content.decode()
    house.client.post(house.new, METER | {"site": str(house.site.public_id)})
    assert [code for code, _node in house.points()] == ["M-09"]

    form = house.client.get(house.new).content.decode()

    code = re.search(r'<input[^>]*name="code"[^>]*>', form)
    assert code is not None
    assert 'value="M-10"' in code.group()
