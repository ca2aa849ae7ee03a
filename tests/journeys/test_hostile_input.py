"""What no person types, and what some do by mistake, is answered in words; nothing of it is the server's failure."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations
from tests.factories import customers, identity, metering, sites, tariffs

SEARCHES = [("accounts", "q"), ("meters", "q"), ("bills", "search")]
LISTS = ["alarms", "bills", "meters"]
FAR_DAYS = ["0001-01-01", "9999-12-31", "1989-12-31", "2101-01-01"]


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    signed_in = Client()
    signed_in.force_login(identity.user(organization=organization))
    return signed_in


class TestSearches:
    @pytest.mark.parametrize(("name", "parameter"), SEARCHES)
    def test_refuse_signs_that_no_text_has(
        self, client: Client, organization: identity_models.Organization, name: str, parameter: str
    ) -> None:
        response = client.get(reverse(name, args=[organization.public_id]), {parameter: "a\x00b"})

        assert response.status_code == 400
        assert "type them anew" in response.content.decode()

    @pytest.mark.parametrize(("name", "parameter"), SEARCHES)
    def test_take_every_language(
        self, client: Client, organization: identity_models.Organization, name: str, parameter: str
    ) -> None:
        href = f"{reverse(name, args=[organization.public_id])}?{parameter}={quote('Café 東京 % _')}"

        assert client.get(href).status_code == 200


class TestPageNumbers:
    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("number", ["9" * 20, "9" * 5000])
    def test_beyond_every_list_are_not_found(
        self, client: Client, organization: identity_models.Organization, name: str, number: str
    ) -> None:
        response = client.get(reverse(name, args=[organization.public_id]), {"page": number})

        assert response.status_code == 404
        assert "no such page" in response.content.decode()

    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("number", ["", "0", "-1", "two", "²", "999999"])
    def test_that_are_none_show_a_list(
        self, client: Client, organization: identity_models.Organization, name: str, number: str
    ) -> None:
        assert client.get(reverse(name, args=[organization.public_id]), {"page": number}).status_code == 200


class TestMonths:
    @pytest.mark.parametrize("month", ["9999-12", "0001-01", "2026-13"])
    def test_far_away_show_all_bills(
        self, client: Client, organization: identity_models.Organization, month: str
    ) -> None:
        assert client.get(reverse("bills", args=[organization.public_id]), {"month": month}).status_code == 200


class TestContracts:
    @pytest.mark.parametrize("day", FAR_DAYS)
    def test_start_on_a_day_of_this_time(
        self, client: Client, organization: identity_models.Organization, day: str
    ) -> None:
        site = sites.site(organization=organization, currency="USD")
        meter = metering.installed_meter(organization=organization, site=site)
        account = customers.account(organization=organization, site=site)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            tariff = tariff_operations.create_tariff(
                actor=identity.ACTOR, at=identity.LONG_AGO, document=tariffs.peak_document()
            )
        given = {"meter_point": str(meter.point.public_id), "tariff": str(tariff.public_id), "first_day": day}

        response = client.post(reverse("contract_start", args=[organization.public_id, account.public_id]), given)

        assert response.status_code == 422
        assert "Take a day of the years 1990 to 2100." in response.content.decode()
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            assert not customer_models.Contract.objects.filter(organization_id=organization.pk).exists()


class TestTariffs:
    @pytest.mark.parametrize("day", [*FAR_DAYS, "tomorrow"])
    def test_begin_on_a_day_of_this_time(
        self, client: Client, organization: identity_models.Organization, day: str
    ) -> None:
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            tariff = tariff_operations.create_tariff(
                actor=identity.ACTOR, at=identity.LONG_AGO, document=tariffs.peak_document()
            )

        response = client.post(
            reverse("tariff_publish", args=[organization.public_id, tariff.public_id]), {"first_day": day}
        )

        assert response.status_code == 422
        assert 'class="problem"' in response.content.decode()
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            version = tariff_models.TariffVersion.objects.get(organization_id=organization.pk)
        assert version.during is None

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 20_000,
            "[" * 900 + "]" * 900,
            json.dumps({**tariffs.peak_document(), "name": "x" * 5000}),
            json.dumps({**tariffs.peak_document(), "name": "a\x00b"}),
            json.dumps({**tariffs.peak_document(), "name": "a\ud800b"}),
            json.dumps({**tariffs.peak_document(), "note": "a\x00b"}),
        ],
        ids=["open", "deep", "long", "NUL", "surrogate", "NUL in a note"],
    )
    def test_are_refused_in_words(self, client: Client, organization: identity_models.Organization, text: str) -> None:
        response = client.post(reverse("tariff_new", args=[organization.public_id]), {"document": text})

        assert response.status_code == 422
