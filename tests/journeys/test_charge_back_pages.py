"""Cost centers from opening one to the journal: pages and API say the same, and nobody is asked for money."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from meterbook.billing import models
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from tests.factories import api, billing, customers
from tests.factories.identity import ACTOR
from tests.support import pages

DAYS = billing.FEBRUARY
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def later() -> Iterator[clock.SettableClock]:
    standing = clock.SettableClock(NOW)
    with clock.use(standing):
        yield standing


@pytest.fixture
def place(database: str) -> billing.Place:
    return billing.place(code="CAMPUS")


def opened(place: billing.Place, number: str) -> customer_models.Account:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return customer_models.Account.objects.select_related("receivable").get(number=number)


def exported(place: billing.Place, total: Decimal) -> None:
    """The page, the file and the API have the journal, and its entries sum to zero."""
    organization = place.organization
    admin, program = pages.signed_in(organization), api.program(organization=organization)
    journal = pages.page(admin, "charge_backs", organization)
    assert "balances to zero" in journal
    assert "Electricity" in journal
    given = admin.get(reverse("charge_backs_file", args=[organization.public_id]), {"kind": "csv"})
    rows = list(csv.DictReader(io.StringIO(given.content.decode("utf-8-sig"))))
    assert [(each["Cost center"], each["Ledger account"]) for each in rows] == [
        ("4100", "CC-4100"),
        ("4100", "REC-EUR-ELECTRICITY"),
    ]
    assert [Decimal(each["Amount"].lstrip("'")) for each in rows] == [total, -total]
    told = program.get("/charge-back-journal", **{"from": "2026-03-01", "until": "2026-04-01"}).json()
    assert told["is_sound"] is True
    assert sum(Decimal(each["amount"]["amount"]) for each in told["entries"]) == 0
    assert told["sums"][0]["statements"] == told["sums"][0]["charged"]
    assert Decimal(told["sums"][0]["charged"]["amount"]) == total
    assert program.get("/charge-back-journal", **{"from": "2026-03-01", "until": "2026-03-01"}).status_code == 422

    wrong = admin.get(reverse("charge_backs", args=[organization.public_id]), {"first": "2026-03-02", "final": "x"})
    assert wrong.status_code == 422


@pytest.mark.spec("M-063", "M-105")
def test_a_department_is_opened_charged_and_exported(place: billing.Place) -> None:
    organization = place.organization
    admin, program = pages.signed_in(organization), api.program(organization=organization)
    form = {"site": str(place.site.public_id), "number": "4100", "name": "Chemistry", "language": "en"}
    both = admin.post(
        reverse("account_new", args=[organization.public_id]), {**form, "is_internal": "on", "is_landlord": "on"}
    )
    assert both.status_code == 422
    assert "is no cost center" in both.content.decode()
    journal = pages.page(admin, "charge_backs", organization)
    (leads,) = re.findall(r'href="([^"]+)"[^>]*>(?:<[^a].*?</svg>)?Open a cost center', journal)
    ticked = admin.get(leads.replace("&amp;", "&")).content.decode()
    assert 'name="is_internal" id="id_is_internal" checked' in ticked
    assert 'name="is_landlord" id="id_is_landlord" checked' not in ticked
    admin.post(reverse("account_new", args=[organization.public_id]), {**form, "is_internal": "on"})
    account = opened(place, "4100")
    assert (account.mode, account.receivable.code, account.receivable.kind) == ("INTERNAL", "CC-4100", "EXPENSE")
    told = program.get(f"/accounts/{account.public_id}").json()
    assert told["mode"] == "INTERNAL"
    assert "Nothing was charged back" in pages.page(admin, "charge_backs", organization)

    meter = billing.metered(place, name="Laboratory")
    billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
    checker = Actor.user(0, "checker", source="")
    run = billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day, approver=checker)

    with scoping.scope([organization.pk], actor=ACTOR):
        bill = models.Bill.objects.select_related("draft").get(run=run, account=account)
    total = bill.draft.total.quantize(Decimal("0.01"))
    shown = pages.page(admin, "bill", organization, bill.public_id)
    for words in ("Charge-back statement", "Charged to the cost center", "Recovery of costs"):
        assert words in shown
    assert "Amount due" not in shown
    assert "Total, due" not in shown
    card = pages.page(admin, "account", organization, account.public_id)
    assert "Charged in all" in card
    assert "Owes" not in card
    assert "Charge-back" in pages.page(admin, "run", organization, run.public_id)
    assert "CB-4100-2026-02-01" in pages.page(admin, "bills", organization, mark="internal")
    assert "Chemistry" in pages.page(admin, "accounts", organization, show="internal")
    assert "Chemistry" not in pages.page(admin, "accounts", organization, show="owing")
    assert "No number was given" in pages.page(admin, "document_numbers", organization, month="2026-03")
    pdf = admin.get(reverse("bill_pdf", args=[organization.public_id, bill.public_id]))
    assert pdf.status_code == 200
    listed = program.get("/bills").json()["items"]
    (own,) = [each for each in listed if each["is_internal"]]
    assert own["due_date"] is None
    exported(place, total)
