"""Lists of runs and bills narrowed and taken away as files, bills on paper, and the ledger behind a bill."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil
from tests.factories import billing, customers, identity

FIRST, UNTIL = date(2026, 2, 1), date(2026, 3, 1)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)


def signed_in(organization: identity_models.Organization) -> Client:
    client = Client()
    client.force_login(identity.user(organization=organization))
    return client


def shop(place: billing.Place, name: str) -> None:
    meter = billing.metered(place, name=name)
    billing.count(meter.energy, START, END)
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)


@pytest.fixture(scope="module")
def closed(database: str) -> tuple[billing.Place, str]:
    """A place whose February is billed, and the path of its bakery's bill."""
    made = billing.place(code="HR")
    shop(made, "Calder Bakery")
    run = billing.issued(made, first_day=FIRST, until_day=UNTIL)
    with scoping.scope([made.organization.pk], actor=identity.ACTOR):
        (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
    return made, reverse("bill", args=[made.organization.public_id, row.bill_public_id])


def page(client: Client, name: str, place: billing.Place, *more: object, **query: str) -> str:
    response = client.get(reverse(name, args=[place.organization.public_id, *more]), query)
    assert response.status_code == 200
    return response.content.decode()


class TestRun:
    def test_leaves_out_all_that_a_filter_finds(self) -> None:
        place = billing.place(code="HR")
        for name in ("Calder Bakery", "Petrova Books", "Row Pharmacy"):
            shop(place, name)
        run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
        client = signed_in(place.organization)
        href = reverse("run_leave_out", args=[place.organization.public_id, run.public_id]) + "?search=o"

        asked = client.post(href, {"all": "1"}).content.decode()
        left = client.post(href, {"all": "1", "sure": "1", "reason": "closed"}, follow=True).content.decode()

        assert "Leave 2 accounts out" in asked  # Petrova Books, Row Pharmacy
        assert "2 accounts were left out." in left
        assert "Calder Bakery" in page(client, "run", place, run.public_id, show="ready")

    @pytest.mark.parametrize(
        "query",
        [
            {"show": "nonsense", "sort": "nonsense", "reason": "nonsense", "page": "x"},
            {"sort": "-", "page": "900000"},
            {"search": "100%_\\'", "sort": "-change"},
            {"show": "held", "reason": "MISSING", "sort": "name"},
        ],
    )
    def test_takes_any_query(self, query: dict[str, str]) -> None:
        place = billing.place()
        shop(place, "Calder Bakery")
        run = billing.plan(place, first_day=FIRST, until_day=date(2026, 2, 3))
        billing.advance(run)
        client = signed_in(place.organization)

        page(client, "run", place, run.public_id, **query)


class TestPrint:
    def test_follows_the_file_until_it_can_be_fetched(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = signed_in(place.organization)
        organization = place.organization.public_id
        shown = client.get(path).content.decode()
        run = re.search(r"/runs/([0-9a-f-]{36})/", shown)
        assert run is not None
        href = reverse("run_print", args=[organization, run[1]])

        asked_for = client.post(href, follow=True).content.decode()
        file = re.search(r"0 of 1 set", asked_for)
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            (row,) = billing_queries.list_prints(run_public_id=UUID(run[1]))
        early = client.get(reverse("print_file", args=[organization, row.public_id]), follow=True)
        billing_operations.make_print_file(
            organization_id=place.organization.pk, actor=identity.ACTOR, at=END, print_id=row.public_id
        )
        ready = page(client, "run_prints", place, run[1])
        fetched = client.get(reverse("print_file", args=[organization, row.public_id]))

        assert file is not None
        assert "1 bill is being set for print." in asked_for
        assert "The file is still being made" in early.content.decode()
        assert "hx-trigger" not in ready
        assert fetched.content.startswith(b"%PDF")
        assert fetched.headers["Content-Disposition"] == 'attachment; filename="HR-2026-02-01.pdf"'


class TestFiles:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_hold_what_the_list_shows(self, closed: tuple[billing.Place, str], kind: str) -> None:
        place, _path = closed
        client = signed_in(place.organization)
        href = reverse("bills_file", args=[place.organization.public_id])

        shown = client.get(href, {"kind": kind, "search": "Calder"})
        nothing = client.get(href, {"kind": kind, "search": "nobody"})

        assert shown.headers["Content-Disposition"] == f'attachment; filename="bills.{kind}"'
        assert [row[2] for row in rows_of(shown.content, kind)] == ["Customer", "Calder Bakery"]
        assert str(rows_of(shown.content, kind)[1][9]) == "194.81"
        assert len(rows_of(nothing.content, kind)) == 1


class TestNarrowing:
    @pytest.mark.parametrize(
        ("query", "is_found"),
        [
            ({"mark": "credit"}, False),
            ({"mark": "nonsense"}, True),
            ({"sort": "-total", "search": "calder"}, True),
            ({"sort": "nonsense", "site": "nonsense"}, True),
            ({"search": "Shop"}, False),
        ],
    )
    def test_finds_bills(self, closed: tuple[billing.Place, str], query: dict[str, str], is_found: bool) -> None:
        place, path = closed

        assert (path in page(signed_in(place.organization), "bills", place, **query)) is is_found

    def test_finds_a_bill_by_its_site(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = signed_in(place.organization)

        assert path in page(client, "bills", place, site=str(place.site.public_id))


class TestBooks:
    def test_lead_from_the_bill_to_its_entries_and_back(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = signed_in(place.organization)
        way = re.search(r'href="(/o/[^"]+/transactions/[0-9a-f-]{36}/)"', client.get(path).content.decode())
        assert way is not None

        shown = client.get(way[1]).content.decode()

        assert f'href="{path}"' in shown
        assert shown.count("194.81") == 1  # the receivable; income and tax are on the other side
        assert "/accounts/" in shown

    def test_tell_the_balance_with_the_bill(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed

        shown = signed_in(place.organization).get(path).content.decode()

        assert "Balance after the bill before" in shown
        assert "Balance with this bill" in shown


def rows_of(content: bytes, kind: str) -> list[tuple[object, ...]]:
    if kind == "csv":
        return [tuple(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return list(sheet.iter_rows(values_only=True))
