"""An account from opening to moving out, through the pages."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.customers import models, operations
from meterbook.foundation import scoping
from meterbook.ledger import operations as ledger_operations
from meterbook.ledger import posting
from meterbook.ledger import values as ledger_values
from meterbook.tariffs import operations as tariff_operations
from tests.factories import api, customers, identity, ledger, metering, sites, tariffs


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

    def names(self, query: str) -> list[str]:
        """Customers in the list of accounts, in its order."""
        shown = self.client.get(self.href("accounts") + query).content.decode()
        return re.findall(r'<td class="lead"><a class="row-link" href="[^"]+">([^<]+)</a>', shown)

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

    def test_proposes_the_next_number_as_the_newest_are_written(self, desk: Desk) -> None:
        elsewhere = sites.site(organization=desk.organization, currency="USD", language="es")
        there = desk.client.get(desk.href("account_new"), {"site": str(elsewhere.public_id)}).content.decode()
        assert '<option value="es" selected>' in there  # bills are in the language of the site

        def proposed() -> str:
            page = desk.client.get(desk.href("account_new"), {"site": str(desk.site.public_id)}).content.decode()
            found = re.search(r'name="number"[^>]* value="([^"]*)"', page)
            assert found is not None
            return found[1]

        first = proposed()
        desk.open(number="2026/0099", name="Quay Gym")
        customers.account(organization=desk.organization, site=elsewhere, number="2026/0100")
        second = proposed()
        key = api.key(organization=desk.organization).token
        made = api.Program(key).post("/accounts", {"site": str(desk.site.public_id), "name": "Ana Ruiz"})

        assert (first, second) == ("A-000001", "2026/0101")
        assert (made.status_code, made.json()["number"]) == (201, "2026/0101")
        assert proposed() == "2026/0102"

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

    def test_offers_free_meter_points_first_and_says_who_pays_for_the_others(self, desk: Desk) -> None:
        desk.open()
        desk.start("2026-03-01")
        free = metering.installed_meter(organization=desk.organization, site=desk.site, code="ZZ-1", name="Kiosk")

        page = desk.client.get(desk.href("account", desk.account().public_id)).content.decode()

        taken = desk.meter.point
        assert f">{taken.code} {taken.name} · A-1 pays</option>" in page
        assert ">ZZ-1 Kiosk</option>" in page
        assert page.index(str(free.point.public_id)) < page.index(f'value="{taken.public_id}"')

    def test_says_until_when_somebody_pays(self, desk: Desk) -> None:
        desk.open()
        desk.start("2026-03-01")
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            contract = models.Contract.objects.get(organization_id=desk.organization.pk)
        href = desk.href("contract_end", desk.account().public_id, contract.public_id)

        later = desk.client.post(href, {"until_day": "2090-04-01"}, follow=True).content.decode()

        assert " · A-1 pays until 1 Apr 2090</option>" in later

    def test_refuses_an_overlap_and_keeps_what_was_typed(self, desk: Desk) -> None:
        desk.open()
        desk.start("2026-03-01")

        page = desk.start("2026-03-05")

        assert "Another contract covers meter point" in page
        assert 'value="2026-03-05"' in page


class TestList:
    def test_finds_filters_and_sorts(self, desk: Desk) -> None:
        desk.open()
        desk.open(number="A-2", name="Marina Optics", email="marina@harbor.example")
        cash = ledger.account(organization=desk.organization, currency="USD")
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            owed = models.Account.objects.select_related("receivable").get(
                organization_id=desk.organization.pk, number="A-2"
            )
            posting.post(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                plan=ledger.plan((owed.receivable, "12.50"), (cash, "-12.50"), text="Typed by hand"),
            )

        assert desk.names("?sort=-balance") == ["Marina Optics", "Calder Bakery"]
        assert desk.names("?sort=name") == ["Calder Bakery", "Marina Optics"]
        assert desk.names("?show=owing") == ["Marina Optics"]
        assert desk.names("?show=paper") == ["Calder Bakery"]
        assert desk.names("?show=credit&q=none") == []
        assert len(desk.names("?show=nonsense&sort=nonsense&site=nonsense")) == 2

    def test_finds_who_pays_for_a_meter_point(self, desk: Desk) -> None:
        desk.open()
        desk.open(number="A-2", name="Marina Optics")
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            account = models.Account.objects.get(organization_id=desk.organization.pk, number="A-1")
            operations.start_contract(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                account=account,
                meter_point=desk.meter.point,
                tariff=desk.tariff,
                starts_at=identity.LONG_AGO,
            )

        assert desk.names(f"?q={desk.meter.point.code}") == ["Calder Bakery"]


class TestStatement:
    def post(self, desk: Desk, day: date, amount: str, text: str) -> None:
        cash = ledger.account(organization=desk.organization, currency="USD")
        account = desk.account()
        with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
            opposite = amount[1:] if amount.startswith("-") else f"-{amount}"
            posting.post(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                plan=ledger.plan((account.receivable, amount), (cash, opposite), posted_date=day, text=text),
            )

    def test_shows_the_days_that_are_asked_for(self, desk: Desk) -> None:
        desk.open()
        for day, amount, text in (
            (date(2026, 1, 31), "10.00", "January"),
            (date(2026, 2, 28), "20.00", "February"),
            (date(2026, 3, 1), "-5.00", "Paid"),
        ):
            self.post(desk, day, amount, text)
        card = desk.href("account", desk.account().public_id)

        shown = desk.client.get(card, {"first": "2026-02-01", "final": "2026-02-28"}).content.decode()
        wrong = desk.client.get(card, {"first": "2026-02-01", "final": "2026-01-01"}).content.decode()
        odd = desk.client.get(card, {"first": "soon", "final": "\x00"})

        assert ("February" in shown, "January" in shown, "Paid" in shown) == (True, False, False)
        assert "Balance before these days" in shown
        assert "Take a day that is not before the first one." in wrong
        assert 'value="2026-01-01"' in wrong
        assert odd.status_code == 200

    def test_is_a_file_too(self, desk: Desk) -> None:
        desk.open()
        self.post(desk, date(2026, 1, 31), "10.00", "January")
        self.post(desk, date(2026, 3, 1), "-5.00", "=Paid")

        content = desk.client.get(desk.href("statement_file", desk.account().public_id)).content.decode("utf-8-sig")

        assert content.splitlines()[1:] == ["2026-01-31,January,10.00,10.00,USD", "2026-03-01,'=Paid,-5.00,5.00,USD"]


class TestCustomer:
    def test_gets_an_address_for_bills(self, desk: Desk) -> None:
        desk.open()
        href = desk.href("customer_change", desk.account().public_id)
        given = {"name": "Calder & Sons", "email": "nowhere", "language": "es", "tax_number": "", "address": ""}

        wrong = desk.client.post(href, given)
        right = desk.client.post(href, {**given, "email": "calder@harbor.example"}, follow=True).content.decode()

        assert (wrong.status_code, 'value="nowhere"' in wrong.content.decode()) == (422, True)
        assert "The customer was changed" in right
        assert "calder@harbor.example" in right
        assert desk.customers() == ["Calder & Sons"]
