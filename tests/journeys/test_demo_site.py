"""What a new demonstration holds: a mall with something to approve, and a real year of bills."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.documents.rendering import bills as bill_rendering
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.reporting.balancing import Part
from meterbook.reporting.queries import site_sheets
from meterbook.sites import queries as site_queries
from meterbook_lab import demo_site, demo_steel
from meterbook_lab.harbor import gateways, meters, points
from tests.journeys.harbor_books import (
    ACTOR,
    AT,
    CALENDAR,
    bills_of,
    counter,
    lines,
    main_difference,
    of_service,
    quantity_of,
    read_by_hand,
    runs,
    use_of,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "steel_plant_2018.json").read_text(encoding="utf-8"))
CENT = Decimal("0.01")
QUARTER = timedelta(minutes=15)
OWN_ACCOUNTS = {"HM-000", "HM-001", "HM-002"}  # the landlord, the facility, and the parking as a cost center
HELD = {
    "HM-111": [billing_values.HoldReason.QUESTIONABLE],
    "HM-118": [billing_values.HoldReason.MISSING],
    "HM-304": [billing_values.HoldReason.MISSING],
}


@pytest.fixture(scope="module")
def organization_id(database: str) -> int:
    """The demonstration's organization."""
    return demo_site.seed(at=AT, since=demo_site.begins_at(AT), gateways=[("127.0.0.1", 1)] * gateways.GATEWAYS)


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
    """The mall's latest run."""
    row = runs(organization_id, "MALL")[-1]
    with scoping.scope([organization_id], actor=ACTOR):
        return billing_queries.get_run(public_id=row.public_id)


@pytest.fixture(scope="module")
def members(organization_id: int, mall: billing_queries.RunDetail) -> dict[str, billing_queries.MemberRow]:
    """The accounts of the mall's latest run by number, as it waits."""
    with scoping.scope([organization_id], actor=ACTOR):
        page = billing_queries.run_bills(run_public_id=mall.run.public_id, limit=200)
    return {each.account_number: each for each in page.rows}


@pytest.fixture(scope="module")
def drafts(organization_id: int, mall: billing_queries.RunDetail) -> dict[str, billing_queries.BillDetail]:
    """The drafts of the mall's latest run by account, as it waits."""
    return bills_of(organization_id, mall.run)


