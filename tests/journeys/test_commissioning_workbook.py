"""What a search of a line found goes into a workbook, gets its names there, and comes back as meters that are read."""

from __future__ import annotations

import io
import re

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from meterbook.acquisition import models
from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys.building import exporting
from tests.factories import acquisition, commissioning, identity, sites
from tests.journeys import house

EXPECTED = re.compile(r'name="expected" value="(\w+)"')


def test_meters_that_were_found_are_brought_in_at_once(settings: Settings) -> None:
    settings.IS_DEMO = True  # gateways at loopback addresses are for demos only
    home = house.House()
    bus = acquisition.bus(site=sites.site(organization=home.organization), name="Riser, east", port=4001)
    b23, turned = documents.load("abb_b23"), orders.in_order(documents.load("eastron_sdm630"), ByteOrder.O3412)
    there = {3: commissioning.simulated(turned), 7: commissioning.simulated(b23), 8: commissioning.simulated(b23)}
    commissioning.searched(bus, there)
    with scoping.scope([home.organization.pk], actor=identity.ACTOR):
        models.Commissioning.objects.filter(bus=bus).update(next_unit=248, search=None)
    path = home.path("commission_workbook", bus.public_id)

    page = home.client.get(home.path("commission_bus", bus.public_id)).content.decode()
    given = home.client.get(path)
    book = openpyxl.load_workbook(io.BytesIO(given.content))
    sheet = book["Meter points"]
    column = {str(cell.value).rstrip("*"): cell.column for cell in sheet[1]}
    rows = {sheet.cell(line, column["Unit address"]).value: line for line in range(2, sheet.max_row + 1)}
    for line in rows.values():
        sheet.cell(line, column["Meter serial number"]).value = f"SN-{line}"
    sheet.cell(rows[7], column["Name"]).value = "Shop 1"
    kept = io.BytesIO()
    book.save(kept)
    file = SimpleUploadedFile("found.xlsx", kept.getvalue(), content_type=exporting.MEDIA_TYPE)
    taken = home.client.post(home.path("buildings"), {"file": file}).headers["Location"]
    expected = EXPECTED.search(home.client.get(taken).content.decode())
    assert expected is not None
    home.client.post(f"{taken}run", {"expected": expected[1]})

    assert path in page
    assert "All 2 at once" in page  # the third sends its words in another order than its type
    assert sorted(rows) == [7, 8]
    assert sheet.cell(rows[7], column["Code"]).value == "RISER-EAST-7"
    with scoping.scope([home.organization.pk], actor=identity.ACTOR):
        read = models.Device.objects.filter(bus=bus).order_by("unit_id")
        assert [(each.unit_id, each.model_code) for each in read] == [(7, "abb_b23"), (8, "abb_b23")]
    assert path not in home.client.get(home.path("commission_bus", bus.public_id)).content.decode()


def test_is_for_who_manages_devices() -> None:
    home = house.House()
    bus = acquisition.bus(site=sites.site(organization=home.organization))
    viewer = house.signed_in(home.person(role=RoleCode.AUDITOR))

    assert viewer.get(home.path("commission_workbook", bus.public_id)).status_code == 403
