"""Customers, accounts and contracts from a workbook through HTTP: faults, dry run, import, export; pages and API."""

from __future__ import annotations

import io
import re
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.urls import reverse
from openpyxl import load_workbook

from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from tests.factories import account_books, api, billing, identity
from tests.support import pages

ANA = ("C1", "Ana Ruiz", "Person", "ana@ruiz.example", None, "es")


class Desk:
    """A site with a meter and a tariff, and an administrator who brings workbooks."""

    def __init__(self) -> None:
        place = billing.place(code="HM")
        self.organization = place.organization
        self.client = pages.signed_in(self.organization)
        code = billing.metered(place).point.code
        self.rows = {
            "customers": [ANA],
            "accounts": [("A1", "C1", "HM")],
            "contracts": [(code, date(2026, 1, 1), "A1", "T1")],
        }

    def path(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def page(self, path: str) -> str:
        return self.client.get(path).content.decode()

    def upload(self, content: bytes) -> str:
        """The path of the workbook's page, or the refusal's page."""
        given = {"file": SimpleUploadedFile("accounts.xlsx", content)}
        answer = self.client.post(self.path("account_books"), given)
        return answer.headers["Location"] if answer.status_code == 302 else answer.content.decode()

    def send(self, path: str, **given: str) -> str:
        return self.client.post(path, given, follow=True).content.decode()

    def accounts(self) -> int:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return customer_models.Account.objects.filter(organization_id=self.organization.pk).count()


def test_tenants_come_in_by_page_and_go_out_again() -> None:
    desk = Desk()
    path = desk.path
    assert path("account_books") in desk.page(path("accounts"))
    assert "The tenants of a whole house" in desk.page(path("account_books"))
    assert "This is no workbook" in desk.upload(b"a;b")
    faulty = desk.upload(account_books.workbook(**desk.rows | {"accounts": [("A1", "C9")]}))
    told = desk.page(faulty)
    assert "1 fault: nothing can be imported" in told
    assert "Accounts, row 2, Customer" in told
    sound = desk.upload(account_books.workbook(**desk.rows))
    expected = re.search(r'name="expected" value="(\w+)"', desk.page(sound))
    assert expected is not None
    assert "Accounts were changed meanwhile" in desk.send(sound + "run", expected="x")
    assert desk.accounts() == 1
    done = desk.send(sound + "run", expected=expected[1])
    assert "The workbook was imported." in done
    assert "An earlier workbook with faults was discarded: accounts.xlsx." in done
    assert desk.client.get(faulty).status_code == 404
    assert desk.accounts() == 2

    waiting = desk.upload(desk.client.get(path("account_book_export")).content)
    assert "Nothing to change" in desk.page(waiting)
    assert "was discarded" in desk.send(waiting + "discard")
    assert "is kept" in desk.send(sound + "discard")
    template = load_workbook(io.BytesIO(desk.client.get(path("account_book_template")).content))
    assert template.sheetnames == ["Customers", "Accounts", "Contracts", "Notes"]


def test_tenants_come_in_by_a_program() -> None:
    desk = Desk()
    program = api.program(organization=desk.organization)

    def send(content: bytes) -> HttpResponse:
        return program.post("/account-workbooks", api.MultipartBody(file=SimpleUploadedFile("a.xlsx", content)))

    sent = send(account_books.workbook(**desk.rows)).json()
    imported = program.post(f"/account-workbooks/{sent['id']}/import", {"expected": sent["plan"]["expected"]})
    again = program.post(f"/account-workbooks/{sent['id']}/import", {"expected": "x"})
    unchanged = send(program.get("/account-workbooks/export").content).json()

    assert [each["made"] for each in sent["plan"]["sheets"]] == [1, 1, 1]
    assert (imported.status_code, again.status_code, send(b"no workbook").status_code) == (200, 409, 422)
    assert imported.json()["outcome"]["CONTRACTS_NEW"] == 1
    assert [each["unchanged"] for each in unchanged["plan"]["sheets"]] == [2, 2, 1]
    assert len(program.get("/account-workbooks").json()["items"]) == 2


def test_needs_the_right_and_stays_inside_the_organization() -> None:
    desk = Desk()
    sound = desk.upload(account_books.workbook(**desk.rows))
    other = identity.organization()
    foreign = sound.replace(str(desk.organization.public_id), str(other.public_id))

    for role, status in ((RoleCode.BILLING_CLERK, 200), (RoleCode.MONITOR, 403)):
        assert pages.signed_in(desk.organization, role).get(desk.path("account_books")).status_code == status
    assert pages.signed_in(other).get(foreign).status_code == 404
    assert pages.signed_in(other).post(foreign + "run").status_code == 404
