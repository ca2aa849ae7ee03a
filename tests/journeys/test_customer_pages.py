"""Customers and contracts through the pages."""

from __future__ import annotations

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meterbook.customers import lookups, models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from tests.factories import billing, customers, identity
from tests.support import pages
from tests.support.desks import Desk

ACTOR = identity.ACTOR


class TestCustomers:
    def test_are_listed_found_and_given_out(self) -> None:
        desk = Desk()
        desk.known("Ana Ruiz", email="ana@a.example", phones=("+34 600",))
        desk.known("=HYPERLINK(1)")

        assert "Ana Ruiz" in desk.page("customers", q="600")
        assert "No customer matches" in desk.page("customers", q="nobody")
        file = desk.client.get(desk.path("customers"), {"format": "csv"})
        assert b"'=HYPERLINK" in file.content
        assert desk.client.get(desk.path("customers"), {"format": "xlsx"}).status_code == 200

    @pytest.mark.parametrize("query", ["show=x", "sort=x", "page=0", "page=-1", "format=exe"])
    def test_bad_query_is_the_first_page(self, query: str) -> None:
        desk = Desk()

        assert desk.client.get(f"{desk.path('customers')}?{query}").status_code == 200

    def test_list_asks_a_fixed_number_of_questions(self, django_assert_max_num_queries: object) -> None:
        desk = Desk()
        for number in range(12):
            desk.known(f"Customer {number}")

        with django_assert_max_num_queries(45):  # type: ignore[operator]
            desk.page("customers")

    def test_are_made_and_changed_in_a_form(self) -> None:
        desk = Desk()
        sent = {
            "name": "Ana Ruiz 王",
            "kind": "PERSON",
            "language": "es",
            "phones": "1\r\n2\r\n\r\n1",
            "custom": "Door: B",
            "occupants": "3",
        }

        made = desk.client.post(desk.path("customer_new"), sent)
        customer = re.findall(r"customers/([0-9a-f-]{36})/", made["Location"])[0]
        refused = desk.client.post(
            desk.path("customer_edit", customer), {**sent, "emails": "no address", "custom": "nonsense"}
        )

        assert made.status_code == 302
        assert "These signs cannot be printed: 王" in refused.content.decode()
        assert refused.status_code == 422
        assert "no address" in refused.content.decode()
        assert "nonsense" in refused.content.decode()
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            facts = lookups.get_customer(public_id=uuid.UUID(customer)).facts
        assert (facts.phones, facts.custom, facts.occupants) == (("1", "2"), {"Door": "B"}, 3)

    def test_page_shows_what_somebody_may_know(self) -> None:
        desk = Desk()
        customer = desk.known()
        desk.client.post(
            desk.path("vulnerability", customer),
            {"care-reason": "needs oxygen", "care-until_date": "2030-01-01", "care-is_medical": "on"},
        )

        mine = desk.page("customer", customer)
        desk.client = pages.signed_in(desk.organization, RoleCode.AUDITOR)
        theirs = desk.page("customer", customer)

        assert "needs oxygen" in mine
        assert "oxygen" not in theirs
        assert "Must not be without supply" not in theirs
        assert "Protection noted" in theirs

    def test_merge_shows_both_and_leads_to_the_survivor(self) -> None:
        desk = Desk()
        one, other = desk.known("Ana Ruiz", email="a@a.example"), desk.known("Ruiz, Ana", tax_number="B1")

        assert "nearly the same name" in desk.page("duplicates")
        assert "B1" in desk.page("customer_merge", one, other)
        unsure = desk.client.post(desk.path("customer_merge", one, other))
        done = desk.client.post(desk.path("customer_merge", one, other), {"is_sure": "on"})
        moved = desk.client.get(desk.path("customer", other))

        assert (unsure.status_code, done.status_code) == (422, 302)
        assert moved["Location"] == desk.path("customer", one)
        assert "No duplicates found" in desk.page("duplicates")

    def test_erase_takes_two_steps(self) -> None:
        desk = Desk(RoleCode.ORGANIZATION_ADMIN)
        customer = desk.known()

        wrong = desk.client.post(desk.path("customer_erase", customer), {"name": "Ana"})
        right = desk.client.post(desk.path("customer_erase", customer), {"name": "Ana Ruiz"})

        assert (wrong.status_code, right.status_code) == (422, 302)
        assert "Ana Ruiz" not in desk.page("customer", customer)

    def test_erase_says_what_stands_in_its_way(self) -> None:
        desk = Desk(RoleCode.ORGANIZATION_ADMIN)
        account = customers.account(organization=desk.organization, site=desk.unit.place.site)
        customers.contract(
            account=account,
            point=desk.unit.point,
            tariff=desk.unit.place.tariff,
            starts_at=billing.FEBRUARY.starts_at,
        )

        assert "still pays for a meter point" in desk.page("customer_erase", account.customer.public_id)

    def test_export_is_a_file_and_is_noted(self) -> None:
        desk = Desk()
        customer = desk.known()

        answer = desk.client.post(desk.path("customer_export", customer))

        assert answer["Content-Type"] == "application/zip"
        assert "attachment" in answer["Content-Disposition"]

    def test_papers_are_given_out_as_attachments_of_their_own_customer_only(self) -> None:
        desk = Desk()
        customer, other = desk.known(), desk.known("Zoe Berg")
        desk.client.post(
            desk.path("paper_add", customer), {"paper-paper": SimpleUploadedFile("a.html.pdf", b"%PDF-1.7 x")}
        )
        refused = desk.client.post(
            desk.path("paper_add", customer), {"paper-paper": SimpleUploadedFile("a.pdf", b"<script>")}
        )
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            (file,) = lookups.get_customer(public_id=customer).files

        answer = desk.client.get(desk.path("paper", customer, file.public_id))

        assert refused.status_code == 422
        assert answer.content == b"%PDF-1.7 x"
        assert answer["Content-Disposition"].startswith("attachment")
        assert desk.client.get(desk.path("paper", other, file.public_id)).status_code == 404


