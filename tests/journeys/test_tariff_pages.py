"""A tariff from the first draft to the version in force, through the pages."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.tariffs import models, operations
from tests.factories import identity, tariffs


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    user = identity.user(organization=organization)
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def post(client: Client, href: str, document: object) -> tuple[int, str]:
    text = document if isinstance(document, str) else json.dumps(document)
    response = client.post(href, {"document": text}, follow=True)
    return response.status_code, response.content.decode()


def made(organization: identity_models.Organization) -> models.Tariff:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return operations.create_tariff(actor=identity.ACTOR, at=identity.LONG_AGO, document=tariffs.peak_document())


class TestList:
    def test_says_what_to_do_when_there_is_none(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        page = client.get(reverse("tariffs", args=[organization.public_id])).content.decode()

        assert "No tariffs yet" in page
        assert reverse("tariff_new", args=[organization.public_id]) in page

    def test_shows_a_tariff_without_a_version_in_force(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        made(organization)

        assert "No version in force" in client.get(reverse("tariffs", args=[organization.public_id])).content.decode()


class TestWrite:
    def test_makes_a_tariff_and_shows_its_calendar(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        status, page = post(
            client, reverse("tariff_new", args=[organization.public_id]), {**tariffs.peak_document(), "code": "RETAIL"}
        )

        assert status == 200
        assert "336 of 336 half hours covered" in page
        assert len(re.findall(r'class="tou-5"><title>08:00–22:00 Peak', page)) == 7

    def test_keeps_what_was_typed_and_names_every_place(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        broken = {**tariffs.peak_document(), "note": "typed by hand", "currency": "EURO"}

        status, page = post(client, reverse("tariff_new", args=[organization.public_id]), broken)

        assert status == 422
        assert "<code>currency</code>" in page
        assert "typed by hand" in page
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            assert not models.Tariff.objects.filter(organization_id=organization.pk).exists()

    def test_names_the_line_of_broken_json(self, client: Client, organization: identity_models.Organization) -> None:
        status, page = post(client, reverse("tariff_new", args=[organization.public_id]), "{\n broken")

        assert (status, "line 2, column" in page) == (422, True)

    def test_a_code_that_is_taken_may_hold_signs_of_templates(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        document = {**tariffs.peak_document(), "code": "100%(x)s"}
        href = reverse("tariff_new", args=[organization.public_id])

        post(client, href, document)
        status, page = post(client, href, document)

        assert (status, "100%(x)s” already" in page) == (422, True)


class TestInSpanish:
    @pytest.fixture
    def organization(self) -> identity_models.Organization:
        return identity.organization(language="es")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"currency": "EURO"}, "«EURO» no es una moneda de ISO 4217 como EUR"),
            ({"taxes": [{"code": "vat", "name": "IVA"}]}, "falta «rate»"),
            ({"calendar": [{"windows": tariffs.PEAK_WINDOWS[:1]}]}, "00:00 a 08:00 no pertenece a ninguna ventana"),
        ],
        ids=["shape", "schema", "sense"],
    )
    def test_faults_are_told_in_the_language_of_the_page(
        self, client: Client, organization: identity_models.Organization, changes: dict[str, object], words: str
    ) -> None:
        text = json.dumps({**tariffs.peak_document(), **changes})
        href = reverse("tariff_new", args=[organization.public_id])

        answer = client.post(href, {"document": text})

        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_broken_json_and_what_cannot_change(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        href = reverse("tariff_draft", args=[organization.public_id, made(organization).public_id])

        broken, other = (
            client.post(href, {"document": text}).content.decode()
            for text in ("{\n broken", json.dumps({**tariffs.peak_document(), "currency": "MXN"}))
        )

        assert "línea 2, columna" in broken
        assert "<code>currency</code>: para esta tarifa es «USD», y así queda" in other


class TestPublish:
    def test_puts_the_draft_in_force(self, client: Client, organization: identity_models.Organization) -> None:
        tariff = made(organization)
        href = reverse("tariff_publish", args=[organization.public_id, tariff.public_id])

        page = client.post(href, {"first_day": "2026-01-01"}, follow=True).content.decode()

        assert "Version 1 is in force from 1 Jan 2026." in page

    @pytest.mark.parametrize("day", ["", "soon", "2026-02-30"])
    def test_asks_for_a_day(self, client: Client, organization: identity_models.Organization, day: str) -> None:
        tariff = made(organization)
        href = reverse("tariff_publish", args=[organization.public_id, tariff.public_id])

        page = client.post(href, {"first_day": day}, follow=True).content.decode()

        assert 'class="problem"' in page

    def test_is_not_for_the_writer_while_others_can(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        post(client, reverse("tariff_new", args=[organization.public_id]), tariffs.peak_document())
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            tariff = models.Tariff.objects.get(organization_id=organization.pk)
        href = reverse("tariff", args=[organization.public_id, tariff.public_id])
        action = reverse("tariff_publish", args=[organization.public_id, tariff.public_id])

        alone = client.get(href).content.decode()
        other = identity.user(organization=organization)
        together = client.get(href).content.decode()
        refused = client.post(action, {"first_day": "2026-01-01"}, follow=True).content.decode()

        assert (action in alone, action in together) == (True, False)
        assert f"somebody else must publish it: <b>{other.name or other.email}</b>" in together
        assert "You wrote this draft; another person" in refused

    def test_is_not_for_those_who_only_write(self, organization: identity_models.Organization) -> None:
        tariff = made(organization)
        clerk = Client()
        user = identity.user(organization=organization, role=RoleCode.BILLING_CLERK)
        clerk.force_login(user)

        href = reverse("tariff_publish", args=[organization.public_id, tariff.public_id])
        assert clerk.post(href, {"first_day": "2026-01-01"}).status_code == 403
        page = clerk.get(reverse("tariff", args=[organization.public_id, tariff.public_id])).content.decode()
        assert "Publish" not in page


class TestCautions:
    def test_say_that_a_price_pays_the_customer_and_save_it(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        document = tariffs.peak_document()
        document["components"][0]["prices"]["off"] = "-0.02"

        status, page = post(client, reverse("tariff_new", args=[organization.public_id]), document)

        assert status == 200
        assert page.count("Energy, Off-peak: the price −0.02 USD is below zero, it pays the customer.") == 2


class TestUse:
    def test_is_counted(self, client: Client, organization: identity_models.Organization) -> None:
        made(organization)

        page = client.get(reverse("tariffs", args=[organization.public_id])).content.decode()

        assert '<td class="num tnum">0<' in page
