"""Printable labels of the meters that a list shows."""

from __future__ import annotations

import io

import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from meterbook.identity import models as identity_models
from tests.factories import identity, metering, sites


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    found = Client()
    found.force_login(identity.user(organization=organization))
    return found


def text_of(client: Client, organization: identity_models.Organization, **query: object) -> str:
    answer = client.get(reverse("meter_file", args=[organization.public_id]), {"kind": "labels", **query})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)


def test_name_each_meter_that_the_filter_finds_and_lead_to_its_page(
    client: Client, organization: identity_models.Organization
) -> None:
    site = sites.site(organization=organization)
    bakery = metering.installed_meter(organization=organization, site=site, name="Bakery", code="MP-1")
    metering.installed_meter(organization=organization, site=site, name="Kiosk", code="MP-2")

    text = text_of(client, organization, q="Bak")

    assert "Bakery" in text
    assert bakery.meter.serial_number in text
    assert "Kiosk" not in text
    assert "Kiosk" in text_of(client, organization)


def test_of_the_chosen_are_theirs_only_and_of_others_none(
    client: Client, organization: identity_models.Organization
) -> None:
    site = sites.site(organization=organization)
    chosen = metering.installed_meter(organization=organization, site=site, name="Bakery")
    metering.installed_meter(organization=organization, site=site, name="Kiosk")
    foreign = metering.installed_meter(organization=identity.organization(), name="Elsewhere")

    text = text_of(client, organization, point=[chosen.point.public_id, foreign.point.public_id])

    assert "Bakery" in text
    assert "Kiosk" not in text
    assert "Elsewhere" not in text


def test_of_an_empty_list_are_an_empty_sheet(client: Client, organization: identity_models.Organization) -> None:
    assert text_of(client, organization, q="nothing").strip() == ""