@pytest.fixture(scope="module")
def looked_at(
    organization_id: int, drafts: dict[str, billing_queries.BillDetail], members: dict[str, billing_queries.MemberRow]
) -> billing_queries.RunRow:
    """The mall's latest run after a person released the leak, confirmed that a counter began anew, and read by hand
    what a meter showed that answers no more."""
    assert drafts.keys() | HELD.keys() == members.keys()  # both were looked up before anything changes here
    run = runs(organization_id, "MALL")[-1]
    leak, reset = CALENDAR.instant(*points.LEAK_AT), CALENDAR.instant(*meters.RESET_AT)
    gas = next(each for each in points.points(CALENDAR) if each.code == meters.RESET)
    unseen = meters.used(gas.load, reset - QUARTER, reset) // points.step_of(gas.model, gas.counter)
    with scoping.scope([organization_id], actor=ACTOR):
        metering_operations.correct_readings(
            actor=ACTOR,
            at=AT,
            series=counter("MP-111-W")[0],
            kind=CorrectionKind.RELEASE,
            corrected_at=leak,
            until=leak + points.LEAKING * QUARTER,
            reason="A pipe burst, and the tenant knows",
        )
        metering_operations.correct_readings(
            actor=ACTOR,
            at=AT,
            series=counter(meters.RESET)[0],
            kind=CorrectionKind.CONFIRM_RESET,
            corrected_at=reset,
            value=unseen,
            reason="The counter began anew when its module was replaced",
        )
    read_by_hand(organization_id, meters.GONE)
    metering_operations.derive_dirty_days(organization_id=organization_id, actor=ACTOR, at=AT)
    with scoping.scope([organization_id], actor=ACTOR):
        billing_operations.check_again(actor=ACTOR, at=AT, run=run.public_id)
    billing_operations.advance_run(organization_id=organization_id, actor=ACTOR, at=AT, run_id=run.public_id)
    return runs(organization_id, "MALL")[-1]


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
    @pytest.mark.spec("M-101")
    def test_sixty_shops_are_billed_and_the_latest_month_waits_for_review(
        self, mall: billing_queries.RunDetail, members: dict[str, billing_queries.MemberRow]
    ) -> None:
        assert (mall.run.first_day, mall.run.until_day) == (date(2026, 3, 1), date(2026, 4, 1))
        assert mall.run.state == billing_values.RunState.REVIEW
        assert len(members.keys() - OWN_ACCOUNTS) == 61  # one of sixty units changed hands within the month
        assert mall.run.counts.drafted == len(members) - len(HELD)

    def test_accounts_are_held_for_a_leak_a_silent_meter_and_a_counter_that_began_anew(
        self, members: dict[str, billing_queries.MemberRow]
    ) -> None:
        held = {number: each for number, each in members.items() if each.state == billing_values.MemberState.HELD}

        assert {number: [reason.code for reason in each.reasons] for number, each in held.items()} == HELD

    def test_bills_over_gaps_are_marked_as_apportioned_at_prices_by_the_hour(
        self, members: dict[str, billing_queries.MemberRow]
    ) -> None:
        assert {number for number, each in members.items() if each.is_estimated} == set()
        assert {number for number, each in members.items() if each.is_apportioned} == {"HM-102", "HM-207"}

    def test_the_landlord_pays_until_the_tenant_moved_in(self, drafts: dict[str, billing_queries.BillDetail]) -> None:
        landlord, tenant = (
            next(each for each in drafts[number].content["meter_points"] if each["code"] == "MP-102")
            for number in ("HM-000", "HM-102")
        )

        assert (landlord["is_vacancy"], landlord["days"]) == (True, 14)
        assert (tenant["is_vacancy"], tenant["days"]) == (False, 17)
        assert landlord["until"] == tenant["from"] == "2026-03-15T00:00:00+01:00"

    def test_a_former_and_a_present_tenant_share_a_month(self, drafts: dict[str, billing_queries.BillDetail]) -> None:
        former, present = (drafts[number].content["meter_points"][0] for number in ("HM-205A", "HM-205"))

        assert former["code"] == present["code"] == "MP-205"
        assert former["until"] == present["from"] == "2026-03-18T00:00:00+01:00"

    def test_an_exchange_lies_within_the_month(self, drafts: dict[str, billing_queries.BillDetail]) -> None:
        bakery = drafts["HM-101"].content["meter_points"][0]

        assert [each["serial"] for each in bakery["segments"]] == ["20184412", "25070126"]
        assert sum(each["quantity"] for each in bakery["segments"]) + bakery["adjustment"] == bakery["quantity"]

    def test_a_restaurant_is_billed_for_electricity_water_and_gas(
        self, drafts: dict[str, billing_queries.BillDetail]
    ) -> None:
        found = {
            each["code"]: each["charges"][0]["tariff"]["code"] for each in drafts["HM-301"].content["meter_points"]
        }

        assert found == {"MP-301": "RETAIL", "MP-301-G": "GAS", "MP-301-W": "WATER"}

    def test_three_months_are_issued(self, organization_id: int) -> None:
        found = runs(organization_id, "MALL")

        assert [(run.first_day, run.state) for run in found] == [
            (date(2025, 12, 1), billing_values.RunState.CLOSED),
            (date(2026, 1, 1), billing_values.RunState.CLOSED),
            (date(2026, 2, 1), billing_values.RunState.CLOSED),
            (date(2026, 3, 1), billing_values.RunState.REVIEW),
        ]
        assert {(run.started_by, run.approved_by) for run in found[:3]} == {("Bruno Costa", "Alma Ortega")}


