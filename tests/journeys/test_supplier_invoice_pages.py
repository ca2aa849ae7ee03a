"""Suppliers' invoices and late sheets in the browser's requests and for programs."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meterbook.billing import invoice_files, models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from tests.db.billing.test_pool_rebilling import Late
from tests.factories import api, billing, identity, pools, supplier_invoices


@pytest.fixture(scope="module")
def made() -> pools.Divided:
    return pools.divided(identity.organization())


@pytest.fixture
def client(made: pools.Divided) -> Client:
    signed = Client()
    signed.force_login(identity.user(organization=made.place.organization, role=RoleCode.MANAGER))
    return signed


def href(made: pools.Divided, path: str) -> str:
    return f"/o/{made.place.organization.public_id}/{path}"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def written(made: pools.Divided, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    usual = {
        "site": str(made.place.site.public_id),
        "rows": "2",
        "supplier": "Harbor Power",
        "number": "77",
        "service": "ELECTRICITY",
        "first_day": "2026-05-01",
        "last_day": "2026-05-31",
        "quantity": "1,000",
        "unit": "kWh",
        "total": "165.50",
        "row-0-kind": "ENERGY",
        "row-0-text": "Energy",
        "row-0-quantity": "1,000",
        "row-0-unit": "kWh",
        "row-0-price": "0.15",
        "row-0-amount": "150.00",
        "row-1-kind": "FIXED",
        "row-1-text": "Standing charge",
        "row-1-amount": "15.50",
    }
    return usual | given


def test_is_entered_corrected_and_withdrawn_in_forms_that_keep_what_was_typed(
    made: pools.Divided, client: Client
) -> None:
    assert "No supplier's invoice yet" in page(client, href(made, "invoices/")).replace("&#x27;", "'")
    address = href(made, "invoices/new")

    more = client.post(address, {**written(made), "do": "add"}).content.decode()
    unequal = client.post(address, written(made, total="165.51"))
    priced = client.post(address, written(made, **{"row-0-price": "0.20"}))
    right = client.post(address, written(made))
    again = client.post(address, written(made))

    assert 'name="rows" value="3"' in more
    assert 'value="Standing charge"' in more
    assert (unequal.status_code, "look for the line that lacks" in unequal.content.decode()) == (422, True)
    assert "Quantity times price is 200.00" in priced.content.decode()
    assert right.status_code == 302
    assert (again.status_code, "correct that one" in again.content.decode()) == (422, True)
    told = page(client, right["Location"] + "?sharers=10")
    assert "0.1655" in told
    assert "the landlord" not in told
    correct = right["Location"] + "correct"
    assert 'value="77"' in page(client, correct)
    unexplained = client.post(correct, written(made))
    saved = client.post(correct, written(made, reason="misprint", total="175.50", **{"row-1-amount": "25.50"}))
    assert (unexplained.status_code, saved.status_code) == (422, 302)
    told = page(client, right["Location"])
    assert "version 2" in told
    assert "misprint" in told
    assert "165.50" in told
    assert client.post(right["Location"] + "withdraw", {"reason": ""}).status_code == 422
    assert client.post(right["Location"] + "withdraw", {"reason": "twice"}).status_code == 302
    assert "Withdrawn" in page(client, right["Location"])
    assert json.loads(client.get(right["Location"] + "data.json").content)["total"] == "175.50"


def test_its_paper_is_kept_and_given_out_as_a_file(made: pools.Divided, client: Client) -> None:
    known = pools.invoiced(made.place.organization)
    address = href(made, f"invoices/{known.invoice.public_id}/")

    wrong = client.post(address + "attach", {"file": SimpleUploadedFile("a.pdf", b"no pdf")})
    nothing = client.post(address + "attach")
    right = client.post(address + "attach", {"file": SimpleUploadedFile("may.pdf", b"%PDF-1.7\n%%EOF\n")})
    given = client.get(href(made, f"invoices/files/{known.file.public_id}"))

    assert (wrong.status_code, nothing.status_code, right.status_code) == (422, 422, 302)
    assert "may.pdf" in page(client, address)
    assert given["Content-Disposition"].startswith("attachment")
    assert given["Content-Type"] == "image/jpeg"


def test_a_file_brings_all_its_invoices_or_none(made: pools.Divided, client: Client) -> None:
    address = href(made, "invoices/import")
    table = client.get(href(made, "invoices/example.csv")).content
    numbered = table.replace(b"2026-0513", b"imported-1")
    more = numbered + numbered.split(b"\n", 1)[1].replace(b"imported-1", b"imported-2").replace(b"150.00", b"151.00")
    site = {"site": str(made.place.site.public_id), "mark": "."}

    wrong = client.post(address, {**site, "file": SimpleUploadedFile("a.csv", more)})
    unread = client.post(address, {**site, "file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")})
    right = client.post(address, {**site, "file": SimpleUploadedFile("a.csv", numbered)})

    assert "1/lines/0/amount" in wrong.content.decode()
    assert ", ".join(invoice_files.COLUMNS[:3]) in unread.content.decode()
    assert right.status_code == 302
    told = page(client, href(made, "invoices/"))
    assert "imported-1" in told
    assert "imported-2" not in told


def test_programs_enter_correct_and_read_who_bears_each_line(made: pools.Divided) -> None:
    program = api.program(organization=made.place.organization)
    document = supplier_invoices.document(number=uuid.uuid4().hex[:8])

    wrong = program.post("/supplier-invoices", {"site": str(made.place.site.public_id), "document": {}})
    entered = program.post("/supplier-invoices", {"site": str(made.place.site.public_id), "document": document})
    told = program.get(f"/supplier-invoices/{entered.json()['id']}").json()

    assert wrong.status_code == 422
    assert {"/body/document/supplier", "/body/document/lines"} <= {each["pointer"] for each in wrong.json()["errors"]}
    assert entered.status_code == 201
    assert [each["landlord"] for each in told["lines"]] == ["150.00", "15.50", "34.76"]
    assert told["energy_price"] == "0.15000000"


def test_who_may_only_look_changes_nothing(made: pools.Divided) -> None:
    looking = Client()
    looking.force_login(identity.user(organization=made.place.organization, role=RoleCode.AUDITOR))
    known = pools.invoiced(made.place.organization)

    assert "invoices/new" not in page(looking, href(made, "invoices/"))
    for path in ("new", "import", f"{known.invoice.public_id}/correct"):
        assert looking.get(href(made, f"invoices/{path}")).status_code == 403


@pytest.mark.spec("B-64/1")
def test_a_late_sheet_is_compared_proposed_and_approved_by_another() -> None:
    late = Late()
    organization = late.pool.organization_id
    base = f"/o/{late.house.place.organization.public_id}/"
    one, other = Client(), Client()
    for signed in (one, other):
        signed.force_login(identity.user(organization=late.house.place.organization, role=RoleCode.ORGANIZATION_ADMIN))
    sheet = late.sheet

    assert "compare" in page(one, f"{base}sheets/{sheet.public_id}/")
    assert "Bill all members again" in page(one, f"{base}sheets/{sheet.public_id}/late")
    unexplained = one.post(f"{base}sheets/{sheet.public_id}/rebill", {"reason": ""})
    proposed = one.post(f"{base}sheets/{sheet.public_id}/rebill", {"reason": "the supplier corrected it"})
    own = page(one, proposed["Location"])
    one.post(proposed["Location"] + "approve")
    with scoping.scope([organization], actor=billing.ACTOR):
        assert not models.CreditNote.objects.filter(organization_id=organization).exists()
    done = other.post(proposed["Location"] + "approve")

    assert unexplained.status_code == 422
    assert "another person" in own
    assert done.status_code == 302
    told = page(other, proposed["Location"])
    assert "Billed again" in told
    further = re.search(r"sheets/([0-9a-f-]{36})/\">The further sheet", told)
    assert further is not None
    assert "took the place of an earlier sheet" in page(other, f"{base}sheets/{further[1]}/")
    assert "a further sheet took its place" in page(other, f"{base}sheets/{sheet.public_id}/")
    run = page(other, f"{base}runs/{late.run.public_id}/")
    assert run.count("Allocation sheets") == 1
    assert "replaced by a further sheet" in run
    assert "Nothing to decide" in page(other, f"{base}sheets/{sheet.public_id}/late")
