"""The palette through HTTP: what it finds for whom, and that nothing leaks."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.customers import permissions as customer_permissions
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from tests.factories import customers, identity, metering, sites
from tests.support import pages


def found(client: Client, organization: identity_models.Organization, words: str, **how: str) -> list[str]:
    answer = client.get(reverse("palette", args=[organization.public_id]), {"q": words}, headers=how)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    titles = re.findall(r'class="palette-title">([^<]*)<', answer.content.decode())
    return [html.unescape(each) for each in titles]


class TestPalette:
    def test_offers_the_pages_that_one_may_open(self) -> None:
        organization = identity.organization()

        administrator, cashier = (
            found(pages.signed_in(organization, role), organization, "")
            for role in (RoleCode.ORGANIZATION_ADMIN, RoleCode.CASHIER)
        )

        assert {"Home", "My work", "Audit trail", "Topology", "Start a bill run"} <= set(administrator)
        assert {"Home", "Bills"} <= set(cashier)
        assert not {"Audit trail", "Topology", "Meters", "Start a bill run"} & set(cashier)

    def test_finds_pages_in_the_language_of_the_reader(self) -> None:
        organization = identity.organization(language="es")
        client = pages.signed_in(organization)
        client.cookies["django_language"] = "es"

        assert "Inicio" in found(client, organization, "inic")

    @pytest.mark.spec("M-002/2")
    def test_never_shows_the_meter_of_another_site(self) -> None:
        organization = identity.organization()
        ours, theirs = (sites.site(organization=organization, name=name) for name in ("Ours", "Theirs"))
        for site in (ours, theirs):
            metering.installed_meter(organization=organization, site=site, name=f"Bakery {site.name}")
            customers.account(organization=organization, site=site, name=f"Baker {site.name}")
            sites.node(site=site, name=f"Bakehouse {site.name}")
        cashier, reader = Client(), Client()
        cashier.force_login(identity.user(organization=organization, role=RoleCode.CASHIER, site_id=ours.pk))
        permissions = (
            site_permissions.VIEW_SITES,
            metering_permissions.VIEW_METER,
            customer_permissions.VIEW_CUSTOMER,
        )
        reader.force_login(
            identity.user(organization=organization, role=None, permissions=permissions, site_id=ours.pk)
        )

        for client in (cashier, reader):
            shown = [*found(client, organization, "bak"), *found(client, organization, "theirs")]
            assert [each for each in shown if "Theirs" in each] == []
        assert "Bakehouse Ours" in found(cashier, organization, "bak")
        assert "Bakery Ours" not in found(cashier, organization, "bak")  # a cashier sees no meters
        assert "Bakery Ours" in found(reader, organization, "bak")

    def test_shows_no_person_or_tariff_to_who_may_not_see_them(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization, name="Quentin Hidden")

        assert found(pages.signed_in(organization, RoleCode.CASHIER), organization, "quentin") == []
        assert found(pages.signed_in(organization), organization, "quentin") == ["Quentin Hidden"]

    @pytest.mark.parametrize("words", ["%", "<script>", "x" * 500, "' OR 1=1 --", "qq\u202eq"])
    def test_takes_any_words(self, words: str) -> None:
        organization = identity.organization()

        assert found(pages.signed_in(organization), organization, words) == []
