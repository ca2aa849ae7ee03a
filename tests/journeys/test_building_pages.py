"""A building from a workbook through HTTP: faults, dry run, import, export."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import Settings

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from tests.factories import buildings, identity
from tests.support import pages


@pytest.fixture(autouse=True)
def _demo(settings: Settings) -> None:
    """Gateways at loopback addresses are for demos only."""
    settings.IS_DEMO = True


def upload(client: Client, organization: identity_models.Organization, content: bytes) -> str:
    """The path of the workbook's page, or the refusal's page."""
    given = {"file": SimpleUploadedFile("building.xlsx", content)}
    answer = client.post(reverse("buildings", args=[organization.public_id]), given)
    return answer.headers["Location"] if answer.status_code == 302 else answer.content.decode()


def counts(organization: identity_models.Organization) -> tuple[int, int]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        own = {"organization_id": organization.pk}
        return site_models.SiteNode.objects.filter(**own).count(), metering_models.MeterPoint.objects.filter(
            **own
        ).count()


@pytest.mark.spec("M-001/1")
def test_thousand_units_and_more_meters_with_faults_and_then_without() -> None:
    organization = identity.organization()
    client = pages.signed_in(organization)
    faulty = load_workbook(io.BytesIO(buildings.large()))
    faulty["Places"]["E30"].value = "F99"
    faulty["Meter points"]["C700"].value = "Steam engine"
    faulty["Meter points"]["K701"].value = 300
    stream = io.BytesIO()
    faulty.save(stream)

    wrong = client.get(upload(client, organization, stream.getvalue())).content.decode()

    assert "3 faults: nothing can be imported" in wrong
    for place in ("Places, row 30, Inside", "Meter points, row 700, Service", "Meter points, row 701, Unit address"):
        assert place in wrong
    assert "There is no place “F99”." in wrong
    assert counts(organization) == (0, 0)

    path = upload(client, organization, buildings.large())
    right = client.get(path).content.decode()
    expected = re.search(r'name="expected" value="(\w+)"', right)

    assert expected is not None
    assert "1,021" in right
    assert counts(organization) == (0, 0)

    done = client.post(path + "run", {"expected": expected[1]}, follow=True).content.decode()

    assert "The workbook was imported." in done
    assert counts(organization) == (1_021, 1_200)

    exported = client.get(reverse("building_export", args=[organization.public_id])).content
    again = client.get(upload(client, organization, exported)).content.decode()

    assert "Nothing to change" in again
    assert 'name="expected"' not in again


def test_other_files_are_refused_beside_the_field() -> None:
    organization = identity.organization()
    client = pages.signed_in(organization)

    for content, words in ((b"a;b", "This is no workbook"), (b"PK\x03\x04", "damaged"), (b"", "empty")):
        assert words in upload(client, organization, content)


def test_template_is_in_the_readers_language() -> None:
    organization = identity.organization()
    client = pages.signed_in(organization)

    book = load_workbook(io.BytesIO(client.get(reverse("building_template", args=[organization.public_id])).content))

    assert book.sheetnames == ["Sites", "Places", "Meter points", "Notes"]
    assert book["Places"]["A1"].value == "Code*"


def test_plan_of_before_is_not_imported() -> None:
    organization = identity.organization()
    client = pages.signed_in(organization)
    path = upload(client, organization, buildings.building())

    answer = client.post(path + "run", {"expected": "another"}, follow=True).content.decode()

    assert "The tree was changed meanwhile" in answer
    assert 'name="expected"' in answer


def test_discards_a_waiting_workbook() -> None:
    organization = identity.organization()
    client = pages.signed_in(organization)
    path = upload(client, organization, buildings.building())

    client.post(path + "discard")

    assert client.get(path).status_code == 404


def test_of_another_organization_is_not_found_and_needs_the_right() -> None:
    organization, other = identity.organization(), identity.organization()
    path = upload(pages.signed_in(organization), organization, buildings.building())
    foreign = path.replace(str(organization.public_id), str(other.public_id))

    assert pages.signed_in(other).get(foreign).status_code == 404
    assert pages.signed_in(other).post(foreign + "run").status_code == 404
    assert pages.signed_in(organization, RoleCode.MONITOR).get(path).status_code == 403
