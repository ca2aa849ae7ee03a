"""Meter points in a time zone of their own: "31st 24:00" is where the meter is, and a change of zone moves no bill."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pypdf
import pytest

from meterbook.billing import models, operations, queries
from meterbook.customers import models as customer_models
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from meterbook.journeys import change_site, changing_zones
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, customers, metering, tariffs

ACTOR = Actor.system("test")
MADRID, MEXICO = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Mexico_City")
MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
AT = datetime(2026, 7, 5, tzinfo=UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return civil.start_of_day(day, zone)


def live_in(place: billing.Place, meter: metering.Installed, zone: str) -> metering_models.MeterPoint:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return changing_zones.change_point(
            actor=ACTOR, at=AT, meter_point=meter.point.public_id, time_zone=zone, language=None
        )


def counted(place: billing.Place, first: date, until: date, **more: Any) -> metering.Installed:  # noqa: ANN401
    """A meter that counted 1 kW in all zones' days of a stretch."""
    meter = billing.metered(place, **more)
    margin = timedelta(days=1)
    billing.count(meter.energy, midnight(first, MADRID) - margin, midnight(until, MADRID) + margin)
    return meter


def pay(
    place: billing.Place,
    *meters: metering.Installed,
    starts_at: datetime,
    number: str | None = None,
    language: str = "en",
) -> customer_models.Account:
    account = customers.account(organization=place.organization, site=place.site, number=number, language=language)
    for meter in meters:
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=starts_at)
    return account


def bills(place: billing.Place, first: date, until: date, *, is_issued: bool = False) -> dict[str, dict[str, Any]]:
    """Contents by account number."""
    make = billing.issued if is_issued else _reviewed
    run = make(place, first_day=first, until_day=until)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        assert [each.reasons for each in rows if each.reasons] == []
        return {each.account_number: billing.bill_of(each).content for each in rows if each.bill_public_id is not None}


def _reviewed(place: billing.Place, *, first_day: date, until_day: date) -> models.BillRun:
    return billing.advance(billing.plan(place, first_day=first_day, until_day=until_day))


