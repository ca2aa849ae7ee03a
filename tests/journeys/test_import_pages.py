"""The pages of imports: upload, mapping, dry run with faults by row, import."""

from __future__ import annotations

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meterbook.documents import uploads
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations
from tests.factories import identity, imports, metering, sites

ROWS = [("2026-03-01 00:00", "1.5"), ("2026-03-01 00:15", "2"), ("2026-03-01 00:30", "0.25")]
ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)
GUESSED = {"series": "energy_import", "gaps": "REFUSE"}


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    made = Client()
    made.force_login(identity.user(organization=organization, role=RoleCode.BILLING_CLERK))
    return made


def upload(client: Client, organization: identity_models.Organization, content: bytes, name: str = "march.csv") -> str:
    answer = client.post(f"/o/{organization.public_id}/imports/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def text_of(client: Client, path: str) -> str:
    return html.unescape(client.get(path).content.decode())


def readings(organization: identity_models.Organization) -> int:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return models.Reading.objects.filter(organization_id=organization.pk).count()


class TestImport:
    def test_goes_from_file_over_dry_run_to_the_meter(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        metering.installed_meter(organization=organization, code="SHOP-1", registers=(ENERGY,))
        page = upload(client, organization, imports.csv_file(ROWS))

        first = text_of(client, page)
        client.post(page, {**GUESSED, "point": "SHOP-1"})
        dry = text_of(client, page)
        before = readings(organization)
        done = client.post(f"{page}run", follow=True)

        assert "Choose where the values go" in first
        assert re.search(r'<option value="time" selected>', first)
        assert "The file fits" in dry
        assert "3.75" in dry
        assert before == 0
        assert "4 new readings were stored." in done.content.decode()
        assert readings(organization) == 4
        assert "march.csv" in text_of(client, f"/o/{organization.public_id}/imports/")

    @pytest.mark.spec("M-027/2")
    def test_says_before_what_comes_twice_what_lacks_and_which_unit_it_took(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        metering.installed_meter(organization=organization, code="SHOP-1", registers=(ENERGY,))
        twice = [*ROWS, ROWS[-1], ("2026-03-01 02:00", "1"), ("2026-03-01 02:15", "Data Loss")]
        page = upload(client, organization, imports.csv_file(twice))
        guessed = {**GUESSED, "point": "SHOP-1", "unit": ""}
        client.post(page, guessed)

        refused = text_of(client, page)
        client.post(page, {**guessed, "gaps": "ZERO"})
        taken = text_of(client, page)
        client.post(f"{page}run")
        again = upload(client, organization, imports.csv_file(ROWS))
        client.post(again, guessed)

        assert "Intervals are missing before this row: from 2026-03-01 00:45 to 2026-03-01 02:00" in refused
        assert "“Data Loss” says that there is no value." in refused
        assert "1 rows say the same as the one before them" in taken
        assert "gaps are taken as nothing used" in taken
        assert "The unit is kWh." in taken
        assert "Line 7" in refused
        assert "4 known already" in text_of(client, again)

    def test_shows_faults_by_row_and_offers_no_import(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        metering.installed_meter(organization=organization, code="SHOP-1", registers=(ENERGY,))
        page = upload(client, organization, imports.csv_file([*ROWS, ("2026-03-01 00:45", "12.x")]))
        client.post(page, {**GUESSED, "point": "SHOP-1"})

        text = text_of(client, page)

        assert "1 fault: nothing can be imported" in text
        assert "“12.x” is no number." in text
        assert f"{page}run" not in text
        client.post(f"{page}run")
        assert readings(organization) == 0

    def test_makes_meter_points_at_a_site_when_asked(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        site = sites.site(organization=organization, name="Harbor Mall")
        page = upload(client, organization, imports.workbook(ROWS), "march.xlsx")
        client.post(page, {**GUESSED, "point": "NEW-1", "new_meters_at": str(site.public_id)})

        done = client.post(f"{page}run", follow=True).content.decode()

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            point = models.MeterPoint.objects.get(organization_id=organization.pk, code="NEW-1")
        assert f"/meters/{point.public_id}/" in done

    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"\x89PNG\r\n\x1a\n\x00", "neither text nor a workbook"), (b"a" * (uploads.MOST_BYTES + 1), "at most 20 MB")],
        ids=["picture", "large"],
    )
    def test_refuses_other_files_at_once(
        self, client: Client, organization: identity_models.Organization, content: bytes, words: str
    ) -> None:
        answer = client.post(f"/o/{organization.public_id}/imports/", {"file": SimpleUploadedFile("a.csv", content)})

        assert answer.status_code == 200
        assert words in answer.content.decode()

    def test_keeps_a_wrong_zone_beside_its_field(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        page = upload(client, organization, imports.csv_file(ROWS))

        answer = client.post(page, {**GUESSED, "point": "A", "zone": "Europe/Nowhere"})

        assert "This is not a time zone" in answer.content.decode()

    def test_can_be_discarded(self, client: Client, organization: identity_models.Organization) -> None:
        page = upload(client, organization, imports.csv_file(ROWS))

        answer = client.post(f"{page}discard", follow=True)

        assert "was discarded" in answer.content.decode()
        assert client.get(page).status_code == 404

    def test_reaches_only_sites_of_the_person(self, organization: identity_models.Organization) -> None:
        own, other = sites.site(organization=organization), sites.site(organization=organization)
        metering.installed_meter(organization=organization, site=other, code="SHOP-1", registers=(ENERGY,))
        person = Client()
        person.force_login(identity.user(organization=organization, role=RoleCode.BILLING_CLERK, site_id=own.pk))
        page = upload(person, organization, imports.csv_file(ROWS))

        person.post(page, {**GUESSED, "point": "SHOP-1"})

        assert "There is no meter point “SHOP-1” where you may import." in text_of(person, page)
        person.post(f"{page}run")
        assert readings(organization) == 0
