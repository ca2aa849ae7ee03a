"""Lists of runs and bills narrowed and taken away as files, bills on paper, and the ledger behind a bill."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from uuid import UUID

import openpyxl
import pytest
from django.urls import reverse

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from tests.factories import billing, identity
from tests.factories.billing import FEBRUARY
from tests.support import databases, pages

FIRST, UNTIL = FEBRUARY.first_day, FEBRUARY.until_day
START, END = FEBRUARY.starts_at, FEBRUARY.ends_at


class TestRun:
    def test_leaves_out_all_that_a_filter_finds(self) -> None:
        place = billing.place(code="HR")
        for name in ("Calder Bakery", "Petrova Books", "Row Pharmacy"):
            billing.shop(place, name=name, days=FEBRUARY)
        run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
        client = pages.signed_in(place.organization)
        href = reverse("run_leave_out", args=[place.organization.public_id, run.public_id]) + "?search=o"

        asked = client.post(href, {"all": "1"}).content.decode()
        left = client.post(href, {"all": "1", "sure": "1", "reason": "closed"}, follow=True).content.decode()
        unprinted = client.get(reverse("run_prints", args=[place.organization.public_id, run.public_id]))

        assert "Leave 2 accounts out" in asked  # Petrova Books, Row Pharmacy
        assert "2 accounts were left out." in left
        # nothing was issued, so that there is nothing on paper: the run says how far it is
        assert unprinted.headers["Location"] == reverse("run", args=[place.organization.public_id, run.public_id])
        assert "Calder Bakery" in pages.page(client, "run", place.organization, run.public_id, show="ready")

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
        billing.shop(place, name="Calder Bakery", days=FEBRUARY)
        run = billing.plan(place, first_day=FIRST, until_day=date(2026, 2, 3))
        billing.advance(run)
        client = pages.signed_in(place.organization)

        pages.page(client, "run", place.organization, run.public_id, **query)


class TestPrint:
    def test_follows_the_file_until_it_can_be_fetched(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)
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
        ready = pages.page(client, "run_prints", place.organization, run[1])
        fetched = client.get(reverse("print_file", args=[organization, row.public_id]))

        assert file is not None
        assert "1 bill is being set for print." in asked_for
        assert "The file is still being made" in early.content.decode()
        assert "hx-trigger" not in ready
        assert fetched.content.startswith(b"%PDF")
        assert fetched.headers["Content-Disposition"] == 'attachment; filename="HR-2026-02-01.pdf"'

    def test_says_that_a_file_could_not_be_made(
        self, closed: tuple[billing.Place, str], server: databases.TestServer, database: str
    ) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)
        run = re.search(r"/runs/([0-9a-f-]{36})/", client.get(path).content.decode())
        assert run is not None
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            (wanted,) = billing_operations.print_bills(
                actor=identity.ACTOR, at=END, run=UUID(run[1]), is_everything=True
            )
        before = pages.page(client, "run_prints", place.organization, run[1])

        with server.admin(database) as owner:
            owner.execute(
                "UPDATE procrastinate_jobs SET status = 'failed' WHERE args->>'print_id' = %s", [str(wanted.public_id)]
            )
        after = pages.page(client, "run_prints", place.organization, run[1])

        assert "hx-trigger" in before
        assert "It could not be made" not in before
        assert "It could not be made" in after
        assert "hx-trigger" not in after


class TestFiles:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_hold_what_the_list_shows(self, closed: tuple[billing.Place, str], kind: str) -> None:
        place, _path = closed
        client = pages.signed_in(place.organization)
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

        assert (
            path in pages.page(pages.signed_in(place.organization), "bills", place.organization, **query)
        ) is is_found

    def test_finds_a_bill_by_its_site(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)

        assert path in pages.page(client, "bills", place.organization, site=str(place.site.public_id))


class TestBooks:
    def test_lead_from_the_bill_to_its_entries_and_back(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)
        way = re.search(r'href="(/o/[^"]+/transactions/[0-9a-f-]{36}/)"', client.get(path).content.decode())
        assert way is not None

        shown = client.get(way[1]).content.decode()

        assert f'href="{path}"' in shown
        assert shown.count("194.81") == 1  # the receivable; income and tax are on the other side
        assert "/accounts/" in shown

    def test_tell_the_balance_with_the_bill(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed

        shown = pages.signed_in(place.organization).get(path).content.decode()

        assert "Balance after the bill before" in shown
        assert "Balance with this bill" in shown


def rows_of(content: bytes, kind: str) -> list[tuple[object, ...]]:
    if kind == "csv":
        return [tuple(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return list(sheet.iter_rows(values_only=True))