@pytest.mark.spec("M-013/1")
class TestTwoZones:
    def test_close_their_31st_at_their_own_midnights_on_one_bill(self) -> None:
        place = billing.place(raw=billing.document())
        here = counted(place, MAY, JUNE, code="MP-1-MADRID")
        there = counted(place, MAY, JUNE, code="MP-2-MEXICO")
        live_in(place, there, "America/Mexico_City")
        pay(place, here, there, starts_at=midnight(MAY, MADRID) - timedelta(days=1), number="A-1")

        bill = bills(place, MAY, JUNE)["A-1"]

        madrid, mexico = bill["meter_points"]
        assert (madrid["from"], madrid["until"]) == ("2026-05-01T00:00:00+02:00", "2026-06-01T00:00:00+02:00")
        assert (mexico["from"], mexico["until"]) == ("2026-05-01T00:00:00-06:00", "2026-06-01T00:00:00-06:00")
        assert "zone" not in madrid
        assert (mexico["zone"], list(mexico["offsets"])) == ("America/Mexico_City", ["-06:00"])
        ends = [datetime.fromisoformat(each["until"]) for each in (madrid, mexico)]
        assert ends[1] - ends[0] == timedelta(hours=8)
        # 1 kW for 31 days of 14 peak hours at either place: the same money, and the bill is their sum.
        assert [each["days"] for each in (madrid, mexico)] == [31, 31]
        for point in (madrid, mexico):
            (charge,) = point["charges"]
            assert {each["code"]: each["quantity"] for each in charge["periods"]} == {
                "off": "310.000",
                "peak": "434.000",
            }
            assert Decimal(charge["net"]) == Decimal("434") * Decimal("0.30") + 310 * Decimal("0.10") + 31 * Decimal(
                "0.55"
            )
        assert Decimal(bill["net"]) == sum(Decimal(each["charges"][0]["net"]) for each in (madrid, mexico))
        assert Decimal(bill["total"]) == Decimal(bill["net"]) + Decimal(bill["tax"])
        assert (bill["period"]["from"], "zone" in bill["period"]) == ("2026-05-01T00:00:00+02:00", False)

    def test_a_bill_whose_meters_are_all_elsewhere_says_its_days_there(self) -> None:
        place = billing.place()
        there = counted(place, MAY, JUNE)
        live_in(place, there, "America/Mexico_City")
        pay(place, there, starts_at=midnight(MAY, MEXICO), number="A-1")

        found = bills(place, MAY, JUNE)

        assert found["A-1"]["period"]["from"] == "2026-05-01T00:00:00-06:00"
        assert (found["A-1"]["period"]["zone"], found["A-1"]["site"]["zone"]) == (MEXICO.key, MADRID.key)
        assert list(found) == ["A-1"]  # nothing was vacant

    def test_the_printed_bill_names_the_other_zone(self) -> None:
        place = billing.place()
        meters = [counted(place, MAY, date(2026, 5, 3)) for _each in range(2)]
        live_in(place, meters[1], "America/Mexico_City")
        pay(place, *meters, starts_at=midnight(MAY, MADRID), number="A-1")
        run = billing.issued(place, first_day=MAY, until_day=date(2026, 5, 3))
        with scoping.scope([place.organization.pk], actor=ACTOR):
            [row] = queries.issued_bills(run_public_id=run.public_id, after=0, through=9)
            file = operations.issue_pdf(actor=ACTOR, at=AT, bill=row.public_id)
            assert file is not None
            _row, content = document_queries.file_content(public_id=file.public_id)

        text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)

        assert "America/Mexico_City (UTC−6)." in text
        assert "Europe/Madrid (UTC+2)" in text

    def test_a_run_waits_until_the_last_day_is_over_at_every_meter(self) -> None:
        place = billing.place()
        there = counted(place, MAY, JUNE)
        live_in(place, there, "America/Mexico_City")
        with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(operations.PeriodNotOver) as refused:
            operations.plan_run(actor=ACTOR, at=midnight(JUNE, MADRID), site=place.site, first_day=MAY, until_day=JUNE)
        assert "America/Mexico_City" in str(refused.value)

    def test_vacancy_and_tariff_versions_change_at_the_meters_midnight(self) -> None:
        place = billing.place()
        there = counted(place, MAY, JUNE)
        live_in(place, there, "America/Mexico_City")
        pay(place, there, starts_at=midnight(date(2026, 5, 11), MEXICO), number="A-1")
        with scoping.scope([place.organization.pk], actor=ACTOR):
            tariff_operations.save_draft(actor=ACTOR, at=AT, tariff=place.tariff, document=billing.document(decimals=2))
            tariff_operations.publish_version(actor=ACTOR, at=AT, tariff=place.tariff, first_day=date(2026, 5, 21))

        found = bills(place, MAY, JUNE)

        (vacant,), (let,) = found["L-000001"]["meter_points"], found["A-1"]["meter_points"]
        assert (vacant["from"], vacant["until"], vacant["days"]) == (
            "2026-05-01T00:00:00-06:00",
            "2026-05-11T00:00:00-06:00",
            10,
        )
        assert (let["from"], let["days"], let["is_vacancy"]) == (vacant["until"], 21, False)
        assert [(each["from"], each["days"]) for each in let["charges"]] == [
            ("2026-05-11T00:00:00-06:00", 10),
            ("2026-05-21T00:00:00-06:00", 11),
        ]


@pytest.mark.spec("M-013/2")
@pytest.mark.parametrize(
    ("zone", "day", "net"),
    [
        ("America/New_York", date(2026, 3, 7), "5.20"),
        ("America/New_York", date(2026, 3, 8), "5.10"),
        ("America/New_York", date(2026, 11, 1), "5.30"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "5.25"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "5.15"),
    ],
    ids=["ny-usual", "ny-spring", "ny-autumn", "lord-howe-autumn", "lord-howe-spring"],
)
def test_days_of_clock_changes_are_those_of_the_meters_zone(zone: str, day: date, net: str) -> None:
    """G-07 and G-08 through the database, at a site in Madrid."""
    place = billing.place(raw=tariffs.peak_document(currency="EUR"))
    meter = counted(place, day, day + timedelta(days=1))
    live_in(place, meter, zone)
    pay(place, meter, starts_at=midnight(day, ZoneInfo(zone)), number="A-1")

    bill = bills(place, day, day + timedelta(days=1))["A-1"]

    (point,) = bill["meter_points"]
    assert bill["net"] == net
    peak = {each["code"]: each["quantity"] for each in point["charges"][0]["periods"]}["peak"]
    assert Decimal(peak) == 14


CHANGES = [("America/Mexico_City", 32), ("Asia/Tokyo", 17)]