class TestContracts:
    def test_get_another_tariff_from_a_day_on(self) -> None:
        desk = Desk()
        account = customers.account(organization=desk.organization, site=desk.unit.place.site)
        contract = customers.contract(
            account=account,
            point=desk.unit.point,
            tariff=desk.unit.place.tariff,
            starts_at=billing.FEBRUARY.starts_at,
        )
        other = billing.tariff(organization=desk.organization, raw={**billing.document(), "code": "NEW"})
        sent = {"tariff": str(other.public_id), "first_day": "2026-02-15"}

        early = desk.client.post(desk.path("contract_tariff", contract.public_id), {**sent, "first_day": "2026-01-01"})
        done = desk.client.post(desk.path("contract_tariff", contract.public_id), sent)

        assert (early.status_code, done.status_code) == (422, 302)
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            found = models.Contract.objects.filter(organization_id=desk.organization.pk).order_by("during")
            assert [each.tariff.code for each in found.select_related("tariff")] == ["T1", "NEW"]
            assert found[0].during.upper == found[1].during.lower
        assert "NEW" in client_text(desk.client, done["Location"])

    def test_of_billed_time_keep_their_tariff(self) -> None:
        desk = Desk()
        days = billing.FEBRUARY
        billing.count(desk.unit.meter.energy, days.starts_at, days.ends_at)
        account = customers.account(organization=desk.organization, site=desk.unit.place.site)
        contract = customers.contract(
            account=account, point=desk.unit.point, tariff=desk.unit.place.tariff, starts_at=days.starts_at
        )
        other = billing.tariff(organization=desk.organization, raw={**billing.document(), "code": "NEW"})
        billing.issued(desk.unit.place, first_day=days.first_day, until_day=days.until_day)

        answer = desk.client.post(
            desk.path("contract_tariff", contract.public_id),
            {"tariff": str(other.public_id), "first_day": "2026-02-15"},
        )

        assert answer.status_code == 422
        assert "on a bill until 2026-03-01" in answer.content.decode()


def client_text(client: Client, path: str) -> str:
    return client.get(path).content.decode()
