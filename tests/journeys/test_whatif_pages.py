"""Accounts priced by another tariff through the page and the API; nothing of it is kept."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from meterbook.audit import models as audit_models
from meterbook.billing import models
from meterbook.billing import permissions as billing_permissions
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations
from tests.factories import api, billing, identity, sites, whatif
from tests.support import pages

DAYS = {"first_day": "2026-01-01", "final_day": "2026-03-31"}


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with clock.use(clock.SettableClock(whatif.NOW)):
        yield


@pytest.fixture(scope="module")
def made(database: str) -> whatif.History:
    """One for all: to ask what would be writes nothing."""
    with clock.use(clock.SettableClock(whatif.NOW)):
        made = whatif.history()
        whatif.bill(made)
        return made


@pytest.fixture(scope="module")
def version(made: whatif.History) -> str:
    """Dearer prices, a draft."""
    return str(draft(made).public_id)


def asked(client: Client, made: whatif.History, **given: str) -> HttpResponse:
    path = reverse("tariff_what_if", args=[made.place.organization.public_id])
    return client.get(path, {"prices": "current", **DAYS, **given})


def draft(made: whatif.History) -> tariff_models.TariffVersion:
    with scoping.scope([made.owner], actor=identity.ACTOR):
        return tariff_operations.save_draft(
            actor=identity.ACTOR, at=whatif.NOW, tariff=made.place.tariff, document=whatif.dearer()
        )


class TestThePage:
    def test_asks_first_and_proposes_twelve_months(self, made: whatif.History) -> None:
        text = pages.page(pages.signed_in(made.place.organization), "tariff_what_if", made.place.organization)

        assert 'value="2025-05-01"' in text
        assert 'value="2026-04-30"' in text
        assert "Choose prices and accounts" in text

    def test_shows_that_the_present_tariff_gives_the_issued_bills(self, made: whatif.History) -> None:
        text = asked(pages.signed_in(made.place.organization), made).content.decode()

        assert "No difference." in text
        assert "to the cent" in text

    @pytest.mark.spec("I-04")
    def test_shows_who_pays_more_by_a_draft_month_by_month_and_line_by_line(
        self, made: whatif.History, version: str
    ) -> None:
        client = pages.signed_in(made.place.organization)

        text = asked(client, made, prices=version).content.decode()

        assert re.search(r'\+<span class="tnum">147\.0\d', text), "three accounts, 49.00 or so each"
        assert "Pay more" in text
        assert text.count('class="wi-loses"') == 6  # three accounts, three months
        assert all(month in text for month in ("Jan 2026", "Feb 2026", "Mar 2026"))
        assert "Where the money comes from" in text
        assert "Peak" in text

    def test_narrows_and_gives_files(self, made: whatif.History, version: str) -> None:
        client = pages.signed_in(made.place.organization)
        number = made.accounts[0].number

        nobody = asked(client, made, prices=version, show="WINS").content.decode()
        text = asked(client, made, prices=version, accounts=number, format="csv").content.decode("utf-8-sig")
        book = asked(client, made, prices=version, format="xlsx").content

        assert "Nobody is among them." in nobody
        (head, row) = csv.reader(io.StringIO(text))
        assert (head[0], row[0], row[1]) == ("Account", number, "Bakery")
        assert row[7].startswith("49.0")
        sheet = load_workbook(io.BytesIO(book)).active
        assert sheet is not None
        assert sheet.max_row == 4

    def test_says_what_is_wrong_beside_the_field(self, made: whatif.History) -> None:
        client = pages.signed_in(made.place.organization)
        for given, words in (
            ({"final_day": "2025-12-31"}, "The end must not lie before the beginning."),
            ({"accounts": "A-999999"}, "There is no account A-999999 here."),
            ({"first_day": "2019-01-01"}, "Take five years at most."),
            ({"prices": "00000000-0000-4000-8000-000000000000"}, "Select a valid choice"),
        ):
            answer = asked(client, made, **given)
            assert answer.status_code == 422
            assert words in answer.content.decode()

    def test_of_a_gap_names_account_meter_and_remedy(self) -> None:
        gapped = whatif.history(stops_day=date(2026, 2, 10))

        text = asked(pages.signed_in(gapped.place.organization), gapped).content.decode()

        assert "Days of 1 account cannot be priced" in text
        assert "Bring in the missing readings" in text or "Wait for the next reading" in text

    def test_without_any_account_says_so(self) -> None:
        organization = identity.organization()
        sites.site(organization=organization)
        path = reverse("tariff_what_if", args=[organization.public_id])

        answer = pages.signed_in(organization).get(path, {"prices": "current", **DAYS})

        assert answer.status_code == 422
        assert "Nobody pays for anything there" in answer.content.decode()

    def test_writes_nothing(self, made: whatif.History, version: str) -> None:
        client = pages.signed_in(made.place.organization)

        def counts() -> list[int]:
            kinds = (audit_models.AuditEntry, models.BillRun, models.BillDraft, models.Recalculation)
            with scoping.scope([made.owner], actor=identity.ACTOR):
                return [each.objects.filter(organization_id=made.owner).count() for each in kinds]

        before = counts()
        asked(client, made, prices=version)

        assert counts() == before

    def test_is_not_there_for_tenants_and_other_organizations(self, made: whatif.History) -> None:
        other = identity.organization()
        stranger = pages.signed_in(other)
        assert asked(stranger, made).status_code == 404
        tenant = identity.user(organization=made.place.organization, role=None, name="Nora Stone")
        with scoping.scope([made.owner], actor=identity.ACTOR):
            sign_ins.link_user(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                account=made.accounts[0].public_id,
                user_id=tenant.pk,
            )
        client = Client()
        client.force_login(tenant)
        assert asked(client, made).status_code == 404
        assert asked(pages.signed_in(made.place.organization, RoleCode.INTEGRATOR), made).status_code == 403

    def test_of_a_site_that_somebody_may_see_leaves_the_others_out(self) -> None:
        made = whatif.history(names=("Bakery",))
        second = billing.place(
            organization=made.place.organization, raw={**billing.document(), "code": "S2"}, landlord="L-2"
        )
        whatif.history(second, names=("Elsewhere",))
        user = identity.user(organization=made.place.organization, role=RoleCode.AUDITOR, site_id=made.place.site.pk)
        client = Client()
        client.force_login(user)

        text = asked(client, made).content.decode()

        assert "Bakery" in text
        assert "Elsewhere" not in text


class TestAFile:
    def test_is_tried_and_not_kept(self, made: whatif.History, version: str) -> None:
        client = pages.signed_in(made.place.organization)
        path = reverse("tariff_what_if_file", args=[made.place.organization.public_id])
        sent = SimpleUploadedFile("dearer.json", json.dumps(whatif.dearer()).encode())

        first = client.post(path, {**DAYS, "file": sent})
        text = first.content.decode()
        document = first.context["document"]
        again = client.post(path, {**DAYS, "document": document, "format": "csv", "prices": "file"})

        assert first.status_code == 200
        assert re.search(r'\+<span class="tnum">147\.0\d', text)
        assert again["Content-Type"].startswith("text/csv")
        with scoping.scope([made.owner], actor=identity.ACTOR):
            versions = tariff_models.TariffVersion.objects.filter(organization_id=made.owner, published_at=None)
            assert [str(each.public_id) for each in versions] == [version]
            assert tariff_models.TariffVersion.objects.filter(organization_id=made.owner).count() == 2

    def test_that_is_no_tariff_is_refused_with_its_place(self, made: whatif.History) -> None:
        client = pages.signed_in(made.place.organization)
        path = reverse("tariff_what_if_file", args=[made.place.organization.public_id])
        broken = {**whatif.dearer(), "unit": "MILES"}
        for content, words in (
            (b"{", "This is no JSON file"),
            (json.dumps(broken).encode(), "unit"),
            (b"\xff\xfe\x00", "This is no JSON file"),
        ):
            answer = client.post(path, {**DAYS, "file": SimpleUploadedFile("x.json", content)})
            assert (answer.status_code, words in answer.content.decode()) == (422, True)
        assert client.post(path, DAYS).status_code == 422


class TestTheApi:
    def test_tells_the_same_as_the_page(self, made: whatif.History, version: str) -> None:
        program = api.program(
            organization=made.place.organization, permissions={billing_permissions.VIEW_BILL, "tariffs:view_tariff"}
        )
        body = {"first_day": "2026-01-01", "until_day": "2026-04-01"}

        same = program.ask("POST", "/what-ifs", body).json()
        dearer = program.ask("POST", "/what-ifs", {**body, "document": whatif.dearer()}).json()
        both = program.ask(
            "POST",
            "/what-ifs",
            {**body, "document": whatif.dearer(), "tariff_version": version},
        )

        assert same["change"] == {"amount": "0.00", "currency": "EUR"}
        assert len(same["accounts"]) == 3
        assert {each["verdict"] for each in dearer["accounts"]} == {"LOSES"}
        assert dearer["months"][0]["count"] == 3
        assert both.status_code == 422

    def test_finds_no_version_and_no_tariff_of_others(self, made: whatif.History) -> None:
        foreign = whatif.history(until=date(2026, 1, 2))
        program = api.program(organization=made.place.organization)
        body = {"first_day": "2026-01-01", "until_day": "2026-04-01"}
        for more in (
            {"tariff_version": str(draft(foreign).public_id)},
            {"tariff": str(foreign.place.tariff.public_id)},
            {"accounts": [foreign.accounts[0].number + "X"]},
        ):
            answer = program.ask("POST", "/what-ifs", {**body, **more})
            assert answer.status_code == 422, answer.content
        site = program.ask(
            "POST",
            "/what-ifs",
            {**body, "site": str(foreign.place.site.public_id)},
        )
        assert site.status_code == 404
