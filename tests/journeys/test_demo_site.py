"""What a new demonstration holds: a mall with something to approve, and a real year of bills."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.documents.rendering import bills as bill_rendering
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import queries as site_queries
from meterbook_lab import demo_site, demo_steel

ACTOR = Actor.system("test")
# The first day of April in Madrid, not yet in UTC; March has the change to summer time.
AT = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "steel_plant_2018.json").read_text(encoding="utf-8"))
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def organization_id(database: str) -> int:
    """The demonstration's organization."""
    return demo_site.seed(at=AT, since=demo_site.begins_at(AT), gateway=("127.0.0.1", 1))


def runs(organization_id: int, site: str) -> list[billing_queries.RunRow]:
    """The runs of a site, in the order of their days."""
    with scoping.scope([organization_id], actor=ACTOR):
        (site_id,) = [each.id for each in site_queries.list_sites() if each.code == site]
        return sorted(billing_queries.list_runs(site_id=site_id), key=lambda run: run.first_day)


@pytest.fixture(scope="module")
def year(organization_id: int) -> list[billing_queries.BillDetail]:
    """The bills of the steel plant."""
    found = []
    for run in runs(organization_id, "STEEL"):
        with scoping.scope([organization_id], actor=ACTOR):
            (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
            assert row.bill_public_id is not None
            found.append(billing_queries.get_bill(public_id=row.bill_public_id))
    return found


@pytest.fixture(scope="module")
def mall(organization_id: int) -> billing_queries.RunDetail:
    """The mall's run, carried on as the worker does."""
    (row,) = runs(organization_id, "MALL")
    billing_operations.advance_run(organization_id=organization_id, actor=ACTOR, at=AT, run_id=row.public_id)
    with scoping.scope([organization_id], actor=ACTOR):
        return billing_queries.get_run(public_id=row.public_id)


def lines(bill: billing_queries.BillDetail, component: str) -> list[dict[str, Any]]:
    """The lines of a component, of all charges."""
    charges = itertools.chain.from_iterable(point["charges"] for point in bill.content["meter_points"])
    return [line for charge in charges for line in charge["lines"] if line["component"] == component]


class TestSteelPlant:
    def test_every_month_is_billed_and_approved_by_a_second_person(self, organization_id: int) -> None:
        found = runs(organization_id, "STEEL")

        assert [run.first_day for run in found] == list(demo_steel.MONTHS)
        assert {run.state for run in found} == {billing_values.RunState.CLOSED}
        assert {(run.started_by, run.approved_by) for run in found} == {("Bruno Costa", "Alma Ortega")}
        assert [run.bill_date for run in found][:2] == [date(2018, 2, 3), date(2018, 3, 3)]

    @pytest.mark.parametrize("month", range(12))
    def test_energy_before_line_rounding_is_what_another_engine_computed(
        self, year: list[billing_queries.BillDetail], month: int
    ) -> None:
        energy = lines(year[month], "energy")

        exact = sum(Decimal(line["exact"]) for line in energy)
        assert abs(exact - Decimal(GOLDEN["month_energy_charge"][month])) < CENT
        assert sum(Decimal(line["quantity"]) for line in energy) == Decimal(GOLDEN["month_energy_kwh"][month])

    def test_numbers_have_no_gap(self, year: list[billing_queries.BillDetail]) -> None:
        numbers = [bill.number for bill in year]

        assert numbers == [f"STEEL-2018-{each:06d}" for each in range(1, 12)] + ["STEEL-2019-000001"]

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_each_bill_can_be_printed(self, year: list[billing_queries.BillDetail], language: str) -> None:
        for bill in year:
            assert bill.number
            assert bill.bill_date
            assert bill.due_date
            assert bill.digest
            assert bill.code
            pdf = bill_rendering.render_bill(
                bill.content,
                number=bill.number,
                bill_date=bill.bill_date,
                due_date=bill.due_date,
                sha256=bill.digest,
                code=bill.code,
                language=language,
            )

            assert pdf.startswith(b"%PDF-")


class TestMall:
    def test_the_month_before_waits_for_approval(self, mall: billing_queries.RunDetail) -> None:
        assert (mall.run.first_day, mall.run.until_day) == (date(2026, 3, 1), date(2026, 4, 1))
        assert mall.run.state == billing_values.RunState.REVIEW
        assert mall.held == ()
        assert mall.run.counts.drafted == 4

    def test_the_landlord_pays_until_the_tenant_moved_in(
        self, organization_id: int, mall: billing_queries.RunDetail
    ) -> None:
        with scoping.scope([organization_id], actor=ACTOR):
            page = billing_queries.run_bills(run_public_id=mall.run.public_id)
            drafts = {
                row.account_number: billing_queries.get_bill(public_id=row.bill_public_id)
                for row in page.rows
                if row.bill_public_id is not None
            }
        landlord, tenant = (drafts[number].content["meter_points"][0] for number in ("HM-000", "HM-102"))

        assert (landlord["code"], landlord["is_vacancy"], landlord["days"]) == ("MP-102", True, 14)
        assert (tenant["code"], tenant["is_vacancy"], tenant["days"]) == ("MP-102", False, 17)
        assert landlord["until"] == tenant["from"] == "2026-03-15T00:00:00+01:00"

    def test_an_exchange_lies_within_the_month(self, organization_id: int, mall: billing_queries.RunDetail) -> None:
        with scoping.scope([organization_id], actor=ACTOR):
            page = billing_queries.run_bills(run_public_id=mall.run.public_id, search="HM-101")
            (row,) = page.rows
            assert row.bill_public_id is not None
            bakery = billing_queries.get_bill(public_id=row.bill_public_id).content["meter_points"][0]

        assert [each["serial"] for each in bakery["segments"]] == ["20184412", "25070126"]
        assert sum(each["quantity"] for each in bakery["segments"]) + bakery["adjustment"] == bakery["quantity"]


class TestHistory:
    @pytest.mark.parametrize(
        ("at", "since"),
        [
            (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), datetime(2025, 11, 30, tzinfo=UTC)),
            (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)),
            (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        ],
    )
    def test_begins_before_the_month_that_is_billed(self, at: datetime, since: datetime) -> None:
        assert demo_site.begins_at(at) == since
