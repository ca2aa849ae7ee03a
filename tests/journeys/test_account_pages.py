"""An account from opening to moving out, through the pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.customers import models, operations
from meterbook.foundation import scoping
from meterbook.ledger import operations as ledger_operations
from meterbook.ledger import values as ledger_values
from meterbook.tariffs import operations as tariff_operations
from tests.factories import identity, metering, sites, tariffs


class Desk:
    """An organization with a site, a meter point, a tariff, and its administrator at the screen."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, currency="USD")
        self.meter = metering.installed_meter(organization=self.organization, site=self.site)
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            self.tariff = tariff_operations.create_tariff(
                actor=identity.ACTOR, at=identity.LONG_AGO, document=tariffs.peak_document()
            )
        self.client = Client()
        self.client.force_login(identity.user(organization=self.organization))

    def href(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def open(self, **changes: str) -> str:
        given = {"site": str(self.site.public_id), "number": "A-1", "name": "Calder Bakery", "language": "en"}
        response = self.client.post(self.href("account_new"), {**given, **changes}, follow=True)
        return response.content.decode()

    def customers(self) -> list[str]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            found = models.Customer.objects.filter(organization_id=self.organization.pk)
            return list(found.order_by("id").values_list("name", flat=True))

    def account(self) -> models.Account:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return models.Account.objects.get(organization_id=self.organization.pk)

    def start(self, first_day: str) -> str:
        given = {
            "meter_point": str(self.meter.point.public_id),
            "tariff": str(self.tariff.public_id),
            "first_day": first_day,
        }
        href = self.href("contract_start", self.account().public_id)
        return self.client.post(href, given, follow=True).content.decode()


@pytest.fixture
def desk() -> Desk:
    return Desk()


class TestAccounts:
    def test_says_what_to_do_when_there_is_none(self, desk: Desk) -> None:
        assert "No accounts yet" in desk.client.get(desk.href("accounts")).content.decode()

    def test_opens_one_and_finds_it(self, desk: Desk) -> None:
        assert "Account A-1 is open." in desk.open()
        assert "Calder Bakery" in desk.client.get(desk.href("accounts") + "?q=calder").content.decode()
        assert "No account matches" in desk.client.get(desk.href("accounts") + "?q=nobody").content.decode()

    def test_keeps_what_was_typed_when_the_number_is_taken(self, desk: Desk) -> None:
        desk.open()

        page = desk.open(name="Marina Optics")

        assert "There is an account “A-1” already; take another number." in page
        assert "Marina Optics" in page
        assert desk.customers() == ["Calder Bakery"]

    def test_keeps_no_customer_when_the_site_has_a_landlord(self, desk: Desk) -> None:
        desk.open(is_landlord="on", name="Harbor Estates")

        page = desk.open(number="A-2", is_landlord="on", name="Quay Estates")

        assert f"{desk.site.name} has a landlord&#x27;s account already." in page
        assert desk.customers() == ["Harbor Estates"]

    def test_says_that_another_customer_has_the_code(self, desk: Desk) -> None:
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            operations.create_customer(actor=identity.ACTOR, at=identity.LONG_AGO, code="A-1", name="Calder Bakery")

        page = desk.open(name="Marina Optics")

        assert "Another customer has the code “A-1”" in page
        assert desk.customers() == ["Calder Bakery"]

    def test_names_what_was_typed_when_the_ledger_knows_the_number(self, desk: Desk) -> None:
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            ledger_operations.open_account(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                code="AR-A-1",
                kind=ledger_values.AccountKind.ASSET,
                currency="USD",
                name="Typed by hand",
            )

        page = desk.open()

        assert "There is an account “A-1” already; take another number." in page
        assert "AR-A-1" not in page
        assert desk.customers() == []

    def test_takes_a_tariff_of_vacant_units_for_the_landlord_only(self, desk: Desk) -> None:
        page = desk.open(vacancy_tariff=str(desk.tariff.public_id))

        assert "Only the landlord&#x27;s account pays for vacant units" in page
        assert desk.customers() == []

    def test_names_the_field_that_is_missing(self, desk: Desk) -> None:
        page = desk.open(name="", email="nowhere")

        assert page.count('class="problem"') == 2


class TestContracts:
    def test_starts_and_ends(self, desk: Desk) -> None:
        desk.open()

        assert "The account pays for the meter point" in desk.start("2026-03-01")
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            contract = models.Contract.objects.get(organization_id=desk.organization.pk)
        href = desk.href("contract_end", desk.account().public_id, contract.public_id)
        page = desk.client.post(href, {"until_day": "2026-04-01"}, follow=True).content.decode()

        assert "the unit is vacant from then on" in page

    def test_begins_at_midnight_of_the_site(self, desk: Desk) -> None:
        desk.open()

        desk.start("2026-03-01")

        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            contract = models.Contract.objects.get(organization_id=desk.organization.pk)
        assert contract.during.lower.isoformat() == "2026-02-28T23:00:00+00:00"  # Europe/Madrid

    def test_refuses_an_overlap_and_keeps_what_was_typed(self, desk: Desk) -> None:
        desk.open()
        desk.start("2026-03-01")

        page = desk.start("2026-03-05")

        assert "Another contract covers meter point" in page
        assert 'value="2026-03-05"' in page