@pytest.mark.spec("M-013/2")
@pytest.mark.parametrize(("zone", "hours"), CHANGES, ids=["westward", "eastward"])
def test_a_change_of_zone_counts_from_the_last_billed_midnight(zone: str, hours: int) -> None:
    place = billing.place(raw=billing.document())
    meter = counted(place, MAY, JULY)
    pay(place, meter, starts_at=midnight(MAY, MADRID), number="A-1")
    before = bills(place, MAY, JUNE, is_issued=True)["A-1"]

    point = live_in(place, meter, zone)

    assert point.former_zones == [["2026-06-01", "Europe/Madrid"]]
    assert civil.month_bounds(MAY, point.zone) == civil.month_bounds(MAY, MADRID)
    assert civil.day_bounds(JUNE, point.zone).duration == timedelta(hours=hours)
    june = bills(place, JUNE, JULY)["A-1"]
    (old,), (new,) = before["meter_points"], june["meter_points"]
    assert datetime.fromisoformat(new["from"]) == datetime.fromisoformat(old["until"])
    assert datetime.fromisoformat(new["until"]) == midnight(JULY, ZoneInfo(zone))
    assert (new["days"], new["zone"], len(new["charges"])) == (30, zone, 1)
    lasted = datetime.fromisoformat(new["until"]) - datetime.fromisoformat(new["from"])
    assert new["quantity"] == lasted // timedelta(hours=1) * 1000
    # May is what its bill said, not the May of the new zone.
    assert {each["month"]: each["quantity"] for each in new["history"]}["2026-05"] == old["quantity"]


def test_a_meter_that_was_never_billed_has_its_zone_from_ever_on() -> None:
    place = billing.place()
    meter = billing.metered(place)

    point = live_in(place, meter, "America/Mexico_City")

    assert (point.former_zones, point.zone) == ([], MEXICO)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        with pytest.raises(site_operations.TimeZoneUnknown):
            live_in_scope(meter, "Mars/Olympus", None)
        with pytest.raises(metering_operations.LanguageUnknown):
            live_in_scope(meter, None, "fr")
        assert live_in_scope(meter, "", "es").language == "es"


def live_in_scope(meter: metering.Installed, zone: str | None, language: str | None) -> metering_models.MeterPoint:
    return changing_zones.change_point(
        actor=ACTOR, at=AT, meter_point=meter.point.public_id, time_zone=zone, language=language
    )


def test_a_site_that_moves_keeps_the_billed_days_of_the_meters_that_follow_it() -> None:
    place = billing.place()
    following, own, fresh = (counted(place, MAY, JUNE, code=f"MP-{place_}") for place_ in "123")
    live_in(place, own, "Asia/Tokyo")
    pay(place, following, own, starts_at=midnight(MAY, MADRID) - timedelta(days=1), number="A-1")
    billing.issued(place, first_day=MAY, until_day=JUNE)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        metering_models.MeterPoint.objects.filter(organization_id=place.organization.pk, pk=fresh.point.pk).update(
            former_zones=[]
        )
        change_site.change_site(
            actor=ACTOR,
            at=AT,
            site=place.site.public_id,
            facts=site_values.SiteFacts(place.site.code, place.site.name, "America/Mexico_City", "EUR", "en"),
        )
        points = metering_models.MeterPoint.objects.filter(organization_id=place.organization.pk).select_related("site")
        zones = {each.code: (each.former_zones, each.zone.key) for each in points}

    assert zones["MP-1"] == ([["2026-06-01", "Europe/Madrid"]], "America/Mexico_City")
    assert zones["MP-2"] == ([], "Asia/Tokyo")


@pytest.mark.parametrize(
    ("own", "account", "said"),
    [
        (("es", "es"), "en", "es"),
        (("en", "es"), "en", None),
        (("en", "es"), "es", None),
        (("", "es"), "en", None),
        (("", "en"), "en", None),
    ],
    ids=["one-language", "mixed-english", "mixed-spanish", "mixed-with-default", "same-as-account"],
)
def test_a_bill_is_in_the_language_of_its_meters_or_of_the_account(
    own: tuple[str, str], account: str, said: str | None
) -> None:
    place = billing.place()
    meters = [counted(place, MAY, date(2026, 5, 2)) for _each in own]
    with scoping.scope([place.organization.pk], actor=ACTOR):
        for meter, language in zip(meters, own, strict=True):
            live_in_scope(meter, None, language)
    pay(place, *meters, starts_at=midnight(MAY, MADRID), number="A-1", language=account)

    bill = bills(place, MAY, date(2026, 5, 2))["A-1"]

    assert bill.get("language") == said
