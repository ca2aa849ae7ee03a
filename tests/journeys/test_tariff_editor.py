"""The form of a tariff, what was painted, the comparison of versions and where a tariff is used, through the pages."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.tariffs import models, operations
from meterbook.web.tariffs.editor import loose, starts
from tests.factories import customers, identity, metering, sites, tariffs


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    signed_in = Client()
    signed_in.force_login(identity.user(organization=organization))
    return signed_in


def made(organization: identity_models.Organization, **changes: object) -> models.Tariff:
    document = {**tariffs.peak_document(), "code": "RETAIL", **changes}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return operations.create_tariff(actor=identity.ACTOR, at=identity.LONG_AGO, document=document)


def published(organization: identity_models.Organization) -> models.Tariff:
    """Two versions: energy at 0.30 and 0.10, then peak at 0.33 and until 21:00 with a service of 5."""
    tariff = made(organization)
    later = tariffs.peak_document(
        windows=[{"from": "08:00", "to": "21:00", "period": "peak"}, {"from": "21:00", "to": "08:00", "period": "off"}]
    )
    later["code"], later["components"][0]["prices"]["peak"] = "RETAIL", "0.33"
    later["components"].append({"code": "service", "name": "Service", "charge": "FIXED_MONTHLY", "price": "5"})
    given: dict[str, Any] = {"actor": identity.ACTOR, "at": identity.LONG_AGO, "tariff": tariff.public_id}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        operations.publish_version(first_day=date(2025, 1, 1), **given)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        operations.save_draft(document=later, **given)
    return tariff


def draft(tariff: models.Tariff) -> dict[str, Any]:
    with scoping.scope([tariff.organization_id], actor=identity.ACTOR):
        version = models.TariffVersion.objects.get(organization_id=tariff.organization_id, tariff=tariff, state="DRAFT")
        document: dict[str, Any] = version.document
        return document


def inputs(page: str) -> dict[str, str]:
    """The hidden and typed fields of a page, as a browser would send them back."""
    found = dict(re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', page))
    return {name: html.unescape(value) for name, value in found.items() if name != "csrfmiddlewaretoken"}


class TestForm:
    def test_shows_words_instead_of_codes_and_saves_what_was_typed(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        href = reverse("tariff_new", args=[organization.public_id])
        page = client.get(f"{href}?start=steps").content.decode()
        sent = {
            "base": inputs(page)["base"],
            "components[0].tiers[0].price": "1,250.5",
            "name": "Homes",
            "code": "HOME",
        }

        answer = client.post(href, {**sent, "do": "save"}, follow=True)

        assert "prices in steps of quantity" in page
        assert "Homes" in answer.content.decode()
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            version = models.TariffVersion.objects.get(organization_id=organization.pk)
        assert version.document["components"][0]["tiers"][0] == {"up_to": "100", "price": "1250.5"}
        assert version.document["name"] == {"en": "Homes", "es": "Electricidad"}

    def test_proposes_the_tax_of_the_country_and_service_and_later_what_the_organization_charges(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        href = reverse("tariff_new", args=[organization.public_id])
        assert "No tax is charged." in client.get(href).content.decode()  # no site: nothing is known
        sites.site(organization=organization, time_zone="Europe/Madrid")

        proposed = {start: client.get(f"{href}?start={start}").content.decode() for start in ("flat", "water")}
        made(organization, taxes=[])
        later = client.get(f"{href}?start=water").content.decode()

        rates = {start: inputs(page)["taxes[0].rate"] for start, page in proposed.items()}
        assert rates == {"flat": "21", "water": "10"}
        assert "No tax is charged." in later
        assert "As in the tariff Test." in later

    def test_tells_faults_beside_fields_and_keeps_what_was_typed(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        tariff = made(organization)
        href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])
        base = inputs(client.get(href).content.decode())["base"]

        answer = client.post(href, {"base": base, "components[0].prices.peak": "a lot", "note": "mine", "do": "save"})
        page = answer.content.decode()

        assert answer.status_code == 422
        assert re.search(
            r'value="a lot"[^>]*aria-invalid="true" aria-describedby="f-components-0-prices-peak-problem-1"', page
        )
        assert 'id="f-components-0-prices-peak-problem-1"' in page
        assert '<a href="#f-components-0-prices-peak">Energy: Peak</a>: Write an amount such as 0.1234' in page
        assert "mine</textarea>" in page
        assert draft(tariff)["components"] == tariffs.peak_document()["components"]

    def test_buttons_change_the_document_that_travels_along(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        href = reverse("tariff_new", args=[organization.public_id])
        page = client.get(href).content.decode()

        for wanted in ("add:components:TIERS", "up:components[2]", "add:seasons", "on:holidays", "times", "nonsense:x"):
            answer = client.post(href, {**inputs(page), "do": wanted})
            page = answer.content.decode()
            assert answer.status_code == 200, wanted

        document = json.loads(inputs(page)["base"])
        assert [each["code"] for each in document["components"]] == ["energy", "energy-in-steps", "service"]
        assert [each["code"] for each in document["seasons"]] == ["summer", "winter"]
        assert document["day_types"][-1]["is_holiday"] is True
        assert "as-times" in page
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            assert not models.Tariff.objects.filter(organization_id=organization.pk).exists()

    def test_both_tabs_hold_one_document(self, client: Client, organization: identity_models.Organization) -> None:
        tariff = made(organization)
        href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])
        text = json.dumps(tariffs.peak_document() | {"code": "RETAIL"}).replace('"note"', '"note" ')

        form = client.post(href, {"document": text, "do": "form"}).content.decode()
        back = client.post(href, {**inputs(form), "do": "text"}).content.decode()
        broken = client.post(href, {"document": text[:-1], "do": "form"})

        assert html.unescape(back[back.index("<textarea") :].partition(">\n")[2].partition("</textarea>")[0]) == text
        assert broken.status_code == 422
        assert "this is not JSON" in broken.content.decode()

    def test_what_was_painted_is_saved(self, client: Client, organization: identity_models.Organization) -> None:
        tariff = made(organization)
        href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])
        base = inputs(client.get(href).content.decode())["base"]
        cells = [["b" * 16 + "a" * 28 + "b" * 4] * 5 + ["b" * 48] * 2]

        client.post(href, {"base": base, "grid": json.dumps(cells), "do": "save"})

        assert [each["weekdays"] for each in draft(tariff)["day_types"]] == [
            ["MON", "TUE", "WED", "THU", "FRI"],
            ["SAT", "SUN"],
        ]

    def test_in_spanish_with_its_separators(self) -> None:
        organization = identity.organization(language="es")
        client = Client()
        client.force_login(identity.user(organization=organization))
        tariff = made(organization)
        href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])
        page = client.get(href).content.decode()

        client.post(href, {"base": inputs(page)["base"], "components[0].prices.peak": "1.250,5", "do": "save"})

        assert 'value="0,30"' in page
        assert draft(tariff)["components"][0]["prices"]["peak"] == "1250.5"

    @pytest.mark.parametrize("base", ["", "{", "[]", '{"components": 3}', "9" * 9000], ids=range(5))
    def test_a_document_that_was_tampered_with_is_shown_as_text(
        self, client: Client, organization: identity_models.Organization, base: str
    ) -> None:
        answer = client.post(reverse("tariff_new", args=[organization.public_id]), {"base": base, "do": "save"})

        assert answer.status_code == 422
        assert "code-input" in answer.content.decode()

    def test_a_document_with_more_values_than_a_request_carries_is_edited_as_text(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        charge = {"name": "Service", "charge": "FIXED_MONTHLY", "price": "1"}
        components = [{"code": f"c{number}", **charge} for number in range(100)]
        starts_on = [f"{day // 28 + 1:02}-{day % 28 + 1:02}" for day in range(100)]
        seasons = [{"code": f"s{each}", "name": "S", "starts": each} for each in starts_on]
        tariff = made(organization, components=components, seasons=seasons)
        href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])

        answer = client.get(href)

        assert answer.status_code == 422
        assert "too long for the form" in answer.content.decode()


class TestPreview:
    def test_is_the_real_rating_of_a_month(self, client: Client, organization: identity_models.Organization) -> None:
        href = reverse("tariff_preview", args=[organization.public_id])
        document = loose.written(starts.document("flat"))
        sent = {"base": document, "example-quantity": "300", "example-month": "6", "components[0].price": "0.10"}

        page = client.post(href, sent).content.decode()
        waiting = client.post(href, {**sent, "components[0].price": ""}).content.decode()
        unsaid = client.post(href, {**sent, "example-quantity": "-1", "example-month": "13"})

        assert re.findall(r'<td class="num tnum">(?:<b>)?([\d.]+)', page) == ["30.00", "6.00", "7.56", "43.56"]
        assert "1 place must be filled in or corrected first." in waiting
        assert unsaid.status_code == 200
        assert client.post(href, {"base": "{"}).status_code == 422
        given = client.post(href, {**sent, "components[0].channel": "REACTIVE_IMPORT"}).content.decode()
        assert "An example has no such quantity: reactive energy." in given


class TestVersions:
    def test_are_compared_in_words(self, client: Client, organization: identity_models.Organization) -> None:
        tariff = published(organization)
        href = reverse("tariff_compare", args=[organization.public_id, tariff.public_id])

        page = client.get(href, {"old": "1", "new": "2", "example-month": "6"}).content.decode()

        rows = [
            re.sub(r"<[^>]+>", "|", row).split("|")
            for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", page[page.index("What changes") :])
        ]
        told = [[each for each in row if each] for row in rows]
        assert ["Energy, Peak", "USD/kWh", "0.30", "0.33", "+10.0\u00a0%"] in told
        assert ["Service", "USD a month", "–", "5"] in told
        assert ["Monday to Sunday, 21:00–22:00", "Peak", "Off-peak"] in told
        assert "Difference" in page

    @pytest.mark.parametrize(
        "query",
        ["", "old=9&new=x", "old=2&new=1", "example-month=x&example-quantity=-1&example-load=?"],
        ids=["nothing", "unknown", "backwards", "nonsense"],
    )
    def test_any_address_is_answered(
        self, client: Client, organization: identity_models.Organization, query: str
    ) -> None:
        href = reverse("tariff_compare", args=[organization.public_id, published(organization).public_id])

        assert client.get(f"{href}?{query}").status_code == 200

    def test_a_new_one_starts_from_an_older_one_and_says_what_it_replaces(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        tariff = published(organization)
        href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])

        page = client.get(f"{href}?from=1").content.decode()

        assert "This starts from version 1. Saving it replaces draft 2." in page
        assert json.loads(inputs(page)["base"])["components"] == tariffs.peak_document()["components"]

    def test_a_copy_has_a_code_of_its_own(self, client: Client, organization: identity_models.Organization) -> None:
        tariff = made(organization)
        href = reverse("tariff_new", args=[organization.public_id])

        page = client.get(f"{href}?from={tariff.public_id}").content.decode()
        client.post(href, {"base": inputs(page)["base"], "do": "save"})

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            found = models.Tariff.objects.filter(organization_id=organization.pk).order_by("id")
            assert [(each.code, each.name) for each in found] == [("RETAIL", "Test"), ("RETAIL-2", "Test (copy)")]
        assert client.get(f"{href}?from=nonsense&start=nonsense").status_code == 200

    def test_those_who_only_look_compare_and_do_not_write(self, organization: identity_models.Organization) -> None:
        tariff = published(organization)
        looking = Client()
        looking.force_login(identity.user(organization=organization, role=RoleCode.AUDITOR))
        place = [organization.public_id, tariff.public_id]

        assert looking.get(reverse("tariff_compare", args=place)).status_code == 200
        assert looking.get(reverse("tariff_draft", args=place)).status_code == 403
        assert looking.post(reverse("tariff_preview", args=place[:1]), {"base": "{}"}).status_code == 403
        assert "Copy as a new tariff" not in looking.get(reverse("tariff", args=place)).content.decode()


class TestUse:
    def test_is_listed_with_its_contracts(self, client: Client, organization: identity_models.Organization) -> None:
        site = sites.site(organization=organization, name="Harbor Row")
        tariff = made(organization, currency=site.currency)
        point = metering.installed_meter(organization=organization, site=site)
        account = customers.account(organization=organization, site=site)
        customers.contract(account=account, point=point.point, tariff=tariff, starts_at=identity.LONG_AGO)

        page = client.get(reverse("tariff", args=[organization.public_id, tariff.public_id])).content.decode()

        assert re.search(r'Harbor Row</th><td class="num tnum">1<', page)
        assert reverse("account", args=[organization.public_id, account.public_id]) in page