class TestOldMonths:
    def test_blocks_are_what_the_registers_counted_each_day(self, organization_id: int) -> None:
        with scoping.scope([organization_id], actor=ACTOR):
            for code in ("MP-000", "MP-101", "MP-301-G", "MP-115-W"):
                series, scale = counter(code)
                days = metering_models.SeriesDay.objects.filter(
                    organization_id=organization_id, series_id=series.pk, day__lt=CALENDAR.read_from.date()
                )
                shown = {
                    reading.at: reading.value * scale
                    for reading in metering_models.Reading.objects.filter(
                        organization_id=organization_id, series_id=series.pk
                    )
                }
                assert days.count() == (CALENDAR.read_from - CALENDAR.begins_at).days
                for block in days.order_by("day"):
                    start = datetime(block.day.year, block.day.month, block.day.day, tzinfo=UTC)
                    assert use_of(block).sum() == shown[start + timedelta(days=1)] - shown[start], (code, block.day)

    def test_nothing_is_left_to_derive(self, organization_id: int) -> None:
        with scoping.scope([organization_id], actor=ACTOR):
            assert not metering_models.DirtyDays.objects.filter(organization_id=organization_id).exists()

    def test_sums_of_the_site_are_there(self, organization_id: int) -> None:
        with scoping.scope([organization_id], actor=ACTOR):
            sums = metering_models.SiteDay.objects.filter(organization_id=organization_id, role="MAIN")
            assert (
                sums.filter(service="ELECTRICITY", day__lt=CALENDAR.read_from.date()).count()
                == (CALENDAR.read_from - CALENDAR.begins_at).days
            )


@pytest.mark.spec("M-101")
class TestReconciliation:
    """Shops, common areas and what is lost add up to the main meter, to the last digit that it shows."""

    @pytest.mark.parametrize("service", ["ELECTRICITY", "COLD_WATER", "GAS"])
    def test_of_issued_months(self, organization_id: int, service: str) -> None:
        for run in runs(organization_id, "MALL")[:3]:
            billed = bills_of(organization_id, run)

            assert len(billed.keys() - OWN_ACCOUNTS) >= 60
            assert quantity_of(billed, service) == main_difference(organization_id, service, run.first_day)

    @pytest.mark.parametrize("service", ["ELECTRICITY", "COLD_WATER", "GAS"])
    def test_of_the_latest_month_when_a_person_has_looked(
        self, organization_id: int, looked_at: billing_queries.RunRow, service: str
    ) -> None:
        billed = bills_of(organization_id, looked_at)

        assert len(billed.keys() - OWN_ACCOUNTS) == 61
        assert quantity_of(billed, service) == main_difference(organization_id, service, looked_at.first_day)

    def test_holds_in_every_quarter_of_an_hour_that_was_read(self, organization_id: int) -> None:
        day = date(2026, 3, 20)  # all meters were read all day
        with scoping.scope([organization_id], actor=ACTOR):
            found = {
                each.series_id: use_of(each)
                for each in metering_models.SeriesDay.objects.filter(organization_id=organization_id, day=day)
            }
            main, *parts = (counter(each.code)[0].pk for each in of_service("ELECTRICITY"))

        assert (found[main] == sum(found[part] for part in parts)).all()


@pytest.mark.spec("I-05")
class TestBalanceSheet:
    def test_of_issued_months_has_no_difference(self, organization_id: int) -> None:
        for run in runs(organization_id, "MALL")[:3]:
            with scoping.scope([organization_id], actor=ACTOR):
                (site,) = [each for each in site_queries.list_sites() if each.code == "MALL"]
                sheet = site_sheets.sheet_of(site_id=site.id, first_day=run.first_day, until_day=run.until_day)

            assert len(sheet.services) >= 3
            for service in sheet.services:
                month = main_difference(organization_id, service.service.value, run.first_day)
                assert (service.sheet.through or 0) * 1000 == month
                assert service.sheet.difference == 0
                assert not {Part.UNMETERED, Part.CHANGED, Part.UNBILLED} & service.sheet.parts.keys()
            assert [each.difference for each in sheet.checks] == [0] * len(sheet.checks)
            assert {each.kind.value for each in sheet.checks} == {"REGISTER", "LINES", "BOOKS", "SHEET"}
            assert all(each.sheet.difference == 0 for each in sheet.moneys)


class TestHistory:
    @pytest.mark.parametrize(
        ("at", "since"),
        [
            (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC)),
            (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), datetime(2025, 2, 28, tzinfo=UTC)),
            (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), datetime(2025, 3, 31, tzinfo=UTC)),
        ],
    )
    def test_begins_twelve_months_before_the_present_one(self, at: datetime, since: datetime) -> None:
        assert demo_site.begins_at(at) == since
