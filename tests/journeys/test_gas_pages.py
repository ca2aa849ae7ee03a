"""Pages of what gas holds: supply areas, values by hand and from a file; and bills that print the arithmetic."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from meterbook.billing import models, queries, values
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from tests.factories import billing, calendars, identity, services

DAYS = billing.FEBRUARY


@pytest.fixture
def house() -> services.House:
    return services.house()


def signed_in(house: services.House, role: RoleCode = RoleCode.ORGANIZATION_ADMIN) -> Client:
    client = Client()
    client.force_login(identity.user(organization=house.place.organization, role=role))
    return client


def page(house: services.House, name: str, *arguments: object) -> str:
    return reverse(name, args=[house.place.organization.public_id, *arguments])


class TestSupplyAreas:
    @pytest.mark.spec("B-51")
    def test_are_made_and_filled_by_hand_and_from_a_file(self, house: services.House) -> None:
        client = signed_in(house)
        assert b"No supply area yet" in client.get(page(house, "gas_areas")).content

        terms = {
            "name": "North",
            "code": "north",
            "factor": "",
            "on_missing": "HOLD",
            "sites": [str(house.place.site.public_id)],
        }
        made = client.post(page(house, "gas_area_new"), terms)
        assert made.status_code == 302
        area = made["Location"]
        assert b"No value yet" in client.get(area).content

        value = {"kind": "WORKED_OUT", "first_day": "2026-02-01", "last_day": "2026-02-28", "unit": "KWH"}
        wrong = client.post(f"{area}value", value)
        assert wrong.status_code == 422
        entered = client.post(f"{area}value", value | {"celsius": "15", "mbar": "1005.5"})
        assert entered.status_code == 302
        shown = client.get(area).content.decode()
        assert "0.9407" in shown
        assert "15 °C, 1,005.5 mbar, K 1" in shown

        text = b"area,kind,first_day,last_day,value,unit\nnorth,CALORIFIC,2026-02-01,2026-02-28,11.247,KWH\n"
        taken = client.post(page(house, "gas_file"), file_of(text))
        assert taken.status_code == 302
        assert "11.247" in client.get(area).content.decode()
        refused = client.post(page(house, "gas_file"), file_of(text.replace(b"2026-02-28", b"soon")))
        assert refused.status_code == 422
        assert "Line 2" in refused.content.decode()

    def test_who_only_reads_changes_nothing(self, house: services.House) -> None:
        area = services.area(house.place)
        client = signed_in(house, RoleCode.FINANCE_VIEWER)
        assert b"Enter a value" not in client.get(page(house, "gas_area", area.public_id)).content
        assert client.post(page(house, "gas_value", area.public_id), {}).status_code == 403

    def test_a_site_gets_one_gas(self, house: services.House) -> None:
        services.area(house.place)
        client = signed_in(house)
        terms = {"name": "South", "code": "south", "on_missing": "HOLD", "sites": [str(house.place.site.public_id)]}
        refused = client.post(page(house, "gas_area_new"), terms)
        assert refused.status_code == 422
        assert "north" in refused.content.decode()


def file_of(text: bytes) -> dict[str, object]:
    file = SimpleUploadedFile("gas.csv", text, "text/csv")
    return {"file": file}


class TestBill:
    @pytest.mark.spec("M-091/1")
    def test_page_and_pdf_tell_each_service_and_how_gas_and_sewer_came_about(self, house: services.House) -> None:
        services.gas_value(services.area(house.place), "11.247")
        run = billing.plan(house.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        billing.advance(billing.approve(billing.advance(run)))
        client = signed_in(house)
        with scoping.scope([house.place.organization.pk], actor=billing.ACTOR):
            bill = models.Bill.objects.get(organization_id=house.place.organization.pk)
            content = queries.get_bill(public_id=bill.public_id).content

        shown = client.get(page(house, "bill", bill.public_id)).content.decode()

        assert "By service" in shown
        assert all(name in shown for name in ("Electricity", "Gas", "Cold water", "Sewer", "Heating"))
        assert "0.9513" in shown
        pdf = client.get(page(house, "bill_pdf", bill.public_id))
        assert pdf.status_code == 200
        told = sum(Decimal(each["total"]) for each in content["services"])
        assert told == Decimal(content["total"])

    def test_list_names_the_service_of_a_run(self, house: services.House) -> None:
        services.gas_value(services.area(house.place), "11.247")
        calendars.calendar(house.place, starts_on=date(2100, 1, 1), bundling=values.Bundling.BY_SERVICE)
        billing.plan(house.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        shown = signed_in(house).get(page(house, "runs")).content.decode()
        assert "Cold water" in shown
